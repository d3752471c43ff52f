"""How long a question may take."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from footfall.query.rollup import TooCostly
from footfall.store.port import Interrupted, NoMemory, Reading

SECONDS = 30.0


class GoneAway(Exception):
    """Who asked no longer waits for the answer."""


class Limit:
    """Ends readings that take too long, or whose asker has gone."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._readings: set[Reading] = set()
        self._gone = False

    @contextmanager
    def over(self, reading: Reading) -> Iterator[None]:
        """Within it the reading is under the limit. Raises `TooCostly` and `GoneAway`."""
        with self._lock:
            self._readings.add(reading)
            if self._gone:
                reading.interrupt()
        timer = threading.Timer(self._seconds, reading.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Interrupted as exc:
            if self._gone:
                raise GoneAway from exc
            raise TooCostly(f"the report takes more than {self._seconds:g} seconds; ask for a shorter period, fewer dimensions or a filter") from exc
        except NoMemory as exc:
            raise TooCostly("the report takes more memory than reports may use; ask for a shorter period or fewer dimensions, or raise --store-memory") from exc
        finally:
            timer.cancel()
            with self._lock:
                self._readings.discard(reading)

    def give_up(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            self._gone = True
            for reading in self._readings:
                reading.interrupt()
