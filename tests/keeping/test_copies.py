"""Copies are of one moment.

No roll-up is of a later version of its day than the facts that go with it.
"""

import sqlite3
import threading
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from footfall.control.port import Refusal
from footfall.keeping.copies import Copies
from footfall.processor.batch import batch_of
from footfall.store.duckdb import DuckdbFacts
from footfall.store.sqlite import SqliteRollups
from tests.traffic import SOURCES, crowd, made

DAYS = "SELECT day, version FROM days"


def test_roll_ups_are_never_ahead_of_their_facts(tmp_path: Path) -> None:
    """Batches are applied and sums put all the while."""
    facts = DuckdbFacts(str(tmp_path / "facts.duckdb"), "256MB")
    rollups = SqliteRollups(str(tmp_path / "rollups.db"), lambda: date(2026, 6, 12))
    records = [each.record for each in made(crowd(5, date(2026, 6, 10), 2, 150))]
    enough = threading.Event()

    def count() -> None:
        for start in range(0, len(records), 4):
            if enough.is_set():
                return
            facts.apply(batch_of(records[start : start + 4], facts.marks(), SOURCES, 0))
            rollups.put(
                "berlin", b"question", {day: (version, b"") for day, version in facts.rows(DAYS)}
            )

    counting = threading.Thread(target=count)
    counting.start()
    copies = Copies(facts, tmp_path / "rollups.db")
    made_copies: list[Path] = []
    while counting.is_alive() and len(made_copies) < 8:
        made_copies.append(tmp_path / copies(str(tmp_path))["name"])
    enough.set()
    counting.join()
    facts.close()
    rollups.close()
    seen = [looked_at(copy) for copy in made_copies]
    assert len(seen) > 2 and max(sum(versions.values()) for versions in seen) > 4


def looked_at(copy: Path) -> dict[date, int]:
    copied = DuckdbFacts(str(copy / "facts.duckdb"), "256MB")
    versions = dict(copied.rows(DAYS))
    copied.close()
    with closing(sqlite3.connect(copy / "rollups.db")) as connection:
        for day, version in connection.execute("SELECT day, version FROM rollups"):
            assert version <= versions[date.fromisoformat(day)]
    return versions


def test_facts_in_memory_and_folders_elsewhere_are_refused(tmp_path: Path) -> None:
    facts = DuckdbFacts(":memory:", "256MB")
    with pytest.raises(Refusal, match="in memory cannot be saved"):
        Copies(facts, None)(str(tmp_path))
    with pytest.raises(Refusal, match="sees no folder"):
        Copies(facts, None)(str(tmp_path / "nowhere"))
    facts.close()
