/** What is said to the tracker, and what it says to the gateway. */

export interface Options {
  /** Where hits go, such as `https://stats.example.com/v1/track`. */
  api: string
  /** The site's id; without one it is found by the page's host. */
  site?: string | undefined
  /** Whether the fragment tells one page from another. */
  hash?: boolean | undefined
  /** Whether to count on localhost and in files too. */
  local?: boolean
  /** Whether to count visitors who send Global Privacy Control or Do Not Track. */
  ignoreSignals?: boolean
  /** Whether hits that could not be sent are kept in localStorage for the next page. */
  persist?: boolean
  /** Whether to count page views within frames too. */
  frames?: boolean
  /** A function, or the name of a global one, that sees each event as it will be sent; it returns it, changed or not, or nothing to drop it. */
  beforeSend?: string | ((event: Wire) => Wire | null | undefined | false | void)
}

export interface EventOptions {
  props?: Record<string, string | number | boolean> | undefined
  revenue?: { currency: string; amount: number | string } | undefined
  /** Whether it shows that somebody is there: a visit with one such event is no bounce. */
  interactive?: boolean | undefined
  /** The page it belongs to, where that is not the one shown. */
  url?: string | undefined
}

/** The fields of `POST /v1/track`: by their short names, but for what a page gave by their long ones, which go first. */
export interface Wire extends EventOptions {
  w?: string | undefined
  u: string
  k: string
  e?: string | undefined
  n?: string | undefined
  r?: string | undefined
  g?: string | undefined
  t?: number | undefined
  s?: number | undefined
  x?: number | undefined
  l?: string | undefined
  h?: boolean | undefined
  b?: boolean | undefined
  i?: boolean
  /** When it happened, by this machine's clock, in milliseconds since 1970. */
  d: number
  /** How many milliseconds ago that was when it is sent. */
  a?: number
}

export type Track = (name: string, options?: EventOptions) => void
