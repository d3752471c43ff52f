import { expect, test } from 'vitest'
import { ApiError, connect } from '../src/api'
import { gatewayOf } from '../src/config'

const GATEWAY = new URL('https://stats.example.org/deep/')
const signal = new AbortController().signal

function answering(body: unknown, status = 200, headers: Record<string, string> = {}) {
  const sent: { url: string; init: RequestInit }[] = []
  const send = async (url: URL, init: RequestInit) => {
    sent.push({ url: url.href, init })
    return new Response(JSON.stringify(body), { status, headers })
  }
  return { send, sent }
}

test.each([
  ['', 'https://a.test/deep/?site=x', 'https://a.test/deep/'],
  ['', 'https://a.test/deep/index.html', 'https://a.test/deep/'],
  ['..', 'https://a.test/deep/', 'https://a.test/'],
  ['https://api.test', 'https://a.test/', 'https://api.test/'],
  ['https://api.test/x', 'https://a.test/', 'https://api.test/x/'],
])('api %j on %s is at %s', (api, page, gateway) => {
  expect(gatewayOf({ api }, page).href).toBe(gateway)
})

test('addresses are relative to the gateway, and the key travels in a header', async () => {
  const { send, sent } = answering(7)
  expect(await connect(GATEWAY, () => 'sesame', send).live('a&b', signal)).toBe(7)
  expect(sent[0]?.url).toBe('https://stats.example.org/deep/api/v1/stats/realtime/visitors?site_id=a%26b')
  expect(sent[0]?.init.headers).toMatchObject({ Authorization: 'Bearer sesame' })
})

test('without a key no authorization is claimed', async () => {
  const { send, sent } = answering({ sites: [] })
  await connect(GATEWAY, () => '', send).sites(signal)
  expect(sent[0]?.init.headers).not.toHaveProperty('Authorization')
})

test.each([
  [401, { error: 'This needs a key.' }, 'This needs a key.'],
  [503, null, 'The server answered 503.'],
  [400, { error: { nested: true } }, 'The server answered 400.'],
])('a %d is an error with a sentence', async (status, body, sentence) => {
  const { send } = answering(body, status, { 'Retry-After': '7' })
  const failed = connect(GATEWAY, () => '', send).sites(signal)
  await expect(failed).rejects.toMatchObject({ status, message: sentence, retryAfterSeconds: 7 })
})

test.each([null, {}, { sites: 'none' }, 'x'])('the unreadable answer %j is an error, not a crash', async (body) => {
  const { send } = answering(body)
  await expect(connect(GATEWAY, () => '', send).sites(signal)).rejects.toBeInstanceOf(ApiError)
})

function onAws(answers: [number, unknown, string?][]) {
  const sent: { url: string; init: RequestInit }[] = []
  const send = async (url: URL, init: RequestInit) => {
    sent.push({ url: url.href, init })
    const [status, body, place] = answers[Math.min(sent.length, answers.length) - 1] as [number, unknown, string?]
    const headers = new Headers(place ? { Location: place, 'Retry-After': '0.01' } : {})
    return new Response(JSON.stringify(body), { status, headers })
  }
  return { send, sent }
}

test('a report that takes long is called for where its answer will be', async () => {
  const { send, sent } = onAws([
    [202, {}, '../answers/abc'],
    [202, {}, 'abc'],
    [200, { results: [] }],
  ])
  const query = { site_id: 'a', metrics: ['visitors'], date_range: 'all' }
  expect((await connect(GATEWAY, () => 'sesame', send).query(query, signal)).results).toEqual([])
  const place = 'https://stats.example.org/deep/api/answers/abc'
  expect(sent.map((call) => call.url)).toEqual(['https://stats.example.org/deep/api/v2/query', place, place])
  expect(sent[1]?.init).not.toHaveProperty('body')
  expect(sent[1]?.init.headers).not.toHaveProperty('Authorization')
})

test('who has gone calls for nothing more', async () => {
  const { send, sent } = onAws([[202, {}, 'abc']])
  const gone = new AbortController()
  const asked = connect(GATEWAY, () => '', send).sites(gone.signal)
  setTimeout(() => gone.abort(), 50)
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
  const calls = sent.length
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(sent.length).toBe(calls)
})

test('what was left out is asked for by site and period', async () => {
  const { send, sent } = answering({ results: [{ reason: 'bot', hits: 12 }] })
  expect(await connect(GATEWAY, () => 'sesame', send).dropped('a&b', '7d', signal)).toEqual([{ reason: 'bot', hits: 12 }])
  expect(sent[0]?.url).toBe('https://stats.example.org/deep/api/v1/stats/dropped?site_id=a%26b&period=7d')
  expect(sent[0]?.init.headers).toMatchObject({ Authorization: 'Bearer sesame' })
})

test.each([null, {}, { results: {} }, { results: [null] }, { results: [{ reason: 'bot', hits: 'many' }] }])(
  'the unreadable drops %j are an error, not a crash',
  async (body) => {
    const { send } = answering(body)
    await expect(connect(GATEWAY, () => '', send).dropped('a', 'day', signal)).rejects.toBeInstanceOf(ApiError)
  },
)

test('no answer at all is status 0', async () => {
  const dead = async () => Promise.reject(new TypeError('refused'))
  await expect(connect(GATEWAY, () => '', dead).sites(signal)).rejects.toMatchObject({ status: 0 })
})

test('a superseded request is no error of the server', async () => {
  const superseded = AbortSignal.abort()
  const dead = async () => Promise.reject(superseded.reason)
  await expect(connect(GATEWAY, () => '', dead).sites(superseded)).rejects.not.toBeInstanceOf(ApiError)
})
