/** Rounds of reading: one at a time, none while nobody looks. */

/** Answers how many milliseconds to wait before the next round, or null to wait for the reader. */
export type Round = (signal: AbortSignal) => Promise<number | null>

export interface Rounds {
  /** Starts a round at once; one under way is superseded. */
  now(): void
}

export function keepReading(round: Round, page: Document): Rounds {
  let timer: ReturnType<typeof setTimeout> | undefined
  let current = new AbortController()

  const start = async (): Promise<void> => {
    clearTimeout(timer)
    current.abort()
    const mine = (current = new AbortController())
    const pause = await round(mine.signal)
    if (mine.signal.aborted || pause === null || page.hidden) return
    timer = setTimeout(start, pause)
  }

  page.addEventListener('visibilitychange', () => {
    if (page.hidden) clearTimeout(timer)
    else void start()
  })
  page.defaultView?.addEventListener('online', () => void start())
  return { now: () => void start() }
}
