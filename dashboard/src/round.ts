/** One round of reading: live number and totals always, the rest only when those moved. */
import { ApiError, type Api, type Drop } from './api'
import { METRIC_NAMES, type Values } from './metric'
import { backOff, LIVELY_MS, pauseAfter } from './pace'
import { PANELS, readEver, readPanel, readSeries, readTotals, type Panel, type PanelName, type Scope } from './reading'
import type { Round } from './rounds'
import { sameScope, scopeOf, type Figures, type PanelState, type State } from './state'

/** Even when no total moved, an hour may have ended or a rank changed. */
const SETTLED_FOR_MS = 30_000

/** `leastMs` is the pause after a round that was answered quickly. */
export function roundOf(state: State, api: Api, leastMs = LIVELY_MS, clock: () => number = Date.now): Round {
  let failures = 0
  return async (signal) => {
    const started = clock()
    try {
      await read(state, api, clock, signal)
      failures = 0
      state.trouble.value = null
      return state.view.value.site ? pauseAfter(clock() - started, leastMs) : null
    } catch (error) {
      if (signal.aborted) return null
      return explain(state, asApiError(error), ++failures)
    }
  }
}

/** An answer of some other shape than promised must not stop the rounds. */
function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  console.error(error)
  return new ApiError(0, 'The server gave an unreadable answer.')
}

function explain(state: State, error: ApiError, failures: number): number | null {
  const retryInMs = backOff(failures, error.retryAfterSeconds)
  state.trouble.value = { status: error.status, sentence: error.message, retryInMs }
  return error.status === 401 || error.status === 403 ? null : retryInMs
}

async function read(state: State, api: Api, clock: () => number, signal: AbortSignal): Promise<void> {
  await readSites(state, api, signal)
  const scope = scopeOf(state)
  if (!scope) return
  const shown = state.figures.peek()
  const held = shown && sameScope(shown.scope, scope) ? shown : null
  const series = () => readSeries(api, scope, new Date(clock()), signal)
  const [live, totals, first] = await Promise.all([
    api.live(scope.site, signal),
    readTotals(api, scope, signal),
    held ? null : series(),
  ])
  await noteFirst(state, api, scope, totals, signal)
  const settled = held !== null && sameValues(held.totals, totals) && clock() - held.settledAt < SETTLED_FOR_MS
  const drawn = first ?? (settled && held ? held.series : await series())
  signal.throwIfAborted()
  const figures: Figures = {
    scope,
    totals,
    series: drawn,
    panels: held?.panels ?? {},
    dropped: held?.dropped ?? [],
    settledAt: settled && held ? held.settledAt : 0,
    checkedAt: clock(),
  }
  state.live.value = live
  state.figures.value = figures
  if (!settled) await settle(state, api, figures, clock, signal)
}

async function readSites(state: State, api: Api, signal: AbortSignal): Promise<void> {
  if (state.sites.peek() === null) {
    const sites = await api.sites(signal)
    signal.throwIfAborted()
    state.sites.value = sites
  }
  const first = state.sites.peek()?.[0]
  if (!state.view.peek().site && first) state.view.value = { ...state.view.peek(), site: first.id }
}

async function noteFirst(state: State, api: Api, scope: Scope, totals: Values, signal: AbortSignal): Promise<void> {
  if (state.ever.peek() === true) return
  const ever = (totals.pageviews ?? 0) > 0 || (totals.visitors ?? 0) > 0 || (await anything(api, scope, signal))
  signal.throwIfAborted()
  if (ever && state.ever.peek() === false) state.notice.value = 'The first page view has arrived.'
  state.ever.value = ever
}

async function anything(api: Api, scope: Scope, signal: AbortSignal): Promise<boolean> {
  try {
    return await readEver(api, scope.site, signal)
  } catch (error) {
    // A gateway that cannot look back over all time: better zeros than wrong advice.
    if (error instanceof ApiError && error.status === 400) return true
    throw error
  }
}

async function settle(state: State, api: Api, figures: Figures, clock: () => number, signal: AbortSignal): Promise<void> {
  const read = PANELS.map(async (panel) => [panel.name, await panelState(api, figures.scope, panel, signal)] as const)
  const asked = droppedOrHeld(api, figures, signal)
  const panels = Object.fromEntries(await Promise.all(read)) as Record<PanelName, PanelState>
  signal.throwIfAborted()
  // What follows is a footnote: the panels do not wait for it.
  state.figures.value = { ...figures, panels }
  const dropped = await asked
  signal.throwIfAborted()
  state.figures.value = { ...figures, panels, dropped, settledAt: clock() }
}

/** Never fails: what was left out is not worth troubling the reader about. */
async function droppedOrHeld(api: Api, { scope, dropped }: Figures, signal: AbortSignal): Promise<Drop[]> {
  try {
    return await api.dropped(scope.site, scope.period, signal)
  } catch {
    return dropped
  }
}

async function panelState(api: Api, scope: Scope, panel: Panel, signal: AbortSignal): Promise<PanelState> {
  try {
    return { rows: await readPanel(api, scope, panel, signal) }
  } catch (error) {
    if (error instanceof ApiError) return { failure: error.message }
    throw error
  }
}

function sameValues(one: Values, other: Values): boolean {
  return METRIC_NAMES.every((name) => one[name] === other[name])
}
