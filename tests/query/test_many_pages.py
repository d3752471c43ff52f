"""The first ten of very many pages are answered, exactly, in little memory."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from footfall.domain.site import Site
from footfall.query.answer import Answers
from footfall.query.bounds import Bounds
from footfall.store.duckdb import DuckdbFacts
from footfall.store.facts import STAGED
from footfall.store.sqlite import SqliteRollups

SHOP = Site("shop", ("shop.example",))
NOW = 1_790_000_000_000_000
DAYS = 10
AT_ONCE = 50_000
FIRST = "DATE '2026-06-01' + CAST(i % 10 AS INTEGER)"
EVENT = {
    "site": "'shop'",
    "id": "hash(i)",
    "kind": "'pageview'",
    "received": "TIMESTAMP '2026-07-01'",
    "time": f"{FIRST} + to_seconds(i // 10 % 80000)",
    "day": FIRST,
    "utc_offset": "0",
    "visitor": "hash(i // 70 * 10 + i % 10)",
    "scheme": "'https'",
    "hostname": "'shop.example'",
    "page": "CASE WHEN i % 100 < 10 THEN '/top' || (i % 10) ELSE '/product/' || i END",
    "interactive": "true",
    "engaged": "0",
    "channel": "'Direct'",
    "shard": "'s'",
    "sequence": "i",
}
"""Of a hundred views in a row ten are of one page in ten, all others of pages of their own."""

Many = tuple[int, Answers]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(100_000, id="fast"),
        pytest.param(1_000_000, id="torture", marks=pytest.mark.torture),
    ],
)
def many(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    number = request.param
    path = tmp_path_factory.mktemp("many") / "facts.duckdb"
    facts = DuckdbFacts(str(path), "512MB", 1)
    fill(facts, number)
    rollups = SqliteRollups(":memory:", lambda: date(2026, 7, 1))
    yield number, Answers(facts, lambda: NOW, rollups, Bounds(groups=number // 2))
    facts.close()


def fill(facts: DuckdbFacts, number: int) -> None:
    columns = ", ".join(f"{EVENT.get(name, 'NULL')} AS {name}" for name in STAGED)
    for first in range(0, number, AT_ONCE):
        last = first + AT_ONCE
        facts.load(f"SELECT {columns} FROM (SELECT unnest(range({first}, {last})) AS i)", {})


def asked(many: Many, **query: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "metrics": ["pageviews", "visitors"],
        "dimensions": ["event:page"],
        "date_range": "all",
        "include": {"total_rows": True},
        "pagination": {"limit": 10},
    }
    return many[1].query(SHOP, whole | query)


def test_the_first_ten(many: Many) -> None:
    number = many[0]
    answer = asked(many)
    assert [row["dimensions"] for row in answer["results"]] == [[f"/top{each}"] for each in range(10)]
    assert {row["metrics"][0] for row in answer["results"]} == {number // 100}
    assert answer["meta"] == {"total_rows": number * 9 // 10 + 10}


def test_every_page_is_reached_once(many: Many) -> None:
    number = many[0]
    found = [row["dimensions"][0] for row in asked(many, pagination={"limit": 5, "offset": 8})["results"]]
    names = sorted(f"/product/{each}" for each in range(number) if each % 100 >= 10)
    assert found == ["/top8", "/top9", *names[:3]]
    last = asked(many, pagination={"limit": 10, "offset": number * 9 // 10})["results"]
    assert [row["dimensions"][0] for row in last] == names[-10:]


@pytest.mark.parametrize("metric", ["visitors", "visits", "events"])
def test_by_every_count(many: Many, metric: str) -> None:
    results = asked(many, metrics=[metric, "bounce_rate", "percentage"], order_by=[[metric, "asc"]])["results"]
    assert [row["metrics"][0] for row in results] == [1] * 10
    assert all(row["dimensions"][0].startswith("/product/") for row in results)


def test_the_first_ten_of_a_day_compared_with_the_day_before(many: Many) -> None:
    include = {"comparisons": {"mode": "previous_period"}, "total_rows": True}
    answer = asked(many, date_range=["2026-06-06", "2026-06-10"], include=include)
    first = answer["results"][0]
    assert first["dimensions"] == ["/top5"]
    assert first["metrics"][0] == many[0] // 100
    assert first["comparison"]["metrics"] == [0, 0]
