/** The page, top to bottom. */
import { Banner } from './banner'
import { Bar } from './bar'
import type { Board } from './board'
import { Footer } from './footer'
import { Graph } from './graph'
import { Install } from './install'
import { KeyForm } from './keyform'
import { Kpis } from './kpis'
import { metricNamed } from './metric'
import { Panels } from './panels'
import { periodNamed } from './period'
import { sameScope, scopeOf } from './state'

export function App({ board }: { board: Board }) {
  return (
    <>
      <a class="skip" href="#numbers">
        Skip to the numbers
      </a>
      <Bar board={board} />
      <main id="numbers" tabIndex={-1}>
        <Banner board={board} />
        <Content board={board} />
      </main>
      <Footer board={board} />
    </>
  )
}

function Content({ board }: { board: Board }) {
  const { state } = board
  const status = state.trouble.value?.status
  if (status === 401 || status === 403) return <KeyForm board={board} status={status} />
  if (state.sites.value?.length === 0 && !state.view.value.site) return <KeyForm board={board} status={0} />
  if (state.ever.value === false) return <Install board={board} />
  return <Numbers board={board} />
}

function Numbers({ board }: { board: Board }) {
  const { state } = board
  const view = state.view.value
  const figures = state.figures.value
  const waiting = !sameScope(figures?.scope, scopeOf(state))
  const domain = state.sites.value?.find((site) => site.id === view.site)?.domains[0]
  return (
    <div class={waiting && figures ? 'numbers waiting' : 'numbers'} aria-busy={waiting} data-testid="numbers">
      <h1 class="unseen">
        {view.site || 'Footfall'}, {periodNamed(view.period).label}
      </h1>
      <Kpis totals={figures?.totals ?? null} chosen={view.metric} choose={(metric) => board.choose({ metric })} />
      <Graph
        series={figures?.series ?? null}
        totals={figures?.totals ?? null}
        metric={metricNamed(view.metric)}
        period={periodNamed(view.period)}
      />
      <Panels states={figures?.panels ?? {}} domain={domain} retry={board.retry} />
    </div>
  )
}
