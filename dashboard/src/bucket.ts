/** Time labels of the API (`2024-09-10 01:00:00`, `2024-09-10`): which is now, and how to show them. */
import type { Step } from './period'

/** The label of the bucket that `now` falls into, on the site's own clock. */
export function labelAt(now: Date, step: Step, timezone: string): string {
  const clock = clockOf(timezone).formatToParts(now)
  const part = (type: Intl.DateTimeFormatPartTypes) => clock.find((p) => p.type === type)?.value ?? ''
  const month = `${part('year')}-${part('month')}`
  if (step === 'month') return `${month}-01`
  const day = `${month}-${part('day')}`
  return step === 'day' ? day : `${day} ${part('hour')}:00:00`
}

function clockOf(timezone: string): Intl.DateTimeFormat {
  const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' } as const
  const fixed = { ...parts, hourCycle: 'h23', calendar: 'gregory', numberingSystem: 'latn' } as const
  try {
    return new Intl.DateTimeFormat('en', { ...fixed, timeZone: timezone })
  } catch {
    // A zone newer than this browser's tables.
    return new Intl.DateTimeFormat('en', { ...fixed, timeZone: 'UTC' })
  }
}

const AXIS: Record<Step, Intl.DateTimeFormatOptions> = {
  hour: { hour: 'numeric' },
  day: { day: 'numeric', month: 'short' },
  month: { month: 'short', year: '2-digit' },
}

const FULL: Record<Step, Intl.DateTimeFormatOptions> = {
  hour: { hour: 'numeric', minute: '2-digit' },
  day: { weekday: 'short', day: 'numeric', month: 'long' },
  month: { month: 'long', year: 'numeric' },
}

export function axisLabel(label: string, step: Step): string {
  return shown(label, AXIS[step])
}

export function fullLabel(label: string, step: Step): string {
  return shown(label, FULL[step])
}

function shown(label: string, options: Intl.DateTimeFormatOptions): string {
  const [day, time = '00:00:00'] = label.split(' ')
  const date = new Date(`${day}T${time}Z`)
  if (Number.isNaN(date.getTime())) return label
  // Labels are already local to the site, so they are read and written in one fixed zone.
  return date.toLocaleString(undefined, { ...options, timeZone: 'UTC' })
}
