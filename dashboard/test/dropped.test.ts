import { expect, test } from 'vitest'
import { leftOut } from '../src/dropped'

const REASONS =
  'bot prefetch dnt gpc unknown_site excluded_address excluded_country excluded_hostname excluded_page too_late copy no_visit unreadable'

test('what was left out reads as a sentence', () => {
  const dropped = [
    { reason: 'bot', hits: 12 },
    { reason: 'copy', hits: 1 },
  ]
  expect(leftOut(dropped)).toBe('Left out: 12 bots, 1 repeated')
  expect(leftOut([{ reason: 'bot', hits: 1 }])).toBe('Left out: 1 bot')
})

test('nothing left out is nothing said', () => {
  expect(leftOut([])).toBe('')
  expect(leftOut([{ reason: 'bot', hits: 0 }])).toBe('')
})

test.each(REASONS.split(' '))('the reason %s has words of its own', (reason) => {
  expect(leftOut([{ reason, hits: 2 }])).not.toMatch(/_|\b(dnt|gpc|copy|prefetch)\b/)
})

test.each(['phase_of_moon', 'constructor', '<b>'])('the unknown reason %s stands as it is', (reason) => {
  expect(leftOut([{ reason, hits: 2 }])).toBe(`Left out: 2 ${reason}`)
})
