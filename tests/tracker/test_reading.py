"""How long and how far pages were read."""

import pytest

pytestmark = pytest.mark.slow
LONG = "<div style='height: 4000px'></div>"


def engaged(shop, name):
    """Seconds on a page, and how deep, once they are there."""
    return shop.counts(["time_on_page", "scroll_depth"], ["event:page"]).get(name, (0, 0))


def test_time_and_depth_are_told_when_a_page_is_left(shop, opened):
    page = opened(viewport={"width": 800, "height": 1000}).new_page()
    page.goto(shop.put("long", LONG))
    page.wait_for_timeout(1_500)
    page.evaluate("scrollTo(0, 1000)")
    page.wait_for_timeout(1_500)
    page.goto(shop.put("next", LONG))
    page.wait_for_timeout(200)
    page.goto(shop.put("last"))
    shop.expect_views({"long": 1, "next": 1, "last": 1})
    seconds, depth = engaged(shop, "long")
    assert 2.7 <= seconds <= 3.6
    assert depth == pytest.approx(50, abs=2)
    assert engaged(shop, "next") == (0, None), "too short to be worth a request"


def test_time_does_not_run_while_nobody_looks(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("page"))
    # Playwright has all pages look as if they had the focus; the tracker asks the page, and so does this.
    page.wait_for_timeout(1_200)
    page.evaluate("document.hasFocus = () => false; dispatchEvent(new Event('blur'))")
    page.wait_for_timeout(2_000)
    page.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(300)
    page.goto(shop.put("next"))
    shop.expect_views({"page": 1, "next": 1})
    assert 1.2 <= engaged(shop, "page")[0] <= 2


def test_pages_of_an_app_have_their_own_times(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("first"))
    page.wait_for_timeout(1_300)
    page.evaluate("history.pushState(0, '', 'second')")
    page.wait_for_timeout(2_300)
    page.evaluate("history.pushState(0, '', 'third')")
    page.wait_for_timeout(150)
    shop.expect_views({"first": 1, "second": 1, "third": 1})
    assert 1.2 <= engaged(shop, "first")[0] <= 2
    assert 2.2 <= engaged(shop, "second")[0] <= 3
