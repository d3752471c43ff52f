/** Page views, one after the other, how long and how far each was read, and what was done on it. */
import { act } from './actions'
import { outbox } from './outbox'
import { storage } from './refusal'
import type { EventOptions, Options, Track, Wire } from './wire'

type Signals = { globalPrivacyControl?: boolean }
type Hook = (event: Wire) => Wire | null | undefined | false | void

/** How long a single-page app gets to set its new page's title. */
const TITLE_MS = 100
/** How long a page that goes on by itself has for it: a download leaves the page where it is. */
const REDIRECT_MS = 5_000
const URL_BYTES = 2_000

export function start(options: Options): Track {
  /** The URL last counted or passed over, and the id of the page view that stands for it. */
  let seen = ''
  let page: string | false
  let unannounced: unknown
  /** Whether the page is being replaced, and by no act of the visitor. */
  let redirecting: unknown
  let referrer: string | undefined = document.referrer
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
      d: Date.now(),
      ...fields,
    }
    const hook = options.beforeSend
    if (
      !(
        storage.footfall ||
        // A file has no host.
        (!options.local && /^(127\.|\[::1|$)|localhost$/.test(location.hostname)) ||
        (!options.ignoreSignals &&
          ((navigator as Signals).globalPrivacyControl ||
            (navigator.doNotTrack as unknown as number) > 0))
      )
    ) {
      const global = self as unknown as Record<string, Hook>
      const kept = hook ? (global[hook as string] || (hook as Hook))(event) : event
      if (kept) add(kept)
    }
  }

  const see = () => {
    bottom = Math.max(bottom, scrollY + innerHeight)
    return ((100 * bottom) / document.documentElement.scrollHeight) | 0
  }

  /**
   * Tell of the page view, as late as its title needs or as soon as it ends.
   * Of one that was only passed through, tell where it came from, if that would be lost.
   */
  const announce = (passed?: unknown) => {
    if (unannounced) {
      unannounced = bottom = 0
      told = see()
      page = !passed && id()
      if (page) send({ k: page, n: document.title, r: referrer })
      else if (seen.split('?')[1] || (referrer || seen).split('/')[2] !== location.host)
        send({ e: 'Redirect', r: referrer, interactive: false })
      referrer = ''
    }
  }

  const tick = () => {
    const now = performance.now()
    engaged += since && now - since
    since = document.hasFocus() ? now : 0
  }

  /** Tell what was read since, of the page that is left or hidden, if it is worth a request. */
  const rest = (passed?: unknown) => {
    announce(passed)
    tick()
    const depth = see()
    if (page && (engaged >= 1e3 || depth > told)) {
      send({ e: 'engagement', g: page, t: engaged, s: (told = depth) })
      engaged = 0
    }
  }

  /** Count what is shown now, unless it was counted already. Whoever is not looking sees no page. */
  const view = (replaced?: unknown, url = address()) => {
    if (url === seen || document.hidden || (!options.frames && self !== top)) return
    if (!replaced || url.split('?')[0] !== seen.split('?')[0]) {
      rest(replaced)
      redirecting = engaged = 0
      unannounced = setTimeout(() => setTimeout(announce, redirecting ? REDIRECT_MS : 0), TITLE_MS)
    }
    seen = url
  }

  const track = (name: string, more?: EventOptions) => {
    if (name === 'pageview') view((seen = ''), more?.url)
    else send({ e: name, ...more })
  }
  const on = (types: string, listen: (event: Event) => void) => types.split(' ').map((type) => addEventListener(type, listen, true))

  const add = outbox(options.api, options.persist)
  location.href.replace(/[?&#]footfall=o(f?)[fn]/, (_, off: string) => (storage.footfall = off))
  ;(['pushState', 'replaceState'] as const).map((name) => {
    const original = history[name]
    history[name] = (...change) => {
      original.apply(history, change)
      view(name > 'q')
    }
  })
  on('scroll', see)
  on('click auxclick submit', (event) => act(event, track))
  on('visibilitychange focus blur pageshow pagehide popstate', (event) => {
    const left = event.type === 'pagehide'
    if (left || document.hidden) {
      rest(left && redirecting)
      since = 0
      add()
    } else {
      // Restored from the back/forward cache, a page is seen once more.
      if ((event as PageTransitionEvent).persisted) seen = ''
      tick()
      view()
    }
  })
  self.navigation?.addEventListener('navigate', (event) => {
    // Another document of this origin, and no step in the history; nobody has acted.
    redirecting =
      event.canIntercept &&
      !(event.destination.sameDocument || navigator.userActivation.isActive)
  })
  view()
  return track
}

// 32 digits are a UUID to the gateway; `crypto.randomUUID` is missing on plain http.
const id = () => Date.now() + Math.random().toFixed(19).slice(2)
