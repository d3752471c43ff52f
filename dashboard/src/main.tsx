/** Starts the dashboard. */
import { render } from 'preact'
import { App } from './app'
import { openBoard } from './board'
import { gatewayOf, readConfig } from './config'
import './style/tokens.css'
import './style/page.css'
import './style/bar.css'
import './style/kpis.css'
import './style/graph.css'
import './style/panels.css'
import './style/install.css'

const root = document.getElementById('app')
if (root) {
  const config = await readConfig(document.baseURI)
  render(<App board={openBoard(gatewayOf(config, document.baseURI), config, window)} />, root)
}
