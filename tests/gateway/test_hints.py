"""What browsers say of themselves by client hints, from the request to the report."""

import pytest

from footfall.domain.hint import Hints
from footfall.gateway.callers import hints_of
from tests.server import Server

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
BRANDS = '"Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24"'
HEADERS = {
    "user-agent": CHROME,
    "sec-ch-ua": BRANDS,
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Windows"',
    "sec-ch-ua-platform-version": '"15.0.0"',
}


@pytest.mark.parametrize(
    ("headers", "hints"),
    [
        ({}, None),
        ({b"sec-ch-ua-mobile": b"?1"}, None),
        ({b"sec-ch-ua": b'"Brave";v="1"'}, Hints('"Brave";v="1"')),
        ({b"sec-ch-ua-platform": b'"Linux"'}, Hints(platform='"Linux"')),
        ({b"sec-ch-ua": b"\xff" * 9_999, b"sec-ch-ua-mobile": b"?1"}, Hints("ÿ" * 500, "?1")),
    ],
)
def test_hints_are_read_and_cut(headers, hints):
    assert hints_of(headers) == hints


@pytest.mark.slow
def test_hints_name_the_browser_and_are_no_part_of_who_somebody_is(server: Server) -> None:
    """With and without hints it is one visitor, and the visit has those of its first event."""
    page = {"filters": [["is", "event:page", ["/hinted"]]]}
    for headers in (HEADERS, {"user-agent": CHROME}):
        hit = {"url": "https://example.com/hinted", "website": "site"}
        reply = server.client.post("/v1/track", json=hit, headers=headers)
        assert reply.status_code == 202 and "x-footfall-dropped" not in reply.headers
    server.wait_until_counted()
    asked = ["visitors", "pageviews"]
    assert server.query("site", asked, **page)[0]["metrics"] == [1, 2]
    for name, value in (("browser", "Brave"), ("os", "Windows"), ("os_version", "11")):
        rows = server.query("site", ["visits"], dimensions=[f"visit:{name}"], **page)
        assert rows == [{"dimensions": [value], "metrics": [1]}]
