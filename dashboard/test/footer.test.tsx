import { render } from 'preact'
import { expect, test } from 'vitest'
import type { Drop } from '../src/api'
import { Footer } from '../src/footer'
import { nothing } from '../src/metric'
import type { PeriodName } from '../src/period'
import type { Series } from '../src/series'
import { newState } from '../src/state'

/** What the footer of today's page says was left out. */
function shown(dropped: Drop[], period: PeriodName = 'day'): Element | null {
  const state = newState({ site: 'example', period: 'day', metric: 'visitors' }, '')
  const scope = { site: 'example', period, timezone: 'UTC' }
  const series: Series = { step: 'hour', points: [], begun: 0, running: false }
  state.figures.value = { scope, totals: nothing(), series, panels: {}, dropped, settledAt: 0, checkedAt: 0 }
  const root = document.createElement('div')
  const gateway = new URL('https://stats.example.org/')
  render(<Footer board={{ state, gateway, track: '', choose() {}, useKey() {}, retry() {} }} />, root)
  return root.querySelector('[data-testid=left-out]')
}

test('the footer says what was left out, as text', () => {
  const left = shown([
    { reason: 'bot', hits: 12 },
    { reason: '<b>new</b>', hits: 1 },
  ])
  expect(left?.textContent).toBe('Left out: 12 bots, 1 <b>new</b>')
  expect(left?.children.length).toBe(0)
})

test('the footer is silent when nothing was left out, or that of another period', () => {
  expect(shown([])).toBeNull()
  expect(shown([{ reason: 'bot', hits: 12 }], '7d')).toBeNull()
})
