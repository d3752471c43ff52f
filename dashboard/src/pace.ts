/** How long to wait before looking again. */

export const LIVELY_MS = 2_000
const LONGEST_MS = 30_000

/** A slow server is asked less often: it spends at most a fifth of its time on one reader. */
export function pauseAfter(tookMs: number, leastMs = LIVELY_MS): number {
  return Math.min(Math.max(leastMs, 4 * tookMs), LONGEST_MS)
}

export function backOff(failures: number, retryAfterSeconds: number): number {
  return Math.max(Math.min(1_000 * 2 ** failures, LONGEST_MS), 1_000 * retryAfterSeconds)
}
