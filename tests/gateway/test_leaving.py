"""A gateway that is told to end takes what is on its way to it."""

import os
import signal
import socket
from pathlib import Path
from time import sleep

import pytest

from tests.gateway.test_hostile_clients import CLOSE, post
from tests.server import Server, footfall

pytestmark = pytest.mark.slow
HIT = post().replace(CLOSE, b"")
ON_ITS_WAY_SECONDS = 0.1


def test_what_is_sent_while_it_ends_is_taken(tmp_path: Path) -> None:
    footfall("site", "add", "example.com", "--id", "site", "--public", data=tmp_path)
    server = Server(tmp_path)
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with socket.create_connection(address, 10) as silent, socket.create_connection(address, 10) as kept:
        kept.sendall(HIT)
        assert b" 202 " in kept.recv(1000)
        (gateway,) = server.pids("gateway")
        os.kill(gateway, signal.SIGTERM)
        sleep(ON_ITS_WAY_SECONDS)  # as long as a request may take through a network
        for connection in (silent, kept):
            connection.sendall(HIT)
        for connection in (silent, kept):
            said = b""
            while more := connection.recv(1000):
                said += more
            assert said.split(b" ")[1] == b"202"
    assert server.wait_for_total("site", 3) == 3
    assert server.stop() == 0
