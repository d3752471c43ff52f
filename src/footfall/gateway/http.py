"""The gateway's HTTP surface, as raw ASGI. Hits by POST mostly take the shorter way of `shortcut`."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from footfall.gateway.answer import UNAUTHORISED, Answer, body_of, headers_of
from footfall.gateway.collector import Collector
from footfall.gateway.connections import Connections
from footfall.gateway.files import File
from footfall.gateway.preflight import preflight
from footfall.gateway.protocols import own
from footfall.gateway.sighting import Invalid, Sighting
from footfall.gateway.wire import Headers, Patience, Receive, Scope, Send, respond, respond_json
from footfall.stream.port import StreamBroken, Writer
from footfall.telemetry import metrics_text

BATCH_BYTES = 2_000_000
FLUSH_SECONDS = 1.0
DOCS = "/api/docs"
READY_SECONDS = 5.0
ANY_ORIGIN: Headers = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"X-Footfall-Dropped, X-Footfall-Ignored, Retry-After")]
GIF: Headers = [*ANY_ORIGIN, (b"content-type", b"image/gif"), (b"cache-control", b"no-store")]
PLAIN: Headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
REFUSALS = {400: "was not sent whole", 408: "came too slowly", 413: "must have at most {:,} bytes"}

log = logging.getLogger(__name__)


class Forward(Protocol):
    """Answers what the gateway does not: see `forward.Forwarder`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send, patience: Patience) -> int:
        """Answer a request; returns the status."""

    async def close(self) -> None:
        """Give up what answers."""


class Gateway:
    """An ASGI application. `open_stream` is called on start: the shard that it begins is this process's own."""

    def __init__(self, collector: Collector, open_stream: Callable[[], Writer], forward: Forward, files: dict[str, File], connections: Connections | None = None) -> None:
        self.collector = collector
        self.connections = connections or Connections()
        self.connections.refused = collector.refused
        self.patience = Patience()
        self._open_stream = open_stream
        self._forward = forward
        self._files = files
        self._background: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    def open(self) -> None:
        """Begin on the running event loop, and nothing beside answering. Raises `StreamBroken`."""
        self.collector.open(self._open_stream())

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path in ("/v1/track", "/v1/track.gif") and method == "OPTIONS":
            await respond(send, 204, b"", preflight(dict(scope["headers"])))
        elif path == "/v1/track":
            await self._track(scope, receive, send)
        elif path == "/v1/batch":
            await self._batch(scope, receive, send)
        elif path == "/v1/track.gif" and method == "GET":
            await self._pixel(scope, send)
        elif path == "/v1/track.gif" and method == "HEAD":  # somebody looks whether it is there: no visit
            await respond(send, 200, own.PIXEL, GIF)
        elif path in ("/v1/ranking", "/v1/series") or (path.startswith("/api/") and not path.startswith(DOCS)):
            await self._forward(scope, receive, send, self.patience)
        elif path == "/livez":
            await respond(send, 200, b"ok\n", PLAIN)
        elif path == "/readyz":
            await self._ready(send)
        elif path == "/metrics":
            await respond(send, 200, await asyncio.to_thread(metrics_text), [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")])
        else:
            await self._file(scope, send)

    async def _track(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await respond_json(send, 405, {"errors": {"method": ["must be POST"]}}, [*ANY_ORIGIN, (b"allow", b"POST, OPTIONS")])
            return
        body = await self.patience.body(dict(scope["headers"]), receive, own.TRACK_BYTES)
        answer = refusal(body, own.TRACK_BYTES) if isinstance(body, int) else await self._collect(lambda: own.from_json(body), scope, len(body))
        await self._answer(send, answer, ANY_ORIGIN)

    async def _batch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """No other origin is named: a key has no place in a page."""
        if scope["method"] != "POST":
            await respond_json(send, 405, {"errors": {"method": ["must be POST"]}}, [(b"allow", b"POST")])
            return
        if not self.collector.shows_key(scope["headers"]):  # strangers' bodies are not even read
            await self._answer(send, UNAUTHORISED, ())
            return
        body = await self.patience.body(dict(scope["headers"]), receive, BATCH_BYTES)
        answer = refusal(body, BATCH_BYTES) if isinstance(body, int) else await self.collector.take_batch(body, scope["headers"], _peer(scope))
        await self._answer(send, answer, ())

    async def _answer(self, send: Send, answer: Answer, origin: Headers) -> None:
        self.collector.count(answer.status)
        said, headers = body_of(answer), [*origin, *headers_of(answer)]
        await (respond(send, answer.status, b"", headers) if said is None else respond_json(send, answer.status, said, headers))

    async def _pixel(self, scope: Scope, send: Send) -> None:
        referer = dict(scope["headers"]).get(b"referer", b"").decode("utf-8", "replace")
        answer = await self._collect(lambda: own.from_query(scope["query_string"], referer), scope)
        status = 200 if answer.status == 202 else answer.status
        self.collector.count(status)
        fault = [(b"x-footfall-error", str(answer.fault).encode("ascii", "replace"))] if answer.fault else []
        await respond(send, status, own.PIXEL, [*GIF, *headers_of(answer), *fault])

    async def _collect(self, read: Callable[[], Sighting], scope: Scope, size: int = 0) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.collector.take(read, scope["headers"], _peer(scope), lambda answer: None if future.done() else future.set_result(answer), size)
        return await future

    async def _ready(self, send: Send) -> None:
        appender = self.collector.appender
        if appender.last_error:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.collector.durable(), READY_SECONDS)
        error = appender.last_error
        await respond_json(send, 503 if error else 200, {"status": "unavailable", "reason": str(error)} if error else {"status": "ready"})

    async def _file(self, scope: Scope, send: Send) -> None:
        path = scope["path"]
        file = self._files.get(path)
        if file is None and path + "/" in self._files:
            query = b"?" + scope["query_string"] if scope["query_string"] else b""
            await respond(send, 308, b"", [(b"location", path.rsplit("/", 1)[-1].encode() + b"/" + query)])
        elif file is None or scope["method"] not in ("GET", "HEAD"):
            await respond(send, 404, b"There is nothing here.\n", PLAIN)
        else:
            asked = dict(scope["headers"])
            body, headers = file.answer(asked.get(b"accept-encoding", b""))
            if file.etag in asked.get(b"if-none-match", b""):
                await send({"type": "http.response.start", "status": 304, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
            else:
                await respond(send, 200, body, headers)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.open()
        except (StreamBroken, OSError) as exc:
            await send({"type": "lifespan.startup.failed", "message": str(exc)})
            return
        self._background = [asyncio.create_task(self.collector.snapshot.keep_fresh()), asyncio.create_task(self._tidy())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.collector.close()
        await self._forward.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                self.patience.lose()
                self.connections.lose()
                await self.collector.flush()
            except Exception:
                log.exception("tidying failed; it is tried again")


def refusal(status: int, limit: int) -> Answer:
    """The answer to a body that could not be taken; `limit` is in bytes."""
    return Answer(status, fault=Invalid("body", REFUSALS[status].format(limit)))


def _peer(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""
