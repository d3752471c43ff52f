"""A running server counts hits with odd fields, and says which."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.test_hostile_clients import exchange, post
from tests.gateway.test_own_protocol import JSON, OPTIONAL
from tests.patience import wait_until
from tests.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unharmed")]
URL = "https://example.com/odd"
LONG = "https://a.example/" + "x" * 3_000
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a language": ({"language": "C"}, "language"),
    "a long referrer": ({"referrer": LONG}, "referrer"),
    "a nested property": ({"event": "e", "props": {"plan": {"id": 1}, "size": "L"}}, "props.plan"),
    "an amount": ({"event": "e", "revenue": {"amount": "12,50", "currency": "EUR"}}, "revenue"),
    "several": ({"screen": "1024x768", "props": [], "i": "yes"}, "props, interactive, screen"),
    "a header": ({"props": {"a\r\nx-evil: 1": {}}}, "props.a%20%20x-evil%3A%201"),
}


@pytest.mark.parametrize(("fields", "named"), CASES.values(), ids=CASES)
def test_a_hit_with_an_odd_field_counts(server: Server, fields: dict[str, Any], named: str) -> None:
    answer = server.client.post("/v1/track", json={"url": URL, **fields})
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["x-footfall-ignored"] == named
    assert "x-evil" not in answer.headers
    assert "X-Footfall-Ignored" in answer.headers["access-control-expose-headers"]
    slow = exchange(server, post(b"Expect: 100-continue\r\n", body=json.dumps({"url": URL, **fields}).encode()))
    assert f"\r\nx-footfall-ignored: {named}\r\n".lower().encode() in slow.lower()


def test_a_header_stays_short(server: Server) -> None:
    props: dict[str, Any] = {str(number) + "ü" * 30: {} for number in range(400)}
    answer = server.client.post("/v1/track", json={"url": URL, "props": props})
    assert answer.status_code == 202
    assert 500 < len(answer.headers["x-footfall-ignored"]) <= 1_000


def test_the_pixel_s_long_referer_counts(server: Server) -> None:
    page = "https://example.com/pixel?q=" + "x" * 3_000
    answer = server.client.get("/v1/track.gif", headers={"referer": page})
    assert (answer.status_code, answer.headers["x-footfall-ignored"]) == (200, "referrer")
    named = server.client.get("/v1/track.gif", params={"u": URL, "r": LONG, "k": "any text"})
    assert (named.status_code, named.headers["x-footfall-ignored"]) == (200, "referrer")


def test_what_was_ignored_is_counted_by_field(server: Server) -> None:
    server.client.post("/v1/track", json={"url": URL, "props": {"secret-name": {}}})
    wanted = 'footfall_ignored_total{field="props"}'
    wait_until(lambda: wanted in server.client.get("/metrics").text)
    assert "secret-name" not in server.client.get("/metrics").text


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(st.dictionaries(OPTIONAL.filter(lambda name: name not in ("website", "w")), JSON, max_size=6))
def test_any_value_of_any_other_field_is_a_202(server: Server, fields: dict[str, Any]) -> None:
    answer = server.client.post("/v1/track", content=json.dumps({"url": URL, **fields}))
    assert answer.status_code == 202, answer.text
    robot, late = answer.headers.get("x-footfall-dropped") == "bot", "too_late"
    assert not robot or fields.get("bot") or fields.get("b")
    assert answer.headers.get("x-footfall-dropped") in (None, "bot", late)
