/** Links to the world outside, made from collected data, which anyone may have forged. */

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/i

/** The address of a page of the site; null unless it surely leads to the site's own host. */
export function pageLink(domain: string | undefined, path: string): string | null {
  if (!domain || !HOST.test(domain) || !path.startsWith('/')) return null
  const url = parsed(path, `https://${domain}/`)
  // `//elsewhere.test/` is a path to the tracker and another host to the browser.
  return url && url.host === domain.toLowerCase() ? webLink(url) : null
}

/** Sources are either names ("Google") or hosts; only hosts can be linked. */
export function sourceLink(source: string): string | null {
  const url = HOST.test(source) ? parsed(`https://${source}/`) : null
  return url && webLink(url)
}

function webLink(url: URL): string | null {
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null
}

function parsed(address: string, base?: string): URL | null {
  try {
    return new URL(address, base)
  } catch {
    return null
  }
}
