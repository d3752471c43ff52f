"""Pages that Chromium renders before anyone goes there. It does not do so while it is driven, so here it runs by itself."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from time import sleep

import pytest

from tests.end_to_end.test_browser import CHROMIUM
from tests.patience import SECONDS, wait_until
from tests.tracker.conftest import FLAGS
from tests.tracker.shop import Shop
from tests.tracker.website import Website

pytestmark = pytest.mark.slow
RULES = """<script type=speculationrules>{{"prerender": [{{"urls": ["{there}"], "eagerness": "immediate"}}]}}</script>"""

GOING = """<script>setInterval(async () => {
  if ((await fetch('go')).ok) location.href = '%s'
}, 200)</script>"""
POLLS = 10
"""How often a page asks whether it is to go on: by then the other one is rendered."""

AFTERWARDS_SECONDS = 1.5
"""What should not have been counted would have come by then."""


def browse(folder: Path, url: str, until: Callable[[], bool]) -> None:
    """Let a browser show a page until something has happened, and a little longer."""
    running = subprocess.Popen([CHROMIUM, "--headless=new", f"--user-data-dir={folder}", *FLAGS, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(until)
        sleep(AFTERWARDS_SECONDS)
    finally:
        running.terminate()
        running.wait(SECONDS)


@pytest.mark.parametrize("goes", [False, True], ids=["never shown", "shown"])
def test_a_prerendered_page_counts_when_it_is_shown(shop: Shop, website: Website, tmp_path: Path, goes: bool) -> None:
    there = shop.put("there")
    path = there[there.index(f"/{shop.site}/") :]
    counted = "there" if goes else "here"
    here = shop.put("here", RULES.format(there=there) + GOING % there)
    website.asked.clear()

    def seen() -> bool:
        asked = [asked for asked, _ in website.asked]
        if goes and asked.count(f"/{shop.site}/go") >= POLLS and path in asked:
            shop.put("go", head="")
        views = shop.counts(["pageviews"], ["event:page"])
        return path in asked and views.get(counted, 0) == 1

    browse(tmp_path, here, seen)
    assert [what for asked, what in website.asked if asked == path] == ["prefetch;prerender"], "it was not rendered ahead, or loaded again"
    shop.expect_views({"here": 1, **({"there": 1} if goes else {})})
