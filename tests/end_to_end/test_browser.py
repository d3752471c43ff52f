"""A real browser: opening the example site's pages changes the dashboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.patience import SECONDS
from tests.server import Server, footfall

pytestmark = pytest.mark.slow
CHROMIUM = "/usr/bin/chromium"
# Headless Chromium calls itself headless, and is dropped as a bot for that; a person's does not.
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    f"--user-agent={AGENT}",  # what a page sends while it is left goes out under the browser's own name, whatever its context says
    "--disable-blink-features=AutomationControlled",  # else it says that it is automated, and is dropped as a bot for that too
]  # fmt: skip
PICTURES = Path("test-results")
expect.set_options(timeout=1_000 * SECONDS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("browser") / "data", "--demo")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def opened(browser: Browser, url: str, *, scripts: bool = True) -> Page:
    """A page of a visitor of its own, which fails the test when a script of it fails."""
    page = browser.new_context(user_agent=AGENT, java_script_enabled=scripts, viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(1_000 * SECONDS)
    page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
    page.goto(url)
    return page


def walked(browser: Browser, dashboard: Page, website: str) -> Page:
    """Somebody opens three pages of the example website, and the dashboard counts along; the last of them."""
    visitor = opened(browser, website)
    expect(dashboard.get_by_test_id("kpi-pageviews")).to_have_text("1")
    for link in ("pricing.html", "journal.html"):
        visitor.goto(website + link)
    expect(dashboard.get_by_test_id("kpi-pageviews")).to_have_text("3")
    expect(dashboard.get_by_test_id("kpi-visitors")).to_have_text("1")
    expect(dashboard.get_by_test_id("pages-row")).to_have_count(3)
    return visitor


def test_opening_the_example_site_changes_the_dashboard(server: Server, browser: Browser) -> None:
    assert server.lines[0].startswith("Dashboard: ")
    dashboard = opened(browser, server.url + "/")
    visitor = walked(browser, dashboard, server.url + "/example/")
    expect(dashboard.get_by_test_id("live-count")).to_contain_text("1")
    rows = dashboard.get_by_test_id("pages-row")
    expect(rows).to_have_count(3)
    expect(dashboard.get_by_test_id("pages")).to_contain_text("/example/pricing.html")
    PICTURES.mkdir(exist_ok=True)
    dashboard.screenshot(path=PICTURES / "dashboard.png", full_page=True)
    visitor.screenshot(path=PICTURES / "example.png", full_page=True)


def test_the_page_without_javascript_is_counted_by_its_pixel(server: Server, browser: Browser) -> None:
    before = server.total("example")
    opened(browser, server.url + "/example/noscript.html", scripts=False)
    assert server.wait_for_total("example", before + 1) == before + 1
    assert ["/example/noscript.html"] in [row["dimensions"] for row in server.query("example", ["pageviews"], dimensions=["event:page"])]


def test_what_comes_from_outside_is_text(server: Server, browser: Browser) -> None:
    hostile = '<img src=x onerror="document.title=1337"><script>document.title=1337</script>'
    for field in ("name", "referrer", "url"):  # each a visitor of its own
        body = {"url": "http://localhost/a", "website": "example", "name": "x", "referrer": "https://evil.example/"}
        body[field] = {"name": hostile, "referrer": f"https://evil.example/{hostile}", "url": f"http://localhost/{hostile}?utm_source={hostile}"}[field]
        assert server.client.post("/v1/track", json=body, headers={"user-agent": f"{AGENT} {field}"}).status_code == 202
    page = opened(browser, server.url + "/?site=example")
    expect(page.get_by_test_id("pages")).to_contain_text("img")
    expect(page.get_by_test_id("sources")).to_contain_text("<img src=x")
    assert "1337" not in page.title()
    assert page.locator("img[src=x]").count() == 0


def test_a_private_site_asks_for_a_key(server: Server, browser: Browser) -> None:
    footfall("site", "add", "secret.example", data=server.data)
    server.wait_until_known("https://secret.example/")
    key = footfall("key", "add", "--site", "secret.example", "--scope", "stats:read", data=server.data).splitlines()[-1]
    page = opened(browser, server.url + "/?site=secret.example")
    page.locator("#key").fill(key)
    page.get_by_role("button", name="Show the numbers").click()
    expect(page.get_by_test_id("install")).to_be_visible()
    page.screenshot(path=PICTURES / "empty-site.png", full_page=True)
    server.client.post("/v1/track", json={"url": "https://secret.example/first"})
    expect(page.get_by_test_id("kpi-pageviews")).to_have_text("1")


def test_the_api_explains_itself_without_the_network(server: Server, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    outside: list[str] = []
    faults: list[str] = []
    context.on("request", lambda request: None if request.url.startswith((server.url, "data:")) else outside.append(request.url))
    context.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    page = context.new_page()
    page.goto(server.url + "/api/docs")
    document = server.client.get("/api/openapi.json").json()
    expect(page.locator(".opblock")).to_have_count(sum(len(item) for item in document["paths"].values()))
    asked = page.locator("#operations-Reports-query")
    asked.locator(".opblock-summary-control").click()
    asked.locator("textarea").fill('{"site_id": "example", "metrics": ["pageviews"], "date_range": "all"}')
    asked.get_by_role("button", name="Execute").click()
    expect(asked.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / "api.png", full_page=True)
    context.close()
    assert (outside, faults) == ([], [])
