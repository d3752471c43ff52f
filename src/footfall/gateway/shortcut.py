"""The short way of `POST /v1/track` through uvicorn: no task, no scope, no future.

A subclass of uvicorn's protocol that takes such a request itself when nothing on its connection is
under way, and leaves all else to ASGI. Of the time that uvicorn needs for a request two thirds go
into preparing for an application and taking down its answer; here the commit writes the answer.
"""

import asyncio
from time import monotonic

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from footfall.gateway.answer import ACCEPTED, Answer, body_of, headers_of
from footfall.gateway.head import Bounded
from footfall.gateway.http import ANY_ORIGIN, REFUSALS, Gateway, refusal
from footfall.gateway.protocols import own
from footfall.gateway.wire import BODY_SECONDS, too_long

LINGER_SECONDS = 0.5
"""How long a gateway that ends still listens to connections that say nothing: a request may be on its way, and closing would reset it."""

KEEP_ALIVE_SECONDS = 75.0
"""Longer than proxies keep theirs, so that none sends into one that is just being closed."""

MEETING = {
    400: "invalid",
    408: "slow",
    413: "body",
    414: "target",
    431: "head",
}
"""How a limit is called, by the status that is answered where one meets it."""

STALL_SECONDS = 30.0
"""How long an answer may lie unread."""

_encode = msgspec.json.Encoder().encode
_SMALL = b"access-control-allow-origin: *\r\ncontent-length: 0\r\n\r\n"


class _Request:
    """A hit under way. To uvicorn it is the connection's cycle, so that what follows it waits."""

    __slots__ = ("body", "disconnected", "keep_alive", "more_body", "protocol", "response_complete")

    def __init__(self, protocol: "Shortcut", keep_alive: bool) -> None:
        self.protocol = protocol
        self.keep_alive = keep_alive
        self.body = bytearray()
        self.more_body = True
        self.disconnected = False
        self.response_complete = False

    @property
    def message_event(self) -> "_Request":
        """Uvicorn sets its cycle's event when the client has gone."""
        return self

    def set(self) -> None:
        """Nobody waits: `disconnected` says it all."""

    def reply(self, answer: Answer) -> None:
        """Write the answer and let the connection go on."""
        if self.response_complete:
            return
        self.response_complete = True
        self.protocol.finish(self, answer)


class Shortcut(Bounded):
    """See the module. `gateway` is set by `shortcut_for`."""

    gateway: Gateway
    _request: _Request | None = None
    _leaving = False
    _hurried = False
    """Whether the request under way has its time set."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn does; a connection that says nothing is not kept."""
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        self.gateway.connections.enter(self, peer, monotonic() + BODY_SECONDS)

    def data_received(self, data: bytes) -> None:
        """As uvicorn does; notes who has begun a request and not finished it."""
        super().data_received(data)
        if self._reading:
            if not self._hurried:
                self._hurried = True
                self.gateway.connections.hurry(self, monotonic() + BODY_SECONDS)
        elif self._answering():
            self.gateway.connections.work(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn does."""
        self.gateway.connections.leave(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """As uvicorn does; who does not read his answers is not kept either."""
        super().pause_writing()
        self.gateway.connections.rest(self, monotonic() + STALL_SECONDS)

    def resume_writing(self) -> None:
        """As uvicorn does."""
        if self._answering():
            self.gateway.connections.work(self)
        super().resume_writing()

    def on_headers_complete(self) -> None:
        """Take the request if it is a hit and nothing else is under way here."""
        self._request = None
        idle = not self._answering()
        if self.url != b"/v1/track" or self.parser.get_method() != b"POST" or not idle or self.expect_100_continue or self.parser.should_upgrade():
            super().on_headers_complete()
            if self._leaving and self.cycle is not None:
                self.cycle.keep_alive = False
            return
        self.check_head()
        self._in_head = False
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive() and not self._leaving
        self._request = self.cycle = _Request(self, keep_alive)  # type: ignore[assignment]
        if too_long(dict(self.headers).get(b"content-length", b""), own.TRACK_BYTES):
            self.refuse(413)

    def on_body(self, body: bytes) -> None:
        """Gather the body, within its limit."""
        request = self._request
        if request is None:
            super().on_body(body)
        elif not request.response_complete:
            self._beside = 0
            request.body += body
            if len(request.body) > own.TRACK_BYTES:
                self.refuse(413)

    def on_message_complete(self) -> None:
        """Hand the hit over."""
        request = self._request
        if request is None:
            super().on_message_complete()
            return
        self._reading = request.more_body = False
        if not request.response_complete:
            peer = self.client[0] if self.client else ""
            collector = self.gateway.collector
            collector.take(lambda: own.from_json(bytes(request.body)), self.headers, peer, request.reply, len(request.body))

    def on_response_complete(self) -> None:
        """As uvicorn does; keeps nothing of a request that is answered."""
        super().on_response_complete()
        self._hurried = False
        if self._answering():
            return
        seconds = BODY_SECONDS if self._reading else KEEP_ALIVE_SECONDS
        if self.transport.is_closing():
            seconds = STALL_SECONDS
        self.gateway.connections.rest(self, monotonic() + seconds)
        if not self._reading:
            self.headers.clear()

    def shutdown(self) -> None:
        """As uvicorn does, but a little later where nothing is under way."""
        if self._leaving or not (self.cycle is None or self.cycle.response_complete):
            super().shutdown()
            return
        self._leaving = True
        self.loop.call_later(LINGER_SECONDS, self.shutdown)

    def refuse(self, status: int) -> None:
        """Answer a request that is too large or too slow, and hang up: the rest of it is not wanted."""
        request = self._request
        if not self._refused:
            self.gateway.collector.refused[MEETING.get(status, "other")] += 1
        if request is None or self._in_head or not self._reading:
            super().refuse(status)
        elif status in REFUSALS:
            request.keep_alive = False
            request.reply(refusal(status, own.TRACK_BYTES))
        else:
            request.response_complete = True
            super().refuse(status)

    def expire(self) -> None:
        """Hang up on who is too slow, with an answer where something was begun."""
        if self._refused or self.transport.is_closing() or self.flow.write_paused:
            self.hang_up()
        elif self._reading and (self._in_head or self._request is not None):
            self.refuse(408)
        elif self._answering():  # its body is read, of which `Patience` takes care
            self.gateway.connections.hurry(self, monotonic() + BODY_SECONDS)
        else:
            self.transport.close()

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def finish(self, request: _Request, answer: Answer) -> None:
        """Write an answer."""
        self.gateway.collector.count(answer.status)
        if request.disconnected or self.transport.is_closing():
            return
        lines = [STATUS_LINE[answer.status]]
        for name, value in self.server_state.default_headers:
            lines += (name, b": ", value, b"\r\n")
        if not request.keep_alive:
            lines.append(b"connection: close\r\n")
        lines += (_SMALL,) if answer is ACCEPTED else _rest(answer)
        self.transport.write(b"".join(lines))
        if not request.keep_alive:
            if request.more_body:
                self.linger()
            else:
                self.transport.close()
        request.body.clear()
        self.on_response_complete()


def shortcut_for(gateway: Gateway) -> type[asyncio.Protocol]:
    """The protocol class for uvicorn's `http` setting."""
    return type("GatewayProtocol", (Shortcut,), {"gateway": gateway})


def _rest(answer: Answer) -> list[bytes]:
    said = body_of(answer)
    body = b"" if said is None else _encode(said)
    headers = [*ANY_ORIGIN, *headers_of(answer), (b"content-length", b"%d" % len(body))]
    if body:
        headers.append((b"content-type", b"application/json"))
    return [*(part for name, value in headers for part in (name, b": ", value, b"\r\n")), b"\r\n", body]
