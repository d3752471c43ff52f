/** What the owner of an empty site pastes into it. */

export interface Snippet {
  name: string
  note: string
  code: string
}

export function snippetsFor(site: string, gateway: URL): Snippet[] {
  return [
    { name: 'JavaScript', note: 'Before the closing body tag of every page.', code: script(site, gateway) },
    { name: 'No JavaScript', note: 'A one-pixel image, for pages without scripts.', code: pixel(site, gateway) },
  ]
}

// Sent as text/plain, a cross-origin request needs no CORS preflight.
function script(site: string, gateway: URL): string {
  return `<script>
fetch(${quoted(new URL('v1/track', gateway).href)}, {
  method: 'POST',
  keepalive: true,
  body: JSON.stringify({
    url: location.href,
    name: document.title,
    referrer: document.referrer,
    website: ${quoted(site)}
  })
})
</script>`
}

function pixel(site: string, gateway: URL): string {
  const source = `${new URL('v1/track.gif', gateway).href}?w=${encodeURIComponent(site)}`
  return `<img src="${source.replaceAll('"', '%22')}"
  referrerpolicy="no-referrer-when-downgrade"
  alt="" width="1" height="1">`
}

// A site id must not be able to end the script it is pasted into.
function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll("'", "\\'").replaceAll('<', '\\u003c')}'`
}
