"""Reports take turns: a few are made at once, some wait, and beyond that none is taken on."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from footfall.query.limit import SECONDS, GoneAway, Limit, too_long

AT_ONCE = 4
WAITING = 60
AGAIN_SECONDS = 0.1
"""A statement that is just about to start does not hear that it should end, and is told again."""

AGAIN_TIMES = 30

T = TypeVar("T")


class Busy(Exception):
    """Others are being answered; the text says when to come again."""


class Turns:
    """Threads for reports alone, so that nothing else waits for one of theirs. Each report may take so many `seconds`, waiting included."""

    def __init__(self, seconds: float = SECONDS, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(at_once, "report")
        self._room = threading.Semaphore(at_once + waiting)

    async def take(self, work: Callable[[Limit], T], gone: Callable[[], Coroutine[Any, Any, None]]) -> T:
        """What `work` gives, which is told to give up once `gone` returns or time is up.

        Raises `Busy` when too many wait already or it had no turn in time, `GoneAway`, and what `work` raises.
        """
        if not self._room.acquire(blocking=False):
            raise Busy("too many reports are being made just now; try again in a moment")
        limit = Limit()
        job = self._threads.submit(work, limit)
        job.add_done_callback(lambda _: self._room.release())
        working, leaving = asyncio.wrap_future(job), asyncio.create_task(gone())
        either: set[asyncio.Future[Any]] = {working, leaving}
        try:
            await asyncio.wait(either, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            gone_away = leaving.done()
            if not working.done() and job.cancel():
                raise GoneAway if gone_away else Busy(f"other reports took all of the {self._seconds:g} seconds that a report may take; try again in a moment")
            for _ in range(AGAIN_TIMES):
                if working.done():
                    break
                limit.give_up() if gone_away else limit.expire(self._seconds)
                await asyncio.wait({working}, timeout=AGAIN_SECONDS)
            if not working.done():  # it is where nothing ends it: taking in what has just come
                working.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
                raise GoneAway if gone_away else too_long(self._seconds)
            return working.result()
        finally:
            leaving.cancel()
            job.cancel()
            limit.give_up()
