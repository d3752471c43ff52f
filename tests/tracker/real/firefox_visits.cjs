// Opens addresses in Firefox, one after the other, and presses something on some of them at once.
// Arguments: JSON {browser, hosts, visits: [[address, selector or null]]}.
const puppeteer = require('puppeteer-core')

const given = JSON.parse(process.argv[2])
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

async function main() {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: given.browser,
    headless: true,
    extraPrefsFirefox: { 'network.dns.localDomains': given.hosts },
  })
  try {
    for (const [address, selector] of given.visits) {
      const page = await browser.newPage()
      // A page that goes on before it is there is another's, which is what this is about.
      await page.goto(address, { waitUntil: 'domcontentloaded' }).catch(() => {})
      if (selector) await page.click(selector)
      for (let tries = 0; tries < 400 && !/(stable|next)/.test(page.url()); tries++) await sleep(25)
      await sleep(700)
      await page.close()
    }
    await sleep(500)
  } finally {
    await browser.close()
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
