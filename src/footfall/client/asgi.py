"""For ASGI applications: FastAPI, Starlette, Litestar, Django and others."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from footfall.client.asynchronous import AsyncClient
from footfall.client.page import Header, Visitor, asks_for_a_page, is_page
from footfall.client.page import visitor as visitor_of
from footfall.client.synchronous import Client

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class PageViews:
    """Middleware that counts each page the application answers with: GET, 2xx, HTML.

    Visitors who send Global Privacy Control or Do Not Track are not counted, unless
    `ignore_signals`. Their address is that of the scope: behind a proxy let the server put the
    right one there. When the application shuts down, what waits is sent: servers such as uvicorn
    then end by a signal, after which nothing more is done.
    """

    def __init__(
        self, app: Application, client: Client | AsyncClient, *, ignore_signals: bool = False
    ) -> None:
        self._app = app
        self._client = client
        self._ignore_signals = ignore_signals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._until_flushed(send))
            return
        if scope["type"] != "http" or not self._may_be_page_view(scope):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, self._tracking(scope, send))

    def _may_be_page_view(self, scope: Scope) -> bool:
        return asks_for_a_page(scope["method"], _header(scope), self._ignore_signals)

    def _tracking(self, scope: Scope, send: Send) -> Send:
        # Read now: applications change the scope.
        url = _url(scope)
        who = visitor(scope)
        referrer = _header(scope)("referer")

        async def sent(message: Message) -> None:
            starts = message["type"] == "http.response.start"
            if starts and is_page(message["status"], _content_type(message)):
                self._client.track(url, referrer=referrer or None, **who)
            await send(message)

        return sent

    def _until_flushed(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                await self._flush()
            await send(message)

        return sent

    async def _flush(self) -> None:
        if isinstance(self._client, AsyncClient):
            await self._client.flush()
        else:
            await asyncio.to_thread(self._client.flush)


def visitor(scope: Scope) -> Visitor:
    """Return who asks: `client.track(url, "Order", **visitor(request.scope))`."""
    address = scope["client"][0] if scope.get("client") else ""
    return visitor_of(address, _header(scope))


def _header(scope: Scope) -> Header:
    headers = {bytes(name): bytes(value).decode("latin-1") for name, value in scope["headers"]}
    return lambda name: headers.get(name.encode(), "")


def _content_type(message: Message) -> str:
    headers = message.get("headers", ())
    named = {bytes(name).lower(): bytes(value) for name, value in headers}
    return named.get(b"content-type", b"").decode("latin-1")


def _url(scope: Scope) -> str:
    host = _header(scope)("host") or "{}:{}".format(*scope.get("server") or ("localhost", 80))
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host}{path}{'?' + query if query else ''}"
