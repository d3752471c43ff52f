"""Loading by a SELECT comes to the same as applying batches."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from footfall.domain.site import day_date
from footfall.processor.batch import batch_of
from footfall.store.duckdb import DuckdbFacts
from footfall.store.facts import STAGED, values
from footfall.store.port import StoreBroken
from tests.oracle import DAY, HOUR
from tests.store.relations import copies, empty, everything, filled, versions
from tests.traffic import SOURCES, Act, Made, at, crowd, made

SELECT = "SELECT * FROM (SELECT unnest($rows, recursive := true))"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
NOON = at("2026-06-10 12:00")


def rows(several: Sequence[Made]) -> list[dict[str, Any]]:
    events = batch_of([each.record for each in several], {}, SOURCES, 0).events
    return [{name: _value(value, kind) for (name, kind), value in zip(STAGED.items(), values(event), strict=True)} for event in events]


def _value(value: Any, kind: str) -> Any:
    if kind == "TIMESTAMP":
        return EPOCH + timedelta(microseconds=value)
    return day_date(value) if kind == "DATE" else value


def load(facts: DuckdbFacts, several: Sequence[Made]) -> int:
    return facts.load(SELECT, {"rows": rows(several)})


def test_all_at_once_comes_to_the_same_as_batches() -> None:
    several = made(crowd(3, date(2026, 6, 10), 4, 60))
    loaded, applied = empty(), filled(several)
    count = load(loaded, several)
    assert everything(loaded) == everything(applied)
    assert (count, copies(loaded)) == (applied.rows("SELECT count(*) FROM events")[0][0], copies(applied))
    assert versions(loaded).keys() == versions(applied).keys()


@pytest.mark.parametrize("parts", [1, 2, 5], ids=lambda parts: f"{parts} loads")
def test_copies_count_once_in_48_hours_of_their_arrival(parts: int) -> None:
    hours = (0, 1, 40, 49, 90, 99, 150, 150, 198, 240)
    several = made([Act(NOON + hour * HOUR, id=1) for hour in hours] + [Act(NOON + 5 * DAY, late=HOUR, id=2), Act(NOON + 5 * DAY, id=2)])
    applied, loaded = filled(several), empty()
    size = -(-len(several) // parts)
    for start in range(0, len(several), size):
        load(loaded, several[start : start + size])
    assert everything(loaded) == everything(applied)
    assert sum(count for *_, count in copies(loaded)) == sum(count for *_, count in copies(applied))


def test_it_finds_visits_and_copies_that_are_there() -> None:
    several = made(crowd(5, date(2026, 6, 10), 2, 40))
    Random(1).shuffle(several)
    applied, both = filled(several), filled(several[::2])
    load(both, several[1::2])
    assert everything(both) == everything(applied)


def test_nothing_loaded_changes_nothing() -> None:
    facts = filled(made([Act(NOON)]))
    before = everything(facts), versions(facts)
    assert facts.load(f"SELECT {', '.join(f'NULL AS {name}' for name in STAGED)} WHERE false", {}) == 0
    assert (everything(facts), versions(facts)) == before


def test_a_load_that_fails_changes_nothing() -> None:
    facts = filled(made([Act(NOON)]))
    before = everything(facts), versions(facts)
    for sql in ("SELECT 1 AS one", f"SELECT {', '.join(f'error(42) AS {name}' for name in STAGED)}"):
        with pytest.raises(StoreBroken):
            facts.load(sql, {})
    assert (everything(facts), versions(facts)) == before
    load(facts, made([Act(NOON + HOUR)], prefix="t"))
    assert facts.rows("SELECT count(*) FROM visits") == [(2,)]
