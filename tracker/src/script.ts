/** The script of the snippet: it takes its settings from its own tag. */
import { optOut } from './refusal'
import { start } from './tracker'
import type { Options, Track } from './wire'

interface Global extends Track {
  /** Calls made before the script was there. */
  q?: Parameters<Track>[]
  optOut?: typeof optOut
}

declare global {
  interface Window {
    footfall?: Global
  }
}

const before = self.footfall
if (!before?.optOut) {
  const tag = document.currentScript as HTMLScriptElement
  const options: Record<string, unknown> = { api: new URL('../v1/track', tag.src) }
  for (const name in tag.dataset) options[name] = tag.dataset[name] || true
  const track: Global = start(options as unknown as Options)
  track.optOut = optOut
  self.footfall = track
  before?.q?.map((call) => track(...call))
}
