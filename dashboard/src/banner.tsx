/** What went wrong or has just changed, above everything else. */
import type { Board } from './board'

export function Banner({ board }: { board: Board }) {
  const { trouble, notice } = board.state
  return (
    <div role="status">
      {trouble.value && ![401, 403].includes(trouble.value.status) && <TroubleBanner board={board} />}
      {notice.value && !trouble.value && (
        <p class="banner good" data-testid="notice">
          {notice.value}
        </p>
      )}
    </div>
  )
}

function TroubleBanner({ board }: { board: Board }) {
  const trouble = board.state.trouble.value
  const last = board.state.figures.value?.checkedAt
  if (!trouble) return null
  return (
    <div class="banner bad" data-testid="trouble">
      <p>
        <b>{trouble.sentence}</b> {last && `Showing the numbers of ${new Date(last).toLocaleTimeString()}. `}
        Trying again in {Math.ceil(trouble.retryInMs / 1000)} s.
      </p>
      <button type="button" onClick={board.retry}>
        Try now
      </button>
    </div>
  )
}
