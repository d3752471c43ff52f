/** What is sent, byte for byte: the gateway's tests read the same file. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { init, track } from '../src'

const { sent } = JSON.parse(readFileSync('../contract/track.json', 'utf8')) as { sent: { name: string; body: string }[] }
const bodies: string[] = []

beforeEach(() => {
  bodies.length = 0
  vi.useFakeTimers({ toFake: ['setTimeout', 'Date', 'performance'], now: 1_796_040_000_000 })
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
    bodies.push(body)
    return new Response(null, { status: 202 })
  })
  const browser = { href: 'https://example.com/shop?utm_source=letter#part', hostname: 'example.com', host: 'example.com', pathname: '/shop' }
  vi.stubGlobal('location', browser)
  vi.stubGlobal('screen', { width: 1280 })
  vi.stubGlobal('navigator', { language: 'de-AT', webdriver: false })
  vi.stubGlobal('innerHeight', 500)
  vi.stubGlobal('scrollY', 0)
  vi.spyOn(Document.prototype, 'referrer', 'get').mockReturnValue('https://search.example/')
  vi.spyOn(Document.prototype, 'hasFocus').mockReturnValue(true)
  vi.spyOn(document.documentElement, 'scrollHeight', 'get').mockReturnValue(1000)
  document.title = 'Shop'
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

test('the tracker sends what the contract says', async () => {
  vi.advanceTimersByTime(1) // no page has a script at its very beginning
  init({ api: 'https://stats.example.com/v1/track', site: 'example.com' })
  vi.advanceTimersByTime(110)
  track('Purchase', { props: { plan: 'pro', seats: 3 }, revenue: { currency: 'EUR', amount: 12.5 }, interactive: false })
  vi.stubGlobal('scrollY', 300)
  dispatchEvent(new Event('scroll'))
  vi.advanceTimersByTime(2390)
  dispatchEvent(new Event('pagehide'))
  expect(bodies).toEqual(sent.map((sample) => sample.body))
})
