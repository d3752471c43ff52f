/** Numbers as the reader's own locale writes them. */
import type { Unit } from './metric'

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 })
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })

const COMPACT_FROM = 10_000

/** The whole truth, for tables, tooltips and titles. */
export function exact(value: number | null, unit: Unit): string {
  if (value === null) return '–'
  if (unit === 'seconds') return duration(value)
  if (unit === 'percent') return percent.format(value / 100)
  return unit === 'count' ? whole.format(value) : fine.format(value)
}

/** The same, shortened where space is dear. */
export function short(value: number | null, unit: Unit): string {
  const long = unit === 'count' && value !== null && value >= COMPACT_FROM
  return long ? compact.format(value) : exact(value, unit)
}

/** Marks of an axis are round, so their zero seconds need no room. */
export function mark(value: number, unit: Unit): string {
  return short(value, unit).replace(/ 00[ms]$/, '')
}

export function duration(seconds: number): string {
  const total = Math.round(seconds)
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60]
  if (hours > 0) return `${hours}h ${padded(minutes)}m`
  return minutes > 0 ? `${minutes}m ${padded(rest)}s` : `${rest}s`
}

function padded(part: number): string {
  return String(part).padStart(2, '0')
}
