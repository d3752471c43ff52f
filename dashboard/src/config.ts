/** Where the gateway is: `config.json`, beside the page, can point elsewhere. */
import { LIVELY_MS } from './pace'

/**
 * `api` is an origin or path prefix; empty means beside the page itself. `track` is where hits go, when that is elsewhere.
 * `pauseMs` is how long to wait between rounds of reading, where each costs money.
 */
export interface Config {
  api: string
  track: string
  pauseMs: number
}

export async function readConfig(page: string): Promise<Config> {
  try {
    const response = await fetch(new URL('config.json', page), { cache: 'no-cache' })
    const given = (await response.json()) as Partial<Config>
    return { api: textOf(given.api), track: textOf(given.track), pauseMs: given.pauseMs && given.pauseMs > LIVELY_MS ? given.pauseMs : LIVELY_MS }
  } catch {
    return { api: '', track: '', pauseMs: LIVELY_MS }
  }
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : ''
}

export function gatewayOf(config: Pick<Config, 'api'>, page: string): URL {
  const prefix = config.api === '' || config.api.endsWith('/') ? config.api : `${config.api}/`
  const gateway = new URL(prefix === '' ? '.' : prefix, page)
  gateway.search = ''
  gateway.hash = ''
  return gateway
}
