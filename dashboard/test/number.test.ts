import { expect, test } from 'vitest'
import { duration, exact, mark, short } from '../src/number'

test.each([
  [0, '0s'],
  [59.6, '1m 00s'],
  [187, '3m 07s'],
  [3720, '1h 02m'],
])('%d seconds read %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

test('what has nothing to divide by is a dash, not zero', () => {
  expect(exact(null, 'percent')).toBe('–')
  expect(short(null, 'count')).toBe('–')
})

test('only large counts are shortened', () => {
  expect(short(9_999, 'count')).toBe(exact(9_999, 'count'))
  expect(short(13_452, 'count')).not.toBe(exact(13_452, 'count'))
  expect(short(13_452.5, 'ratio')).toBe(exact(13_452.5, 'ratio'))
})

test('round durations lose their zeros on an axis', () => {
  expect([0, 30, 120, 3600].map((seconds) => mark(seconds, 'seconds'))).toEqual(['0s', '30s', '2m', '1h'])
})
