/** The visitor's refusal, and the browser's storage that keeps it. */

/** localStorage, or where that is forbidden an object that forgets. */
export let storage: Record<string, string | undefined> = {}
try {
  storage = localStorage
} catch {}

/** Count this browser no more, or again. */
export const optOut = (off: unknown = 1) => (storage.footfall = (off || '') as string)
