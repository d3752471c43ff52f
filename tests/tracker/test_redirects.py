"""Pages that go on to another by themselves count once; those that a visitor leaves count each."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.tracker.shop import Shop

pytestmark = pytest.mark.slow

LOADED = "<script>addEventListener('{event}', () => {{ {act} }})</script>"
AT_CONTENT, AT_LOAD = "DOMContentLoaded", "load"
REDIRECTS = {
    "replace at DOMContentLoaded": LOADED.format(
        event=AT_CONTENT,
        act="location.replace('stable')",
    ),
    "replace at load": LOADED.format(event=AT_LOAD, act="location.replace('stable')"),
    "assign at load": LOADED.format(event=AT_LOAD, act="location.assign('stable')"),
    "href at DOMContentLoaded": LOADED.format(event=AT_CONTENT, act="location.href = 'stable'"),
    "href in an inline script": "<script>location.href = 'stable'</script>",
    "replace in a timeout of 0": "<script>setTimeout(() => window.location.replace('stable'), 0)</script>",
    "replace in a timeout of 0 at load": LOADED.format(
        event=AT_LOAD,
        act="setTimeout(() => location.replace('stable'), 0)",
    ),
    "replace after an answer": "<script>fetch('x').finally(() => location.replace('stable'))</script>",
    "meta refresh": "<meta http-equiv=refresh content='0;url=stable'>",
    "a link that a script clicks": "<a id=on href=stable>on</a>" + LOADED.format(event=AT_LOAD, act="document.getElementById('on').click()"),
    "a form that a script sends": "<form action=stable></form>" + LOADED.format(event=AT_LOAD, act="document.forms[0].submit()"),
    "open in the same window": LOADED.format(event=AT_LOAD, act="open('stable', '_self')"),
    "replaceState at once": LOADED.format(
        event=AT_CONTENT,
        act="setTimeout(() => history.replaceState(0, '', 'stable'), 0)",
    ),
    "replaceState before the script": "<script>history.replaceState(0, '', 'stable')</script>",
    "replaceState twice": LOADED.format(
        event=AT_LOAD,
        act="history.replaceState(0, '', 'half'); history.replaceState(0, '', 'stable')",
    ),
    "two pages": LOADED.format(event=AT_CONTENT, act="location.replace('second')"),
    "to the same page with another query": LOADED.format(
        event=AT_CONTENT,
        act="location.replace('stable?lang=en')",
    ),
}


@pytest.fixture
def page(opened) -> Page:
    context: BrowserContext = opened()
    return context.new_page()


def come(page: Page, address: str, until: str = "**/stable*") -> None:
    """Go somewhere that leads elsewhere."""
    page.goto(address, wait_until="commit")
    page.wait_for_url(until, wait_until="load")


@pytest.mark.parametrize("content", REDIRECTS.values(), ids=REDIRECTS)
def test_a_page_that_goes_on_by_itself_does_not_count(shop: Shop, page: Page, content: str) -> None:
    shop.put("stable")
    shop.put("second", LOADED.format(event=AT_CONTENT, act="location.replace('stable')"))
    come(page, shop.put("old", content))
    shop.expect(["pageviews", "events"], ["event:page"], {"stable": (1, 1)})
    shop.expect(["visits", "bounce_rate"], ["visit:entry_page"], {"stable": (1, 100)})


def test_the_next_page_may_take_its_time(shop: Shop, page: Page) -> None:
    stable = shop.put("stable")

    def slowly(route) -> None:
        page.wait_for_timeout(700)
        route.continue_()

    page.route(stable, slowly)
    come(page, shop.put("old", REDIRECTS["replace at DOMContentLoaded"]))
    shop.expect_views({"stable": 1})


@pytest.mark.parametrize("kind", ["replace at load", "replaceState at once"])
@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("?utm_source=letter&utm_campaign=may", "letter"),
        ("?ref=friend", "friend"),
        ("", "elsewhere.test"),
    ],
)
def test_the_visit_keeps_its_source(
    shop: Shop,
    page: Page,
    kind: str,
    query: str,
    source: str,
) -> None:
    shop.put("stable", "<a href=next>next</a>")
    shop.put("next")
    old = shop.put("old", "<a href=next>next</a>" + REDIRECTS[kind])
    link = f"<a href='{old}{query}'>to the shop</a>"
    page.goto(shop.put("away", link, head="", host="elsewhere.test"))
    page.get_by_role("link").click()
    page.wait_for_url("**/stable", wait_until="load")
    shop.expect_views({"old": 0, "stable": 1})
    page.get_by_role("link").click()
    shop.expect_views({"old": 0, "stable": 1, "next": 1})
    shop.expect(["visits", "pageviews"], ["visit:source"], {source: (1, 2)})
    shop.expect(["visits"], ["visit:entry_page", "visit:exit_page"], {("stable", "next"): 1})
    shop.expect(["events"], ["event:name"], {"pageview": 2, "Redirect": 1})


def test_after_a_link_was_followed_too(shop: Shop, page: Page) -> None:
    shop.put("stable")
    shop.put("old", REDIRECTS["replace at DOMContentLoaded"])
    page.goto(shop.put("start", "<a href=old>old</a>"))
    page.get_by_role("link").click()
    page.wait_for_url("**/stable", wait_until="load")
    shop.expect_views({"start": 1, "stable": 1})


LEFT = {
    "a link": "<a id=on href=next>on</a>",
    "a link of a single-page app": "<a id=on href=next>on</a><script>"
    "document.getElementById('on').addEventListener('click', (event) => {"
    "event.preventDefault(); history.pushState(0, '', 'next') })</script>",
    "a button": "<button id=on onclick=\"location.href = 'next'\">on</button>",
    "a button that replaces": "<button id=on onclick=\"location.replace('next')\">on</button>",
    "a form": "<form action=next><button id=on>on</button></form>",
}


@pytest.mark.parametrize("content", LEFT.values(), ids=LEFT)
@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_page_that_is_left_at_once_by_its_visitor_counts(
    shop: Shop,
    page: Page,
    content: str,
    by: str,
) -> None:
    shop.put("next")
    page.goto(shop.put("first", content))
    if by == "mouse":
        page.locator("#on").click()
    else:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    page.wait_for_url("**/next*")
    shop.expect_views({"first": 1, "next": 1})


def test_a_page_that_leads_to_another_site_counts(shop: Shop, page: Page) -> None:
    away = shop.put("away", head="", host="elsewhere.test")
    leave = LOADED.format(event=AT_CONTENT, act=f"location.replace({away!r})")
    come(page, shop.put("out", leave), "**/away")
    shop.expect_views({"out": 1})


def test_a_page_that_starts_a_download_counts(shop: Shop, page: Page) -> None:
    shop.put("list.zip", head="", content_disposition="attachment")
    thanks = shop.put("thanks", LOADED.format(event=AT_LOAD, act="location.href = 'list.zip'"))
    with page.expect_download():
        page.goto(thanks)
    shop.expect_views({"thanks": 1})


def test_pages_that_come_back_by_themselves_count(shop: Shop, page: Page) -> None:
    page.goto(shop.put("first"))
    back = LOADED.format(event=AT_LOAD, act="setTimeout(() => history.back(), 0)")
    page.goto(shop.put("back", back), wait_until="commit")
    page.wait_for_function("location.pathname.endsWith('/first')")
    shop.expect_views({"first": 2, "back": 1})
