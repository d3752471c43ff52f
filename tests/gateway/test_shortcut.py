"""Hits take a short way through the server; whatever stands before or behind them on a connection, order and framing hold."""

import re

import pytest

from tests.gateway.test_hostile_clients import AGENT, CLOSE, HIT, HOST, exchange, post, statuses

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unharmed")]

HIT_REQUEST = post().replace(CLOSE, b"")
LIVE = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"
MISSING = b"GET /nowhere HTTP/1.1\r\n" + HOST + b"\r\n"
PIXEL = b"GET /v1/track.gif?u=https://example.com/ HTTP/1.1\r\n" + HOST + AGENT + b"\r\n"
BAD = post(body=b"{").replace(CLOSE, b"")
SITES = b"GET /api/sites HTTP/1.1\r\n" + HOST + b"\r\n"
LAST = b"GET /livez HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"


@pytest.mark.parametrize(
    ("requests", "wanted"),
    [
        pytest.param([HIT_REQUEST, LIVE, HIT_REQUEST, MISSING, HIT_REQUEST], [202, 200, 202, 404, 202], id="hits and pages in turn"),
        pytest.param([HIT_REQUEST, MISSING, LIVE], [202, 404, 200], id="pages behind a hit that waits for the disk"),
        pytest.param([MISSING, HIT_REQUEST, HIT_REQUEST], [404, 202, 202], id="hits behind a page"),
        pytest.param([SITES, HIT_REQUEST, MISSING], [200, 202, 404], id="a hit behind a question to the engine"),
        pytest.param([PIXEL, HIT_REQUEST, BAD, HIT_REQUEST, MISSING], [200, 202, 400, 202, 404], id="a bad hit between good ones"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000], ids=lambda size: f"{size} bytes at a time")
def test_answers_come_in_the_order_of_the_requests(server, requests, wanted, size):
    whole = b"".join([*requests, LAST])
    reply = exchange(server, *(whole[start : start + size] for start in range(0, len(whole), size)))
    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", reply)] == [*wanted, 200]


def test_a_client_of_http_1_0_is_hung_up_on_after_its_answer(server):
    reply = exchange(server, post().replace(b"HTTP/1.1", b"HTTP/1.0").replace(CLOSE, b""))
    assert reply.split(b" ")[1] == b"202"
    assert b"connection: close" in reply.lower()


def test_a_client_that_asks_before_it_sends(server):
    reply = exchange(server, post(b"Expect: 100-continue\r\n"))
    assert statuses(reply) == [100, 202]


def test_an_accepted_hit_may_be_read_by_any_origin(server):
    reply = exchange(server, post()).lower()
    assert b"access-control-allow-origin: *\r\n" in reply
    assert b"content-length: 0\r\n" in reply
    assert b"date: " in reply


def test_the_short_way_and_the_long_way_give_the_same_answers(server):
    """With `Expect` a request goes by way of ASGI; all but that and the date is the same."""

    def told(request: bytes) -> list[bytes]:
        return sorted(
            line
            for line in exchange(server, request).replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"").lower().split(b"\r\n")
            if not line.startswith((b"date:", b"access-control-expose"))
        )

    for body in (HIT, b"{", b"{}", b'{"url":"https://elsewhere.example/"}', b'{"url":"https://example.com/","scroll":"far"}'):
        assert told(post(body=body)) == told(post(b"Expect: 100-continue\r\n", body=body))
