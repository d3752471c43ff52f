/** Footfall's tracker as a module, for pages that are built. Nothing happens until `init`. */
import { optOut } from './refusal'
import { begin } from './actions'
import { options as all } from './options'
import { track as tell, watch } from './tracker'
import type { EventOptions, Options, Wire } from './wire'

let running = false

/** Begin to count; does nothing on a server, and nothing the second time. */
export function init(options: Options): void {
  if (running || typeof window === 'undefined') return
  running = true
  Object.assign(all, options)
  begin()
  watch()
}

/** Send an event of this name; `pageview` counts the page once more. Does nothing before `init`. */
export function track(name: string, options?: EventOptions): void {
  if (running) tell(name, options)
}

export { optOut }
export type { EventOptions, Options, Wire }
