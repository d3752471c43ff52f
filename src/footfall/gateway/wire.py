"""The little of ASGI that the gateway needs: reading a body within limits, answering."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from time import monotonic
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

BODY_SECONDS = 10.0
BODIES_BYTES = 64_000_000
"""Of all bodies that come in pieces; past it the one that began first is given up, so that no other waits."""

LOST = -1.0
_encode = msgspec.json.Encoder().encode


class Patience:
    """Reads bodies and gives up on slow ones.

    A timer for every request would cost as much as decoding it; here reading tasks are noted and
    `lose`, called every second or so, ends those whose time is over.
    """

    def __init__(self) -> None:
        self._reading: dict[asyncio.Task[Any], float] = {}
        self._sizes: dict[asyncio.Task[Any], int] = {}
        self._bytes = 0

    async def body(self, headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes | int:
        """The request's body, or the status that refuses it: 413 too large, 408 too slow, 400 broken off."""
        if too_long(headers.get(b"content-length", b""), limit):
            return 413
        task = asyncio.current_task()
        assert task is not None
        self._reading[task] = monotonic() + BODY_SECONDS
        try:
            message = await receive()
            if message.get("more_body", False):
                return await self._rest(task, message, receive, limit)
            if message["type"] == "http.disconnect":
                return 400
            body: bytes = message.get("body", b"")
            return body if len(body) <= limit else 413
        except asyncio.CancelledError:
            if task in self._reading and self._reading[task] == LOST:
                task.uncancel()
                return 408
            raise
        finally:
            del self._reading[task]
            self._bytes -= self._sizes.pop(task, 0)

    def lose(self) -> None:
        """End the reading of bodies that have taken too long."""
        now = monotonic()
        for task, until in self._reading.items():
            if until != LOST and until < now:
                self._lose(task)

    def _lose(self, task: asyncio.Task[Any]) -> None:
        self._reading[task] = LOST
        task.cancel()

    async def _rest(self, task: asyncio.Task[Any], first: Message, receive: Receive, limit: int) -> bytes | int:
        body, message = bytearray(), first
        while True:
            part = message.get("body", b"")
            body += part
            if len(body) > limit:
                return 413
            if not message.get("more_body", False):
                return bytes(body)
            if not self._room(task, len(part)):
                return 408
            message = await receive()
            if message["type"] == "http.disconnect":
                return 400

    def _room(self, task: asyncio.Task[Any], count: int) -> bool:
        """Return whether a body may go on; others that began before it go where there is no room."""
        self._sizes[task] = self._sizes.get(task, 0) + count
        self._bytes += count
        while self._bytes > BODIES_BYTES:
            oldest = next(iter(self._sizes))
            if oldest is task:
                return False
            self._bytes -= self._sizes.pop(oldest)
            self._lose(oldest)
        return True


def too_long(length: bytes, limit: int) -> bool:
    """Whether a content length is above a limit; Python refuses to read a number of thousands of digits."""
    return len(length) > 20 or (length.isdigit() and int(length) > limit)


async def respond(send: Send, status: int, body: bytes = b"", headers: Headers = ()) -> int:
    """Answer; returns the status."""
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
    return status


async def respond_json(send: Send, status: int, value: object, headers: Headers = ()) -> int:
    """Answer with JSON; returns the status."""
    return await respond(send, status, _encode(value), [(b"content-type", b"application/json"), *headers])
