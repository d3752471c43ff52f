"""One scenario in memory, on one machine and on AWS.

Every report is the same, over months and with any filter.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from footfall.domain.event import Position
from footfall.domain.site import Site
from footfall.functions.process import Process
from footfall.query.answer import Answers
from footfall.query.original import Original
from footfall.query.upkeep import RollUp
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.rollups import DynamodbRollups
from footfall.store.duckdb import DuckdbFacts
from footfall.store.port import Facts, Rollups
from footfall.store.sqlite import SqliteRollups
from footfall.stream.codec import decode
from footfall.stream.kinesis import delivered
from tests.aws.emulators import Aws
from tests.aws.mapping import event_of
from tests.oracle import DAY
from tests.query.asking import every_filter, every_metric
from tests.store.relations import agree
from tests.traffic import SITE, SOURCES, apply, at, crowd, made, often

pytestmark = pytest.mark.slow
FIRST, DAYS = date(2026, 3, 1), 75
NOW = at(f"{FIRST} 12:00") + (DAYS - 1) * DAY
RANGES = (
    "day",
    "7d",
    "30d",
    "month",
    "6mo",
    "year",
    "all",
    ["2026-03-05", "2026-04-20"],
    ["2026-05-01", "2026-05-02"],
    ["2026-03-30T10:00:00+02:00", "2026-04-02T11:30:00+02:00"],
)
DIMENSIONS = (
    (),
    ("time:day",),
    ("time:month",),
    ("event:page",),
    ("visit:source", "visit:device"),
    ("event:goal",),
    ("visit:exit_page",),
    ("time:week", "visit:country"),
    ("time:hour",),
)


@dataclass
class Place:
    """Somewhere that facts are kept, and what answers there."""

    facts: Facts
    rollups: Rollups

    def answer(self, site: Site, now: int, query: Mapping[str, Any]) -> str:
        return json.dumps(
            Answers(self.facts, lambda: now, self.rollups).query(
                site, {"site_id": site.id, **query}
            ),
            sort_keys=True,
        )

    def original(self, site: Site, call: str, when: str) -> str:
        found = Original(self.facts, self.rollups)
        with (
            found.ranking(site, when)
            if call == "ranking"
            else found.series(site, when, None) as views
        ):
            return json.dumps(views.answer())


def _home(path: str) -> Place:
    return Place(DuckdbFacts(path, "512MB"), SqliteRollups(":memory:", lambda: date(2026, 5, 14)))


def _far(aws: Aws, sites: Sequence[str], cache: Path) -> tuple[Place, DynamodbFacts]:
    facts = DynamodbFacts(
        aws.dynamodb,
        aws.s3,
        table := aws.table(),
        aws.bucket(),
        lambda: [*sites, ""],
        lambda: NOW,
        "512MB",
        cache,
    )
    return Place(facts, DynamodbRollups(aws.dynamodb, table, lambda: date(2026, 5, 14))), facts


@pytest.fixture(scope="module")
def places(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    """Months of the oracle's traffic everywhere, what is old settled.

    On AWS in files, but for what came last.
    """
    folder = tmp_path_factory.mktemp("same")
    records = made(crowd(7, FIRST, DAYS, 420), one_shard=True)
    records.sort(key=lambda each: each.seen.arrived)
    records = [
        type(each)(each.record._replace(position=Position("hits@1/s", number + 1)), each.seen)
        for number, each in enumerate(records)
    ]
    far, facts = _far(aws, ["berlin"], folder)
    process = Process(
        facts, SOURCES, lambda: NOW, partial(delivered, stream="hits@1"), lambda: None, decode
    )
    found = {
        "memory": _home(":memory:"),
        "one machine": _home(str(folder / "facts.duckdb")),
        "AWS": far,
    }
    dice, start = Random(1), 0
    while start < len(records):
        some = records[start : start + dice.randint(40, 160)]
        start += len(some)
        assert process(event_of("s", some)) == {"batchItemFailures": []}
        for name in ("memory", "one machine"):
            apply(found[name].facts, some)
        if dice.random() < 0.3 and start < len(records) - 200:
            facts.tidy("berlin", frozenset(range(20_000, 22_000)), 0, 0)
    alive = frozenset((date(2026, 5, 10) - date(1970, 1, 1)).days + day for day in range(-2, 6))
    today = max(alive)
    settled = [each.facts.settle(alive, today, 0) for each in found.values()]
    assert settled[0] == settled[1] == settled[2] and len(settled[0]) > 60
    for each in found.values():
        agree(each.facts, records)
    yield found
    for each in found.values():
        each.facts.close()


@often(20)
def test_any_report_is_the_same(places: dict[str, Place], examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(RANGES), st.sampled_from(DIMENSIONS), every_filter, every_metric)
    def check(
        date_range: object,
        dimensions: Sequence[str],
        filters: object,
        metrics: Sequence[str] | None,
    ) -> None:
        asked = metrics or [
            "visitors",
            "visits",
            "pageviews",
            "events",
            "bounce_rate",
            "visit_duration",
        ]
        query = {
            "metrics": list(asked),
            "dimensions": list(dimensions),
            "date_range": date_range,
            "filters": filters,
        }
        found = set()
        for place in places.values():
            try:
                found.add(place.answer(SITE["berlin"], NOW, query))
            except ValueError as exc:
                found.add(str(exc))
        assert len(found) == 1, (query, found)

    check()


@pytest.mark.parametrize("date_range", ["day", "30d", "all"])
def test_reports_without_filters_are_the_same_asked_twice(
    places: dict[str, Place], date_range: object
) -> None:
    for dimensions in DIMENSIONS[1:5]:
        query = {
            "metrics": ["visitors", "visits", "pageviews", "events"],
            "dimensions": list(dimensions),
            "date_range": date_range,
        }
        assert (
            len(
                {
                    place.answer(SITE["berlin"], NOW, query)
                    for place in places.values()
                    for _ in range(2)
                }
            )
            == 1
        )


def test_the_originals_calls_are_the_same(places: dict[str, Place]) -> None:
    """From facts, and once days that ended are rolled up."""
    asked = [
        (call, when)
        for call in ("ranking", "series")
        for when in (
            "YEAR:2026",
            "MONTH:2026-03",
            "DATE:2026-05-13",
            "HOUR:2026-04-01T10",
            "MINUTE:2026-05-14T09:30",
        )
    ]
    site = SITE["berlin"]
    before = [(one, place.original(site, *one)) for one in asked for place in places.values()]
    for place in places.values():
        RollUp(place.facts, place.rollups)(site, date(2026, 5, 14), threading.Event())
    after = [(one, place.original(site, *one)) for one in asked for place in places.values()]
    for one in asked:
        answers = {answer for each, answer in (*before, *after) if each == one}
        assert len(answers) == 1, one


def test_a_report_of_a_few_days_fetches_no_others(aws: Aws, tmp_path: Path) -> None:
    far, facts = _far(aws, ["berlin"], tmp_path)
    apply(facts, made(crowd(7, FIRST, 40, 80), one_shard=True))
    facts.compact("berlin")
    for path in tmp_path.glob("*@*"):  # as it is where another function compacts
        path.unlink()
    query = {
        "metrics": ["visitors"],
        "date_range": ["2026-03-20", "2026-03-21"],
        "filters": [["is", "event:page", ["/a"]]],
    }
    far.answer(SITE["berlin"], NOW, query)
    fetched = {
        path.name.split("-events")[0].removeprefix("berlin-")
        for path in tmp_path.glob("berlin-*-events.parquet@*")
    }
    assert {"2026-03-20", "2026-03-21"} <= fetched
    assert all(
        date(2026, 3, 18) <= date.fromisoformat(day) <= date(2026, 3, 23) for day in fetched
    ), fetched
