import { expect, test } from 'vitest'
import { axisLabel, labelAt } from '../src/bucket'
import { peakOf, seriesOf } from '../src/series'

const NOON = new Date('2024-09-10T12:30:00Z')
const HOURS = Array.from({ length: 24 }, (_, hour) => `2024-09-10 ${String(hour).padStart(2, '0')}:00:00`)

function row(label: string, visitors: number) {
  return { dimensions: [label], metrics: [visitors, visitors, visitors * 2, 2, 50, 60] }
}

test.each([
  ['UTC', 'hour', '2024-09-10 12:00:00'],
  ['Asia/Kathmandu', 'hour', '2024-09-10 18:00:00'],
  ['Pacific/Auckland', 'day', '2024-09-11'],
  ['America/New_York', 'month', '2024-09-01'],
  ['Nowhere/Atlantis', 'hour', '2024-09-10 12:00:00'],
] as const)('in %s the current %s is %s', (zone, step, label) => {
  expect(labelAt(NOON, step, zone)).toBe(label)
})

test('midnight is hour 00, not 24', () => {
  expect(labelAt(new Date('2024-09-10T00:05:00Z'), 'hour', 'UTC')).toBe('2024-09-10 00:00:00')
})

test('empty buckets are zero visitors and no bounce rate', () => {
  const series = seriesOf([row(HOURS[3] as string, 5)], HOURS, 'hour', NOON, 'UTC')
  expect(series.points[3]?.values).toMatchObject({ visitors: 5, pageviews: 10, bounce_rate: 50 })
  expect(series.points[4]?.values).toMatchObject({ visitors: 0, pageviews: 0, bounce_rate: null })
})

test('the rest of today has not begun', () => {
  expect(seriesOf([], HOURS, 'hour', NOON, 'UTC')).toMatchObject({ begun: 13, running: true })
})

test('data in what a slow clock calls the future is shown', () => {
  expect(seriesOf([row(HOURS[15] as string, 1)], HOURS, 'hour', NOON, 'UTC').begun).toBe(16)
})

test('a period that ended before today is not running', () => {
  const series = seriesOf([], ['2024-09-08', '2024-09-09'], 'day', NOON, 'UTC')
  expect(series).toMatchObject({ begun: 2, running: false })
})

test('without time labels the rows themselves are the series', () => {
  expect(seriesOf([row('2024-09-09', 2)], [], 'day', NOON, 'UTC').points).toHaveLength(1)
})

test('the peak is the first of the highest, and nothing when all is zero', () => {
  const rows = [row('2024-09-08', 7), row('2024-09-09', 7)]
  const series = seriesOf(rows, ['2024-09-08', '2024-09-09'], 'day', NOON, 'UTC')
  expect(peakOf(series, 'visitors')?.label).toBe('2024-09-08')
  expect(peakOf(seriesOf([], HOURS, 'hour', NOON, 'UTC'), 'visitors')).toBeNull()
})

test('a label that is no time is shown as it came', () => {
  expect(axisLabel('(not set)', 'day')).toBe('(not set)')
})
