"""Group commit: many hits, one durable append, off the event loop."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from footfall.stream.port import StreamBroken, StreamFull, Writer

GROUP_RECORDS = 1_000
WAITING_RECORDS = 20_000

log = logging.getLogger(__name__)


class Overloaded(Exception):
    """More records wait for the stream than memory should hold."""


class Appender:
    """Hands records of an event loop to the stream from a thread of its own.

    `observe` is told of each commit: how many records, how many seconds.
    """

    def __init__(self, stream: Writer, observe: Callable[[int, float], None]) -> None:
        self._stream = stream
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[bytes | None, asyncio.Future[None]]] = []
        self._wake = threading.Semaphore(0)
        self._idle = True
        self._closing = False
        self.last_error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="appender", daemon=True)
        self._thread.start()

    def put(self, record: bytes) -> asyncio.Future[None]:
        """A future that is done when the record is durable, or fails as `Writer.append` does."""
        if len(self._waiting) >= WAITING_RECORDS:
            raise Overloaded
        return self._put(record)

    def _put(self, record: bytes | None) -> asyncio.Future[None]:
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((record, future))
        if self._idle:
            self._idle = False
            self._wake.release()
        return future

    def probe(self) -> asyncio.Future[None]:
        """A future that tells whether the stream takes records again."""
        return self._put(None)

    async def close(self) -> None:
        """Append what waits, then end the thread and give up the stream."""
        self._closing = True
        self._wake.release()
        await asyncio.to_thread(self._thread.join)
        self._stream.close()

    def _work(self) -> None:
        while True:
            self._wake.acquire()
            while group := self._take():
                error = self._append([record for record, _ in group if record is not None])
                self._loop.call_soon_threadsafe(self._resolve, [future for _, future in group], error)
            if self._closing:
                return

    def _take(self) -> list[tuple[bytes | None, asyncio.Future[None]]]:
        # Slicing and deleting are each one step to the interpreter's lock; `put` only ever appends.
        group = self._waiting[:GROUP_RECORDS]
        del self._waiting[: len(group)]
        if not group:
            self._idle = True
            group = self._waiting[:GROUP_RECORDS]  # one that came before the loop saw us idle
            del self._waiting[: len(group)]
        return group

    def _append(self, records: Sequence[bytes]) -> Exception | None:
        started = monotonic()
        try:
            self._stream.append(records)
        except (StreamFull, StreamBroken) as exc:
            if type(exc) is not type(self.last_error):
                log.error("%s; hits are answered 503 until it works again", exc)
            self.last_error = exc
            return exc
        self.last_error = None
        self._observe(len(records), monotonic() - started)
        return None

    @staticmethod
    def _resolve(futures: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
        for future in futures:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
