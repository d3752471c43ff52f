"""What a page, its owner and its visitors may rely on."""

import re

import pytest

from tests.end_to_end.test_browser import CHROMIUM
from tests.server import Server, footfall, free_port
from tests.tracker.conftest import FLAGS
from tests.tracker.shop import Shop

pytestmark = pytest.mark.slow


def test_it_works_under_a_strict_policy(shop, opened):
    page = opened().new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(shop.put("page", content_security_policy=f"default-src 'none'; script-src {shop.server.url}; connect-src {shop.server.url}"))
    shop.expect_views({"page": 1})
    assert [text for text in said if "favicon" not in text and "404" not in text] == []


def test_a_pinned_script_is_run_and_a_changed_one_is_not(shop, opened):
    snippet = footfall("site", "snippet", shop.site, "--address", shop.server.url, "--pinned", data=shop.server.data)
    page = opened().new_page()
    page.goto(shop.put("right", head=snippet))
    page.goto(shop.put("wrong", head=re.sub(r"sha384-.{8}", "sha384-AAAAAAAA", snippet)))
    assert page.evaluate("typeof footfall") == "undefined"
    shop.expect_views({"right": 1})


def test_signals_are_honoured(shop, opened):
    for name, given in (("gpc", "globalPrivacyControl', {value: true}"), ("dnt", "doNotTrack', {value: '1'}")):
        context = opened()
        context.add_init_script(f"Object.defineProperty(navigator, '{given})")
        page = context.new_page()
        page.goto(shop.put(name))
        page.wait_for_timeout(300)
        assert page.evaluate("performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/v1/track')).length") == 0
        page.goto(shop.put(f"{name}-all-the-same", head=shop.tagged("data-ignore-signals")))
    shop.expect_views({"gpc-all-the-same": 1, "dnt-all-the-same": 1})


def test_the_owner_sees_each_event_before_it_is_sent(shop, opened):
    hook = "<script>function look(event) { if (event.e === 'Secret') return; event.u = event.u.replace(/order-\\d+/, 'order'); return event }</script>"
    page = opened().new_page()
    page.goto(shop.put("order-123", head=hook + shop.tagged('data-before-send="look"')))
    page.evaluate("footfall('Secret'); footfall('Open')")
    shop.expect(["events"], ["event:page", "event:name"], {("order", "pageview"): 1, ("order", "Open"): 1})


def test_nothing_is_stored_in_the_browser(shop, opened):
    context = opened()
    page = context.new_page()
    page.goto(shop.put("page", "<button data-event=Press>press</button>"))
    page.get_by_role("button").click()
    shop.expect(["events"], ["event:name"], {"pageview": 1, "Press": 1})
    assert context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_where_storage_is_forbidden_it_counts_all_the_same(shop, opened):
    context = opened()
    context.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})")
    page = context.new_page()
    page.goto(shop.put("page"))
    shop.expect_views({"page": 1})


def test_an_automated_browser_is_dropped_as_one(shop, playwright):
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[flag for flag in FLAGS if "Automation" not in flag])
    page = browser.new_page()
    with page.expect_response("**/v1/track") as told:
        page.goto(shop.put("page"))
    assert told.value.headers["x-footfall-dropped"] == "bot"
    browser.close()


@pytest.mark.parametrize("persist", [False, True], ids=["in memory", "in storage"])
def test_nothing_is_lost_while_the_collector_is_down(shop, opened, tmp_path, persist):
    """Kept in memory while the page stays; in storage when it is left too. Each counts once."""
    port = free_port()
    footfall("site", "add", "down.test", "--public", data=tmp_path)
    server = Server(tmp_path, port=port)
    server.wait_until_ready()
    here = Shop("down.test", server, shop._website)
    page = opened().new_page()
    page.goto(here.put("first", head=here.tagged("data-persist" if persist else "")))
    here.expect_views({"first": 1})
    script = server.client.get("/js/f.js").text  # as a browser's cache would have it
    page.route("**/f.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    server.stop()
    if persist:
        for name in ("second", "third"):
            page.goto(here.put(name, head=here.tagged("data-persist")))
            page.wait_for_timeout(200)
    else:
        for name in ("second", "third"):
            page.evaluate(f"history.pushState(0, '', '{name}')")
            page.wait_for_timeout(200)
    page.evaluate("for (let number = 0; number < 12; number++) footfall('Kept')")
    server = Server(tmp_path, port=port)
    server.wait_until_ready()
    here.server = server
    if persist:
        page.goto(here.put("fourth", head=here.tagged("data-persist")))
    here.expect_views({"first": 1, "second": 1, "third": 1} | ({"fourth": 1} if persist else {}))
    here.expect(["events"], ["event:name"], {"Kept": 12}, ["is", "event:name", ["Kept"]])
    server.stop()
