"""The gateway's HTTP surface, as raw ASGI: any framework in between would halve its speed."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from footfall.domain.event import Hit, Tally
from footfall.gateway.appender import Appender, Overloaded
from footfall.gateway.collect import Door, Dropped, NeedsSalt, collect
from footfall.gateway.directory import Snapshot
from footfall.gateway.files import File
from footfall.gateway.forward import Forwarder
from footfall.gateway.limit import RateLimit
from footfall.gateway.protocols import own
from footfall.gateway.sighting import Caller, Invalid, Sighting
from footfall.gateway.trust import trust_in
from footfall.gateway.wire import Headers, Patience, Receive, Scope, Send, respond, respond_json
from footfall.registry.port import RegistryBroken
from footfall.registry.port import Scope as KeyScope
from footfall.stream.codec import encode
from footfall.stream.port import StreamBroken, StreamFull, Writer
from footfall.telemetry import GatewayMetrics, metrics_text

TRACK_BYTES = 64 * 1024
TALLY_SECONDS = 1.0
READY_SECONDS = 5.0
RETRY_AFTER = (b"retry-after", b"5")
ANY_ORIGIN: Headers = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"X-Footfall-Dropped, Retry-After")]
PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
    (b"access-control-allow-headers", b"content-type, authorization"),
    (b"access-control-max-age", b"86400"),
]
GIF: Headers = [*ANY_ORIGIN, (b"content-type", b"image/gif"), (b"cache-control", b"no-store")]

log = logging.getLogger(__name__)


class Gateway:
    """An ASGI application. Its parts are opened when the server starts it, and closed by it.

    `open_stream` is called on start: the shard that it begins is this process's own.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        open_stream: Callable[[], Writer],
        door: Door,
        forward: Forwarder,
        files: dict[str, File],
        trusted_proxies: Sequence[str],
        limit: RateLimit,
        metrics: GatewayMetrics,
        now: Callable[[], int],
    ) -> None:
        self._snapshot = snapshot
        self._open_stream = open_stream
        self._door = door
        self._forward = forward
        self._files = files
        self._trusts = trust_in(trusted_proxies) if trusted_proxies else None
        self._limit = limit
        self._metrics = metrics
        self._now = now
        self._tallies: Counter[Dropped] = Counter()
        self._answers: Counter[int] = Counter()
        self._patience = Patience()
        self._appender: Appender
        self._background: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        if scope["type"] == "http":
            if scope["path"] == "/v1/track" and scope["method"] == "POST":
                await self._track(scope, receive, send)
            else:
                await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == "/v1/track" and method == "OPTIONS":
            await respond(send, 204, b"", PREFLIGHT)
        elif path == "/v1/track":
            await respond_json(send, 405, {"errors": {"method": ["must be POST"]}}, [*ANY_ORIGIN, (b"allow", b"POST, OPTIONS")])
        elif path == "/v1/track.gif" and method in ("GET", "HEAD"):
            await self._pixel(scope, send)
        elif path in ("/v1/ranking", "/v1/series") or path.startswith("/api/"):
            await self._forward(scope, receive, send, self._patience)
        elif path == "/livez":
            await respond(send, 200, b"ok\n", [(b"content-type", b"text/plain")])
        elif path == "/readyz":
            await self._ready(send)
        elif path == "/metrics":
            await respond(send, 200, await asyncio.to_thread(metrics_text), [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")])
        else:
            await self._file(scope, send)

    async def _track(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        body = await self._patience.body(headers, receive, TRACK_BYTES)
        if isinstance(body, int):
            self._count(await respond_json(send, body, {"errors": {"body": [_REFUSALS[body]]}}, ANY_ORIGIN))
            return
        try:
            sighting = own.from_json(body)
            status, dropped = await self._collect(sighting, scope, headers)
        except Invalid as exc:
            self._count(await respond_json(send, 400, {"errors": {exc.field: [exc.message]}}, ANY_ORIGIN))
            return
        if status == 202 and dropped is None:
            await send(_ACCEPTED_START)
            await send(_ACCEPTED_BODY)
            self._count(202)
            return
        self._count(await _answer(send, status, dropped, b"", ANY_ORIGIN))

    async def _pixel(self, scope: Scope, send: Send) -> None:
        try:
            headers = dict(scope["headers"])
            sighting = own.from_query(scope["query_string"], _text(headers.get(b"referer")))
            status, dropped = await self._collect(sighting, scope, headers)
        except Invalid as exc:
            self._count(await respond(send, 400, own.PIXEL, [*GIF, (b"x-footfall-error", str(exc).encode("ascii", "replace"))]))
            return
        self._count(await _answer(send, 200 if status == 202 else status, dropped, own.PIXEL, GIF))

    async def _collect(self, sighting: Sighting, scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, str | None]:
        """The status to answer with, and why the hit was dropped; raises `Invalid`."""
        address = self._address(scope, headers)
        if not self._limit.allows(address):
            return 429, None
        keyed = self._keyed(sighting, headers)
        if keyed is None:
            return 401, None
        caller = Caller(
            address=address,
            user_agent=_text(headers.get(b"user-agent")) or "",
            gpc=headers.get(b"sec-gpc") == b"1",
            dnt=headers.get(b"dnt") == b"1",
            prefetch=b"prefetch" in headers.get(b"sec-purpose", b"") or b"prefetch" in headers.get(b"purpose", b""),
            keyed=keyed,
        )
        try:
            try:
                now = self._now()
                found = collect(sighting, caller, now, self._snapshot.sites, self._snapshot.salts, self._door)
            except NeedsSalt as need:
                found = await self._collect_with_new_salt(sighting, caller, now, need.day)
            if isinstance(found, Dropped):
                self._tallies[found] += 1
                return 202, found.reason
            await self._appender.put(encode(found))
        except (StreamFull, StreamBroken, RegistryBroken, Overloaded):
            return 503, None
        return 202, None

    async def _collect_with_new_salt(self, sighting: Sighting, caller: Caller, now: int, day: int) -> Hit | Dropped:
        while True:
            await asyncio.to_thread(self._snapshot.make_salt, day, now)
            try:
                return collect(sighting, caller, now, self._snapshot.sites, self._snapshot.salts, self._door)
            except NeedsSalt as need:
                day = need.day

    def _keyed(self, sighting: Sighting, headers: dict[bytes, bytes]) -> bool | None:
        """Whether a key allows the hit to set its time; None for a key that does not hold."""
        shown = headers.get(b"authorization")
        if shown is None:
            return False
        key = self._snapshot.keys.key(_text(shown))
        if key is None or KeyScope.EVENTS_WRITE not in key.scopes:
            return None
        site = self._snapshot.sites.find(sighting.website, "") if sighting.website else None
        if site is None:
            raise Invalid("website", "is required when a key is used")
        return True if site.id == key.site else None

    def _address(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """The client's address: the peer, or what trusted proxies say, read from the right."""
        peer: str = scope["client"][0] if scope.get("client") else ""
        if self._trusts is None or b"x-forwarded-for" not in headers or not self._trusts(peer):
            return peer
        lists = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        for address in reversed(b",".join(lists).decode("latin-1").split(",")):
            bare = address.strip(" \t[]")
            if not self._trusts(bare):
                return bare
        return peer

    async def _ready(self, send: Send) -> None:
        if self._appender.last_error:
            with suppress(StreamFull, StreamBroken, TimeoutError):
                await asyncio.wait_for(self._appender.probe(), READY_SECONDS)
        error = self._appender.last_error
        status = 503 if error else 200
        await respond_json(send, status, {"status": "unavailable" if error else "ready", **({"reason": str(error)} if error else {})})

    async def _file(self, scope: Scope, send: Send) -> None:
        path = scope["path"]
        file = self._files.get(path)
        if file is None and path + "/" in self._files:
            await respond(send, 308, b"", [(b"location", (path.rsplit("/", 1)[-1] + "/").encode())])
        elif file is None or scope["method"] not in ("GET", "HEAD"):
            await respond(send, 404, b"There is nothing here.\n", [(b"content-type", b"text/plain"), (b"x-content-type-options", b"nosniff")])
        elif dict(scope["headers"]).get(b"if-none-match") == file.etag:
            await send({"type": "http.response.start", "status": 304, "headers": [pair for pair in file.headers if pair[0] != b"content-length"]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": file.headers})
            await send({"type": "http.response.body", "body": file.body})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._appender = Appender(self._open_stream(), self._committed)
        except (StreamBroken, OSError) as exc:
            await send({"type": "lifespan.startup.failed", "message": str(exc)})
            return
        self._background = [asyncio.create_task(self._snapshot.keep_fresh()), asyncio.create_task(self._send_tallies())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._flush_answers()
        await self._flush_tallies()
        await self._appender.close()
        await self._forward.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _send_tallies(self) -> None:
        while True:
            await asyncio.sleep(TALLY_SECONDS)
            self._patience.lose()
            self._flush_answers()
            await self._flush_tallies()

    async def _flush_tallies(self) -> None:
        """Put what was dropped on the stream too: it is counted exactly once like all else."""
        tallies, self._tallies = self._tallies, Counter()
        for dropped, count in tallies.items():
            try:
                await self._appender.put(encode(Tally(dropped.site, dropped.day, dropped.reason, count)))
                self._metrics.dropped.labels(dropped.reason).inc(count)
            except (StreamFull, StreamBroken, Overloaded):
                self._tallies[dropped] += count

    def _flush_answers(self) -> None:
        """Counters for Prometheus cost a microsecond each, so they are told once a second."""
        for status, count in self._answers.items():
            self._metrics.answers.labels(status).inc(count)
        self._answers.clear()

    def _committed(self, records: int, seconds: float) -> None:
        self._metrics.hits.inc(records)
        self._metrics.commit.observe(seconds)

    def _count(self, status: int) -> None:
        self._answers[status] += 1


_REFUSALS = {400: "was not sent whole", 408: "came too slowly", 413: f"must have at most {TRACK_BYTES:,} bytes"}
_ACCEPTED_START = {"type": "http.response.start", "status": 202, "headers": [(b"access-control-allow-origin", b"*"), (b"content-length", b"0")]}
_ACCEPTED_BODY = {"type": "http.response.body", "body": b""}
_SENTENCES = {
    401: "the API key is not known, or does not allow this",
    429: "too many hits from this address; send again later",
    503: "the hit could not be stored; send it again later",
}


async def _answer(send: Send, status: int, dropped: str | None, body: bytes, headers: Headers) -> int:
    if dropped:
        return await respond(send, status, body, [*headers, (b"x-footfall-dropped", dropped.encode())])
    if status in _SENTENCES:
        more = [RETRY_AFTER] if status in (429, 503) else []
        plain = [pair for pair in headers if pair[0] != b"content-type"]
        return await respond_json(send, status, {"error": _SENTENCES[status]}, [*plain, *more])
    return await respond(send, status, body, headers)


def _text(value: bytes | None) -> str | None:
    """A header as text, whatever its bytes."""
    return None if value is None else value.decode("latin-1")
