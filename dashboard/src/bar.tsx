/** The bar that stays on top: which site, how many now, which period. */
import type { Board } from './board'
import { PERIODS } from './period'

export function Bar({ board }: { board: Board }) {
  return (
    <header class="bar">
      <div class="bar-inner">
        <span class="brand">
          <img src="./icon.svg" alt="" width="22" height="22" />
          <span class="brand-name">Footfall</span>
        </span>
        <SiteSwitcher board={board} />
        <Live board={board} />
        <PeriodChoice board={board} />
      </div>
    </header>
  )
}

function SiteSwitcher({ board }: { board: Board }) {
  const site = board.state.view.value.site
  const known = (board.state.sites.value ?? []).map((one) => one.id)
  // A site named in the address may be one that this reader is not (yet) shown.
  const options = site === '' || known.includes(site) ? known : [site, ...known]
  return (
    <label class="switcher">
      <span class="unseen">Site</span>
      <select
        data-testid="site"
        value={site}
        disabled={options.length === 0}
        onChange={(event) => board.choose({ site: event.currentTarget.value })}
      >
        {options.map((id) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
    </label>
  )
}

function Live({ board }: { board: Board }) {
  const live = board.state.live.value
  if (live === null) return null
  const fresh = board.state.trouble.value === null
  const title = fresh ? 'Visitors seen in the last five minutes' : 'As last known'
  return (
    <p class={fresh && live > 0 ? 'live fresh' : 'live'} title={title}>
      <span data-testid="live-count">{live}</span> now
    </p>
  )
}

function PeriodChoice({ board }: { board: Board }) {
  const chosen = board.state.view.value.period
  return (
    <fieldset class="periods">
      <legend class="unseen">Period</legend>
      {PERIODS.map(({ name, label }) => (
        <label key={name}>
          <input
            class="cover"
            type="radio"
            name="period"
            value={name}
            checked={name === chosen}
            onChange={() => board.choose({ period: name })}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}
