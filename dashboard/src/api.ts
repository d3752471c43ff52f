/** The reading side of the gateway, as values or one kind of error. */
import type { ResultRow } from './series'

export interface Site {
  id: string
  domains: string[]
  timezone: string
  public: boolean
}

export interface Query {
  site_id: string
  metrics: string[]
  date_range: string
  dimensions?: string[]
  include?: { time_labels: boolean }
  order_by?: [string, 'asc' | 'desc'][]
  pagination?: { limit: number; offset: number }
}

export interface Report {
  results: ResultRow[]
  meta: { time_labels?: string[] }
}

/** Hits that were not counted. */
export interface Drop {
  reason: string
  hits: number
}

export interface Api {
  sites(signal: AbortSignal): Promise<Site[]>
  query(query: Query, signal: AbortSignal): Promise<Report>
  live(site: string, signal: AbortSignal): Promise<number>
  dropped(site: string, period: string, signal: AbortSignal): Promise<Drop[]>
}

/** Status 0: no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    sentence: string,
    readonly retryAfterSeconds = 0,
  ) {
    super(sentence)
  }
}

/** On AWS a report may take 20 seconds before it is told where its answer will be. */
const TIMEOUT_MS = 25_000

type Send = (url: URL, init: RequestInit) => Promise<Response>

export function connect(gateway: URL, key: () => string, send: Send = (...call) => fetch(...call)): Api {
  const read = async (path: string, signal: AbortSignal, body?: Query): Promise<unknown> => {
    const limited = () => AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
    let address = new URL(path, gateway)
    let response = await answered(send(address, requestOf(key(), limited(), body)), signal)
    while (response.status === 202) {
      address = new URL(response.headers.get('Location') ?? '', address)
      await pause(retryAfter(response) || 1, signal)
      response = await answered(send(address, requestOf('', limited())), signal)
    }
    if (!response.ok) throw await refusal(response)
    return await answered(response.json(), signal)
  }
  return {
    async sites(signal) {
      const answer = (await read('api/sites', signal)) as { sites?: Site[] } | null
      return checked(answer?.sites, Array.isArray)
    },
    async query(query, signal) {
      const answer = (await read('api/v2/query', signal, query)) as Partial<Report> | null
      return { results: checked(answer?.results, Array.isArray), meta: answer?.meta ?? {} }
    },
    async live(site, signal) {
      const path = `api/v1/stats/realtime/visitors?site_id=${encodeURIComponent(site)}`
      return checked((await read(path, signal)) as number | undefined, Number.isFinite)
    },
    async dropped(site, period, signal) {
      const path = `api/v1/stats/dropped?${new URLSearchParams({ site_id: site, period })}`
      const answer = (await read(path, signal)) as { results?: Drop[] } | null
      return checked(answer?.results, areDrops)
    },
  }
}

function requestOf(key: string, signal: AbortSignal, body?: Query): RequestInit {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (key) headers.Authorization = `Bearer ${key}`
  if (!body) return { headers, signal, cache: 'no-store' }
  headers['Content-Type'] = 'application/json'
  return { method: 'POST', headers, signal, cache: 'no-store', body: JSON.stringify(body) }
}

async function answered<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await promise
  } catch (error) {
    if (signal.aborted) throw error
    throw new ApiError(0, 'The server does not answer.')
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as { error?: unknown } | null
  const sentence = typeof body?.error === 'string' ? body.error : `The server answered ${response.status}.`
  return new ApiError(response.status, sentence, retryAfter(response))
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000)
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
  })
}

function retryAfter(response: Response): number {
  return Number(response.headers.get('Retry-After')) || 0
}

function areDrops(value: unknown): boolean {
  const good = (drop: Partial<Drop> | null) => typeof drop?.reason === 'string' && Number.isFinite(drop.hits)
  return Array.isArray(value) && value.every(good)
}

function checked<T>(value: T | undefined, good: (value: unknown) => boolean): T {
  if (value === undefined || !good(value)) throw new ApiError(0, 'The server gave an unreadable answer.')
  return value
}
