"""A day on which a stranger made up half a million pages stops neither retention nor reports."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from footfall.query.answer import Answers
from footfall.query.bounds import BOUNDS, Bounds
from footfall.query.upkeep import Upkeep
from footfall.store.duckdb import DuckdbFacts
from footfall.store.facts import STAGED
from footfall.store.sqlite import SqliteRollups
from tests.query.test_many_pages import AT_ONCE, EVENT, SHOP

FLOOD = date(2026, 6, 1)
OF_ONE_DAY = EVENT | {
    "time": "TIMESTAMP '2026-06-01' + to_seconds(i % 80000)",
    "day": "DATE '2026-06-01'",
    "page": "CASE WHEN i % 100 < 10 THEN '/top' || (i % 10) ELSE '/made-up/' || i END",
    "visitor": "hash(i // 20)",
}


@dataclass
class Flooded:
    """A day of a tenth more views than `pages`, nine in ten of pages of their own."""

    pages: int
    bounds: Bounds
    facts: DuckdbFacts
    rollups: SqliteRollups
    now: int

    def ask(self, **query: Any) -> dict[str, Any]:
        whole = {
            "metrics": ["pageviews", "visitors", "bounce_rate"],
            "dimensions": ["event:page"],
            "date_range": "all",
            "include": {"total_rows": True},
            "pagination": {"limit": 10},
        }
        answers = Answers(self.facts, lambda: self.now, self.rollups, self.bounds)
        return answers.query(SHOP, whole | query)

    def tend(self) -> None:
        site = replace(SHOP, retention_days=30)
        sites = [site]
        Upkeep(self.facts, self.rollups, lambda: sites, lambda: self.now, self.bounds).tend(threading.Event())


def moment(month: int, day: int) -> int:
    return int(datetime(2026, month, day, 12, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture(
    params=[
        pytest.param((50_001, Bounds(50_000, 1_000)), id="fast"),
        pytest.param((500_001, BOUNDS), id="torture", marks=pytest.mark.torture),
    ],
)
def flooded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flooded]:
    pages, bounds = request.param
    facts = DuckdbFacts(str(tmp_path_factory.mktemp("flood") / "facts.duckdb"), "512MB", 1)
    columns = ", ".join(f"{OF_ONE_DAY.get(name, 'NULL')} AS {name}" for name in STAGED)
    views = pages * 10 // 9 + 100
    for first in range(0, views, AT_ONCE):
        last = min(first + AT_ONCE, views)
        facts.load(f"SELECT {columns} FROM (SELECT unnest(range({first}, {last})) AS i)", {})
    rollups = SqliteRollups(":memory:", lambda: date(2026, 8, 1))
    yield Flooded(pages, bounds, facts, rollups, moment(6, 4))
    facts.close()


def test_retention_and_reports_go_on(flooded: Flooded) -> None:
    asked = {"date_range": [str(FLOOD), str(FLOOD)]}
    before = flooded.ask(**asked)
    assert [row["dimensions"] for row in before["results"]] == [[f"/top{each}"] for each in range(10)]
    assert before["meta"]["total_rows"] > flooded.pages
    flooded.tend()
    assert flooded.ask(**asked) == before, "with its facts it is as exact as before"
    flooded.now = moment(7, 20)
    flooded.facts.settle(frozenset(), flooded.now // 86_400_000_000, flooded.now)
    flooded.tend()
    assert flooded.facts.rows("SELECT count(*) FROM events") == [(0,)]
    after = flooded.ask(**asked)
    assert after["results"][:10] == before["results"], "what led is exact"
    assert after["results"][10]["dimensions"] == ["(other)"]
    assert after["meta"] == {"total_rows": None, "other": {"rows": [10], "days": 1}}
    (whole,) = flooded.ask(dimensions=[], **asked)["results"]
    kept = flooded.ask(pagination={"limit": 10_000}, **asked)["results"]
    assert len(kept) == flooded.bounds.values + 1
    assert sum(row["metrics"][0] for row in kept) == whole["metrics"][0]
