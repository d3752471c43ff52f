"""The little of ASGI that the gateway needs: reading a body within limits, answering."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from time import monotonic
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

BODY_SECONDS = 10.0
LOST = -1.0
_encode = msgspec.json.Encoder().encode


class Patience:
    """Reads bodies and gives up on slow ones.

    A timer for every request would cost as much as decoding it; here reading tasks are noted and
    `lose`, called every second or so, ends those whose time is over.
    """

    def __init__(self) -> None:
        self._reading: dict[asyncio.Task[Any], float] = {}

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
                return await _rest(message, receive, limit)
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

    def lose(self) -> None:
        """End the reading of bodies that have taken too long."""
        now = monotonic()
        for task, until in self._reading.items():
            if until != LOST and until < now:
                self._reading[task] = LOST
                task.cancel()


def too_long(length: bytes, limit: int) -> bool:
    """Whether a content length is above a limit; Python refuses to read a number of thousands of digits."""
    return len(length) > 20 or (length.isdigit() and int(length) > limit)


async def _rest(first: MutableMapping[str, Any], receive: Receive, limit: int) -> bytes | int:
    parts: list[bytes] = [first.get("body", b"")]
    size, more = len(parts[0]), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return 400
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return 413
        more = message.get("more_body", False)
    return b"".join(parts)


async def respond(send: Send, status: int, body: bytes = b"", headers: Headers = ()) -> int:
    """Answer; returns the status."""
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
    return status


async def respond_json(send: Send, status: int, value: object, headers: Headers = ()) -> int:
    """Answer with JSON; returns the status."""
    return await respond(send, status, _encode(value), [(b"content-type", b"application/json"), *headers])
