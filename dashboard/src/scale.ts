/**
 * From values to pixels, on d3-array's ticks alone: d3-scale would bring colours,
 * formats and interpolation along, a third of the whole page's JavaScript.
 */
import { nice, ticks } from 'd3-array'
import type { Unit } from './metric'

export interface Box {
  width: number
  height: number
}

export interface Axis {
  at(value: number): number
  ticks: number[]
}

export const MARGIN = { top: 12, right: 24, bottom: 26, left: 44 }

const ROUND_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400]
const TICKS = 4

export function valueAxis(highest: number, unit: Unit, box: Box): Axis {
  const [top, marks] = unit === 'seconds' ? durationTicks(highest) : decimalTicks(highest, unit)
  const [low, high] = [box.height - MARGIN.bottom, MARGIN.top]
  return { at: (value) => low + (value / top) * (high - low), ticks: marks }
}

function decimalTicks(highest: number, unit: Unit): [number, number[]] {
  const top = unit === 'percent' ? 100 : nice(0, Math.max(highest, 1), TICKS)[1]
  const marks = ticks(0, top, TICKS)
  return [top, unit === 'count' ? marks.filter(Number.isInteger) : marks]
}

// Decimal ticks read badly as minutes: 1m 40s, 3m 20s.
function durationTicks(highest: number): [number, number[]] {
  const step = ROUND_SECONDS.find((seconds) => seconds * TICKS >= highest) ?? Math.ceil(highest / TICKS / 3600) * 3600
  const steps = Math.max(1, Math.ceil(highest / step))
  return [steps * step, Array.from({ length: steps + 1 }, (_, index) => index * step)]
}

export function timeAxis(count: number, box: Box, labelWidth: number): Axis {
  const room = Math.max(1, Math.floor((box.width - MARGIN.left) / labelWidth))
  const every = Math.max(1, Math.ceil(count / room))
  const marks = Array.from({ length: Math.ceil(count / every) }, (_, index) => index * every)
  return { at: (index) => MARGIN.left + index * gap(count, box), ticks: marks }
}

/** The bucket under a pointer, `x` pixels into the box. */
export function indexAt(x: number, count: number, box: Box): number {
  const index = Math.round((x - MARGIN.left) / gap(count, box))
  return Math.min(Math.max(index, 0), count - 1)
}

function gap(count: number, box: Box): number {
  return (box.width - MARGIN.left - MARGIN.right) / Math.max(count - 1, 1)
}
