"""How long and how far pages were read."""

from time import monotonic

import pytest

pytestmark = pytest.mark.slow
ROUNDED = 0.1
"""Seconds by which times are rounded, at most."""

WORTH_SECONDS = 1.0
TRIES = 20
LONG = "<div style='height: 4000px'></div>"


def engaged(shop, name):
    """Seconds on a page, and how deep, once they are there."""
    return shop.counts(["time_on_page", "scroll_depth"], ["event:page"]).get(name, (0, 0))


def test_time_and_depth_are_told_when_a_page_is_left(shop, opened):
    page = opened(viewport={"width": 800, "height": 1000}).new_page()
    began = monotonic()
    page.goto(shop.put("long", LONG))
    page.wait_for_timeout(1_500)
    page.evaluate("scrollTo(0, 1000)")
    page.wait_for_timeout(1_500)
    page.goto(shop.put("next", LONG))
    there = monotonic() - began
    page.goto(shop.put("last"))
    shop.expect_views({"long": 1, "next": 1, "last": 1})
    seconds, depth = engaged(shop, "long")
    assert 2.7 <= seconds <= there + ROUNDED
    assert depth == pytest.approx(50, abs=2)


def test_a_moment_is_not_worth_a_request(shop, opened):
    page = opened().new_page()
    for name in (f"page-{number}" for number in range(TRIES)):
        began = monotonic()
        page.goto(shop.put(name, LONG))
        page.wait_for_timeout(200)
        page.goto(shop.put("next"))
        if monotonic() - began < WORTH_SECONDS:  # else the machine was busy: it was no moment
            break
    shop.expect(["pageviews"], ["event:page"], {name: 1}, ["is", "event:page", [f"/{shop.site}/{name}"]])
    assert engaged(shop, name) == (0, None)


def test_time_does_not_run_while_nobody_looks(shop, opened):
    page = opened().new_page()
    began = monotonic()
    page.goto(shop.put("page"))
    # Playwright has all pages look as if they had the focus; the tracker asks the page's own kind.
    page.wait_for_timeout(1_200)
    page.evaluate("Document.prototype.hasFocus = () => false; dispatchEvent(new Event('blur'))")
    left = monotonic()
    page.wait_for_timeout(2_000)
    away = monotonic() - left
    page.evaluate("Document.prototype.hasFocus = () => true; dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(300)
    page.goto(shop.put("next"))
    there = monotonic() - began - away
    shop.expect_views({"page": 1, "next": 1})
    assert 1.2 <= engaged(shop, "page")[0] <= there + ROUNDED


def test_pages_of_an_app_have_their_own_times(shop, opened):
    page = opened().new_page()
    times = [monotonic()]
    page.goto(shop.put("first"))
    page.wait_for_timeout(1_300)
    page.evaluate("history.pushState(0, '', 'second')")
    times.append(monotonic())
    page.wait_for_timeout(2_300)
    page.evaluate("history.pushState(0, '', 'third')")
    times.append(monotonic())
    page.wait_for_timeout(150)
    shop.expect_views({"first": 1, "second": 1, "third": 1})
    assert 1.2 <= engaged(shop, "first")[0] <= times[1] - times[0] + ROUNDED
    assert 2.2 <= engaged(shop, "second")[0] <= times[2] - times[0] - 1.3 + ROUNDED
