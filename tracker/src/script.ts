/** The script of the snippet: it takes its settings from its own tag. */
import { real } from './real'
import { optOut } from './refusal'
import { begin } from './actions'
import { options } from './options'
import { track, watch } from './tracker'
import type { Track } from './wire'

interface Global extends Track {
  /** Calls made before the script was there. */
  q?: Parameters<Track>[]
  optOut?: typeof optOut
}

declare global {
  interface Window {
    footfall?: Global
  }
  // Without its window before it: every byte is loaded by every visitor.
  let footfall: Global
}

// An element or a frame of this name is nothing that was called.
const before = (typeof self.footfall == 'function' && self.footfall) as Global
if (!before.optOut) {
  const tag = real('currentScript') as HTMLScriptElement
  options.api = new URL('../v1/track', tag.src) as never
  for (const name in tag.dataset) (options as never as Record<string, unknown>)[name] = tag.dataset[name] || true
  begin()
  ;(track as Global).optOut = optOut
  footfall = track
  before.q?.map((call) => track(...call))
  watch()
}
