"""The documentation in a real browser: its site, the pictures in it, and the snippets it gives."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.end_to_end.pictures import PICTURES, busy_server, chromium, page_without_faults, take
from tests.end_to_end.test_browser import AGENT
from tests.server import Server, footfall
from tests.site import ROOT, build, served
from tests.test_site import explained

pytestmark = pytest.mark.slow
KEPT = ROOT / "docs" / "pictures"
MOST_BYTES = 150_000
SNIPPET = re.compile(r"<script\b.*?</script>|<noscript>.*?</noscript>", re.S)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert build(folder).returncode == 0
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with busy_server(tmp_path_factory.mktemp("pictures") / "data") as running:
        yield running


def test_every_page_opens_without_a_fault_and_without_the_network(site: Path, browser: Browser) -> None:
    with served(site) as root, page_without_faults(browser, root) as page:
        for path in sorted(site.rglob("*.html")):
            page.goto(root + path.relative_to(site).as_posix())
            expect(page.locator("h1")).to_be_visible()
            assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)"), path.name
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path.name} is wider than the window"


def test_pages_fit_a_phone_and_its_menu_opens(site: Path, browser: Browser) -> None:
    with served(site) as root, page_without_faults(browser, root, 390, 844) as page:
        for name in ("settings", "commands", "privacy", "operations", "numbers"):
            page.goto(f"{root}{name}.html")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than a phone"
        page.get_by_text("Pages", exact=True).click()
        page.get_by_role("link", name="Privacy").click()
        expect(page.locator("h1")).to_contain_text("Privacy")


def test_search_finds_by_the_beginning_of_a_word_and_takes_any_sign(site: Path, browser: Browser) -> None:
    with served(site) as root, page_without_faults(browser, root) as page:
        page.goto(root + "decisions/index.html")
        page.get_by_role("searchbox").press_sequentially('"salts: -*~^+')
        page.locator("#found a").filter(has_text="privacy").filter(has=page.get_by_text("Salts", exact=True)).click()
        expect(page.locator("#salts")).to_be_in_viewport()
        assert page.url.endswith("privacy.html#salts")
        page.get_by_role("searchbox").fill("zzzz")
        expect(page.locator("#found")).to_have_text("Nothing found.")
        page.get_by_role("searchbox").press("Escape")
        expect(page.locator("#found")).to_be_hidden()


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_can_be_taken_and_those_in_the_pages_are_of_their_kind(server: Server, browser: Browser, tmp_path: Path, name: str) -> None:
    for path in (take(server, browser, name, tmp_path), KEPT / f"{name}.png"):
        assert path.stat().st_size < MOST_BYTES, path
        with Image.open(path) as image:
            assert image.size == (PICTURES[name].width, PICTURES[name].height), path
            colours = image.convert("RGB").getcolors(image.width * image.height)
        assert colours is not None
        ground = max(count for count, _ in colours)
        assert len(colours) > 30 and ground < 0.95 * sum(count for count, _ in colours), f"{path} shows next to nothing"


def test_every_picture_that_is_kept_is_taken_and_shown() -> None:
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))
    assert {path.stem for path in KEPT.iterdir()} == set(PICTURES)
    assert [name for name in PICTURES if f"(pictures/{name}.png)" not in pages] == []


def test_files_of_a_server_s_folder_are_explained_to_those_who_ask_for_privacy(server: Server) -> None:
    assert [path.name for path in server.data.iterdir() if not explained(path.name)] == []


def test_the_snippets_count_and_the_dashboard_shows_it(server: Server, browser: Browser, tmp_path: Path) -> None:
    """As they stand in the pages, but for the two names that are to be replaced."""
    script, pixel, event = SNIPPET.findall((ROOT / "docs" / "start.md").read_text("utf-8"))
    assert script.split() + pixel.split() == [word for each in SNIPPET.findall((ROOT / "README.md").read_text("utf-8")) for word in each.split()]
    footfall("site", "add", "shop.example", "--public", data=server.data)
    for name, snippet in (("page", script), ("plain", pixel), ("event", script + event)):
        text = f"<!doctype html><title>A shop</title>{snippet}".replace("https://stats.example.com", server.url).replace("example.com", "shop.example")
        (tmp_path / f"{name}.html").write_text(text.replace('data-site="shop.example"', 'data-site="shop.example" data-local'))
    server.wait_until_known("https://shop.example/")
    with served(tmp_path) as root:
        for name, scripts in (("page", True), ("event", True), ("plain", False)):
            context = browser.new_context(user_agent=AGENT, java_script_enabled=scripts)
            with context.expect_event("response", lambda response: "/v1/track" in response.url) as told:
                context.new_page().goto(f"{root}{name}.html")
            assert told.value.ok and "x-footfall-dropped" not in told.value.headers
            context.close()
    assert server.wait_for_total("shop.example", 3) == 3
    assert server.query("shop.example", ["events", "total_revenue"], filters=[["is", "event:props:plan", ["pro"]]])[0]["metrics"][0] == 1
    with page_without_faults(browser, server.url) as page:
        page.goto(server.url + "/?site=shop.example")
        expect(page.get_by_test_id("kpi-pageviews")).to_have_text("3")
