"""The core path in Debian's Firefox."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.patience import SECONDS
from tests.tracker.shop import Shop
from tests.tracker.test_redirects import LEFT, REDIRECTS

pytestmark = pytest.mark.slow
FIREFOX = "/usr/bin/firefox-esr"
DRIVER = Path(__file__).parent / "real" / "firefox.cjs"
VISITS = DRIVER.with_name("firefox_visits.cjs")
UNDRIVEN = "<script>undriven = (event) => { delete event.b; return event }</script>"
LONG = "<p style='height:4000px'>long</p>"


def test_firefox(shop: Shop) -> None:
    away = shop.put("away", head="", host="elsewhere.test")
    # A driven Firefox says so and cannot be talked out of it; the hook that pages may have takes the word from what is sent.
    head = UNDRIVEN + shop.tagged('data-before-send="undriven"')
    content = f"{LONG}<button data-event=Vote data-prop-kind=up>vote</button> <a class=file href=manual.pdf download>manual</a> <a class=away href={away}>away</a>"
    given = {"browser": FIREFOX, "address": shop.put("first", content, head), "more": [shop.put("next", head=head), shop.put("driven")], "hosts": "shop.test,elsewhere.test"}
    done = subprocess.run(["node", DRIVER, json.dumps(given)], capture_output=True, text=True, timeout=2 * SECONDS)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["errors"] == [] and told["version"].startswith("firefox/")
    shop.expect_views({"first": 3, "second": 1, "next": 1})
    shop.expect(["events"], ["event:name"], {"pageview": 5, "Vote": 1, "Signup": 1, "File Download": 1, "Outbound Link: Click": 1})
    shop.expect(["visitors"], ["visit:browser"], {"Firefox": 1})
    shop.expect(["visits"], ["visit:exit_page"], {"next": 1})
    (read, depth) = shop.counts(["time_on_page", "scroll_depth"], ["event:page"])["first"]
    assert 1.0 <= read <= 6.0 and depth == 100


def test_redirects_and_quick_visitors_in_firefox(shop: Shop) -> None:
    head = UNDRIVEN + shop.tagged('data-before-send="undriven"')
    redirects = [(shop.put(f"old-{number}", content, head), None) for number, content in enumerate(REDIRECTS.values())]
    left = [(shop.put(f"left-{number}", content, head), "#on") for number, content in enumerate(LEFT.values())]
    shop.put("stable", head=head)
    shop.put("second", REDIRECTS["replace at DOMContentLoaded"], head)
    shop.put("next", head=head)
    given = {"browser": FIREFOX, "hosts": "shop.test", "visits": redirects + left}
    done = subprocess.run(
        ["node", VISITS, json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    pages = {f"left-{number}": 1 for number in range(len(left))}
    shop.expect_views({"stable": len(redirects), "next": len(left), **pages})
