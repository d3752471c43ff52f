"""Page views: what is one and what is none."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow
BACK_WITH_LATE_TITLE = """
    new Promise((done) => {
        addEventListener('popstate', () => setTimeout(() => done(document.title = 'late title')))
        history.go(-4)
    })
"""
"""What sets the title after the page was changed, and within the time that pages get for it."""


def test_pages_of_a_single_page_app(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("start") + "?utm_source=letter&secret=1")
    for script in (
        "history.pushState(0, '', 'second?q=1')",
        "history.replaceState(0, '', 'second?q=2')",  # the same page in another state
        "history.pushState(0, '', 'second?q=2')",  # the same address
        "history.replaceState(0, '', 'third')",
        "location.hash = 'below'",
        "history.pushState(0, '', '#above')",
    ):
        page.evaluate(script)
        page.wait_for_timeout(150)
    page.evaluate(BACK_WITH_LATE_TITLE)
    shop.expect_views({"start": 2, "second": 1, "third": 1})
    shop.expect(["visits", "pageviews"], ["visit:source"], {"letter": (1, 4)})
    shop.expect(["pageviews"], ["event:title"], {"start": 3, "late title": 1})


def test_the_fragment_counts_in_hash_mode_alone(shop, opened):
    for name, head, wanted in (("hashed", shop.tagged("data-hash"), {"hashed#/home": 2, "hashed#/about": 2}), ("plain", shop.tag, {"plain": 1})):
        page = opened().new_page()
        page.goto(shop.put(name, "<a href='#/about'>about</a>", head) + "#/home")
        page.get_by_role("link").click()
        page.wait_for_timeout(150)
        page.evaluate("location.hash = '#/home'")
        page.wait_for_timeout(150)
        page.evaluate("history.back()")
        shop.expect(["pageviews"], ["event:page"], wanted, ["contains", "event:page", [f"/{name}"]])


def test_restored_from_the_back_forward_cache_a_page_counts_once_more(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("first"))
    page.evaluate("window.kept = true")
    page.goto(shop.put("second"))
    page.evaluate("history.back()")
    page.wait_for_function("location.pathname.endsWith('first')")
    assert page.evaluate("window.kept"), "the browser loaded it anew: this test shows nothing"
    shop.expect_views({"first": 2, "second": 1})


def test_pages_that_are_left_at_once_count(shop, opened):
    first, second, last = shop.put("first"), shop.put("second"), shop.put("last")
    page = opened().new_page()
    for address in (first, second, first):
        page.goto(address)
    page.reload()
    page.goto(last)
    expect(page).to_have_title("last")
    shop.expect_views({"first": 3, "second": 1, "last": 1})


def test_a_script_that_is_there_twice_counts_once(shop, opened):
    opened().new_page().goto(shop.put("page", head=shop.tag + shop.tag))
    shop.expect_views({"page": 1})


def test_localhost_counts_only_when_asked(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("own", host="127.0.0.1"))
    page.goto(shop.put("asked", head=shop.tagged("data-local"), host="127.0.0.1"))
    shop.expect_views({"asked": 1})


def test_without_javascript_the_pixel_counts(shop, opened):
    pixel = f'<noscript><img src="{shop.server.url}/v1/track.gif?w={shop.site}" referrerpolicy="no-referrer-when-downgrade" alt=""></noscript>'
    address = shop.put("page", pixel)
    opened(java_script_enabled=False).new_page().goto(address)
    opened().new_page().goto(address)
    shop.expect(["pageviews", "visitors"], ["event:page"], {"page": (2, 1)})


def test_what_a_page_says_before_the_script_is_there_is_not_lost(shop, opened):
    wait = "if (typeof window.footfall != 'function') window.footfall = function () { (footfall.q = footfall.q || []).push(arguments) }"
    early = "footfall('Early', {props: {kind: 'stub'}})"
    # An element of that name is no reason to wait for nothing.
    stub = f"<meta id=footfall><script>{wait}; {early}</script>"
    opened().new_page().goto(shop.put("page", head=stub + shop.tag))
    shop.expect(["events"], ["event:name", "event:props:kind"], {("Early", "stub"): 1, ("pageview", "(not set)"): 1})


def test_a_page_in_a_file_counts_only_when_asked(shop, opened, tmp_path):
    page = opened().new_page()
    for name, attributes in (("plain", ""), ("asked", "data-local")):
        (tmp_path / name).with_suffix(".html").write_text(f"<!doctype html>{shop.tagged(attributes)}")
        page.goto(f"file://{tmp_path}/{name}.html")
        page.wait_for_function("typeof footfall === 'function'")
    page.wait_for_timeout(300)
    page.goto("about:blank")
    only = {("file", f"{tmp_path}/asked.html"): 1}
    shop.expect(["pageviews"], ["event:hostname", "event:page"], only)
