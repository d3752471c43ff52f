import { render } from 'preact'
import { expect, test } from 'vitest'
import { Panels } from '../src/panels'
import type { PanelState } from '../src/state'

function shown(states: Record<string, PanelState>): HTMLElement {
  const root = document.createElement('div')
  render(<Panels states={states} domain="shop.example.org" retry={() => {}} />, root)
  return root
}

test('forged names are text, and only safe ones are links', () => {
  const names = ['/<img src=x onerror=alert(1)>', 'javascript:alert(1)', '//elsewhere.test/']
  const root = shown({ pages: { rows: names.map((name) => ({ name, numbers: [1, 1] })) } })
  expect(root.querySelector('[data-testid=pages-row] img')).toBeNull()
  expect([...root.querySelectorAll('bdi')].map((name) => name.textContent)).toEqual(names)
  const links = [...root.querySelectorAll('a')].map((link) => link.getAttribute('href'))
  expect(links).toEqual(['https://shop.example.org/%3Cimg%20src=x%20onerror=alert(1)%3E'])
})

test('countries are left out where none is known', () => {
  const unknown = shown({ countries: { rows: [{ name: '(not set)', numbers: [4] }] } })
  expect(unknown.querySelector('[data-testid=countries]')).toBeNull()
  const known = shown({ countries: { rows: [{ name: 'DE', numbers: [4] }] } })
  expect(known.querySelector('[data-testid=countries-row]')).not.toBeNull()
})

test('a failed panel says why', () => {
  const root = shown({ sources: { failure: 'Unknown dimension.' } })
  expect(root.querySelector('[data-testid=sources]')?.textContent).toContain('Unknown dimension.')
})
