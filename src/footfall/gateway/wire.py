"""The little of ASGI that the gateway needs: reading a body within limits, answering."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

BODY_SECONDS = 10.0
_encode = msgspec.json.Encoder().encode


async def body_of(scope: Scope, receive: Receive, limit: int) -> bytes | int:
    """The request's body, or the status that refuses it: 413 too large, 408 too slow, 400 broken off."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            return 413
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive, limit)
    except TimeoutError:
        return 408


async def _read(receive: Receive, limit: int) -> bytes | int:
    parts: list[bytes] = []
    size, more = 0, True
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
