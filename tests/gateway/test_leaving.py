"""A gateway that is told to end takes what is on its way to it."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from footfall.gateway.shortcut import LINGER_SECONDS
from tests.gateway.test_hostile_clients import CLOSE, post
from tests.patience import SECONDS
from tests.server import Server, footfall

pytestmark = pytest.mark.slow
HIT = post().replace(CLOSE, b"")
ON_ITS_WAY_SECONDS = 0.1
"""As long as a request may take through a network."""

TRIES = 20


def test_what_is_sent_while_it_ends_is_taken(tmp_path: Path) -> None:
    for number in range(TRIES):
        if sent_in_time(tmp_path / str(number)):
            return
    raise AssertionError("the machine had no time to send anything before the gateway had ended")


def sent_in_time(data: Path) -> bool:
    """Send two hits after the gateway was told to end; whether it had not ended by then."""
    footfall("site", "add", "example.com", "--id", "site", "--public", data=data)
    server = Server(data)
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with (
        socket.create_connection(address, SECONDS) as silent,
        socket.create_connection(address, SECONDS) as kept,
    ):
        kept.sendall(HIT)
        assert b" 202 " in kept.recv(1000)
        (gateway,) = server.pids("gateway")
        told = monotonic()
        os.kill(gateway, signal.SIGTERM)
        sleep(ON_ITS_WAY_SECONDS)
        with suppress(ConnectionError):
            for connection in (silent, kept):
                connection.sendall(HIT)
        if monotonic() - told > LINGER_SECONDS:
            server.stop()
            return False
        assert [status(connection) for connection in (silent, kept)] == [b"202", b"202"]
    assert server.wait_for_total("site", 3) == 3
    assert server.stop() == 0
    return True


def status(connection: socket.socket) -> bytes:
    said = b""
    while more := connection.recv(1000):
        said += more
    return said.split(b" ")[1]
