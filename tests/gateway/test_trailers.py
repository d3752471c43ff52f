"""Fields behind a chunked body are no fields of its head, whoever stands before the server."""

import json
import re
from collections.abc import Iterator
from contextlib import closing, nullcontext
from functools import partial
from urllib.parse import urlsplit

import pytest

from tests.gateway.fronts import FRONTS, front
from tests.gateway.test_hostile_clients import answer, socket_to
from tests.patience import wait_for
from tests.server import BROWSER, Server, footfall

pytestmark = pytest.mark.slow

WAYS = ["straight", *FRONTS]
TRAILERS = [
    b"X-Forwarded-For: 198.51.100.7",
    b"User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1",
    b"User-Agent: curl/8.0",
    b"Authorization: Bearer nonsense",
    b"Sec-GPC: 1",
    b"DNT: 1",
    b"Sec-Purpose: prefetch",
    b"Host: elsewhere.example",
    b"Content-Length: 5",
    b"Transfer-Encoding: gzip",
    b"Content-Encoding: gzip",
    b"Connection: close",
    b"Expect: 100-continue",
    b"Upgrade: websocket",
]
FRAMING = (b"Content-Length", b"Transfer-Encoding")
IDS = [f"{trailer.partition(b':')[0].decode()} {number}" for number, trailer in enumerate(TRAILERS)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("trailers")
    footfall("site", "add", "example.com", "--id", "site", "--public", data=data)
    footfall("site", "add", "private.example", "--id", "private", data=data)
    running = Server(data, "--trusted-proxy", "127.0.0.1")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module", params=WAYS)
def url(request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    way = request.param
    going = nullcontext(server.url) if way == "straight" else front(way, tmp_path_factory.mktemp(way), server.url)
    with going as found:
        yield found


def chunked(url: str, path: str, body: object, *trailers: bytes, announced: bool = True, last: bool = True) -> bytes:
    """Return a request whose body has a chunk and fields behind it."""
    content = json.dumps(body).encode()
    names = b", ".join(trailer.partition(b":")[0] for trailer in trailers)
    head = [
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nUser-Agent: {BROWSER}\r\n".encode(),
        b"X-Forwarded-For: 203.0.113.5\r\nContent-Type: application/json\r\nTE: trailers\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Trailer: " + names + b"\r\n" if trailers and announced else b"",
        b"Connection: close\r\n" if last else b"",
        b"\r\n",
    ]
    fields = b"".join(trailer + b"\r\n" for trailer in trailers)
    return b"".join(head) + b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(content), content, fields)


def asked(url: str, request: bytes) -> list[tuple[int, bytes]]:
    """Return the status of each answer, and why its hit was dropped."""
    with closing(socket_to(url)) as connection:
        connection.sendall(request)
        reply = answer(connection)
    heads = re.findall(rb"HTTP/1\.1 (\d{3}) .*?\r\n(.*?)\r\n\r\n", reply, re.S)
    dropped = re.compile(rb"x-footfall-dropped: ([^\r]*)", re.I)
    return [(int(status), b"".join(dropped.findall(head))) for status, head in heads]


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "unannounced"])
@pytest.mark.parametrize("trailer", TRAILERS, ids=IDS)
def test_a_trailer_changes_nothing_of_a_hit(server: Server, url: str, trailer: bytes, announced: bool) -> None:
    page = f"/{urlsplit(url).port}/{TRAILERS.index(trailer)}/{announced}"
    hit = {"url": f"https://example.com{page}"}
    before = server.total("site")
    assert asked(url, chunked(url, "/v1/track", hit)) == [(202, b"")]
    found = asked(url, chunked(url, "/v1/track", hit, trailer, announced=announced))
    server.wait_until_counted()
    if found != [(202, b"")]:  # whoever reads it may refuse what has no place behind a body
        assert url != server.url or trailer.startswith(FRAMING)
        assert [status for status, _ in found] in ([], [400], [502])
        assert server.total("site") == before + 1
        return
    pages = server.query("site", ["pageviews", "visitors"], filters=[["is", "event:page", [page]]])
    assert pages[0]["metrics"] == [2, 1]


def test_trailers_of_one_request_are_not_those_of_the_next(server: Server) -> None:
    """A field that the parser still held would stand in the head of what follows."""
    page = "https://example.com/next"
    first = chunked(server.url, "/v1/track", {"url": page}, *TRAILERS[:6], last=False)
    second = chunked(server.url, "/v1/track", {"url": page})
    assert asked(server.url, first + second) == [(202, b""), (202, b"")]
    server.wait_until_counted()
    pages = server.query("site", ["pageviews", "visitors"], filters=[["is", "event:page", ["/next"]]])
    assert pages[0]["metrics"] == [2, 1]


def status(server: Server, path: str, body: object, key: str) -> int:
    return server.client.post(path, json=body, headers={"authorization": f"Bearer {key}"}).status_code


def test_a_key_in_a_trailer_opens_nothing(server: Server, url: str) -> None:
    scopes = ("--scope", "stats:read", "--scope", "events:write")
    key = footfall("key", "add", "--site", "private", *scopes, data=server.data).splitlines()[-1]
    wanted = {"site_id": "private", "metrics": ["visitors"], "date_range": "7d"}
    batch = [{"url": "https://private.example/"}]
    shown = f"Authorization: Bearer {key}".encode()
    for path, body, opened in (("/api/v2/query", wanted, 200), ("/v1/batch", batch, 202)):
        assert wait_for(partial(status, server, path, body, key), opened) == opened
        without = asked(url, chunked(url, path, body))
        assert without[0][0] in (401, 404)
        behind = asked(url, chunked(url, path, body, shown))
        assert behind == without or [status for status, _ in behind] in ([], [400], [502])
