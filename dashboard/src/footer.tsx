/** How fresh the numbers are, and on whose clock. */
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
      {key.value && !trouble.value && (
        <button type="button" onClick={() => board.useKey('')}>
          Forget API key
        </button>
      )}
    </footer>
  )
}
