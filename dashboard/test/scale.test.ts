import { expect, test } from 'vitest'
import { indexAt, MARGIN, timeAxis, valueAxis } from '../src/scale'

const BOX = { width: 640, height: 240 }

test.each([0, 1, 2, 3, 7])('counts up to %d have whole ticks only', (highest) => {
  const { ticks } = valueAxis(highest, 'count', BOX)
  expect(ticks.every(Number.isInteger)).toBe(true)
  expect(ticks.length).toBeGreaterThan(1)
})

test.each([1, 59, 200, 4_000, 90_000])('durations up to %d s fit under the top tick', (highest) => {
  const { ticks } = valueAxis(highest, 'seconds', BOX)
  expect(ticks.at(-1)).toBeGreaterThanOrEqual(highest)
  expect(ticks.length).toBeLessThanOrEqual(5)
})

test('rates always stand against 100 %', () => {
  const axis = valueAxis(3, 'percent', BOX)
  expect(axis.at(100)).toBe(MARGIN.top)
  expect(axis.at(0)).toBe(BOX.height - MARGIN.bottom)
})

test.each([1, 2, 24, 30, 400])('%d buckets never crowd their labels', (count) => {
  const { ticks } = timeAxis(count, BOX, 64)
  expect(ticks.length).toBeLessThanOrEqual(BOX.width / 64)
  expect(ticks.at(-1)).toBeLessThan(count)
})

test('a pointer beyond the edges reads the outermost bucket', () => {
  expect(indexAt(-50, 24, BOX)).toBe(0)
  expect(indexAt(9_999, 24, BOX)).toBe(23)
  expect(indexAt(timeAxis(24, BOX, 64).at(7), 24, BOX)).toBe(7)
})
