"""Very many connections, and slow ones: nobody else is shut out, and none is kept that only takes a place."""

import os
import re
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from footfall.gateway.connections import SHARE
from tests.gateway.others import AT_MOST, cost
from tests.gateway.test_hostile_clients import AGENT, CLOSE, HOST, exchange, post, socket_to
from tests.patience import SECONDS, wait_until
from tests.server import Server, footfall

pytestmark = pytest.mark.slow

MANY = [500, pytest.param(5_000, marks=pytest.mark.torture)]
LIVE = b"GET /livez HTTP/1.1\r\n" + HOST
HELD: list[tuple[str, bytes]] = [
    ("that say nothing", b""),
    ("of which a request was answered", LIVE + b"\r\n"),
    ("that begin a head", b"POST /v1/track HTTP/1.1\r\nX: y"),
    ("that begin a body", b"POST /v1/track HTTP/1.1\r\n" + HOST + AGENT + b"Content-Length: 1000\r\n\r\n{"),
    ("that begin a batch", b"POST /v1/batch HTTP/1.1\r\n" + HOST + AGENT + b"Content-Length: 1000\r\n\r\n["),
]


def statuses(reply: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", reply)]


def files(server: Server) -> int:
    """Return how many files the gateways have open."""
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in server.pids("gateway"))


def whole(connection: socket.socket) -> bool:
    """Return whether an answer comes to its end."""
    found = b""
    while not found.endswith(b"ok\n"):
        more = connection.recv(65_536)
        if not more:
            return False
        found += more
    return True


@contextmanager
def holding(server: Server, count: int, begun: bytes, source: str = "") -> Iterator[list[socket.socket]]:
    """Open connections and leave them alone."""
    with ExitStack() as held:
        connections = []
        for number in range(count):
            connection = held.enter_context(closing(socket.socket()))
            connection.settimeout(SECONDS)
            if source:
                connection.bind((source.format(1 + number % 250), 0))
            connection.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
            connections.append(connection)
            with suppress(OSError):
                connection.sendall(begun)
        httpx.get(f"{server.url}/livez")  # answered once all of them are there
        yield connections


@pytest.fixture(scope="module")
def enough() -> Iterator[None]:
    """Files enough for what the tests open themselves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("unharmed", "enough")
@pytest.mark.parametrize("count", MANY)
@pytest.mark.parametrize("begun", [case[1] for case in HELD], ids=[case[0] for case in HELD])
def test_connections_of_one_address_shut_nobody_out_not_even_itself(server: Server, begun: bytes, count: int) -> None:
    before = files(server)
    found = cost(server, lambda: holding(server, count, begun))
    with holding(server, count, begun):
        assert server.client.get("/livez").status_code == 200
        wait_until(lambda: files(server) <= before + SHARE + 20, lambda: f"{files(server)} files, {before} before")
    assert found.times < AT_MOST


@pytest.mark.usefixtures("unharmed", "enough")
@pytest.mark.parametrize("count", MANY)
def test_connections_of_many_addresses_shut_nobody_out(server: Server, count: int) -> None:
    assert cost(server, lambda: holding(server, count, b"", "127.0.1.{}")).times < AT_MOST


def few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 400))


@pytest.mark.usefixtures("enough")
def test_where_files_are_few_the_longest_quiet_connections_make_room(tmp_path: Path) -> None:
    footfall("site", "add", "example.com", "--public", data=tmp_path)
    server = Server(tmp_path, prepared=few_files)
    assert cost(server, lambda: holding(server, 390, b"", "127.0.1.{}")).times < AT_MOST
    with holding(server, 300, LIVE + b"\r\n", "127.0.1.{}"):
        assert server.client.get("/api/sites").status_code == 200
        assert files(server) < 400
    assert server.stop() == 0


@pytest.mark.usefixtures("enough")
def test_a_trusted_proxy_has_as_many_as_it_likes(tmp_path: Path) -> None:
    server = Server(tmp_path, "--trusted-proxy", "127.0.0.1")
    with holding(server, 2 * SHARE, b"") as connections:
        for _ in range(2):
            for connection in connections:
                connection.sendall(LIVE + b"\r\n")
            for connection in connections:
                assert whole(connection)
    assert server.stop() == 0


SLOW: list[tuple[str, bytes, bytes, list[list[int]]]] = [
    ("nothing", b"", b"", [[]]),
    ("blank lines", b"", b"\r\n", [[]]),
    ("a head", LIVE, b"a", [[408]]),
    ("a method", b"", b"G", [[408], [400]]),
    ("a second head", LIVE + b"\r\n" + LIVE, b"a", [[200, 408]]),
    ("a body", b"POST /v1/track HTTP/1.1\r\n" + HOST + b"Content-Length: 99\r\n\r\n", b" ", [[408]]),
    ("a body that nobody reads", LIVE + b"Content-Length: 99\r\n\r\n", b" ", [[200]]),
    ("a batch", b"POST /v1/batch HTTP/1.1\r\n" + HOST + b"Content-Length: 99\r\n\r\n", b" ", [[408], [401]]),
    ("a question", b"POST /api/v2/query HTTP/1.1\r\n" + HOST + b"Content-Length: 99\r\n\r\n", b" ", [[408]]),
    ("fields behind a body", b"POST /v1/track HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"a", [[408]]),
    ("what extends a chunk", b"POST /v1/track HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a", [[408]]),
]


@pytest.mark.usefixtures("unharmed")
def test_who_sends_a_byte_now_and_then_is_sent_away(server: Server) -> None:
    connections = [socket_to(server.url) for _ in SLOW]
    replies = [b""] * len(SLOW)
    for connection, (_, begun, _, _) in zip(connections, SLOW, strict=True):
        connection.sendall(begun)
        connection.settimeout(0.01)
    going_on, until = set(range(len(SLOW))), monotonic() + SECONDS
    while going_on:
        assert monotonic() < until, [SLOW[number][0] for number in going_on]
        for number in sorted(going_on):
            with suppress(BrokenPipeError, ConnectionResetError):
                connections[number].sendall(SLOW[number][2])
            try:
                more = connections[number].recv(65_536)
            except TimeoutError:
                continue
            except ConnectionResetError:
                more = b""
            replies[number] += more
            if not more:
                going_on.discard(number)
                connections[number].close()
        sleep(0.3)
    found = {case[0]: statuses(reply) for case, reply in zip(SLOW, replies, strict=True)}
    assert [name for name, _, _, wanted in SLOW if found[name] not in wanted] == [], found


@pytest.mark.usefixtures("unharmed")
def test_requests_that_are_left_before_their_answers_are_no_accident(server: Server) -> None:
    question = b"GET /api/sites HTTP/1.1\r\n" + HOST + b"\r\n"
    for _ in range(50):
        with closing(socket_to(server.url)) as connection:
            connection.sendall(question * 3 + LIVE + b"\r\n" + question)
    assert statuses(exchange(server, post().replace(CLOSE, b"") + post())) == [202, 202]
