/** The periods to choose from, and how finely each is drawn. */

export const PERIODS = [
  { name: 'day', label: 'Today', step: 'hour' },
  { name: '7d', label: '7 days', step: 'day' },
  { name: '30d', label: '30 days', step: 'day' },
  { name: '12mo', label: '12 months', step: 'month' },
] as const

export type Period = (typeof PERIODS)[number]
export type PeriodName = Period['name']
export type Step = Period['step']

export function periodNamed(name: string | null): Period {
  return PERIODS.find((period) => period.name === name) ?? PERIODS[0]
}
