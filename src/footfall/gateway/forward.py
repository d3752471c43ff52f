"""Forwarding of reading requests to the engine, over its unix socket."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from footfall.domain.target import refused
from footfall.gateway.callers import Headers
from footfall.gateway.wire import Patience, Receive, Scope, Send, respond_json

HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailers", b"transfer-encoding", b"upgrade", b"host", b"content-length"}
CALLER = b"x-footfall-caller"
"""Tells the engine one caller from another, so that none takes all turns."""

PRIVATE = {
    b"user-agent",
    b"x-forwarded-for",
    b"x-real-ip",
    b"forwarded",
    b"cookie",
    b"x-footfall-control",
    CALLER,
}
"""Not the engine's business: nothing that could tell who asks is passed on, nor what only its owner may send."""

FORWARDED = ("/api/", "/v1/ranking", "/v1/series")
"""Where requests may go once `..` in their path is resolved."""

BODY_BYTES = 1_000_000
CLIENT_GONE = 499
"""What servers call the status of an answer that nobody waited for."""

TIMEOUT = httpx.Timeout(120.0, connect=2.0, pool=2.0)
GOES_ON = f"this takes more than {TIMEOUT.read:g} seconds and goes on; ask for the very same again to wait for its end"
CONNECTIONS = httpx.Limits(max_connections=1_000, max_keepalive_connections=20)
"""The engine says who has to wait; here only its files are spared."""


class Forwarder:
    """Passes requests on and their answers back."""

    def __init__(
        self,
        socket: str,
        pseudonym: Callable[[Headers, str], bytes] = lambda _, __: b"",
    ) -> None:
        self._pseudonym = pseudonym
        self._client = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=socket, limits=CONNECTIONS), base_url="http://engine", timeout=TIMEOUT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, patience: Patience) -> int:
        """Answer from the engine, 503 while it is down; returns the status."""
        too_much = refused(scope["raw_path"], scope["query_string"])
        if too_much:
            status, sentence = too_much
            return await respond_json(send, status, {"error": sentence})
        body = await patience.body(dict(scope["headers"]), receive, BODY_BYTES)
        if isinstance(body, int):
            return await respond_json(send, body, {"error": "the request's body is too large or came too slowly"})
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        headers = [pair for pair in scope["headers"] if pair[0] not in HOP_BY_HOP | PRIVATE]
        peer = scope["client"][0] if scope.get("client") else ""
        headers.append((CALLER, self._pseudonym(scope["headers"], peer)))
        method = "GET" if scope["method"] == "HEAD" else scope["method"]  # the server leaves out the body itself
        try:
            request = self._client.build_request(method, httpx.URL("http://engine").copy_with(raw_path=target), headers=headers, content=body)
            if not request.url.path.startswith(FORWARDED):
                return await respond_json(send, 404, {"error": "there is nothing here"})
            answer = await _while_waited_for(receive, self._client.send(request))
        except (httpx.InvalidURL, UnicodeError):
            return await respond_json(send, 400, {"error": "the request's address is not a valid URL"})
        except GoneAway:
            return CLIENT_GONE
        except httpx.ReadTimeout:
            return await respond_json(send, 503, {"error": GOES_ON}, [(b"retry-after", b"2")])
        except httpx.HTTPError:
            return await respond_json(send, 503, {"error": "the engine is not running just now; hits are still collected, try again in a moment"}, [(b"retry-after", b"2")])
        kept = [(name.lower(), value) for name, value in answer.headers.raw if name.lower() not in HOP_BY_HOP | {b"date", b"server"}]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": [*kept, (b"content-length", str(len(answer.content)).encode())]})
        await send({"type": "http.response.body", "body": answer.content})
        return answer.status_code

    async def close(self) -> None:
        """Give up the connections."""
        await self._client.aclose()


class GoneAway(Exception):
    """Who asked has closed the connection."""


async def _while_waited_for(receive: Receive, sending: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    """The answer, or its request given up (which the engine notices) when the client leaves first."""
    answering, leaving = asyncio.create_task(sending), asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise GoneAway
        return await answering
    finally:
        leaving.cancel()
        answering.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
