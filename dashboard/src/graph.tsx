/** The graph as a figure: a sentence, a drawing, and the same numbers as a table. */
import { fullLabel } from './bucket'
import { companionOf, type Metric, type Values } from './metric'
import { exact } from './number'
import type { Period } from './period'
import { Plot } from './plot'
import { peakOf, type Series } from './series'

interface Props {
  series: Series | null
  totals: Values | null
  metric: Metric
  period: Period
}

export function Graph({ series, totals, metric, period }: Props) {
  return (
    <figure class="graph" data-testid="graph">
      <figcaption>
        <Legend metric={metric} />
        <p class="summary">{series && totals ? summary(series, totals, metric, period) : '\u00a0'}</p>
      </figcaption>
      {series && series.begun > 0 ? <Plot series={series} metric={metric} /> : <div class="plot blank" />}
      {series ? <SeriesTable series={series} metric={metric} /> : <div class="as-table" />}
    </figure>
  )
}

function Legend({ metric }: { metric: Metric }) {
  const beside = companionOf(metric)
  return (
    <p class="legend">
      <span class="mark chosen">{metric.label}</span>
      {beside && <span class="mark beside">{beside.label}</span>}
    </p>
  )
}

function summary(series: Series, totals: Values, metric: Metric, period: Period): string {
  const total = `${metric.label}, ${period.label.toLowerCase()}: ${exact(totals[metric.name], metric.unit)}.`
  const peak = peakOf(series, metric.name)
  if (!peak) return total
  return `${total} Highest: ${exact(peak.values[metric.name], metric.unit)} (${fullLabel(peak.label, series.step)}).`
}

function SeriesTable({ series, metric }: { series: Series; metric: Metric }) {
  const beside = companionOf(metric)
  const columns = beside ? [metric, beside] : [metric]
  const rows = series.points.slice(0, series.begun)
  return (
    <details class="as-table">
      <summary>View as table</summary>
      <div class="scroll" role="region" aria-label="Numbers of the graph" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {columns.map((column) => (
                <th scope="col" key={column.name}>
                  {column.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((point) => (
              <tr key={point.label}>
                <th scope="row">{fullLabel(point.label, series.step)}</th>
                {columns.map((column) => (
                  <td key={column.name}>{exact(point.values[column.name], column.unit)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
