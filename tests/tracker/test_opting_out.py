"""The link by which visitors leave and come back: anybody can send it to somebody else."""

from typing import Any

import pytest
from playwright.sync_api import Dialog, Page

from tests.patience import wait_until
from tests.tracker.test_prerender import GOING, POLLS, RULES, browse

pytestmark = pytest.mark.slow


def answering(page: Page, accepted: bool) -> list[str]:
    """Answer whatever is asked; what that was."""
    said = []

    def answer(dialog: Dialog) -> None:
        said.append(f"{dialog.type}: {dialog.message}")
        dialog.accept() if accepted else dialog.dismiss()

    page.on("dialog", answer)
    return said


def visit(page: Page, address: str) -> None:
    """Stay on a page until it has told of itself, and asked what it asks."""
    page.goto(address)
    page.wait_for_timeout(300)


def test_a_visitor_leaves_and_comes_back_by_a_link(shop, opened):
    page = opened().new_page()
    asked = answering(page, accepted=True)
    for number, query in enumerate(("", "?footfall=off", "", "?a=1&footfall=on", "")):
        visit(page, shop.put(f"{number}") + query)
    assert asked == ["confirm: Opt out?"]
    page.evaluate("footfall.optOut(true); footfall('Unseen')")
    visit(page, shop.put("after"))
    page.goto("about:blank")
    wanted: dict[Any, Any] = {"0": (1, 1), "3": (1, 1), "4": (1, 1)}
    shop.expect(["pageviews", "events"], ["event:page"], wanted)


def test_who_refuses_is_counted_on(shop, opened):
    page = opened().new_page()
    asked = answering(page, accepted=False)
    visit(page, shop.put("sent") + "?footfall=off")
    page.evaluate("history.pushState(0, '', 'step?footfall=off')")
    page.wait_for_timeout(300)
    visit(page, shop.put("next"))
    assert asked == ["confirm: Opt out?"]
    assert page.evaluate("localStorage.length") == 0
    shop.expect_views({"sent": 1, "step": 1, "next": 1})


def test_who_has_left_and_refuses_stays_away(shop, opened):
    page = opened().new_page()
    answering(page, accepted=False)
    visit(page, shop.put("seen"))
    page.evaluate("footfall.optOut()")
    visit(page, shop.put("sent") + "?footfall=off")
    visit(page, shop.put("next"))
    page.goto("about:blank")
    shop.expect_views({"seen": 1})


@pytest.mark.parametrize("wish", ["off", "on"])
def test_a_page_within_a_frame_asks_nothing(shop, opened, wish):
    """Nor does it bring anybody back."""
    page = opened().new_page()
    asked = answering(page, accepted=True)
    visit(page, shop.put("first"))
    if wish == "on":
        page.evaluate("footfall.optOut()")
    inner = shop.put("inner") + f"?footfall={wish}"
    visit(page, shop.put("around", f"<iframe src='{inner}'></iframe>", head=""))
    visit(page, shop.put("last"))
    page.goto("about:blank")
    assert asked == []
    shop.expect_views({"first": 1} if wish == "on" else {"first": 1, "last": 1})


def test_a_page_rendered_ahead_asks_when_it_is_shown(shop, website, tmp_path):
    """The page tells by a request of its own what was asked, since its browser is not driven."""
    told = "<script>confirm = (text) => (fetch(`asked-${document.prerendering}-${text}`), true)</script>"
    there = shop.put("there", head=told + shop.tag) + "?footfall=off"
    here = shop.put("here", RULES.format(there=there) + GOING % there)
    website.asked.clear()
    path = f"/{shop.site}/"

    def seen() -> bool:
        asked = [asked for asked, _ in website.asked]
        if asked.count(f"{path}go") == POLLS:
            assert not [each for each in asked if "asked-" in each]
            shop.put("go", head="")
        return any("asked-" in each for each in asked)

    browse(tmp_path, here, seen)
    wait_until(lambda: shop.counts(["pageviews"], ["event:page"]) == {"here": 1})
    asked = [asked for asked, _ in website.asked if "asked-" in asked]
    assert asked == [f"{path}asked-false-Opt%20out"]  # the question mark begins a query
    shop.expect_views({"here": 1})
