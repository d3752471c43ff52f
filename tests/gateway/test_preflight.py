"""What browsers are told that ask before they send."""

import httpx
import pytest

from footfall.gateway.preflight import preflight
from tests.server import Server

USUAL = "content-type, authorization"
ASKED = {
    "monitoring": ("traceparent, content-type", "traceparent, content-type"),
    "Datadog": (
        "content-type,x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id",
        "content-type, x-datadog-origin, x-datadog-parent-id, x-datadog-sampling-priority, x-datadog-trace-id",
    ),
    "Sentry": ("baggage,content-type,sentry-trace", "baggage, content-type, sentry-trace"),
    "New Relic": ("newrelic,traceparent,tracestate", "newrelic, traceparent, tracestate"),
    "Elastic": ("Elastic-Apm-Traceparent", "elastic-apm-traceparent"),
    "spaces and nothing": (" a ,, ,b", "a, b"),
    "no names": ("a b, (c), d;e, f\u00ff, g", "g"),
    "nothing": ("", USUAL),
    "only nonsense": ("a b", USUAL),
}


@pytest.mark.parametrize(("asked", "allowed"), ASKED.values(), ids=ASKED)
def test_any_header_is_allowed(asked: str, allowed: str) -> None:
    told = dict(preflight({b"access-control-request-headers": asked.encode("latin-1")}))
    assert told[b"access-control-allow-headers"].decode() == allowed
    assert told[b"access-control-allow-origin"] == b"*"
    assert b"access-control-request-headers" in told[b"vary"]
    assert b"access-control-allow-private-network" not in told


def test_an_answer_stays_short() -> None:
    many = b",".join(b"x-header-%d" % number for number in range(2_000))
    allowed = dict(preflight({b"access-control-request-headers": many}))[b"access-control-allow-headers"]
    assert 1_900 < len(allowed) <= 2_000
    assert allowed.startswith(b"x-header-0, x-header-1, ")


def test_a_server_of_a_private_network_may_be_reached() -> None:
    told = dict(preflight({b"access-control-request-private-network": b"true"}))
    assert told[b"access-control-allow-private-network"] == b"true"


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/v1/track", "/v1/track.gif"])
def test_a_server_answers_so(server: Server, path: str) -> None:
    asked = {
        "origin": "https://example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "traceparent, content-type",
    }
    answer = httpx.options(server.url + path, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-headers"] == "traceparent, content-type"
    assert answer.headers["access-control-allow-methods"] == "POST, GET, OPTIONS"
