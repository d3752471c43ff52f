/** A metric's course over time, with the empty buckets filled in and the future left open. */
import { labelAt } from './bucket'
import { nothing, valuesOf, type MetricName, type Values } from './metric'
import type { Step } from './period'

export interface Point {
  label: string
  values: Values
}

export interface Series {
  step: Step
  points: Point[]
  /** How many points have begun; those after are the rest of today, not zeros. */
  begun: number
  /** The last point begun is still being counted. */
  running: boolean
}

export interface ResultRow {
  dimensions: string[]
  metrics: (number | null)[]
}

export function seriesOf(rows: ResultRow[], labels: string[], step: Step, now: Date, timezone: string): Series {
  const found = new Map(rows.map((row) => [row.dimensions[0], valuesOf(row.metrics)]))
  const wanted = labels.length > 0 ? labels : rows.map((row) => row.dimensions[0] ?? '')
  const points = wanted.map((label) => ({ label, values: found.get(label) ?? nothing() }))
  const current = labelAt(now, step, timezone)
  // The reader's clock may be slow: a bucket that has data has begun, whatever it says.
  const begun = points.findLastIndex((point) => point.label <= current || found.has(point.label)) + 1
  return { step, points, begun, running: (points[begun - 1]?.label ?? '') >= current }
}

export function peakOf(series: Series, metric: MetricName): Point | null {
  const begun = series.points.slice(0, series.begun)
  const value = (point: Point) => point.values[metric] ?? 0
  const peak = begun.reduce<Point | null>((best, p) => (best && value(best) >= value(p) ? best : p), null)
  return peak && value(peak) > 0 ? peak : null
}
