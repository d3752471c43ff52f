/** How fresh the numbers are, on whose clock, what they leave out, and whose data tells the countries. */
import type { Board } from './board'
import { leftOut } from './dropped'
import { sameScope, scopeOf } from './state'

export function Footer({ board }: { board: Board }) {
  const { figures, key, trouble } = board.state
  const checked = figures.value?.checkedAt
  const scope = scopeOf(board.state)
  const timezone = scope?.timezone
  const left = sameScope(figures.value?.scope, scope) && leftOut(figures.value?.dropped ?? [])
  return (
    <footer class="foot">
      <p>{checked && `Updated ${new Date(checked).toLocaleTimeString()}`}</p>
      <p>{timezone && figures.value && `Times in ${timezone}`}</p>
      {left && <p data-testid="left-out">{left}</p>}
      <p>
        Countries by data of the <a href="https://www.nro.net/">NRO</a>,{' '}
        <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>
      </p>
      {key.value && !trouble.value && (
        <button type="button" onClick={() => board.useKey('')}>
          Forget API key
        </button>
      )}
    </footer>
  )
}
