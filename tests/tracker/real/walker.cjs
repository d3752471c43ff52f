// Walks over real pages as a visitor with several tabs does, and keeps its own log of what should be counted.
// Arguments: JSON {browser, agent, address, seed, begin, steps}. Prints JSON {views, order, events, engaged, late, log}.
const puppeteer = require('puppeteer-core')

const given = JSON.parse(process.argv[2])
const flags = ['--no-sandbox', '--disable-gpu', '--disable-blink-features=AutomationControlled', '--host-resolver-rules=MAP *.test 127.0.0.1', `--user-agent=${given.agent}`]
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

// Mulberry32, so that a walk can be walked again.
let state = given.seed
const random = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const between = (low, high) => low + random() * (high - low)
const pick = (list) => list[Math.floor(random() * list.length)]

const started = performance.now()
const log = []
const views = {}
const order = []
const events = {}
let engaged = 0
// How much longer than usual pages took to become others: whose time that is, nobody here knows.
const USUAL_MS = 100
let late = 0
const moved = async (act) => {
  const began = performance.now()
  const found = await act()
  late += Math.max(0, performance.now() - began - USUAL_MS)
  return found
}
const note = (...what) => log.push([Math.round(performance.now() - started), ...what])
const did = (name) => (events[name] = (events[name] || 0) + 1)
const bare = (url) => url.split('#')[0]

class Tab {
  // `entries` is what the back button knows; those of one document have the same `document`.
  constructor(page, url) {
    Object.assign(this, { page, entries: [{ url, document: Tab.documents++ }], at: 0, seen: false, since: 0, unsent: 0 })
  }
  get here() {
    return this.entries[this.at]
  }
  get ours() {
    return this.here.url.startsWith(given.address)
  }
  // A page view: the page that was there before has been read.
  view(url) {
    this.rest()
    this.unsent = 0
    this.seen = true
    const path = new URL(url).pathname
    views[path] = (views[path] || 0) + 1
    order.push(path)
    note('view', path)
  }
  look() {
    this.since ||= performance.now() // it may have been looked at all the while
  }
  away() {
    this.rest()
    this.since = 0
  }
  // Less than a second is told only with a deeper scroll, of which there is none here but by `scroll`.
  rest() {
    const now = performance.now()
    if (this.since) this.unsent += now - this.since
    if (this.since) this.since = now
    if (this.unsent >= 1000 || this.deeper) {
      engaged += this.unsent
      this.unsent = 0
    }
    this.deeper = false
  }
  go(entry) {
    this.entries = [...this.entries.slice(0, this.at + 1), entry]
    this.at++
  }
  // Until the page is another one, or the same one at another place, and all there.
  async arrived(act) {
    const mark = ++Tab.marks
    const before = await this.page.evaluate((mark) => ((window.mark = mark), location.href), mark)
    await act()
    for (let tries = 0; tries < 400; tries++) {
      await sleep(15)
      const now = await this.page
        .evaluate(() => [location.href, window.mark, document.readyState, document.documentElement.scrollHeight])
        .catch(() => undefined)
      if (now && now[2] === 'complete' && (now[0] !== before || now[1] !== mark)) {
        // A page that was kept still has the mark it was left with; one that was loaded has none.
        if (now[1] && now[1] !== mark) note('restored', now[0])
        return { url: now[0], same: now[1] === mark }
      }
    }
    throw new Error(`nothing came after ${before}`)
  }
}
Tab.documents = Tab.marks = 0

// A link within the site that leads to a page, for which `fits`; undefined where there is none.
const link = async (tab, fits) => {
  const found = await tab.page.evaluate((address) => [...document.querySelectorAll('a[href]')].map((a, i) => [i, a.href, a.checkVisibility({ visibilityProperty: true })]).filter(([, href, shown]) => shown && href.startsWith(address)), given.address)
  return pick(found.filter(([, href]) => /(\.html|\/)$/.test(new URL(href).pathname) && fits(href)))
}
// By the keyboard, so that nothing that lies above it is in the way.
const enter = async (tab, selector, index, key) => {
  await tab.page.evaluate((selector, index) => document.querySelectorAll(selector)[index].focus({ preventScroll: true }), selector, index)
  if (key) await tab.page.keyboard.down(key)
  await tab.page.keyboard.press('Enter')
  if (key) await tab.page.keyboard.up(key)
}

async function main() {
  const browser = await puppeteer.launch({ executablePath: given.browser, headless: true, args: flags })
  await walk(browser).finally(() => browser.close())
}

async function walk(browser) {
  const [first] = await browser.pages()
  const tabs = []
  let front

  const show = async (tab) => {
    if (front && front !== tab) front.away()
    await tab.page.bringToFront()
    front = tab
    if (!tab.seen) tab.view(tab.here.url)
    tab.look()
  }
  const open = async (page, url) => {
    page.setDefaultTimeout(120_000)
    await page.goto(url, { waitUntil: 'load' })
    tabs.push(new Tab(page, url))
  }
  // The tab that an act opens.
  const opened = async (act) => {
    const before = new Set(browser.targets())
    await act()
    const target = await browser.waitForTarget((each) => each.type() === 'page' && !before.has(each), { timeout: 120_000 })
    return target.page()
  }
  const to = async (tab, act) => {
    const before = bare(tab.here.url)
    const came = await moved(() => tab.arrived(act))
    const document = came.same ? tab.here.document : Tab.documents++
    return { ...came, before, document }
  }

  const actions = {
    async follow() {
      const found = await link(front, (href) => bare(href) !== bare(front.here.url))
      if (!found) return
      note('follow', found[1])
      const tab = front
      const came = await to(tab, () => enter(tab, 'a[href]', found[0]))
      tab.go({ url: came.url, document: came.document })
      tab.view(came.url)
      tab.look()
    },
    async hash() {
      const found = await link(front, (href) => bare(href) === bare(front.here.url) && href.includes('#') && href !== front.here.url && !href.endsWith('#'))
      if (!found) return
      note('hash', found[1])
      const came = await to(front, () => enter(front, 'a[href]', found[0]))
      front.go({ url: came.url, document: came.document })
      front.deeper = true // or not: it went elsewhere on the page
    },
    async typed() {
      const found = await link(front, (href) => bare(href) !== bare(front.here.url))
      if (!found) return
      note('typed', found[1])
      await moved(() => front.page.goto(found[1], { waitUntil: 'load' }))
      front.go({ url: found[1], document: Tab.documents++ })
      front.view(found[1])
      front.look()
    },
    async travel(by = random() < 0.65 ? -1 : 1) {
      const tab = front
      const wanted = tab.entries[tab.at + by]
      if (!wanted) return
      note(by < 0 ? 'back' : 'forward', wanted.url)
      const left = tab.here
      await to(tab, () => tab.page.evaluate((by) => void setTimeout(() => history.go(by)), by))
      tab.at += by
      if (tab.ours && (left.document !== wanted.document || bare(left.url) !== bare(wanted.url))) tab.view(wanted.url)
      if (tab.ours) return tab.look()
      tab.away()
      await sleep(between(20, 200))
      await actions.travel(-by)
    },
    async back() {
      await actions.travel(-1)
    },
    async forward() {
      await actions.travel(1)
    },
    async reload() {
      note('reload', front.here.url)
      await moved(() => front.page.reload({ waitUntil: 'load' }))
      const document = Tab.documents++
      front.entries = front.entries.map((entry) => (entry.document === front.here.document ? { ...entry, document } : entry))
      front.view(front.here.url)
      front.look()
    },
    async background() {
      const found = await link(front, () => true)
      if (!found || tabs.length > 3) return
      note('background', found[1])
      const page = await opened(() => enter(front, 'a[href]', found[0], 'Control'))
      await page.waitForFunction(() => document.readyState === 'complete' && location.protocol === 'http:', { polling: 20 })
      if ((await page.evaluate(() => document.visibilityState)) !== 'hidden') throw new Error('a tab in the background is shown')
      tabs.push(new Tab(page, found[1]))
    },
    async another() {
      const tab = pick(tabs.filter((each) => each !== front))
      if (!tab) return
      note('show', tab.here.url)
      await show(tab)
    },
    async close() {
      const tab = pick(tabs.filter((each) => each !== front))
      if (!tab) return
      note('close', tab.here.url, tab.seen ? 'seen' : 'never seen')
      tabs.splice(tabs.indexOf(tab), 1)
      await tab.page.close()
    },
    async download() {
      note('download')
      await enter(front, '#extras .file', 0)
      did('File Download')
    },
    async leave() {
      note('outbound')
      const tab = front
      const came = await to(tab, () => enter(tab, '#extras .away', 0))
      did('Outbound Link: Click')
      tab.away()
      tab.go({ url: came.url, document: came.document })
      await sleep(between(20, 200))
      await actions.travel(-1)
    },
    async elsewhere() {
      if (tabs.length > 3) return
      note('outbound in the background')
      const page = await opened(() => enter(front, '#extras .away', 0, 'Control'))
      did('Outbound Link: Click')
      await page.close()
    },
    async vote() {
      note('vote')
      await enter(front, '#extras button', 0)
      did('Vote')
    },
    async call() {
      note('call')
      await front.page.evaluate(() => footfall('Signup', { props: { plan: 'pro' } }))
      did('Signup')
    },
    async offline() {
      note('offline')
      await front.page.setOfflineMode(true)
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--) await actions[pick(['vote', 'call'])]()
      await sleep(between(50, 600))
      await front.page.setOfflineMode(false)
      note('online')
      await sleep(400)
    },
    async read() {
      const ms = between(1100, 2600)
      note('read', Math.round(ms))
      await sleep(ms)
    },
    async scroll() {
      const deeper = await front.page.evaluate(() => {
        const before = scrollY
        scrollTo(0, document.documentElement.scrollHeight)
        return scrollY > before + 200
      })
      await sleep(50)
      note('scroll', deeper)
      front.deeper ||= deeper
    },
  }
  // A page that is still being drawn has no links yet.
  const once = async (name) => {
    const before = log.length
    for (let tries = 0; log.length === before; tries++) {
      if (tries === 400) throw new Error(`${name} could not be done`)
      if (tries) await sleep(50)
      await actions[name]()
    }
  }
  const weights = { follow: 6, hash: 2, typed: 1, travel: 5, reload: 1, background: 3, another: 3, close: 1, download: 1, leave: 1, elsewhere: 0.5, vote: 1.5, call: 1, offline: 1, read: 5, scroll: 1.5 }
  const bag = Object.entries(weights).flatMap(([name, weight]) => Array(weight * 2).fill(name))

  await open(first, given.address)
  await show(tabs[0])
  for (const name of given.begin) await once(name)
  for (let step = 0; step < given.steps; step++) {
    await actions[pick(bag)]()
    await sleep(between(20, 220))
  }
  for (const tab of tabs.filter((each) => each.seen)) {
    if (tab !== front) await show(tab)
    await sleep(50)
    tab.away()
    await tab.page.goto('about:blank')
  }
  await sleep(500)
}

main().then(
  () => console.log(JSON.stringify({ views, order, events, engaged, late, log })),
  (error) => {
    console.log(JSON.stringify({ log, error: String(error.stack) }))
    process.exitCode = 1
  },
)
