"""What breaks HTTP itself: bad heads, bad lengths, broken and slow connections, strange methods and paths."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from time import sleep
from urllib.parse import urlsplit

import pytest

from tests.patience import SECONDS
from tests.server import BROWSER, Server

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unharmed")]

HIT = b'{"url":"https://example.com/"}'
HOST = b"Host: 127.0.0.1\r\n"
AGENT = f"User-Agent: {BROWSER}\r\n".encode()
CLOSE = b"Connection: close\r\n"


def connect(server: Server) -> socket.socket:
    return socket_to(server.url)


def socket_to(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=SECONDS)


def answer(connection: socket.socket) -> bytes:
    """All that comes until the other side closes; fails when it is silent for long."""
    found = b""
    with suppress(ConnectionResetError):
        while more := connection.recv(65_536):
            found += more
    return found


def exchange(server: Server, *parts: bytes) -> bytes:
    with closing(connect(server)) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered and closed before all was sent
            for part in parts:
                connection.sendall(part)
        return answer(connection)


def statuses(reply: bytes) -> list[int]:
    return [int(line.split(b" ")[1]) for line in reply.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


def post(*headers: bytes, body: bytes = HIT, length: bool = True, path: bytes = b"/v1/track", agent: bytes = AGENT) -> bytes:
    lines = [*headers, *([b"Content-Length: %d\r\n" % len(body)] if length else [])]
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + CLOSE + agent + b"".join(lines) + b"\r\n" + body


HEADS = [
    ("an ordinary hit", post(), [202]),
    ("a user agent of 10 KB", post(agent=b"User-Agent: " + b"a" * 10_000 + b"\r\n"), [202]),
    ("a user agent that is no UTF-8", post(agent=b"User-Agent: Mozilla/5.0 \xff\xfe\xed\xa0\x80\r\n"), [202]),
    ("a user agent in Cyrillic", post(agent="User-Agent: Мозилла/5.0\r\n".encode()), [202]),
    ("no user agent", post(agent=b""), [202]),
    ("two user agents", post(AGENT), [202]),
    ("200 headers", post(*[b"X-%d: y\r\n" % number for number in range(200)]), [431]),
    ("a header of 60 KB", post(b"X: " + b"y" * 60_000 + b"\r\n"), [431]),
    ("a NUL in a header", post(b"X: a\x00b\r\n"), [202, 400]),
    ("a folded header", post(b"X: a\r\n b\r\n"), [202, 400]),
    ("a header without a name", post(b": a\r\n"), [202, 400]),
    ("no host", b"POST /v1/track HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", [400]),
    ("an authorization that is no UTF-8", post(b"Authorization: Bearer \xff\xfe\r\n"), [401]),
    ("an authorization without a secret", post(b"Authorization: Bearer\r\n"), [401]),
    ("an authorization of another kind", post(b"Authorization: Basic dTpw\r\n"), [401]),
    ("forwarded for nonsense", post(b"X-Forwarded-For: \xff, ,,[::1, a%b\r\n"), [202]),
    ("a purpose that is no UTF-8", post(b"Sec-Purpose: \xffprefetch\r\nSec-GPC: \xff\r\nDNT: 2\r\n"), [202]),
    ("a compressed body", post(b"Content-Encoding: gzip\r\n", body=b"\x1f\x8b\x08\x00\x00"), [400]),
    ("any content type", post(b"Content-Type: \xff/\x01; charset=utf-7\r\n"), [202, 400]),
    ("a length that is no number", post(b"Content-Length: abc\r\n", length=False), [400]),
    ("a negative length", post(b"Content-Length: -1\r\n", length=False), [400]),
    ("a signed length", post(b"Content-Length: +30\r\n", length=False), [400]),
    ("a length beyond 64 bits", post(b"Content-Length: 99999999999999999999999\r\n", length=False), [400, 413]),
    ("a length of 5,000 digits", post(b"Content-Length: " + b"0" * 4_970 + b"30\r\n", length=False), [202, 400, 413]),
    ("a length above the limit", post(b"Content-Length: 65537\r\n", length=False), [413]),
    ("two lengths that differ", post(b"Content-Length: 5\r\nContent-Length: 30\r\n", length=False), [400]),
    ("no length", post(length=False), [400]),
    ("a length that is too short", post(b"Content-Length: 10\r\n", length=False), [400]),
    ("length and chunks", post(b"Transfer-Encoding: chunked\r\n", body=b"0\r\n\r\n"), [400]),
    ("chunks", post(b"Transfer-Encoding: chunked\r\n", body=b"1e\r\n" + HIT + b"\r\n0\r\n\r\n", length=False), [202]),
    ("chunks of a byte", post(b"Transfer-Encoding: chunked\r\n", body=b"".join(b"1\r\n%c\r\n" % byte for byte in HIT) + b"0\r\n\r\n", length=False), [202]),
    ("chunks above the limit", post(b"Transfer-Encoding: chunked\r\n", body=b"ffff\r\n" + b" " * 65_535 + b"\r\n10\r\n" + b" " * 16 + b"\r\n0\r\n\r\n", length=False), [413]),
    ("a chunk of no size", post(b"Transfer-Encoding: chunked\r\n", body=b"xyz\r\n\r\n", length=False), [400]),
    ("a chunk of endless size", post(b"Transfer-Encoding: chunked\r\n", body=b"f" * 40 + b"\r\n", length=False), [400]),
    ("another transfer encoding", post(b"Transfer-Encoding: gzip\r\n", length=False), [400, 501]),
    ("a client that waits to be told to go on", post(b"Expect: 100-continue\r\n"), [100, 202]),
    ("HTTP/1.0", b"POST /v1/track HTTP/1.0\r\n" + AGENT + b"Content-Length: 30\r\n\r\n" + HIT, [202]),
    ("HTTP/0.9", b"GET /\r\n\r\n", [200, 400]),
    ("HTTP/9.9", b"GET / HTTP/9.9\r\n" + CLOSE + b"\r\n", [200, 400]),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 404]),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), [400]),
    ("noise", bytes(range(256)) * 8, [400]),
    (
        "an upgrade to a web socket",
        b"GET /v1/track HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
        [405],
    ),
]


def test_a_referer_that_is_no_utf_8(server):
    reply = exchange(server, b"GET /v1/track.gif?w=site HTTP/1.1\r\n" + HOST + CLOSE + AGENT + b"Referer: https://example.com/\xff\xed\xa0\x80\r\n\r\n")
    assert statuses(reply) in ([200], [400])


@pytest.mark.parametrize(("request_", "allowed"), [pytest.param(*case[1:], id=case[0]) for case in HEADS])
def test_hostile_heads(server, request_, allowed):
    found = statuses(exchange(server, request_))
    assert found
    assert set(found) <= {*allowed, 400} if len(found) > 1 else found[0] in allowed


PATHS = [
    b"/", b"/nowhere", b"/v1/track/", b"/v1/track.gif", b"/v1/track.gif?u=%00", b"/v1/track.gif?u=\xff", b"/v1/track.gif?" + b"&" * 60_000, b"//", b"/%", b"/%zz", b"/%00", b"/\xc3\xbc", b"/\xff",
    b"/..", b"/../../../../etc/passwd", b"/%2e%2e/%2e%2e/%2e%2e/etc/passwd", b"/..%2f..%2f..%2fetc%2fpasswd", b"/assets/../../../../../../etc/passwd", b"/....//....//etc/passwd", b"//etc/passwd",
    b"/\\..\\..\\etc\\passwd", b"/assets/%252e%252e/config.json", b"/registry.db", b"/salts.db", b"/footfall-data/registry.db", b"/.git/config", b"/" + b"a" * 60_000, b"/a?" + b"b" * 60_000, b"*",
    b"http://elsewhere.example/", b"/api", b"/api/", b"/api/nowhere", b"/api/%00", b"/api/%ff", b"/api/\xc3\xbc", b"/api/\xff", b"/api/../registry.db", b"/api/%2e%2e/", b"/api//", b"/api/a[b", b"/api/sites?a=\"<>^`{|}\\'", b"/api/sites?\xff=\xfe",
    b"/api/sites?a=#b", b"/api/sites?" + b"a" * 60_000, b"/api/" + b"a" * 70_000, b"/v1/ranking", b"/v1/ranking?website=site&date=\xff", b"/v1/ranking?website=%00&date=%00", b"/v1/ranking?website=%ED%A0%80&date=YEAR:2024",
    b"/v1/ranking?website=site&date=YEAR:0000", b"/v1/ranking?website=site&date=YEAR:9999", b"/v1/ranking?website=site&date=DATE:2024-02-31", b"/v1/ranking?website=site&date=MONTH:9999-12", b"/v1/ranking?website=site&website=b&date=YEAR:2024",
    b"/v1/series?website=site&date=YEAR:2024&url=%00", b"/v1/series?website=site&date=YEAR:2024&url=%ED%A0%80", b"/v1/series?website=site&date=YEAR:2024&url=\xff", b"/v1/series?website=site&date=YEAR:2024&url=" + b"%27%3B--" * 2_000,
    b"/api/v1/stats/realtime/visitors", b"/api/v1/stats/realtime/visitors?site_id=%00",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ascii(path)[2:42])
def test_hostile_paths(server, path):
    reply = exchange(server, b"GET " + path + b" HTTP/1.1\r\n" + HOST + CLOSE + AGENT + b"\r\n")
    (status,) = statuses(reply)
    assert status < 500
    assert b"root:" not in reply
    assert b"SQLite" not in reply


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "FOOTFALL", "get", "G\xcbT"])
def test_unknown_methods(server, method):
    for path in (b"/", b"/v1/track", b"/v1/track.gif", b"/v1/ranking", b"/api/sites", b"/api/v2/query", b"/livez", b"/readyz", b"/metrics", b"/nowhere"):
        found = statuses(exchange(server, method.encode("latin-1") + b" " + path + b" HTTP/1.1\r\n" + HOST + CLOSE + AGENT + b"Content-Length: 0\r\n\r\n"))
        assert len(found) == 1, path
        assert found[0] < 500, path


def test_requests_one_after_the_other_in_one_go(server):
    hit = post().replace(CLOSE, b"")
    assert statuses(exchange(server, hit * 50 + post())) == [202] * 51


@pytest.fixture
def slow(server) -> Iterator[list[socket.socket]]:
    """Connections that begin a body, a head or a request for the engine, and go on by a byte a second."""
    connections = [connect(server) for _ in range(30)]
    begun = [
        b"POST /v1/track HTTP/1.1\r\n" + HOST + AGENT + b"Content-Length: 1000\r\n\r\n{",
        b"POST /v1/track HTTP/1.1\r\nX: y",
        b"POST /api/v2/query HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n{",
    ]
    for number, connection in enumerate(connections):
        connection.sendall(begun[number % len(begun)])
    yield connections
    for connection in connections:
        connection.close()


def test_slow_senders_are_sent_away_and_others_served_meanwhile(server, slow):
    going_on = list(slow)
    for _ in range(int(SECONDS)):
        reply = server.client.post("/v1/track", json={"url": "https://example.com/meanwhile"})
        assert reply.status_code == 202
        assert len(going_on) < len(slow) or not any(map(_is_over, slow)), "others had to wait"
        sleep(1)
        going_on = [connection for connection in going_on if not _is_over(connection)]
        if not going_on:
            return
    raise AssertionError(f"{len(going_on)} slow senders are still there")


def _is_over(connection: socket.socket) -> bool:
    """Send a byte more; whether there is an answer or the connection is closed."""
    connection.settimeout(0.001)
    try:
        connection.sendall(b" ")
        reply = connection.recv(65_536)
    except TimeoutError:
        return False
    except OSError:
        return True
    assert statuses(reply) in ([], [408])
    return True


def test_senders_that_break_off(server):
    head = b"POST /v1/track HTTP/1.1\r\n" + HOST + AGENT + b"Content-Length: 30\r\n\r\n"
    whole = head + HIT
    for end in range(0, len(whole) - 1, 7):
        with closing(connect(server)) as connection:
            connection.sendall(whole[:end])
    for end in (10, len(head), len(head) + 5):
        with closing(connect(server)) as connection:
            connection.sendall(whole[:end])
            connection.shutdown(socket.SHUT_WR)
            assert set(statuses(answer(connection))) <= {400}


def test_hundreds_of_connections_that_say_nothing(server):
    silent = [connect(server) for _ in range(300)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: statuses(exchange(server, post())), range(50)))
    assert replies == [[202]] * 50
    for connection in silent:
        connection.close()
