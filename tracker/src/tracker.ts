/** Page views, one after the other, how long and how far each was read, and what was done on it. */
import { options } from './options'
import { flush, leave, queue, restore, timer } from './outbox'
import { real } from './real'
import { optOut, storage } from './refusal'
import type { EventOptions, Wire } from './wire'

type Signals = { globalPrivacyControl?: boolean }
type Hook = (event: Wire) => Wire | null | undefined | false | void

/** How long a single-page app gets to set its new page's title. */
const TITLE_MS = 100
/** How long a page that goes on by itself has for it: a download leaves the page where it is. */
const REDIRECT_MS = 5_000
const URL_BYTES = 2_000

/** The URL last counted or passed over, and the id of the page view that stands for it. */
let seen = ''
let page: string | false
let unannounced: unknown
/** Whether the page is being replaced, and by no act of the visitor. */
let redirecting: number | boolean
let referrer: string | undefined
/** Since when somebody has been looking, how long they had before, and how deep, in pixels and as told in percent. */
let since: number | false
let engaged: any
let bottom: number
let told: number

// No address has a space.
const address = () => location.href.replace(options.hash ? '' : /#.*/, '').slice(0, URL_BYTES)

// 32 digits are a UUID to the gateway; `crypto.randomUUID` is missing on plain http.
const id = () => Date.now() + Math.random().toFixed(19).slice(2)

const send = (fields: Partial<Wire>) => {
  let event: Wire = {
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
  if (
    !(
      storage.footfall ||
      // A file has no host.
      (!options.local && /^(127\.|\[::1|$)|localhost$/.test(location.hostname)) ||
      (!options.ignoreSignals &&
        ((navigator as Signals).globalPrivacyControl ||
          (navigator.doNotTrack as unknown as number) > 0)) ||
      (options.beforeSend && !(event = ((self as unknown as Record<string, Hook>)[options.beforeSend as string] || (options.beforeSend as Hook))(event) as Wire))
    )
  ) {
    queue.set(event, 0)
    if (!timer) flush()
  }
}

const see = () => {
  bottom = Math.max(bottom, scrollY + innerHeight)
  return ((100 * bottom) / real('documentElement').scrollHeight) | 0
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
    if (page) send({ k: page, n: real('title'), r: referrer })
    else if (seen.split('?')[1] || new URL(referrer || seen).host !== location.host)
      send({ e: 'Redirect', r: referrer, i: false })
    referrer = ''
  }
}

const tick = () => {
  engaged += since && performance.now() - since
  since = real('hasFocus').call(document) && performance.now()
}

/** Tell what was read since, of the page that is left or hidden, if it is worth a request. */
const rest = (passed?: unknown) => {
  announce(passed)
  tick()
  if (page && (engaged >= 1e3 || see() > told)) {
    send({ e: 'engagement', g: page, t: engaged, s: (told = see()) })
    engaged = 0
  }
}

/** Count what is shown now, unless it was counted already. Whoever is not looking sees no page. */
const view = (replaced?: unknown, url = address()) => {
  if (url === seen || real('hidden') || (!options.frames && self !== top)) return
  // Anybody can send somebody a link, so the visitor is asked, before the page is told of. One that was rendered
  // ahead becomes visible a moment before it may ask.
  if (!seen)
    location.href.replace(
      /footfall=o(f?)/,
      (_, off: string) => setTimeout(() => (off && !confirm('Opt out?')) || optOut(off), TITLE_MS) as never,
    )
  if (!replaced || url.split('?')[0] !== seen.split('?')[0]) {
    rest(replaced)
    redirecting = engaged = 0
    unannounced = setTimeout(() => setTimeout(announce, REDIRECT_MS * (redirecting as number)), TITLE_MS)
  }
  seen = url
}

/** Tell of an event, or of another page. */
export const track = (name: string, more?: EventOptions): void =>
  name === 'pageview' ? view((seen = ''), more?.url) : send({ e: name, ...more })

export const on = (types: string, listen: (event: Event) => void) => types.split(' ').map((type) => addEventListener(type, listen, 1 as never))

/** Begin, as the options say; a page does so once. */
export const start = () => {
  referrer = real('referrer')
  restore()
  'pushState replaceState'.split(' ').map((name) => {
    const original = history[name as 'pushState']
    history[name as 'pushState'] = (...change) => {
      original.call(history, ...change)
      view(name > 'q')
    }
  })
  on('online', flush)
  on('scroll', see)
  on('visibilitychange focus blur pageshow pagehide popstate', (event) => {
    const left = event.type === 'pagehide'
    if (left || real('hidden')) {
      rest(left && redirecting)
      since = 0
      leave()
    } else {
      // Restored from the back/forward cache, a page is seen once more.
      if ((event as PageTransitionEvent).persisted) seen = ''
      tick()
      view()
    }
  })
  view()
}

/**
 * Hear where the page goes. It is the last to be done: where a browser has no `navigation`, a
 * frame of another origin may have its name, and throws.
 */
export const watch = () =>
  self.navigation?.addEventListener('navigate', (event) => {
    // Another document of this origin, and no step in the history; nobody has acted.
    redirecting =
      event.canIntercept &&
      !(event.destination.sameDocument || navigator.userActivation.isActive)
  })
