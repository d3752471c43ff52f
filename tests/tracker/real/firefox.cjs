// The core path in Firefox: a page is read and scrolled, does things, becomes another, and is left by a link that leads away.
// Arguments: JSON {browser, address, more, hosts}.
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
    const page = await browser.newPage()
    page.setDefaultTimeout(120_000)
    const errors = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(given.address, { waitUntil: 'load' })
    await sleep(1300)
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
    await sleep(100)
    await page.click('button')
    await page.evaluate(() => footfall('Signup', { props: { plan: 'pro' } }))
    await page.evaluate(() => history.pushState({}, '', 'second'))
    await sleep(1300)
    await page.evaluate(() => history.back())
    await sleep(300)
    await page.reload({ waitUntil: 'load' })
    await page.click('a.file')
    await page.click('a.away')
    await sleep(800)
    for (const address of given.more) {
      const last = await browser.newPage()
      await last.goto(address, { waitUntil: 'load' })
      await sleep(200)
      await last.close()
    }
    await sleep(500)
    console.log(JSON.stringify({ errors, version: await browser.version() }))
  } finally {
    await browser.close()
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
