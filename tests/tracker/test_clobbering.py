"""Pages whose elements bear the names of what the tracker uses."""

import json
import subprocess

import pytest

from tests.tracker.shop import Shop
from tests.tracker.test_firefox import FIREFOX, UNDRIVEN, VISITS

pytestmark = pytest.mark.slow

DOCUMENT = ("currentScript", "referrer", "hidden", "hasFocus", "documentElement", "title", "body", "head", "addEventListener", "scripts", "cookie")
FIREFOX_NAMES = (*DOCUMENT[:6], "footfall", "navigation", "Document")
WINDOW = (
    "footfall",
    "localStorage",
    "sessionStorage",
    "navigator",
    "navigation",
    "location",
    "history",
    "fetch",
    "screen",
    "performance",
    "self",
    "top",
    "document",
    "Document",
    "Reflect",
    "JSON",
    "confirm",
    "scrollY",
    "innerHeight",
    "setTimeout",
)
INSIDE = ("src", "dataset", "optOut", "q", "call", "map", "then", "method", "host", "pathname", "href", "toString", "event")
"""Names of a form's fields: what is asked of the thing that the form stands for."""

FIELDS = "".join(f"<input name={name} id={name} value=x>" for name in INSIDE)
KINDS = {
    "image": "<img name={name} id={name} src='{there}/js/f.js' data-site=evil>",
    "form": "<form name={name} id={name} action='{there}/v1/track'>" + FIELDS + "</form>",
    "frame": "<iframe name={name} id={name} src='{there}'></iframe>",
    "embed": "<embed name={name} id={name} src='{there}/js/f.js'>",
    "object": "<object name={name} id={name} data='{there}/js/f.js'></object>",
    "link": "<a name={name} id={name} href='{there}/js/f.js'>there</a>",
    "several": "<img name={name} id={name} src='{there}/js/f.js'><img name={name} id={name} src='{there}/js/f.js'>",
}
VOTE = "<button data-event=Vote>vote</button>"


@pytest.fixture
def there(shop: Shop) -> str:
    """The address of somebody else's server."""
    return shop.put("", head="", host="evil.test").rstrip("/").rpartition("/")[0]


@pytest.mark.parametrize("kind", KINDS)
def test_names_in_a_page_change_nothing(shop, opened, there, kind):
    page = opened().new_page()
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    names = DOCUMENT + WINDOW
    for name in names:
        page.goto(shop.put(name, KINDS[kind].format(name=name, there=there) + VOTE))
        page.get_by_role("button").click()
    page.goto("about:blank")
    views = dict.fromkeys(names, 1)
    shop.expect_views(views)
    only_votes = ["is", "event:name", ["Vote"]]
    shop.expect(["events"], ["event:page"], views, only_votes)
    assert {url for url in sent} == {f"{shop.server.url}/v1/track"}


def test_names_in_a_page_change_nothing_in_firefox(shop, there):
    head = UNDRIVEN + shop.tagged('data-before-send="undriven"')
    names = [f"stable-{kind}-{name}" for kind in ("image", "frame", "form") for name in FIREFOX_NAMES]
    visits = []
    for each in names:
        _, kind, name = each.split("-")
        visits.append((shop.put(each, KINDS[kind].format(name=name, there=there), head), None))
    given = {"browser": FIREFOX, "hosts": "shop.test,evil.test", "visits": visits}
    done = subprocess.run(["node", VISITS, json.dumps(given)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    shop.expect_views(dict.fromkeys(names, 1))


def test_fields_of_a_form_are_no_link(shop, opened):
    page = opened().new_page()
    fields = "<input name=host value=a><input name=pathname value=b><input name=href value=c><p>text</p>"
    page.goto(shop.put("page", f"<form>{fields}</form><form name=host></form><form name=pathname></form>" + VOTE))
    page.get_by_text("text").click()
    page.get_by_role("button").click()
    shop.expect(["events"], ["event:name"], {"pageview": 1, "Vote": 1})
