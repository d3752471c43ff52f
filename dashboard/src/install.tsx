/** A site that has counted nothing yet: what to paste, and whether it works. */
import { useId, useState } from 'preact/hooks'
import type { Board } from './board'
import { snippetsFor, type Snippet } from './snippet'

export function Install({ board }: { board: Board }) {
  const site = board.state.view.value.site
  const checked = board.state.figures.value?.checkedAt
  return (
    <div class="install sheet" data-testid="install">
      <h1>Nothing counted for {site} yet</h1>
      <p>Paste one of these into the pages of the site, then open one of them.</p>
      {snippetsFor(site, board.gateway, board.track).map((snippet) => (
        <SnippetBox key={snippet.name} snippet={snippet} />
      ))}
      <p class="waiting-for" data-testid="live-check">
        <span class="pulse" aria-hidden="true" />
        Waiting for the first page view{checked && `, last looked at ${new Date(checked).toLocaleTimeString()}`}.
      </p>
      <p class="hint">
        Still waiting? An ad blocker may stop the request, or the site's Content-Security-Policy: it must name{' '}
        <code>{board.gateway.origin}</code> under <code>script-src</code>,{' '}
        <code>connect-src</code> and <code>img-src</code>.
      </p>
    </div>
  )
}

function SnippetBox({ snippet }: { snippet: Snippet }) {
  const [copied, setCopied] = useState(false)
  const heading = useId()
  const copy = async () => {
    await navigator.clipboard.writeText(snippet.code)
    setCopied(true)
  }
  return (
    <section class="snippet">
      <div class="snippet-head">
        <div>
          <h2 id={heading}>{snippet.name}</h2>
          <p class="hint">{snippet.note}</p>
        </div>
        {/* Browsers offer the clipboard only on https and on localhost. */}
        {navigator.clipboard && (
          <button type="button" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
            <span class="unseen"> the {snippet.name} snippet</span>
          </button>
        )}
      </div>
      <pre tabIndex={0} role="region" aria-labelledby={heading}>
        <code>{snippet.code}</code>
      </pre>
    </section>
  )
}
