/** The drawn part of the graph, read by pointer or by arrow keys. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { axisLabel, fullLabel } from './bucket'
import { Curve } from './curve'
import { companionOf, type Metric } from './metric'
import { exact, mark } from './number'
import { indexAt, MARGIN, timeAxis, valueAxis, type Axis, type Box } from './scale'
import type { Point, Series } from './series'

interface Props {
  series: Series
  metric: Metric
}

const LABEL_WIDTH = 64

export function Plot({ series, metric }: Props) {
  const [frame, box] = useBox()
  const [focused, setFocused] = useState<number | null>(null)
  const count = series.begun
  const index = focused === null ? null : Math.min(focused, count - 1)
  const current = index ?? count - 1
  const reach = (event: PointerEvent) => {
    const left = frame.current?.getBoundingClientRect().left ?? 0
    setFocused(Math.min(indexAt(event.clientX - left, series.points.length, box), count - 1))
  }
  return (
    <div
      class="plot"
      ref={frame}
      role="slider"
      tabIndex={0}
      aria-label={`${metric.label} over time`}
      aria-valuemin={0}
      aria-valuemax={Math.max(count - 1, 0)}
      aria-valuenow={current}
      aria-valuetext={spoken(series, current, metric)}
      onPointerMove={reach}
      onPointerDown={reach}
      onPointerLeave={() => setFocused(null)}
      onBlur={() => setFocused(null)}
      onKeyDown={(event) => {
        const next = step(event.key, current, count)
        if (next === null) return
        event.preventDefault()
        setFocused(next)
      }}
    >
      {box.width > 0 && <Drawing series={series} metric={metric} box={box} index={index} />}
    </div>
  )
}

function Drawing({ series, metric, box, index }: Props & { box: Box; index: number | null }) {
  const beside = companionOf(metric)
  const shown = beside ? [metric, beside] : [metric]
  const highest = Math.max(...series.points.flatMap((point) => shown.map((one) => point.values[one.name] ?? 0)), 0)
  const x = timeAxis(series.points.length, box, LABEL_WIDTH)
  const y = valueAxis(highest, metric.unit, box)
  const point = index === null ? undefined : series.points[index]
  return (
    <>
      <svg width={box.width} height={box.height} aria-hidden="true">
        <Grid series={series} metric={metric} box={box} x={x} y={y} />
        {beside && <Curve series={series} metric={beside.name} x={x} y={y} kind="beside" />}
        <Curve series={series} metric={metric.name} x={x} y={y} kind="chosen" />
        {index !== null && (
          <line class="cursor" x1={x.at(index)} x2={x.at(index)} y1={MARGIN.top} y2={box.height - MARGIN.bottom} />
        )}
      </svg>
      {point && index !== null && (
        <Tip point={point} step={series.step} shown={shown} left={x.at(index)} width={box.width} />
      )}
    </>
  )
}

function Grid({ series, metric, box, x, y }: Props & { box: Box; x: Axis; y: Axis }) {
  return (
    <g class="grid">
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line x1={MARGIN.left} x2={box.width - MARGIN.right} y1={y.at(tick)} y2={y.at(tick)} />
          <text x={MARGIN.left - 8} y={y.at(tick)} dy="0.32em" text-anchor="end">
            {mark(tick, metric.unit)}
          </text>
        </g>
      ))}
      {x.ticks.map((tick) => (
        <text key={tick} x={x.at(tick)} y={box.height - 6} text-anchor="middle">
          {axisLabel(series.points[tick]?.label ?? '', series.step)}
        </text>
      ))}
    </g>
  )
}

interface TipProps {
  point: Point
  step: Series['step']
  shown: Metric[]
  left: number
  width: number
}

function Tip({ point, step, shown, left, width }: TipProps) {
  const side = left > width / 2 ? { right: `${width - left + 10}px` } : { left: `${left + 10}px` }
  return (
    <div class="tip" style={side} aria-hidden="true">
      <p class="tip-time">{fullLabel(point.label, step)}</p>
      {shown.map((metric, order) => (
        <p key={metric.name} class={order === 0 ? 'mark chosen' : 'mark beside'}>
          {metric.label} <b>{exact(point.values[metric.name], metric.unit)}</b>
        </p>
      ))}
    </div>
  )
}

function spoken(series: Series, index: number, metric: Metric): string {
  const point = series.points[index]
  if (!point) return 'Nothing yet'
  const beside = companionOf(metric)
  const parts = (beside ? [metric, beside] : [metric]).map((one) => `${one.label} ${exact(point.values[one.name], one.unit)}`)
  return `${fullLabel(point.label, series.step)}: ${parts.join(', ')}`
}

function step(key: string, current: number, count: number): number | null {
  const targets: Record<string, number> = {
    ArrowLeft: current - 1,
    ArrowDown: current - 1,
    ArrowRight: current + 1,
    ArrowUp: current + 1,
    Home: 0,
    End: count - 1,
  }
  const target = targets[key]
  return target === undefined ? null : Math.min(Math.max(target, 0), count - 1)
}

/** The frame's size in pixels, so that text and strokes are never stretched. */
function useBox() {
  const frame = useRef<HTMLDivElement>(null)
  const [box, setBox] = useState<Box>({ width: 0, height: 0 })
  useEffect(() => {
    const element = frame.current
    if (!element) return
    const watch = new ResizeObserver(() => setBox({ width: element.clientWidth, height: element.clientHeight }))
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  return [frame, box] as const
}
