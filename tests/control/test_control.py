"""Commands reach whoever owns the facts, and nobody else gives any."""

import asyncio
import os
import socket
import stat
import threading
from pathlib import Path
from time import time
from typing import Any

import pytest

from footfall import compose
from footfall.control.port import MARK, PREFIX, Refusal
from footfall.control.server import Control
from footfall.settings import read
from footfall.store.port import StoreBroken
from tests.patience import SECONDS
from tests.server import Server, footfall

REPORT = {"metrics": ["pageviews"], "date_range": "day"}


def views(data: Path) -> list[int]:
    with compose.owner(read({"data": str(data)}, {})) as owner:
        found: list[int] = owner("report", site="site", query=REPORT)["results"][0]["metrics"]
        return found


@pytest.mark.slow
def test_the_engine_answers_while_it_runs_and_this_process_in_its_place(tmp_path: Path) -> None:
    footfall("site", "add", "example.com", "--id", "site", data=tmp_path)
    assert views(tmp_path) == [0]
    server = Server(tmp_path)
    server.wait_until_ready()
    assert server.client.post("/v1/track", json={"url": "https://example.com/"}).status_code == 202
    server.stop()
    assert views(tmp_path) == [1]
    server = Server(tmp_path)
    server.wait_until_ready()
    assert views(tmp_path) == [1]
    assert stat.S_IMODE(os.stat(tmp_path / "engine.sock").st_mode) == 0o600
    with compose.owner(read({"data": str(tmp_path)}, {})) as owner:
        with pytest.raises(Refusal, match="there is no site 'nobody'"):
            owner("report", site="nobody", query=REPORT)
        with pytest.raises(Refusal, match="knows no command 'fly'"):
            owner("fly")
        # Between two commands: it is started again, or this process owns the facts for a moment.
        server.kill("engine")
        assert owner("report", site="site", query=REPORT)["results"][0]["metrics"] == [1]
    server.stop()


def test_long_commands_keep_no_other_call_waiting() -> None:
    """More of them than the threads that all other calls share."""
    over = threading.Event()

    async def application(_: Any, __: Any, send: Any) -> None:
        await asyncio.to_thread(time)
        await send("answered")
        over.set()

    async def call(path: str) -> list[Any]:
        said: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"{}"}

        async def send(message: Any) -> None:
            said.append(message)

        await control(
            {"type": "http", "path": path, "headers": [(MARK.encode(), b"1")]}, receive, send
        )
        return said

    async def all_at_once() -> list[list[Any]]:
        return await asyncio.gather(*(call(PREFIX + "wait") for _ in range(50)), call("/api/sites"))

    control = Control({"wait": lambda: over.wait(SECONDS)}, application)
    *waited, answered = asyncio.run(all_at_once())
    assert answered == ["answered"] and over.is_set()
    assert {(start["status"], body["body"]) for start, body in waited} == {(200, b"true")}, (
        "they waited in vain"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "/control/report",
        "/api/../control/report",
        "/api/%2e%2e/control/report",
        "//control/report",
        "/v1/ranking/../../control/report",
    ],
)
def test_no_gateway_passes_commands_on(tmp_path: Path, path: str) -> None:
    footfall("site", "add", "example.com", "--id", "site", data=tmp_path)
    server = Server(tmp_path)
    server.wait_until_ready()
    body = b'{"site": "site", "query": {"metrics": ["pageviews"], "date_range": "day"}}'
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(
            b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Footfall-Control:"
            b" 1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
            % (path.encode(), len(body), body)
        )
        answer = b"".join(iter(lambda: raw.recv(65_536), b""))
    assert b"pageviews" not in answer and answer.split(b" ")[1] in (b"404", b"405", b"400"), answer
    server.stop()


def test_a_file_that_another_holds_is_waited_for_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("footfall.control.client.PATIENCE_SECONDS", 0.5)
    (tmp_path / "facts.duckdb").write_bytes(b"no database at all" * 1000)
    with (
        compose.owner(read({"data": str(tmp_path)}, {})) as owner,
        pytest.raises(StoreBroken, match="cannot open the facts"),
    ):
        owner("report", site="site", query=REPORT)
