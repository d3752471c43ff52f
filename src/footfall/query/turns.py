"""Reports take turns: a few are made at once, some wait, and beyond that none is taken on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from footfall.query.lane import Busy, Caller, Lane, Size
from footfall.query.limit import SECONDS, GoneAway, Limit, too_long

KEYED = Size(at_once=4, waiting=120, of_site=3, of_address=4, waiting_of_one=60)
PUBLIC = Size(at_once=3, waiting=120, of_site=2, of_address=1, waiting_of_one=60)
"""A dashboard asks for 20 reports when it opens; who shows no key waits for no other's key."""

ANYONE = Caller()
AGAIN_SECONDS = 0.1
"""A statement that is just about to start does not hear that it should end, and is told again."""

AGAIN_TIMES = 30

T = TypeVar("T")


class Turns:
    """Two lanes of reports, of callers with a key of the site and of all others.

    Nothing else waits for one of their threads. Each report may take so many `seconds`, waiting
    included.
    """

    def __init__(
        self,
        seconds: float = SECONDS,
        keyed: Size = KEYED,
        public: Size = PUBLIC,
    ) -> None:
        self._seconds = seconds
        self._keyed = Lane(keyed, "keyed-report")
        self._public = Lane(public, "report")

    async def take(
        self,
        work: Callable[[Limit], T],
        gone: Callable[[], Coroutine[Any, Any, None]],
        caller: Caller = ANYONE,
    ) -> T:
        """Return what `work` gives, which is ended once `gone` returns or time is up.

        Raises `Busy` when too many wait already or it had no turn in time, `GoneAway`, and what
        `work` raises.
        """
        limit = Limit(stranger=not caller.keyed)
        lane = self._keyed if caller.keyed else self._public
        job = lane.enter(caller, lambda: work(limit))
        working, leaving = asyncio.wrap_future(job), asyncio.create_task(gone())
        either: set[asyncio.Future[Any]] = {working, leaving}
        try:
            await asyncio.wait(
                either,
                timeout=self._seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            gone_away = leaving.done()
            if not working.done() and job.cancel():
                raise GoneAway if gone_away else self._no_turn()
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

    def _no_turn(self) -> Busy:
        taken = f"other reports took all of the {self._seconds:g} seconds that a report may take"
        return Busy(f"{taken}; try again in a moment")
