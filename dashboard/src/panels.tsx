/** The tables below the graph: which pages, from where. */
import { countryName, flag } from './country'
import { metricNamed } from './metric'
import { exact, short } from './number'
import { pageLink, sourceLink } from './outside'
import { NOT_SET, PANEL_ROWS, PANELS, type Panel, type PanelName, type Row } from './reading'
import type { PanelState } from './state'

interface Props {
  states: Partial<Record<PanelName, PanelState>>
  domain: string | undefined
  retry(): void
}

export function Panels({ states, domain, retry }: Props) {
  const shown = PANELS.filter((panel) => panel.name !== 'countries' || worthShowing(states[panel.name]))
  return (
    <div class="panels">
      {shown.map((panel) => (
        <section class="panel" key={panel.name} aria-labelledby={`panel-${panel.name}`} data-testid={panel.name}>
          <h2 id={`panel-${panel.name}`}>{panel.title}</h2>
          <Body panel={panel} state={states[panel.name]} domain={domain} retry={retry} />
        </section>
      ))}
    </div>
  )
}

/** Without a country database there is nothing to tell, so no empty panel says it. */
function worthShowing(state: PanelState | undefined): boolean {
  if (!state || 'failure' in state) return state !== undefined
  return state.rows.some((row) => row.name !== NOT_SET)
}

interface BodyProps {
  panel: Panel
  state: PanelState | undefined
  domain: string | undefined
  retry(): void
}

function Body({ panel, state, domain, retry }: BodyProps) {
  if (!state) return <Blank />
  if ('failure' in state) {
    return (
      <div class="hint">
        <p>{state.failure}</p>
        <button type="button" onClick={retry}>
          Try again
        </button>
      </div>
    )
  }
  if (state.rows.length === 0) return <p class="hint">Nothing counted in this period.</p>
  const highest = Math.max(...state.rows.map((row) => row.numbers[0] ?? 0), 1)
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{panel.column}</th>
          {panel.metrics.map((metric) => (
            <th scope="col" key={metric}>
              {metricNamed(metric).label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {state.rows.map((row) => (
          <PanelRow key={row.name} panel={panel} row={row} share={(row.numbers[0] ?? 0) / highest} domain={domain} />
        ))}
      </tbody>
    </table>
  )
}

function PanelRow({ panel, row, share, domain }: { panel: Panel; row: Row; share: number; domain: string | undefined }) {
  const link = linkOf(panel, row, domain)
  return (
    <tr data-testid={`${panel.name}-row`}>
      <th scope="row">
        <span class="share" style={{ width: `${Math.round(share * 1000) / 10}%` }} />
        <span class="row-name" title={row.name}>
          <Name panel={panel} row={row} />
        </span>
        {link && (
          <a class="outside" href={link} target="_blank" rel="noopener noreferrer" aria-label={`Open ${row.name} in a new tab`}>
            <span aria-hidden="true">↗</span>
          </a>
        )}
      </th>
      {row.numbers.map((number, index) => (
        <td key={panel.metrics[index]} title={exact(number, 'count')}>
          {short(number, 'count')}
        </td>
      ))}
    </tr>
  )
}

function Name({ panel, row }: { panel: Panel; row: Row }) {
  // Collected text may hold right-to-left marks, which must not spill into the row.
  if (panel.name !== 'countries') return <bdi>{row.name}</bdi>
  const emblem = flag(row.name)
  return (
    <>
      {emblem && (
        <span class="flag" aria-hidden="true">
          {emblem}
        </span>
      )}
      {countryName(row.name)}
    </>
  )
}

function linkOf(panel: Panel, row: Row, domain: string | undefined): string | null {
  if (panel.name === 'pages') return pageLink(domain, row.name)
  return panel.name === 'sources' ? sourceLink(row.name) : null
}

function Blank() {
  return (
    <div class="blank-rows" aria-hidden="true">
      {Array.from({ length: PANEL_ROWS }, (_, index) => (
        <span class="blank" key={index} />
      ))}
    </div>
  )
}
