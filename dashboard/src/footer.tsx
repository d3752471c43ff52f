/** How fresh the numbers are, on whose clock, and whose data tells the countries. */
import type { Board } from './board'
import { scopeOf } from './state'

export function Footer({ board }: { board: Board }) {
  const { figures, key, trouble } = board.state
  const checked = figures.value?.checkedAt
  const timezone = scopeOf(board.state)?.timezone
  return (
    <footer class="foot">
      <p>{checked && `Updated ${new Date(checked).toLocaleTimeString()}`}</p>
      <p>{timezone && figures.value && `Times in ${timezone}`}</p>
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
