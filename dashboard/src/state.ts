/** Everything the page shows, as signals. */
import { signal, type Signal } from '@preact/signals'
import type { View } from './address'
import type { Drop, Site } from './api'
import type { Values } from './metric'
import type { PanelName, Row, Scope } from './reading'
import type { Series } from './series'

export type PanelState = { rows: Row[] } | { failure: string }

export interface Figures {
  scope: Scope
  totals: Values
  series: Series
  panels: Partial<Record<PanelName, PanelState>>
  dropped: Drop[]
  /** When series, panels and drops were last asked for; 0 to have them asked again. */
  settledAt: number
  checkedAt: number
}

export interface Trouble {
  status: number
  sentence: string
  retryInMs: number
}

export interface State {
  view: Signal<View>
  key: Signal<string>
  sites: Signal<Site[] | null>
  figures: Signal<Figures | null>
  live: Signal<number | null>
  /** Whether the site has ever counted anything; null before that is known. */
  ever: Signal<boolean | null>
  trouble: Signal<Trouble | null>
  notice: Signal<string>
}

export function newState(view: View, key: string): State {
  return {
    view: signal(view),
    key: signal(key),
    sites: signal(null),
    figures: signal(null),
    live: signal(null),
    ever: signal(null),
    trouble: signal(null),
    notice: signal(''),
  }
}

/** What to read, once the site is known. */
export function scopeOf(state: State): Scope | null {
  const { site, period } = state.view.value
  if (!site) return null
  const known = state.sites.value?.find((one) => one.id === site)
  return { site, period, timezone: known?.timezone ?? 'UTC' }
}

export function sameScope(one: Scope | undefined, other: Scope | null): boolean {
  return one?.site === other?.site && one?.period === other?.period
}
