"""Hits that meet the limit of their address: the page waits and sends them again."""

import pytest

from tests.patience import wait_until
from tests.server import Server, footfall
from tests.tracker.shop import Shop

pytestmark = pytest.mark.slow
SITE = "limited.test"


def test_hits_that_are_too_many_come_again(website, opened, tmp_path):
    """Twenty may come at once, and one a second."""
    footfall("site", "add", SITE, "--public", data=tmp_path)
    server = Server(tmp_path, "--rate-limit", "1", "--trusted-proxy", "127.0.0.1")
    shop = Shop(SITE, server, website)
    context = opened(extra_http_headers={"x-forwarded-for": "81.2.3.4"})
    page = context.new_page()
    answers = []
    page.on("response", lambda answer: answers.append((answer.url, answer.status)))
    page.goto(shop.put("page"))
    page.wait_for_function("typeof footfall === 'function'")
    page.evaluate("for (let number = 0; number < 25; number++) footfall('Pressed')")
    asked = ["is", "event:name", ["Pressed"]]

    def arrived() -> bool:
        page.wait_for_timeout(200)
        return shop.counts(["events"], [], asked).get(()) == 25

    wait_until(arrived)
    assert (f"{server.url}/v1/track", 429) in answers
    page.goto("about:blank")
    shop.expect(["events"], ["event:name"], {"pageview": 1, "Pressed": 25})
    assert server.stop() == 0
