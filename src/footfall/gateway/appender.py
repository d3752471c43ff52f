"""Group commit: many hits, one durable append, off the event loop."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from time import monotonic, sleep

from footfall.gateway.answer import ACCEPTED, UNAVAILABLE, Answer, Reply
from footfall.stream.port import StreamBroken, StreamFull, Writer

GROUP_RECORDS = 1_000
PAUSE_SECONDS = 0.002
"""Between two commits, for a group to gather: at 15,000 hits a second it saves a third of the time a hit takes."""

UNANSWERED_RECORDS = 20_000

log = logging.getLogger(__name__)

Waiting = tuple[Sequence[bytes], Reply]


class Appender:
    """Hands records of an event loop to the stream from a thread of its own.

    `observe` is told of each commit: how many records, how many seconds.
    """

    def __init__(self, stream: Writer, observe: Callable[[int, float], None]) -> None:
        self._stream = stream
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Waiting] = []
        self._unanswered = 0
        self._wake = threading.Semaphore(0)
        self._idle = True
        self._closing = False
        self.last_error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="appender", daemon=True)
        self._thread.start()

    def put(self, records: Sequence[bytes], reply: Reply) -> None:
        """Append records, all in one commit; reply `ACCEPTED` once they are durable, `UNAVAILABLE` when they must be sent again.

        Without records the reply tells whether the stream takes any.
        """
        if self._unanswered >= UNANSWERED_RECORDS:
            reply(UNAVAILABLE)
            return
        self._unanswered += len(records)
        self._waiting.append((records, reply))
        if self._idle:
            self._idle = False
            self._wake.release()

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
                records = list(chain.from_iterable(each for each, _ in group))
                answer = self._append(records)
                self._loop.call_soon_threadsafe(self._reply, group, len(records), answer)
                sleep(PAUSE_SECONDS)
            if self._closing:
                return

    def _take(self) -> list[Waiting]:
        # Slicing and deleting are each one step to the interpreter's lock; `put` only ever appends.
        group = self._first()
        if not group:
            self._idle = True
            group = self._first()  # what came before the loop saw us idle
        return group

    def _first(self) -> list[Waiting]:
        """The oldest that wait, about `GROUP_RECORDS` records; what came together stays together."""
        group = self._waiting[:GROUP_RECORDS]
        sizes = accumulate(len(records) for records, _ in group)
        group = group[: next((number for number, size in enumerate(sizes, 1) if size >= GROUP_RECORDS), len(group))]
        del self._waiting[: len(group)]
        return group

    def _append(self, records: Sequence[bytes]) -> Answer:
        started = monotonic()
        try:
            self._stream.append(records)
        except (StreamFull, StreamBroken) as exc:
            if type(exc) is not type(self.last_error):
                log.error("%s; hits are answered 503 until it works again", exc)
            self.last_error = exc
            return UNAVAILABLE
        except Exception as exc:
            # Whatever it is, those who wait must hear of it, and the next group may fare better.
            log.exception("the stream failed in a way it should not")
            self.last_error = exc
            return UNAVAILABLE
        self.last_error = None
        self._observe(len(records), monotonic() - started)
        return ACCEPTED

    def _reply(self, group: Sequence[Waiting], records: int, answer: Answer) -> None:
        self._unanswered -= records
        for _, reply in group:
            reply(answer)
