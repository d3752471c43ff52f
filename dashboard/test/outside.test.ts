import { expect, test } from 'vitest'
import { countryName, flag } from '../src/country'
import { pageLink, sourceLink } from '../src/outside'
import { snippetsFor } from '../src/snippet'

test.each([
  ['/pricing', 'https://shop.example.org/pricing'],
  ['/<img src=x>', 'https://shop.example.org/%3Cimg%20src=x%3E'],
  ['//elsewhere.test/', null],
  ['/\\elsewhere.test/', null],
  ['/\t/elsewhere.test/', null],
  ['javascript:alert(1)', null],
  ['(not set)', null],
])('the page %j links to %s', (path, link) => {
  expect(pageLink('shop.example.org', path)).toBe(link)
})

test.each([undefined, '', '127.0.0.1', 'localhost', 'user@shop.example.org', 'shop.example.org:8000', 'a b.test'])(
  'pages of the domain %j are not linked',
  (domain) => {
    expect(pageLink(domain, '/')).toBeNull()
  },
)

test.each([
  ['news.example.org', 'https://news.example.org/'],
  ['Google', null],
  ['Direct / None', null],
  ['javascript:alert(1)', null],
  ['data:text/html,x', null],
  ['10.0.0.1', null],
])('the source %j links to %s', (source, link) => {
  expect(sourceLink(source)).toBe(link)
})

test.each(['(not set)', 'de', 'DEU', '', '<b>', 'D1'])('%j is no country and shown as it is', (code) => {
  expect(countryName(code)).toBe(code)
  expect(flag(code)).toBe('')
})

test('countries have names and flags, unknown codes stay readable', () => {
  expect(countryName('DE')).not.toBe('DE')
  expect(flag('DE')).toBe('\u{1F1E9}\u{1F1EA}')
  expect(countryName('QX')).toBeTruthy()
})

test('a snippet cannot be ended by the id of its site', () => {
  const gateway = new URL('https://stats.example.org/deep/')
  const [script, pixel] = snippetsFor(`"></script>&`, gateway).map((snippet) => snippet.code)
  const read = new DOMParser().parseFromString(`${script}${pixel}`, 'text/html').querySelectorAll('script')
  expect(read).toHaveLength(1)
  expect(read[0]?.dataset.site).toBe(`"></script>&`)
  expect(read[0]?.src).toBe('https://stats.example.org/deep/js/f.js')
  expect(pixel).toContain('src="https://stats.example.org/deep/v1/track.gif?w=%22%3E%3C%2Fscript%3E%26"')
})

test('where hits go elsewhere, the snippet says so', () => {
  const [script, pixel] = snippetsFor('a', new URL('https://stats.example.org/'), 'https://door.example/v1/track').map((snippet) => snippet.code)
  expect(script).toContain('src="https://stats.example.org/js/f.js"')
  expect(script).toContain('data-api="https://door.example/v1/track"')
  expect(pixel).toContain('src="https://door.example/v1/track.gif?w=a"')
})
