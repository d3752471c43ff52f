/** Why hits were left out, in a reader's words. */
import type { Drop } from './api'
import { exact } from './number'

/** For one hit and, where that reads differently, for several. */
const WORDS = new Map<string, readonly [one: string, many?: string]>([
  ['bot', ['bot', 'bots']],
  ['prefetch', ['prefetched']],
  ['dnt', ['with Do Not Track']],
  ['gpc', ['with Global Privacy Control']],
  ['unknown_site', ['of an unknown site']],
  ['excluded_address', ['excluded by address']],
  ['excluded_country', ['excluded by country']],
  ['excluded_hostname', ['excluded by hostname']],
  ['excluded_page', ['excluded by page']],
  ['referrer_spam', ['by referrer spam']],
  ['too_late', ['too late']],
  ['copy', ['repeated']],
  ['no_visit', ['without a visit']],
  ['unreadable', ['unreadable']],
])

/** Empty when nothing was left out. */
export function leftOut(dropped: readonly Drop[]): string {
  const some = dropped.filter(({ hits }) => hits > 0)
  const parts = some.map(({ reason, hits }) => `${exact(hits, 'count')} ${worded(reason, hits)}`)
  return parts.length > 0 ? `Left out: ${parts.join(', ')}` : ''
}

/** A reason of a newer gateway stands as it is. */
function worded(reason: string, hits: number): string {
  const [one, many = one] = WORDS.get(reason) ?? [reason]
  return hits === 1 ? one : many
}
