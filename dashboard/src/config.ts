/** Where the gateway is: `config.json`, beside the page, can point elsewhere. */

/** `api` is an origin or path prefix; empty means beside the page itself. */
export interface Config {
  api: string
}

export async function readConfig(page: string): Promise<Config> {
  try {
    const response = await fetch(new URL('config.json', page), { cache: 'no-cache' })
    const given = (await response.json()) as Partial<Config>
    return { api: typeof given.api === 'string' ? given.api : '' }
  } catch {
    return { api: '' }
  }
}

export function gatewayOf(config: Config, page: string): URL {
  const prefix = config.api === '' || config.api.endsWith('/') ? config.api : `${config.api}/`
  const gateway = new URL(prefix === '' ? '.' : prefix, page)
  gateway.search = ''
  gateway.hash = ''
  return gateway
}
