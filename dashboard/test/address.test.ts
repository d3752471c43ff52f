import { expect, test } from 'vitest'
import { formatView, parseView } from '../src/address'
import { periodNamed } from '../src/period'

test('an address without anything shows today and visitors', () => {
  expect(parseView('')).toEqual({ site: '', period: 'day', metric: 'visitors' })
})

test('unknown periods and metrics in an address fall back', () => {
  expect(parseView('?site=a&period=1000y&metric=__proto__')).toEqual({ site: 'a', period: 'day', metric: 'visitors' })
})

test.each(['example', 'a&b=c', 'ä ö', '#?'])('the site %j survives the address', (site) => {
  const view = { site, period: '12mo', metric: 'bounce_rate' } as const
  expect(parseView(formatView(view))).toEqual(view)
})

test.each([
  ['day', 'hour'],
  ['7d', 'day'],
  ['30d', 'day'],
  ['12mo', 'month'],
])('%s is drawn by the %s', (name, step) => {
  expect(periodNamed(name).step).toBe(step)
})
