"""Heads, URLs, fields and trailers that do not end: refused as they come, in little memory, while others are answered."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

import pytest

from tests.gateway.others import AT_MOST, cost
from tests.gateway.test_hostile_clients import AGENT, CLOSE, HIT, HOST, answer, connect, exchange, post, socket_to
from tests.patience import wait_until
from tests.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unharmed")]

LINE = b"POST /v1/track HTTP/1.1\r\n"
LIVE = b"GET /livez HTTP/1.1\r\n" + HOST
CHUNKED = LINE + HOST + AGENT + b"Transfer-Encoding: chunked\r\n\r\n1e\r\n" + HIT + b"\r\n0\r\n"
BATCH = CHUNKED.replace(b"/v1/track", b"/v1/batch")
PIECE = 1_000
FIELDS = b"".join(b"X-%d: y\r\n" % number for number in range(90))
ROOM = 32_768

ENDLESS: list[tuple[str, bytes, bytes, int]] = [
    ("fields of a hit", LINE, b"X-Field: value\r\n" * 60, 431),
    ("fields of a page", LIVE, b"X-Field: value\r\n" * 60, 431),
    ("fields of a byte", LINE, b"a:\r\n" * 250, 431),
    ("one field", LINE + b"X: ", b"y" * PIECE, 431),
    ("the name of a field", LINE, b"y" * PIECE, 431),
    ("blanks before a value", LINE + b"X:", b" " * PIECE, 431),
    ("a user agent", LINE + b"User-Agent: ", b"y" * PIECE, 431),
    ("a path", b"GET /", b"a" * PIECE, 414),
    ("a query", b"GET /v1/track.gif?", b"a=b&" * 250, 414),
    ("fields behind a body", CHUNKED, b"X-Field: value\r\n" * 60, 431),
    ("one field behind a body", CHUNKED + b"X: ", b"y" * PIECE, 431),
    ("fields behind a batch", BATCH, b"X-Field: value\r\n" * 60, 431),
    ("one field behind a batch", BATCH + b"X: ", b"y" * PIECE, 431),
    ("what extends a chunk", CHUNKED.removesuffix(b"0\r\n") + b"1;", b"y" * PIECE, 431),
    ("fields of a second request", LIVE + b"\r\n" + LINE, b"X-Field: value\r\n" * 60, 431),
    ("a method", b"", b"P" * PIECE, 400),
]
IDS = [case[0] for case in ENDLESS]


def statuses(reply: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", reply)]


@pytest.mark.parametrize(("begun", "piece", "status"), [case[1:] for case in ENDLESS], ids=IDS)
def test_what_does_not_end_is_refused_as_soon_as_it_is_too_much(server: Server, begun: bytes, piece: bytes, status: int) -> None:
    with closing(connect(server)) as connection:
        connection.sendall(begun + piece * (2 * ROOM // len(piece)))
        found = statuses(answer(connection))
    assert found[-1] == status
    assert found[:-1] in ([], [200])


WITHIN: list[tuple[str, bytes, int]] = [
    ("fields up to the limit", post(*[b"X-%d: y\r\n" % number for number in range(96)]), 202),
    ("a field more", post(*[b"X-%d: y\r\n" % number for number in range(97)]), 431),
    ("bytes up to the limit", post(b"X: " + b"y" * (ROOM - 400) + b"\r\n"), 202),
    ("bytes above it", post(b"X: " + b"y" * ROOM + b"\r\n"), 431),
    ("a cookie of 20 KB", post(b"Cookie: a=" + b"y" * 20_000 + b"\r\n"), 202),
    ("fields behind a body", CHUNKED.replace(AGENT, AGENT + CLOSE) + FIELDS + b"\r\n", 202),
    ("blank lines before", b"\r\n" * 100 + post(), 202),
    ("a page's long address", b"GET /livez?" + b"a" * 8_000 + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n", 200),
    ("a page's address that is too long", b"GET /livez?" + b"a" * 8_200 + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n", 414),
]


@pytest.mark.parametrize("size", [100_000, 1_000, 333], ids=lambda size: f"{size} bytes at a time")
@pytest.mark.parametrize(("request_", "status"), [case[1:] for case in WITHIN], ids=[case[0] for case in WITHIN])
def test_what_is_within_its_limits_is_taken_however_it_comes(server: Server, request_: bytes, status: int, size: int) -> None:
    parts = [request_[start : start + size] for start in range(0, len(request_), size)]
    assert statuses(exchange(server, *parts)) == [status]


def test_a_head_behind_a_long_body_is_measured_by_itself(server: Server) -> None:
    long = post(body=HIT[:-1] + b" " * 60_000 + b"}").replace(CLOSE, b"")
    large = post(b"X: " + b"y" * (ROOM - 400) + b"\r\n")
    assert statuses(exchange(server, long + large.replace(CLOSE, b"") + large)) == [202, 202, 202]


CONNECTIONS = 8
MEGABYTE = 1_000_000
MOST_GROWTH = 50 * MEGABYTE


def memory(server: Server) -> int:
    """Return the bytes that all gateways hold."""
    found = 0
    for pid in server.pids("gateway"):
        status = Path(f"/proc/{pid}/status").read_text()
        found += int(status.partition("VmRSS:")[2].split()[0]) * 1024
    return found


def endless(url: str, begun: bytes, piece: bytes) -> None:
    """Send over several connections without end, each anew as soon as it is refused."""

    def send() -> None:
        while True:
            with suppress(OSError), closing(socket_to(url)) as connection:
                connection.sendall(begun)
                while True:
                    connection.sendall(piece * 100)

    for _ in range(CONNECTIONS):
        Thread(target=send).start()


@contextmanager
def flood(server: Server, begun: bytes, piece: bytes) -> Iterator[None]:
    """Let another process send, so that who measures is not slowed down by it."""
    sending = get_context("spawn").Process(target=endless, args=(server.url, begun, piece))
    sending.start()
    wait_until(lambda: Path(f"/proc/{sending.pid}/task").is_dir() and len(os.listdir(f"/proc/{sending.pid}/task")) > CONNECTIONS)
    yield
    sending.kill()
    sending.join()


@pytest.mark.parametrize("kinds", [pytest.param([3, 7, 10], id="some"), pytest.param(range(len(ENDLESS)), id="all", marks=pytest.mark.torture)])
def test_floods_take_no_memory_and_others_are_answered(server: Server, kinds: Sequence[int]) -> None:
    for kind in kinds:
        name, begun, piece, _ = ENDLESS[kind]
        before = memory(server)
        found = cost(server, partial(flood, server, begun, piece))
        grown = memory(server) - before
        print(f"{name}: {grown / MEGABYTE:.1f} MB more")
        assert grown < MOST_GROWTH, name
        assert found.times < AT_MOST, name


PIPELINED: list[tuple[str, bytes]] = [
    ("tiny requests", b"GET /livez HTTP/1.1\r\nHost:a\r\n\r\n"),
    ("questions", b"GET /api/sites HTTP/1.1\r\nHost:a\r\n\r\n"),
    ("hits", post().replace(CLOSE, b"")),
    ("files", b"GET / HTTP/1.1\r\nHost:a\r\n\r\n"),
]


@pytest.mark.parametrize("request_", [case[1] for case in PIPELINED], ids=[case[0] for case in PIPELINED])
def test_answers_that_nobody_reads_take_no_memory(server: Server, request_: bytes) -> None:
    before = memory(server)
    connections = [connect(server) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.settimeout(1.0)
        with suppress(OSError):
            for _ in range(200):
                connection.sendall(request_ * (100_000 // len(request_)))
    grown = memory(server) - before
    print(f"{grown / MEGABYTE:.1f} MB more")
    for connection in connections:
        connection.close()
    assert grown < MOST_GROWTH


BODIES: list[tuple[str, bytes, int]] = [
    ("hits", b"/v1/track", 60_000),
    ("batches without a key", b"/v1/batch", 1_900_000),
    ("questions", b"/api/v2/query", 900_000),
]


@pytest.mark.parametrize(("path", "size"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES])
def test_bodies_that_are_never_whole_take_little_memory(server: Server, path: bytes, size: int) -> None:
    before = memory(server)
    head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + AGENT + b"Content-Length: %d\r\n\r\n" % (size + 1)
    with ExitStack() as held:
        for _ in range(200):
            connection = held.enter_context(closing(connect(server)))
            with suppress(OSError):
                connection.sendall(head + b" " * size)
        answered = server.client.post("/api/v2/query", json={})
        grown = memory(server) - before
    print(f"{grown / MEGABYTE:.1f} MB more")
    assert answered.status_code == 400
    assert grown < 3 * MOST_GROWTH
