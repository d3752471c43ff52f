/** The metrics the dashboard shows, by the names the API gives them. */

export const METRICS = [
  { name: 'visitors', label: 'Visitors', unit: 'count' },
  { name: 'visits', label: 'Visits', unit: 'count' },
  { name: 'pageviews', label: 'Page views', unit: 'count' },
  { name: 'views_per_visit', label: 'Views per visit', unit: 'ratio' },
  { name: 'bounce_rate', label: 'Bounce rate', unit: 'percent' },
  { name: 'visit_duration', label: 'Visit duration', unit: 'seconds' },
] as const

export type Metric = (typeof METRICS)[number]
export type MetricName = Metric['name']
export type Unit = Metric['unit']

/** One number for each metric; null where there is nothing to divide by. */
export type Values = Record<MetricName, number | null>

export const METRIC_NAMES: MetricName[] = METRICS.map((metric) => metric.name)

export function metricNamed(name: string | null): Metric {
  return METRICS.find((metric) => metric.name === name) ?? METRICS[0]
}

/** The count drawn beside the chosen one; rates have another scale and stand alone. */
export function companionOf(metric: Metric): Metric | null {
  if (metric.unit !== 'count') return null
  return metricNamed(metric.name === 'pageviews' ? 'visitors' : 'pageviews')
}

export function valuesOf(numbers: readonly (number | null)[]): Values {
  const pairs = METRIC_NAMES.map((name, index) => [name, numbers[index] ?? null])
  return Object.fromEntries(pairs) as Values
}

/** An hour without visitors has zero visits, but no bounce rate. */
export function nothing(): Values {
  return valuesOf(METRICS.map((metric) => (metric.unit === 'count' ? 0 : null)))
}
