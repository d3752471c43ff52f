"""What leads a report is the same whether all of its rows can be held at once or not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.query.answer import Answers
from footfall.query.rollup import TooCostly, TooMany
from footfall.query.upkeep import Upkeep
from footfall.store.sqlite import SqliteRollups
from tests.oracle import DAY
from tests.query.asking import FIRST, PERIODS, Told, askable, every_filter, now_of, periods, told
from tests.query.reckoning import COUNTS, EVENT_DIMENSIONS, TIME_STEPS, VISIT_DIMENSIONS
from tests.traffic import SITE, SITES, often

DIMENSIONS = (*EVENT_DIMENSIONS, *VISIT_DIMENSIONS)


@contextmanager
def cramped() -> Iterator[None]:
    """As if every report had more rows than can be held."""

    def table(*_: Any) -> Any:
        raise TooMany(1)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("footfall.query.answer.Asked.table", table)
        yield


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    """Reports by one to three dimensions, in an order of counts and dimensions."""
    dimensions = draw(st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=2, unique=True))
    if draw(st.booleans()):
        dimensions = [*dimensions, draw(st.sampled_from(TIME_STEPS[1:]))]
    filters = draw(st.one_of(st.just([]), every_filter))
    metrics = draw(st.lists(st.sampled_from(askable(dimensions, filters)), min_size=1, max_size=4, unique=True))
    orderable = [*dimensions, *(name for name in metrics if name in COUNTS)]
    places = draw(st.lists(st.sampled_from(orderable), min_size=1, max_size=3, unique=True))
    query: dict[str, Any] = {
        "dimensions": dimensions,
        "filters": filters,
        "metrics": metrics,
        "order_by": [[place, draw(st.sampled_from(("asc", "desc")))] for place in places],
        "pagination": {"limit": draw(st.integers(1, 12)), "offset": draw(st.sampled_from((0, 0, 1, 5, 500)))},
        "include": {"total_rows": True},
    }
    if draw(st.booleans()):
        query["include"]["comparisons"] = {"mode": "previous_period"}
    return query


@often(40)
def test_any_report(everyone: Told, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(sorted(FIRST)), st.sampled_from(PERIODS), queries())
    def compare(site: str, period: str, query: dict[str, Any]) -> None:
        query["date_range"] = periods(site)[period][0]
        whole = everyone.ask(site, now_of(site), **query)
        with cramped():
            assert everyone.ask(site, now_of(site), **query) == whole

    compare()


@pytest.fixture(scope="module")
def gone() -> Iterator[tuple[Told, SqliteRollups, int]]:
    """Traffic of which all but the last days are kept as roll-ups alone."""
    found, now = told(), now_of("coast") + 40 * DAY
    rollups = SqliteRollups(":memory:", lambda: date(1970, 1, 1))
    found.facts.settle(frozenset(), now // DAY, now)
    sites = [replace(site, retention_days=37) for site in SITES]
    Upkeep(found.facts, rollups, lambda: sites, lambda: now).tend(threading.Event())
    yield found, rollups, now
    found.facts.close()


@pytest.mark.parametrize("site", sorted(FIRST))
@pytest.mark.parametrize("dimension", ["event:page", "visit:exit_page", "visit:source", "event:goal"])
@pytest.mark.parametrize("limit", [1, 3, 10_000])
def test_days_whose_facts_are_gone_count_too(gone: tuple[Told, SqliteRollups, int], site: str, dimension: str, limit: int) -> None:
    held, rollups, now = gone
    days = held.facts.rows("SELECT count(*), count(*) FILTER (trimmed) FROM days WHERE site = ?", [site])
    assert days == [(4, 2)] if site == "coast" else days[0][0] == days[0][1]
    metrics = ["visitors", "events"] + ([] if dimension == "event:goal" else ["visits", "bounce_rate"])
    metrics += ["total_revenue"] if dimension == "event:goal" else []
    query: dict[str, Any] = {
        "metrics": metrics,
        "dimensions": [dimension],
        "date_range": "all",
        "pagination": {"limit": limit},
        "include": {"total_rows": True},
    }
    whole = Answers(held.facts, lambda: now, rollups).query(SITE[site], query)
    with cramped():
        assert Answers(held.facts, lambda: now, rollups).query(SITE[site], query) == whole


def test_an_order_by_rates_is_refused_with_what_can_be(everyone: Told) -> None:
    query: dict[str, Any] = {
        "metrics": ["bounce_rate", "visits"],
        "dimensions": ["event:page"],
        "date_range": periods("berlin")["all three"][0],
    }
    with cramped():
        with pytest.raises(TooCostly, match="order it by visitors, visits, pageviews, events"):
            everyone.ask("berlin", now_of("berlin"), **query)
        found = everyone.ask("berlin", now_of("berlin"), **query, order_by=[["visits", "desc"]])
    assert found["results"]
