/** What the reader can do, and how the address bar follows. */
import { effect } from '@preact/signals'
import { formatView, parseView, type View } from './address'
import { connect } from './api'
import type { Config } from './config'
import { roundOf } from './round'
import { keepReading } from './rounds'
import { storeKey, storedKey } from './session'
import { newState, type State } from './state'

export interface Board {
  state: State
  gateway: URL
  track: string
  choose(change: Partial<View>): void
  useKey(key: string): void
  retry(): void
}

export function openBoard(gateway: URL, { track, pauseMs }: Pick<Config, 'track' | 'pauseMs'>, window: Window): Board {
  const state = newState(parseView(window.location.search), storedKey())
  const rounds = keepReading(roundOf(state, connect(gateway, () => state.key.peek()), pauseMs), window.document)

  const show = (view: View): void => {
    const before = state.view.peek()
    if (view.site !== before.site) forgetSite(state)
    state.view.value = view
    state.notice.value = ''
    if (view.site !== before.site || view.period !== before.period) rounds.now()
  }
  window.addEventListener('popstate', () => show(parseView(window.location.search)))
  followAddress(state, window)
  rounds.now()

  return {
    state,
    gateway,
    track,
    choose(change) {
      const view = { ...state.view.peek(), ...change }
      window.history.pushState(null, '', formatView(view))
      show(view)
    },
    useKey(key) {
      storeKey(key)
      state.key.value = key
      state.sites.value = null
      forgetSite(state)
      rounds.now()
    },
    retry() {
      const figures = state.figures.peek()
      if (figures) state.figures.value = { ...figures, settledAt: 0 }
      rounds.now()
    },
  }
}

/** Numbers of one site must never stand under another's name. */
function forgetSite(state: State): void {
  state.figures.value = null
  state.live.value = null
  state.ever.value = null
  state.trouble.value = null
}

/** A site chosen for the reader belongs in the address too, without a step in the history. */
function followAddress(state: State, window: Window): void {
  effect(() => {
    const view = state.view.value
    if (!view.site) return
    const wanted = formatView(view)
    if (window.location.search !== wanted) window.history.replaceState(null, '', wanted)
    window.document.title = `${view.site} · Footfall`
  })
}
