/** Footfall's tracker as a module, for pages that are built. Nothing happens until `init`. */
import { optOut } from './refusal'
import { start } from './tracker'
import type { EventOptions, Options, Track, Wire } from './wire'

let running: Track | undefined

/** Begin to count; does nothing on a server, and nothing the second time. */
export function init(options: Options): void {
  if (typeof window !== 'undefined') running ??= start(options)
}

/** Send an event of this name; `pageview` counts the page once more. Does nothing before `init`. */
export function track(name: string, options?: EventOptions): void {
  running?.(name, options)
}

export { optOut }
export type { EventOptions, Options, Wire }
