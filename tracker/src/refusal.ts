/** Who is not counted, and the browser's storage. */
import type { Options } from './wire'

/** localStorage, or where that is forbidden an object that forgets. */
export let storage: Record<string, string | undefined> = {}
try {
  storage = localStorage
} catch {}

// A file has no host.
const LOCAL = /^$|localhost$|^127\.\d|^\[::1/

/** Count this browser no more, or again. */
export const optOut = (off = true): void => {
  storage.footfall = off ? 'off' : ''
}

export function refused(options: Options): unknown {
  return (
    storage.footfall ||
    (!options.local && LOCAL.test(location.hostname)) ||
    (!options.ignoreSignals && ((navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl || (navigator.doNotTrack as unknown as number) > 0))
  )
}
