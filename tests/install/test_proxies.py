"""Behind real nginx and Caddy, at the root of a host and below a path, with our examples."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.end_to_end.test_browser import AGENT, CHROMIUM
from tests.install.proxy import BELOW, ROOT, TRUSTING, Proxy, caddy, nginx
from tests.server import Server, footfall

pytestmark = pytest.mark.slow
PLACES = {ROOT: "/", BELOW: "/stats/"}
STARTS: dict[str, Callable[[Path, str], Proxy]] = {"nginx": nginx, "caddy": caddy}
VISITOR, OTHER = "127.0.0.2", "127.0.0.3"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("behind") / "data"
    footfall("site", "add", "new.example", "--public", data=data)
    running = Server(data, "--demo", "--trusted-proxy", "127.0.0.1")
    yield running
    running.stop()


@pytest.fixture(scope="module", params=STARTS)
def proxy(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    running = STARTS[request.param](
        tmp_path_factory.mktemp(request.param), urlsplit(server.url).netloc
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=TRUSTING)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a visitor; the test fails where anything on it did."""
    context = browser.new_context(user_agent=AGENT)
    faults: list[str] = []
    context.on(
        "console",
        lambda said: faults.append(said.text) if said.type in ("error", "warning") else None,
    )
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on(
        "response",
        lambda response: (
            faults.append(f"{response.status} {response.url}") if response.status >= 400 else None
        ),
    )
    # What a page that is left gives up is no failure.
    context.on(
        "requestfailed",
        lambda request: (
            None
            if request.failure == "net::ERR_ABORTED"
            else faults.append(f"{request.failure} {request.url}")
        ),
    )
    yield context.new_page()
    context.close()
    assert faults == []


def hits(server: Server, path: str, metric: str) -> int:
    """How many were counted for a page."""
    found: int = server.query("example", [metric], filters=[["is", "event:page", [path]]])[0][
        "metrics"
    ][0]
    return found


@pytest.mark.parametrize("host", PLACES)
def test_visitors_are_told_apart_by_the_address_that_the_proxy_saw(
    server: Server, proxy: Proxy, host: str
) -> None:
    page = f"/{proxy.folder.name}/{host}"
    before = server.total("example")
    for source, said in (
        (VISITOR, "203.0.113.1"),
        (VISITOR, "203.0.113.2, 127.0.0.1"),
        (OTHER, "203.0.113.3"),
    ):
        with proxy.client(source) as client:
            answer = client.post(
                f"https://{host}{PLACES[host]}v1/track",
                json={"url": f"https://example.com{page}", "website": "example"},
                headers={
                    "user-agent": AGENT,
                    "x-forwarded-for": said,
                    "content-type": "text/plain",
                },
            )
        assert answer.status_code == 202, answer.text
    assert server.wait_for_total("example", before + 3) == before + 3
    assert hits(server, page, "pageviews") == 3
    assert hits(server, page, "visitors") == 2, (
        "a client's own X-Forwarded-For must not be believed"
    )


@pytest.mark.parametrize("host", PLACES)
def test_the_dashboard_works_where_the_proxy_puts_it(
    server: Server, proxy: Proxy, page: Page, host: str
) -> None:
    root = proxy.url(host, PLACES[host])
    before = server.total("example") + 1
    assert (
        server.client.post(
            "/v1/track", json={"url": "https://example.com/earlier", "website": "example"}
        ).status_code
        == 202
    )
    assert server.wait_for_total("example", before) == before
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(root.rstrip("/") + "?site=example")  # without its slash, as a person types it
    number = page.get_by_test_id("kpi-pageviews")
    expect(number).to_have_text(str(before))
    website = page.context.new_page()
    website.goto(root + "example")
    expect(website).to_have_url(root + "example/")
    website.get_by_role("link", name="Classes", exact=True).click()
    expect(website).to_have_url(root + "example/pricing.html")
    expect(number).to_have_text(str(before + 2))
    website.get_by_role("link", name="See the dashboard").click()
    expect(website).to_have_url(re.compile(re.escape(root + "?site=example")))
    website.close()
    page.goto(root + "?site=new.example")
    for path in ("v1/track", "v1/track.gif"):
        expect(page.get_by_test_id("install")).to_contain_text(root + path)
    assert [
        url for url in asked if not url.startswith((root, root.rstrip("/") + "?", "data:"))
    ] == []


def test_the_page_of_the_api_asks_below_the_path(proxy: Proxy, page: Page) -> None:
    root = proxy.url(BELOW, PLACES[BELOW])
    page.goto(root + "api/docs")
    asked = page.locator("#operations-Sites-sites")
    asked.locator(".opblock-summary-control").click()
    asked.get_by_role("button", name="Execute").click()
    expect(asked.locator(".request-url")).to_contain_text(root + "api/sites")
    expect(asked.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_test_id("kpi-pageviews")).to_be_visible()
    assert urlsplit(page.url).path == PLACES[BELOW]


def test_plain_http_is_sent_to_https_and_the_other_site_is_left_alone(proxy: Proxy) -> None:
    with proxy.client() as client:
        moved = client.get(f"http://{ROOT}/?site=example")
        assert (moved.status_code in (301, 308), moved.headers["location"]) == (
            True,
            f"https://{ROOT}/?site=example",
        )
        assert "The other site" in client.get(f"https://{BELOW}/").text


def test_compressed_files_are_not_sent_twice(proxy: Proxy) -> None:
    with proxy.client() as client:
        for host, path in PLACES.items():
            first = client.get(
                f"https://{host}{path}api/openapi.json", headers={"accept-encoding": "gzip"}
            )
            assert first.headers["content-encoding"] == "gzip"
            first = client.get(
                f"https://{host}{path}example/style.css", headers={"accept-encoding": "gzip"}
            )
            again = client.get(
                f"https://{host}{path}example/style.css",
                headers={"accept-encoding": "gzip", "if-none-match": first.headers["etag"]},
            )
            assert (first.status_code, again.status_code) == (200, 304)


def test_the_proxy_writes_no_address_down(server: Server, proxy: Proxy, tmp_path: Path) -> None:
    """Not even of requests that fail because nothing answers behind it."""
    upstream = "127.0.0.1:1"
    lonely = STARTS[proxy.folder.name.rstrip("0123456789")](tmp_path, upstream)
    with lonely.client(VISITOR) as client:
        for host, path in PLACES.items():
            assert client.get(f"https://{host}{path}v1/track.gif?w=example").status_code == 502
    lonely.stop()
    for each in (lonely, proxy):
        assert VISITOR not in each.logs()
