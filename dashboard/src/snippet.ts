/** What the owner of an empty site pastes into it. */

export interface Snippet {
  name: string
  note: string
  code: string
}

/** `track` is where hits go when that is not beside the script. */
export function snippetsFor(site: string, gateway: URL, track = ''): Snippet[] {
  return [
    { name: 'JavaScript', note: 'In the head of every page.', code: script(site, gateway, track) },
    { name: 'No JavaScript', note: 'A one-pixel image, for visitors without scripts.', code: pixel(site, gateway, track) },
  ]
}

function script(site: string, gateway: URL, track: string): string {
  const api = track === '' ? '' : ` data-api="${escaped(track)}"`
  return `<script defer src="${escaped(new URL('js/f.js', gateway).href)}"
  data-site="${escaped(site)}"${api}></script>`
}

function pixel(site: string, gateway: URL, track: string): string {
  const source = `${track === '' ? new URL('v1/track.gif', gateway).href : `${track}.gif`}?w=${encodeURIComponent(site)}`
  return `<noscript><img src="${escaped(source)}"
  referrerpolicy="no-referrer-when-downgrade"
  alt="" width="1" height="1"></noscript>`
}

// A site id must not be able to end the attribute it is pasted into.
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
