/** Page views, one after the other, how long and how far each was read, and what was done on it. */
import { act } from './actions'
import { outbox } from './outbox'
import { optOut, refused } from './refusal'
import type { EventOptions, Options, Track, Wire } from './wire'

type Hook = (event: Wire) => Wire | null | undefined | false | void

/** How long a single-page app gets to set its new page's title. */
const TITLE_MS = 100
const URL_BYTES = 2_000

export function start(options: Options): Track {
  /** The URL last counted or passed over, and the id of the page view that stands for it. */
  let seen = ''
  let page: string | undefined
  let unannounced: unknown
  let referrer: string | undefined = document.referrer.slice(0, URL_BYTES)
  /** Since when somebody has been looking, how long they had before, and how deep, in pixels and as told in percent. */
  let since = 0
  let engaged = 0
  let bottom = 0
  let told = 0

  // No address has a space.
  const address = () => location.href.split(options.hash ? ' ' : '#')[0]!.slice(0, URL_BYTES)

  const send = (fields: Partial<Wire>) => {
    const event: Wire = {
      w: options.site,
      u: seen || address(),
      k: id(),
      x: screen.width,
      l: navigator.language,
      h: options.hash,
      b: navigator.webdriver,
      a: Date.now(),
      ...fields,
    }
    const hook = options.beforeSend
    const kept = !refused(options) && (hook ? ((window as unknown as Record<string, Hook>)[hook as string] || (hook as Hook))(event) : event)
    if (kept) add(kept)
  }

  const see = () => {
    bottom = Math.max(bottom, scrollY + innerHeight)
    return Math.min(100, ((100 * bottom) / document.documentElement.scrollHeight) | 0)
  }

  /** Tell of the page view, as late as its title needs or as soon as it ends. */
  const announce = () => {
    if (unannounced) {
      unannounced = bottom = 0
      told = see()
      send({ k: page!, n: document.title, r: referrer })
      referrer = undefined
    }
  }

  const tick = () => {
    const now = performance.now()
    if (since) engaged += now - since
    since = document.hasFocus() ? now : 0
  }

  /** Tell what was read since, of the page that is left or hidden, if it is worth a request. */
  const rest = () => {
    announce()
    tick()
    const depth = see()
    if (page && (engaged >= 1e3 || depth > told)) {
      send({ e: 'engagement', g: page, t: engaged, s: (told = depth) })
      engaged = 0
    }
  }

  /** Count what is shown now, unless it was counted already. Whoever is not looking sees no page. */
  const view = (replaced?: unknown, url = address()) => {
    if (url === seen || document.hidden) return
    if (!replaced || url.split('?')[0] !== seen.split('?')[0]) {
      rest()
      page = id()
      engaged = 0
      unannounced = setTimeout(announce, TITLE_MS)
    }
    seen = url
  }

  const track = (name: string, more?: EventOptions) => {
    if (name === 'pageview') {
      seen = ''
      view(0, more?.url)
    } else send({ e: name, ...more })
  }
  const on = (types: string, listen: (event: Event) => void) => types.split(' ').map((type) => addEventListener(type, listen, true))

  const add = outbox(options.api, options.persist)
  const wish = /[?&#]footfall=o(n|ff)/.exec(location.href)
  if (wish) optOut(wish[1] !== 'n')
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name]
    history[name] = function (...change) {
      original.apply(this, change)
      view(name > 'q')
    }
  }
  on('scroll', see)
  on('click auxclick submit', (event) => act(event, track))
  on('visibilitychange focus blur pageshow pagehide popstate', (event) => {
    if (document.hidden || event.type === 'pagehide') {
      rest()
      since = 0
      add()
    } else {
      // Restored from the back/forward cache, a page is seen once more.
      if ((event as PageTransitionEvent).persisted) seen = ''
      tick()
      view()
    }
  })
  view()
  return track
}

// 32 digits are a UUID to the gateway; `crypto.randomUUID` is missing on plain http.
const id = () => digits() + digits()
const digits = () => Math.random().toFixed(16).slice(2)
