/** One metric as a line: solid where counted, dashed into the bucket still running. */
import { area, line } from 'd3-shape'
import type { MetricName } from './metric'
import type { Axis } from './scale'
import type { Point, Series } from './series'

interface Props {
  series: Series
  metric: MetricName
  x: Axis
  y: Axis
  kind: 'chosen' | 'beside'
}

export function Curve({ series, metric, x, y, kind }: Props) {
  const begun = series.points.slice(0, series.begun)
  const value = (point: Point) => point.values[metric]
  const draw = line<Point>((_, index) => x.at(index), (point) => y.at(value(point) ?? 0)).defined((p) => value(p) !== null)
  const counted = series.running ? begun.slice(0, -1) : begun
  const running = line<Point>((_, index) => x.at(begun.length - 2 + index), (point) => y.at(value(point) ?? 0))
  const tail = series.running && begun.length > 1 ? begun.slice(-2) : []
  return (
    <g class={`curve ${kind}`}>
      {kind === 'chosen' && <path class="curve-area" d={filled(begun, metric, x, y)} />}
      <path class="curve-line" d={draw(counted) ?? ''} />
      {tail.every((point) => value(point) !== null) && <path class="curve-line running" d={running(tail) ?? ''} />}
      {lonely(begun, metric).map((index) => (
        <circle key={index} class="curve-dot" cx={x.at(index)} cy={y.at(value(begun[index] as Point) ?? 0)} r="3" />
      ))}
    </g>
  )
}

function filled(points: Point[], metric: MetricName, x: Axis, y: Axis): string {
  const shape = area<Point>(
    (_, index) => x.at(index),
    y.at(0),
    (point) => y.at(point.values[metric] ?? 0),
  ).defined((point) => point.values[metric] !== null)
  return shape(points) ?? ''
}

/** Points that no line reaches, and the latest one. */
function lonely(points: Point[], metric: MetricName): number[] {
  const known = (index: number) => (points[index]?.values[metric] ?? null) !== null
  return points.flatMap((_, index) => {
    const alone = !known(index - 1) && !known(index + 1)
    return known(index) && (alone || index === points.length - 1) ? [index] : []
  })
}
