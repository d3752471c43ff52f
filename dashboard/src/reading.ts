/** The questions one page of the dashboard asks. */
import type { Api, Query } from './api'
import { METRIC_NAMES, nothing, valuesOf, type Values } from './metric'
import { periodNamed, type PeriodName } from './period'
import { seriesOf, type Series } from './series'

export interface Scope {
  site: string
  period: PeriodName
  timezone: string
}

export const PANELS = [
  { name: 'pages', title: 'Top pages', column: 'Page', dimension: 'event:page', metrics: ['visitors', 'pageviews'] },
  { name: 'sources', title: 'Sources', column: 'Source', dimension: 'visit:source', metrics: ['visitors'] },
  { name: 'countries', title: 'Countries', column: 'Country', dimension: 'visit:country', metrics: ['visitors'] },
] as const

export type Panel = (typeof PANELS)[number]
export type PanelName = Panel['name']

export interface Row {
  name: string
  numbers: number[]
}

export const PANEL_ROWS = 9
export const NOT_SET = '(not set)'

function about(scope: Scope, metrics: readonly string[]): Query {
  return { site_id: scope.site, metrics: [...metrics], date_range: scope.period }
}

export async function readTotals(api: Api, scope: Scope, signal: AbortSignal): Promise<Values> {
  const report = await api.query(about(scope, METRIC_NAMES), signal)
  const first = report.results[0]
  return first ? valuesOf(first.metrics) : nothing()
}

export async function readSeries(api: Api, scope: Scope, now: Date, signal: AbortSignal): Promise<Series> {
  const { step } = periodNamed(scope.period)
  const query = { ...about(scope, METRIC_NAMES), dimensions: [`time:${step}`], include: { time_labels: true } }
  const report = await api.query(query, signal)
  return seriesOf(report.results, report.meta.time_labels ?? [], step, now, scope.timezone)
}

export async function readPanel(api: Api, scope: Scope, panel: Panel, signal: AbortSignal): Promise<Row[]> {
  const report = await api.query(
    {
      ...about(scope, panel.metrics),
      dimensions: [panel.dimension],
      order_by: [['visitors', 'desc']],
      pagination: { limit: PANEL_ROWS, offset: 0 },
    },
    signal,
  )
  return report.results.map((row) => ({
    name: String(row.dimensions[0] ?? NOT_SET),
    numbers: row.metrics.map((number) => number ?? 0),
  }))
}

/** Whether the site has ever counted anything. */
export async function readEver(api: Api, site: string, signal: AbortSignal): Promise<boolean> {
  const report = await api.query({ site_id: site, metrics: ['events'], date_range: 'all' }, signal)
  return (report.results[0]?.metrics[0] ?? 0) > 0
}
