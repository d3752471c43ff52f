/** Asks for an API key where the public may not read. */
import type { Board } from './board'

const REASONS: Record<number, string> = {
  0: 'No site is open to the public here.',
  401: 'This site is not open to the public.',
  403: 'This site is not open to the public.',
}

const REFUSALS: Record<number, string> = {
  0: 'This key opens no site.',
  401: 'This key was not accepted.',
  403: 'This key may not read this site.',
}

export function KeyForm({ board, status }: { board: Board; status: number }) {
  const keyed = board.state.key.value !== ''
  const reason = keyed ? REFUSALS[status] : REASONS[status]
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const field = new FormData(event.currentTarget as HTMLFormElement).get('key')
    board.useKey(typeof field === 'string' ? field.trim() : '')
  }
  return (
    <form class="keyform sheet" onSubmit={submit} data-testid="key-form">
      <h1>API key</h1>
      <p role="alert">{reason}</p>
      <label for="key">Key</label>
      <input id="key" name="key" type="password" autocomplete="off" spellcheck={false} required />
      <p class="hint">Kept in this tab only, and forgotten when you close it.</p>
      <button type="submit" class="primary">
        Show the numbers
      </button>
    </form>
  )
}
