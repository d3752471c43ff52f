"""The engine's loop over a real stream and a real store, both in memory."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from footfall.domain.event import Tally
from footfall.domain.identity import Salt
from footfall.processor.batch import batch_of
from footfall.processor.worker import Worker
from footfall.registry.sqlite import SqliteSalts
from footfall.store.duckdb import DuckdbFacts
from footfall.store.port import Batch, StoreBroken
from footfall.stream.codec import encode
from footfall.stream.port import Chunk
from footfall.stream.sqlite import SqliteStream
from footfall.telemetry import EngineMetrics
from tests.oracle import DAY, HOUR, MINUTE
from tests.store.relations import agree, empty, everything
from tests.strange import RECORDS
from tests.traffic import SOURCES, Act, Made, at, made

NINE = at("2026-06-10 09:00")
TENTH = NINE // DAY
DAY_OF_VISITS = made([Act(NINE + number * 7 * MINUTE, "ann" if number % 3 else "bob", id=number // 2 if number % 5 == 0 else None) for number in range(40)], one_shard=True)


@pytest.fixture(scope="module")
def metrics() -> EngineMetrics:
    return EngineMetrics()


@dataclass
class Home:
    """A machine whose engine runs until the stream is empty."""

    stream: SqliteStream
    facts: DuckdbFacts
    salts: SqliteSalts
    metrics: EngineMetrics

    def worker(self, now: int = NINE, records: int = 7) -> Worker:
        return Worker(self.stream, self.facts, self.salts, SOURCES, records, lambda: now, self.metrics)

    def work(self, now: int = NINE, records: int = 7) -> None:
        stopped = threading.Event()
        stopped.set()
        self.worker(now, records).run(stopped)

    def append(self, records: Sequence[Made]) -> None:
        self.stream.append([each.record.data for each in records])


@pytest.fixture
def home(metrics: EngineMetrics) -> Home:
    return Home(SqliteStream(":memory:", 10**9), empty(), SqliteSalts(":memory:"), metrics)


def test_all_that_is_on_the_stream_is_counted_before_it_stops(home: Home) -> None:
    home.append(DAY_OF_VISITS)
    home.work()
    agree(home.facts, DAY_OF_VISITS)
    assert home.stream.read(10).records == []


@pytest.mark.parametrize("records", [1, 3, 100])
def test_the_size_of_batches_makes_no_difference(home: Home, records: int) -> None:
    home.append(DAY_OF_VISITS[:20])
    home.work(records=records)
    home.append(DAY_OF_VISITS[20:])
    home.work(records=records)
    agree(home.facts, DAY_OF_VISITS)


def test_a_crash_between_applying_and_discarding_counts_nothing_twice(home: Home) -> None:
    home.append(DAY_OF_VISITS)
    home.facts.apply(batch_of(home.stream.read(25).records, home.facts.marks(), SOURCES, NINE))
    assert home.facts.rows("SELECT count(*) > 0 FROM events") == [(True,)]
    home.work()
    agree(home.facts, DAY_OF_VISITS)


def test_what_cannot_be_read_is_counted_and_passed_over(home: Home) -> None:
    home.stream.append([DAY_OF_VISITS[0].record.data, b"junk", encode(Tally("berlin", TENTH, "bot", 4)), DAY_OF_VISITS[1].record.data])
    home.work()
    agree(home.facts, DAY_OF_VISITS[:2])
    assert home.facts.rows("SELECT site, reason, count FROM drops ORDER BY site") == [("", "unreadable", 1), ("berlin", "bot", 4)]


@pytest.mark.parametrize("name", RECORDS)
def test_a_strange_one_stops_nothing(home: Home, name: str) -> None:
    """It is counted as unreadable, or as what it says; reports read what is there then."""
    around = DAY_OF_VISITS[:6]
    data = [each.record.data for each in around]
    home.stream.append([*data[:3], RECORDS[name], *data[3:]])
    home.work()
    assert home.stream.read(10).records == []
    pages = home.facts.rows("SELECT count(*) FROM events WHERE site != '' AND length(page) < 100")
    assert pages[0][0] >= len({each.seen.id for each in around})
    assert everything(home.facts)


STRANGE_VALUES = [
    {"id": -1}, {"id": 2**64}, {"day": 10**9}, {"page": "\ud800"}, {"engaged": 2**40},
    {"scroll": 300}, {"time": 2**70}, {"port": "x"},
]  # fmt: skip


@pytest.mark.parametrize("values", STRANGE_VALUES, ids=str)
def test_what_the_store_refuses_is_no_fault_of_the_store(home: Home, values: Any) -> None:
    """So it is set aside by who applies it; and nothing has changed."""
    good, other = batch_of([each.record for each in DAY_OF_VISITS[:2]], {}, SOURCES, NINE).events
    strange = other._replace(hit=other.hit._replace(**values))
    with pytest.raises(Exception) as refused:
        home.facts.apply(Batch([good, strange], marks={"s": 2}))
    assert not isinstance(refused.value, StoreBroken)
    assert home.facts.marks() == {}
    home.facts.apply(Batch([good], marks={"s": 1}))
    agree(home.facts, DAY_OF_VISITS[:1])


def test_a_day_settles_once_its_salt_is_gone_and_the_stream_is_empty(home: Home) -> None:
    salt = home.salts.make(TENTH, NINE)
    home.append(made([Act(NINE), Act(NINE + HOUR, kind="engagement")]))
    home.work()
    due = Salt(TENTH, b"", NINE).destroyed_at
    assert (salt.destroyed_at, settled(home)) == (due, [False])
    worker = home.worker(due - 1)
    alive = worker.tidy(None, Chunk([], 0, None))
    assert alive == {TENTH}
    worker = home.worker(due)
    alive = worker.tidy(alive, Chunk([], 0, None))
    assert (alive, settled(home)) == (frozenset(), [False])  # gone, but hits that used it may be under way
    worker = home.worker(due + 2 * MINUTE)
    worker.tidy(alive, Chunk([], 0, due - MINUTE))
    assert settled(home) == [False]  # the stream holds one that was accepted before
    worker.tidy(alive, Chunk([], 0, None))
    assert settled(home) == [True]
    assert home.facts.rows("SELECT reason, count FROM drops") == [("no_visit", 1)]


def settled(home: Home) -> list[bool]:
    return [found for (found,) in home.facts.rows("SELECT settled FROM days")]
