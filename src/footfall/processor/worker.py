"""The engine's loop: stream to facts, batch by batch, and the housekeeping of old secrets."""

import logging
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from footfall.domain.channel import Sources
from footfall.domain.event import DAY_US, HOUR_US
from footfall.processor.batch import Read, batch_of
from footfall.processor.sieve import by_parts
from footfall.registry.port import RegistryBroken, Salts
from footfall.store.port import Facts, StoreBroken
from footfall.stream.codec import decode
from footfall.stream.port import Chunk, Reader, Record, StreamBroken
from footfall.telemetry import EngineMetrics

POLL_SECONDS = 0.01
REST_SHARE = 0.25
"""Of the time a small batch took: a trickle of hits must not keep a core busy."""

CATCH_UP_RECORDS = 5_000
CATCH_UP_SECONDS = 60.0
TIDY_SECONDS = 60.0
RETRY_SECONDS = 1.0
GIVE_UP_FAILURES = 30

log = logging.getLogger(__name__)


class GaveUp(Exception):
    """The store or the stream failed again and again; a fresh process may do better."""


@dataclass(slots=True)
class Worker:
    """Applies the stream to the facts until told to stop. Runs in a thread of its own.

    `batch_records` is how many records a batch holds while the engine keeps up, `read` what is
    made of a record. `emptied` is when it last looked and nothing waited, by the clock `monotonic`.
    """

    stream: Reader
    facts: Facts
    salts: Salts
    sources: Sources
    batch_records: int
    now: Callable[[], int]
    metrics: EngineMetrics
    read: Read = decode
    emptied: float = -math.inf

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set and the stream is empty. Raises `GaveUp`."""
        marks = dict(self.facts.marks())
        limit, failures, tidied = self.batch_records, 0, -TIDY_SECONDS
        alive: frozenset[int] | None = None
        while True:
            try:
                started = monotonic()
                chunk = self.stream.read(limit)
                self._apply(chunk, marks)
                if monotonic() - tidied >= TIDY_SECONDS:
                    alive = self.tidy(alive, chunk)
                    tidied = monotonic()
                failures = 0
            except (StreamBroken, StoreBroken, RegistryBroken) as exc:
                failures = self._failed(exc, failures)
                continue
            if not chunk.records:
                self.emptied = started
                if stop.is_set():
                    return
            behind = len(chunk.records) >= limit
            limit = CATCH_UP_RECORDS if behind else self.batch_records
            if not behind and not stop.is_set():
                stop.wait(POLL_SECONDS + (monotonic() - started) * REST_SHARE)

    def catch_up(self) -> None:
        """Return once all that waited when this was called is applied; raises `StoreBroken` after a minute."""
        asked = monotonic()
        while self.emptied < asked:
            if monotonic() - asked > CATCH_UP_SECONDS:
                raise StoreBroken("hits still wait to be counted; give the same command again")
            sleep(POLL_SECONDS)

    def _apply(self, chunk: Chunk, marks: dict[str, int]) -> None:
        self.metrics.saw(self.now() - chunk.received if chunk.received else 0)
        if not chunk.through:
            return

        def once(records: Sequence[Record], read: Read) -> None:
            started = monotonic()
            batch = batch_of(records, marks, self.sources, self.now(), read)
            if batch.marks:
                applied = self.facts.apply(batch)
                marks.update(batch.marks)
                self.metrics.applied(applied.counted, applied.copies, monotonic() - started)

        for _ in by_parts(chunk.records, self.read, once):
            pass
        self.stream.discard(chunk.through)

    def tidy(self, alive: frozenset[int] | None, chunk: Chunk) -> frozenset[int]:
        """Destroy salts that are due; settle days that had none at the tidying before and have none now.

        The minute between lets every hit that still used a salt reach the stream, and settling
        waits until the stream holds none so old.
        """
        now = self.now()
        self.salts.destroy(now)
        still = frozenset(salt.day for salt in self.salts.all())
        waiting = chunk.received if chunk.received else now
        if alive is not None and now - waiting < TIDY_SECONDS * 1_000_000:
            settled = self.facts.settle(alive | still, (now + 14 * HOUR_US) // DAY_US, waiting)
            if settled:
                log.info("settled %d days", len(settled))
        return still

    def _failed(self, exc: Exception, failures: int) -> int:
        log.error("%s; trying again", exc)
        if failures >= GIVE_UP_FAILURES:
            raise GaveUp(str(exc)) from exc
        sleep(RETRY_SECONDS)
        return failures + 1
