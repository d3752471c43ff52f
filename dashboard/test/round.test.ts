import { beforeEach, expect, test, vi } from 'vitest'
import { ApiError, type Api, type Query } from '../src/api'
import { roundOf } from '../src/round'
import { newState } from '../src/state'

const SITE = { id: 'example', domains: ['example.org'], timezone: 'UTC', public: true }
const signal = () => new AbortController().signal

let asked: string[]
let totals: number[]
let broken: Record<string, ApiError>
let now: number

beforeEach(() => {
  asked = []
  totals = [3, 3, 5, 1.67, 50, 20]
  broken = {}
  now = Date.parse('2024-09-10T12:30:00Z')
})

const gateway: Api = {
  async sites() {
    return answer('sites', [SITE])
  },
  async live() {
    return answer('live', 2)
  },
  async dropped() {
    return answer('dropped', [{ reason: 'bot', hits: 12 }])
  },
  async query(query: Query) {
    const about = query.dimensions?.[0] ?? (query.date_range === 'all' ? 'ever' : 'totals')
    const metrics = about === 'ever' ? [0] : totals
    return answer(about, { results: [{ dimensions: query.dimensions ? ['/'] : [], metrics }], meta: {} })
  },
}

function answer<T>(about: string, value: T): T {
  asked.push(about)
  if (broken[about]) throw broken[about]
  return value
}

function started() {
  const state = newState({ site: '', period: 'day', metric: 'visitors' }, '')
  return { state, round: roundOf(state, gateway, 2_000, () => now) }
}

test('the first round reads everything, the first site chosen, panels last', async () => {
  const { state, round } = started()
  expect(await round(signal())).toBe(2_000)
  expect(asked).toEqual(['sites', 'live', 'totals', 'time:hour', 'event:page', 'visit:source', 'visit:country', 'dropped'])
  expect(state.view.value.site).toBe('example')
  expect(state.figures.value?.panels.pages).toEqual({ rows: [{ name: '/', numbers: totals }] })
  expect(state.figures.value?.dropped).toEqual([{ reason: 'bot', hits: 12 }])
})

test('where each round costs money it waits longer', async () => {
  const state = newState({ site: '', period: 'day', metric: 'visitors' }, '')
  expect(await roundOf(state, gateway, 10_000, () => now)(signal())).toBe(10_000)
})

test('while nothing moves a round costs two requests', async () => {
  const { round } = started()
  await round(signal())
  asked = []
  await round(signal())
  expect(asked).toEqual(['live', 'totals'])
})

test('a moved total, or half a minute, brings graph and panels up to date', async () => {
  const { round } = started()
  await round(signal())
  totals = [4, 4, 6, 1.5, 50, 20]
  asked = []
  await round(signal())
  expect(asked).toContain('event:page')
  expect(asked).toContain('dropped')
  now += 31_000
  asked = []
  await round(signal())
  expect(asked).toContain('time:hour')
})

test('an empty site is told from an empty period, and its first page view announced', async () => {
  const { state, round } = started()
  totals = [0, 0, 0, 0, 0, 0]
  await round(signal())
  expect(state.ever.value).toBe(false)
  totals = [1, 1, 1, 1, 100, 0]
  await round(signal())
  expect(state.ever.value).toBe(true)
  expect(state.notice.value).not.toBe('')
})

test('a gateway that cannot look back over all time counts as not empty', async () => {
  const { state, round } = started()
  totals = [0, 0, 0, 0, 0, 0]
  broken.ever = new ApiError(400, 'Unknown date_range.')
  await round(signal())
  expect(state.ever.value).toBe(true)
})

test('one broken panel leaves the others alone', async () => {
  const { state, round } = started()
  broken['visit:country'] = new ApiError(400, 'Unknown dimension.')
  await round(signal())
  expect(state.trouble.value).toBeNull()
  expect(state.figures.value?.panels.countries).toEqual({ failure: 'Unknown dimension.' })
  expect(state.figures.value?.panels.pages).toHaveProperty('rows')
})

test('when what was left out cannot be told, the last answer stays and nothing else suffers', async () => {
  const { state, round } = started()
  broken.dropped = new ApiError(404, 'No such page.')
  expect(await round(signal())).toBe(2_000)
  expect(state.trouble.value).toBeNull()
  expect(state.figures.value?.dropped).toEqual([])
  expect(state.figures.value?.panels.pages).toHaveProperty('rows')
  asked = []
  await round(signal())
  expect(asked).toEqual(['live', 'totals'])
  broken = {}
  now += 31_000
  await round(signal())
  broken.dropped = new ApiError(503, 'Try again in a moment.')
  now += 31_000
  await round(signal())
  expect(state.figures.value?.dropped).toEqual([{ reason: 'bot', hits: 12 }])
})

test('panels do not wait for what was left out', async () => {
  const state = newState({ site: '', period: 'day', metric: 'visitors' }, '')
  let tell = (_: []) => {}
  const slow = { ...gateway, dropped: () => new Promise<[]>((resolve) => (tell = resolve)) }
  const reading = roundOf(state, slow, 2_000, () => now)(signal())
  await vi.waitFor(() => expect(state.figures.value?.panels.pages).toHaveProperty('rows'))
  tell([])
  expect(await reading).toBe(2_000)
})

test('when the server is down the last numbers stay and waits grow', async () => {
  const { state, round } = started()
  await round(signal())
  broken.totals = new ApiError(0, 'The server does not answer.')
  expect(await round(signal())).toBe(2_000)
  expect(await round(signal())).toBe(4_000)
  expect(state.figures.value?.totals.visitors).toBe(3)
  broken = {}
  expect(await round(signal())).toBe(2_000)
  expect(state.trouble.value).toBeNull()
})

test('a server that names its wait is obeyed', async () => {
  const { round } = started()
  broken.sites = new ApiError(429, 'Too many requests.', 60)
  expect(await round(signal())).toBe(60_000)
})

test('where a key is needed nothing is retried', async () => {
  const { state, round } = started()
  broken.totals = new ApiError(401, 'This needs a key.')
  expect(await round(signal())).toBeNull()
  expect(state.trouble.value?.status).toBe(401)
})

test('rows of another shape are trouble, not the end', async () => {
  const { state, round } = started()
  const quiet = vi.spyOn(console, 'error').mockImplementation(() => {})
  totals = undefined as unknown as number[]
  expect(await round(signal())).toBe(2_000)
  expect(state.trouble.value?.status).toBe(0)
  quiet.mockRestore()
})

test('a superseded round changes nothing', async () => {
  const { state, round } = started()
  expect(await round(AbortSignal.abort())).toBeNull()
  expect(state.figures.value).toBeNull()
})
