"""Bounds of what comes before, between and behind the bodies of requests, which the server's parser has none of.

The parser gathers a head without end, and takes fields behind the last chunk for fields of the
head. Bytes are counted as they come, not fields one by one, so that a hit costs no more.
"""

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from footfall.domain.target import TARGET_BYTES, TOO_LONG

HEAD_BYTES = 32_768
MOST_FIELDS = 100
PER_FIELD = len(": \r\n")

SLICE_BYTES = 4_096
"""Of what came at once so much is parsed at a time: a request of 30 bytes becomes objects of 3 KB."""

HELD_BYTES = 524_288
"""What may wait while requests before it are answered, or come unheard; half of it is read at once."""

LINGER_SECONDS = 2.0
"""How long one who was refused may go on sending unheard: closing at once would take the answer from him."""

SENTENCES = {
    400: "the request is not valid HTTP",
    408: "the request came too slowly",
    414: TOO_LONG,
    431: f"the head of a request may have {HEAD_BYTES:,} bytes and {MOST_FIELDS} fields at most, and so may what follows its body",
}


class TooMuch(Exception):
    """Ends the parser's work; `status` is what to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Bounded(HttpToolsProtocol):
    """Uvicorn's protocol with bounds. A connection whose requests wait is not read from."""

    _in_head = False
    _reading = False
    """Whether a request has begun and not ended."""

    _mixed = False
    """Whether something of another request came with the bytes that are parsed just now."""

    _came = 0
    """Bytes of the head under way; at least so many, where it is not known in which of them it began."""

    _beside = 0
    """Bytes since the last of a body, behind the head."""

    _trailers = 0
    _held = b""
    _feeding = False
    _refused = 0
    _said = False
    _active: RequestResponseCycle | None = None
    """The request that the application answers just now."""

    def data_received(self, data: bytes) -> None:
        """Parse what came, or as much of it as there is room for."""
        if self._refused:
            self._discard(len(data))
        elif self._held or len(data) > SLICE_BYTES or self.pipeline or self.flow.write_paused:
            self._hold(data)
        else:
            self._feed(data)

    def on_message_begin(self) -> None:
        """Count anew."""
        self._unset_keepalive_if_required()
        if self._mixed:
            self._came = 0
        self._in_head = self._reading = self._mixed = True
        self._beside = self._trailers = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of a head; what comes behind a body is no part of it."""
        if not self._in_head:
            self._trailers += 1
            if self._trailers > MOST_FIELDS:
                raise TooMuch(431)
            return
        name = name.lower()  # as uvicorn does, whose method would be one call more for every field
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Refuse a head that is too much."""
        self.check_head()
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._beside = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._reading = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with what waited."""
        super().on_response_complete()
        if self._refused and self.cycle.response_complete:
            self._say()
        elif self._held:
            self._go_on()

    def resume_writing(self) -> None:
        """Go on once answers were read."""
        super().resume_writing()
        self.flow.resume_reading()
        if self._held:
            self._go_on()

    def check_head(self) -> None:
        """Raise `TooMuch` of a whole head; only one of which much has come is measured."""
        if len(self.url) > TARGET_BYTES:
            raise TooMuch(414)
        if len(self.headers) > MOST_FIELDS:
            raise TooMuch(431)
        if self._came + SLICE_BYTES > HEAD_BYTES:
            fields = sum(len(name) + len(value) + PER_FIELD for name, value in self.headers)
            if len(self.url) + fields > HEAD_BYTES:
                raise TooMuch(431)

    def refuse(self, status: int) -> None:
        """Answer once what came before is answered, and hear no more."""
        if self._refused or self.transport.is_closing():
            return
        self._refused, self._held = status, b""
        answering = self.cycle is not None and not self.cycle.response_complete
        if not answering:
            self._say()
        elif self._reading and not self._in_head:
            self._refuse_inside()

    def linger(self) -> None:
        """Send no more, and close in a while."""
        self._refused, self._said = self._refused or 400, True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.hang_up)

    def hang_up(self) -> None:
        """Close at once, and let nobody write to what is closed."""
        self._forget()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn does, of every request that is under way here."""
        self._forget()
        super().connection_lost(exc)

    def _forget(self) -> None:
        self._refused, self._held = self._refused or 400, b""
        self.pipeline.clear()
        if self._active is not None and not self._active.response_complete:
            self._active.disconnected = True
            self._active.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._active = cycle
        super()._start_asgi_task(cycle, app)

    def _refuse_inside(self) -> None:
        """Refuse the request whose body is under way; where an answer is as well, nothing can be said."""
        if self.pipeline or getattr(self.cycle, "response_started", True):
            self.transport.close()
            return
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        self._say()

    def _say(self) -> None:
        if self._said or self.transport.is_closing():
            return
        body = b'{"error":"%s"}' % SENTENCES[self._refused].encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        lines = [b"%s: %s\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[self._refused], *lines, b"\r\n", body]))
        self.linger()

    def _discard(self, count: int) -> None:
        self._beside += count
        if self._beside > HELD_BYTES:
            self.flow.pause_reading()

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > HELD_BYTES:
            self.hang_up()
            return
        self._go_on()

    def _go_on(self) -> None:
        """Parse a slice after the other while nobody has to wait."""
        if self._feeding:
            return
        self._feeding = True
        came, at = self._held, 0
        while at < len(came) and not (self._refused or self.pipeline or self.flow.write_paused):
            self._feed(came[at : at + SLICE_BYTES])
            at += SLICE_BYTES
        self._feeding = False
        self._held = b"" if self._refused else came[at:]
        if self._held:
            self.flow.pause_reading()

    def _feed(self, data: bytes) -> None:
        self._came = self._came + len(data) if self._in_head else len(data)
        self._mixed = self._reading
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return
        except httptools.HttpParserError as exc:
            cause = exc.__context__
            self.refuse(cause.status if isinstance(cause, TooMuch) else 400)
            return
        if self._in_head:
            self._check_part()
        elif self._reading:
            self._beside += len(data)
            if self._beside > HEAD_BYTES + SLICE_BYTES:
                self.refuse(431)

    def _check_part(self) -> None:
        """Refuse a head that is too much already."""
        if len(self.url) > TARGET_BYTES:
            self.refuse(414)
        elif self._came > HEAD_BYTES or len(self.headers) > MOST_FIELDS:
            self.refuse(431)
