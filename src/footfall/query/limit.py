"""Ending questions whose answer comes too late."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from footfall.query.rollup import TooCostly
from footfall.store.port import Interrupted, NoMemory, Reading

SECONDS = 30.0


class TooLong(TooCostly):
    """The report took all of its time."""


def too_long(seconds: float) -> TooLong:
    """For a report that was given so long."""
    return TooLong(f"the report takes more than {seconds:g} seconds; ask for a shorter period, fewer dimensions or a filter")


class GoneAway(Exception):
    """Who asked no longer waits for the answer."""


class Limit:
    """What the readings of one question are under, so that any thread can end them.

    Of a `stranger`'s question less is kept.
    """

    def __init__(self, *, stranger: bool = False) -> None:
        self.stranger = stranger
        self._lock = threading.Lock()
        self._readings: set[Reading] = set()
        self._why: TooCostly | GoneAway | None = None

    @contextmanager
    def over(self, reading: Reading) -> Iterator[None]:
        """Within it the reading is under the limit. Raises what it was ended for, and `TooCostly` for want of memory."""
        with self._lock:
            self._readings.add(reading)
            if self._why:
                reading.interrupt()
        try:
            yield
        except Interrupted as exc:
            raise self._why or exc from exc
        except NoMemory as exc:
            raise TooCostly(
                "the report takes more memory or disk than reports may use; ask for a shorter period or fewer dimensions, or raise --store-memory (on AWS QueryMemory or QueryDiskMegabytes)"
            ) from exc
        finally:
            with self._lock:
                self._readings.discard(reading)

    def give_up(self) -> None:
        """Nobody waits any more. May be said again, as may `expire`; what was said first holds."""
        self._end(GoneAway())

    def expire(self, seconds: float) -> None:
        """So long is too long."""
        self._end(too_long(seconds))

    def _end(self, why: TooCostly | GoneAway) -> None:
        with self._lock:
            self._why = self._why or why
            for reading in self._readings:
                reading.interrupt()
