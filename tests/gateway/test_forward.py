"""Questions are passed on to the engine, and given up when their client leaves."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from footfall.gateway import forward
from footfall.gateway.forward import CLIENT_GONE, Forwarder
from footfall.gateway.wire import Patience, Receive

SCOPE: dict[str, Any] = {"type": "http", "method": "POST", "raw_path": b"/api/v2/query", "query_string": b"", "headers": [(b"content-length", b"2")]}


def test_a_client_that_leaves_takes_its_question_along(tmp_path: Path) -> None:
    """The engine sees the connection close long before it would have answered."""

    async def run() -> None:
        asked, left = asyncio.Event(), asyncio.Event()

        async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n{}")
            asked.set()
            if await reader.read() == b"":
                left.set()
            writer.close()

        body = [{"type": "http.request", "body": b"{}", "more_body": False}]

        async def receive() -> Any:
            if body:
                return body.pop()
            await asked.wait()
            return {"type": "http.disconnect"}

        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        socket = str(tmp_path / "engine.sock")
        async with await asyncio.start_unix_server(engine, socket):
            forwarder = Forwarder(socket)
            assert await asyncio.wait_for(forwarder(SCOPE, receive, send, Patience()), 10) == CLIENT_GONE
            await asyncio.wait_for(left.wait(), 10)
            await forwarder.close()
        assert sent == []

    asyncio.run(run())


def waiting(body: bytes) -> Receive:
    """Return what gives a request's body, and then waits for its answer."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        return None

    return receive


def test_what_takes_too_long_is_said_to_go_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forward, "TIMEOUT", httpx.Timeout(0.05, connect=60))

    async def run() -> list[Any]:
        answered = asyncio.Event()

        async def engine(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await answered.wait()
            writer.close()

        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        socket = str(tmp_path / "engine.sock")
        async with await asyncio.start_unix_server(engine, socket):
            forwarder = Forwarder(socket)
            asking = forwarder(SCOPE, waiting(b"{}"), send, Patience())
            assert await asyncio.wait_for(asking, 10) == 503
            await forwarder.close()
            answered.set()
        return sent

    head, body = asyncio.run(run())
    assert (b"retry-after", b"2") in head["headers"]
    assert b"goes on; ask for the very same again" in body["body"]


def test_who_asks_is_told_by_the_gateway_alone(tmp_path: Path) -> None:
    """A client's own field of that name goes, however often and however spelled it came."""

    async def run() -> None:
        heads: list[bytes] = []

        async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            writer.close()

        async def send(_: Any) -> None: ...

        own = [(b"x-footfall-caller", b"forged"), (b"x-footfall-caller", b"forged again")]
        scope = SCOPE | {"headers": own, "client": ("192.0.2.7", 1)}
        socket = str(tmp_path / "engine.sock")
        async with await asyncio.start_unix_server(engine, socket):
            forwarder = Forwarder(socket, lambda _, peer: f"of {peer}".encode())
            assert await asyncio.wait_for(forwarder(scope, waiting(b""), send, Patience()), 10) == 200
            await forwarder.close()
        assert heads[0].lower().count(b"x-footfall-caller") == 1
        assert b"x-footfall-caller: of 192.0.2.7\r\n" in heads[0].lower()

    asyncio.run(run())
