"""Pages that Chromium renders before anyone goes there. It does not do so while it is driven, so here it runs by itself."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from time import sleep

import pytest

from tests.end_to_end.test_browser import CHROMIUM
from tests.tracker.conftest import FLAGS
from tests.tracker.shop import Shop
from tests.tracker.website import Website

pytestmark = pytest.mark.slow
RULES = """<script type=speculationrules>{{"prerender": [{{"urls": ["{there}"], "eagerness": "immediate"}}]}}</script>"""


def browse(folder: Path, url: str, until: Callable[[], bool]) -> None:
    """Let a browser show a page until something has happened, and a little longer."""
    running = subprocess.Popen([CHROMIUM, "--headless=new", f"--user-data-dir={folder}", *FLAGS, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            if until():
                break
            sleep(0.05)
        else:
            raise AssertionError("it did not happen")
        sleep(1.5)
    finally:
        running.terminate()
        running.wait(20)


@pytest.mark.parametrize("goes", [False, True], ids=["never shown", "shown"])
def test_a_prerendered_page_counts_when_it_is_shown(shop: Shop, website: Website, tmp_path: Path, goes: bool) -> None:
    there = shop.put("there")
    path = there[there.index(f"/{shop.site}/") :]
    going = f"<script>setTimeout(() => location.href = {there!r}, 2500)</script>" if goes else ""
    here = shop.put("here", RULES.format(there=there) + going)
    website.asked.clear()
    browse(tmp_path, here, lambda: shop.counts(["pageviews"], ["event:page"]).get("there" if goes else "here", 0) == 1 and any(asked == path for asked, _ in website.asked))
    assert [what for asked, what in website.asked if asked == path] == ["prefetch;prerender"], "it was not rendered ahead, or loaded again"
    shop.expect_views({"here": 1, **({"there": 1} if goes else {})})
