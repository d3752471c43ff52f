/** The strip of key numbers; each is also the choice of what the graph shows. */
import { METRICS, type Metric, type MetricName, type Values } from './metric'
import { exact, short } from './number'

interface Props {
  totals: Values | null
  chosen: MetricName
  choose(metric: MetricName): void
}

export function Kpis({ totals, chosen, choose }: Props) {
  return (
    <fieldset class="kpis">
      <legend class="unseen">Key numbers; choose the one to draw</legend>
      {METRICS.map((metric) => (
        <label class="kpi" key={metric.name} title={totals ? exact(totals[metric.name], metric.unit) : undefined}>
          <input
            class="cover"
            type="radio"
            name="metric"
            value={metric.name}
            checked={metric.name === chosen}
            onChange={() => choose(metric.name)}
          />
          <span class="kpi-label">{metric.label}</span>
          {totals ? <KpiValue metric={metric} value={totals[metric.name]} /> : <span class="kpi-value blank" />}
        </label>
      ))}
    </fieldset>
  )
}

function KpiValue({ metric, value }: { metric: Metric; value: number | null }) {
  return (
    <span class="kpi-value" data-testid={`kpi-${metric.name}`}>
      {short(value, metric.unit)}
    </span>
  )
}
