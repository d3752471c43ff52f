import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepReading } from '../src/rounds'

let hidden = false

beforeEach(() => {
  hidden = false
  vi.useFakeTimers()
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden)
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

function show(visible: boolean): void {
  hidden = !visible
  document.dispatchEvent(new Event('visibilitychange'))
}

test('rounds follow each other, pause while hidden, and resume at once', async () => {
  let rounds = 0
  keepReading(async () => {
    rounds++
    return 2_000
  }, document).now()
  await vi.advanceTimersByTimeAsync(4_500)
  expect(rounds).toBe(3)
  show(false)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(rounds).toBe(3)
  show(true)
  expect(rounds).toBe(4)
})

test('a new round supersedes the one under way', async () => {
  const signals: AbortSignal[] = []
  const rounds = keepReading(async (signal) => {
    signals.push(signal)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    return 2_000
  }, document)
  rounds.now()
  rounds.now()
  await vi.advanceTimersByTimeAsync(2_500)
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false])
})

test('a round that ends unseen is the last until the page is shown', async () => {
  const round = vi.fn(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    return 2_000
  })
  keepReading(round, document).now()
  show(false)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(round).toHaveBeenCalledTimes(1)
})

test('a round that waits for the reader is not repeated', async () => {
  const round = vi.fn(async () => null)
  keepReading(round, document).now()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(round).toHaveBeenCalledTimes(1)
})
