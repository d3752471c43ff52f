/** What is being looked at, kept in the query string so that links and Back work. */
import { metricNamed, type MetricName } from './metric'
import { periodNamed, type PeriodName } from './period'

export interface View {
  /** Empty until the reader, or the list of sites, has named one. */
  site: string
  period: PeriodName
  metric: MetricName
}

export function parseView(search: string): View {
  const given = new URLSearchParams(search)
  return {
    site: given.get('site') ?? '',
    period: periodNamed(given.get('period')).name,
    metric: metricNamed(given.get('metric')).name,
  }
}

export function formatView(view: View): string {
  return `?${new URLSearchParams({ site: view.site, period: view.period, metric: view.metric })}`
}
