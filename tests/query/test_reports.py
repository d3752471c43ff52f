"""Every metric by every dimension is what the oracle says."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.query.asking import FIRST, PERIODS, ZONES, Told, askable, check, differences, every_metric, hours_of, instants, now_of
from tests.query.reckoning import EVENT_DIMENSIONS, METRICS, TIME_STEPS, VISIT_DIMENSIONS
from tests.traffic import Act, often, traffic


@pytest.mark.parametrize("dimension", [*EVENT_DIMENSIONS, *VISIT_DIMENSIONS, *TIME_STEPS])
def test_by_one_dimension(everyone: Told, dimension: str) -> None:
    for site, period in (("berlin", "all three"), ("kathmandu", "the day after"), ("coast", "instants"), ("moved", "all three")):
        check(everyone, site, [dimension], period)


@pytest.mark.parametrize("metric", METRICS)
def test_by_one_metric(everyone: Told, metric: str) -> None:
    """What rows there are depends on what is asked for."""
    for dimensions in (["event:goal"], ["event:goal", "event:page"], ["time:hour", "event:goal"], ["visit:exit_page"], ["event:page"], ["time:hour"]):
        if metric in askable(dimensions):
            check(everyone, "berlin", dimensions, "one day", metrics=[metric])


@pytest.mark.parametrize("site", FIRST)
@pytest.mark.parametrize("period", PERIODS)
def test_by_period(everyone: Told, site: str, period: str) -> None:
    check(everyone, site, [], period)
    check(everyone, site, ["event:page"], period)


@often(30)
def test_by_several_dimensions(everyone: Told, examples: int) -> None:
    steps = st.sampled_from((None, *TIME_STEPS))
    others = st.lists(st.sampled_from((*EVENT_DIMENSIONS, *VISIT_DIMENSIONS)), max_size=3, unique=True)

    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(sorted(FIRST)), steps, others, st.sampled_from(PERIODS), st.booleans(), every_metric)
    def compare(site: str, step: str | None, names: list[str], period: str, time_last: bool, metrics: list[str] | None) -> None:
        coarse = step != "time:minute" or period not in ("month", "year", "all")
        dimensions = names if not (step and coarse) else [*names, step] if time_last else [step, *names]
        check(everyone, site, dimensions, period, metrics=[metric for metric in metrics or METRICS if metric in askable(dimensions)] or None)

    compare()


@often(6)
def test_of_any_traffic(examples: int) -> None:
    dimensions = st.lists(st.sampled_from((*EVENT_DIMENSIONS, "visit:entry_page", "visit:exit_page", "visit:source", "visit:screen", "time:hour")), max_size=2, unique=True)

    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(traffic(), st.lists(dimensions, min_size=4, max_size=4), st.integers(-13, 13), st.integers(1, 26))
    def compare(acts: list[Act], questions: list[list[str]], start: int, hours: int) -> None:
        told, site = Told(acts), acts[0].site
        since, span = hours_of(acts, start, hours)
        for names in questions:
            assert not differences(told.rows(site, since, names, span), told.expected(site, names, instants(*span)))
            assert not differences(told.rows(site, since, names, ["2026-01-01", "2026-12-31"]), told.expected(site, names, lambda _: True))
        told.facts.close()

    compare()


@pytest.mark.parametrize(
    ("period", "step"),
    [
        pytest.param("realtime", "time:minute", id="realtime"),
        pytest.param("day", "time:hour", id="day"),
        pytest.param("24h", "time:hour", id="24h"),
        pytest.param("7d", "time:day", id="7d"),
        pytest.param("91d", "time:day", id="91d"),
        pytest.param("12mo", "time:month", id="12mo"),
    ],
)
def test_time_means_the_step_that_suits_the_period(everyone: Told, period: str, step: str) -> None:
    now = now_of("berlin")
    assert everyone.rows("berlin", now, ["time"], period) == everyone.rows("berlin", now, [step], period)


@pytest.mark.parametrize("zone", ZONES)
def test_visitors_of_days_add_up(everyone: Told, zone: str) -> None:
    now = now_of(zone)
    by_day = everyone.rows(zone, now, ["time:day"], "7d")
    assert sum(row["visitors"] for row in by_day.values()) == everyone.rows(zone, now, [], "7d")[()]["visitors"]


@pytest.mark.parametrize(
    ("amounts", "total", "average"),
    [
        pytest.param(["12.5"], {"currency": "EUR", "value": 12.5, "short": "€12.5", "long": "€12.50"}, 12.5, id="as the document has it"),
        pytest.param(["0.1"] * 10, {"currency": "EUR", "value": 1.0, "short": "€1", "long": "€1.00"}, 0.1, id="exact"),
        pytest.param(["0.005"], {"currency": "EUR", "value": 0.01, "short": "€0", "long": "€0.01"}, 0.01, id="half up"),
        pytest.param(
            ["0.25"],
            {"currency": "EUR", "value": 0.25, "short": "€0.3", "long": "€0.25"},
            0.25,
            id="short is half up too",
        ),
        pytest.param(
            ["-0.015", "0"],
            {"currency": "EUR", "value": -0.01, "short": "€0", "long": "-€0.01"},
            -0.01,
            id="half up below nothing",
        ),
        pytest.param(["0.0049", "0.0001"], {"currency": "EUR", "value": 0.01, "short": "€0", "long": "€0.01"}, 0.0, id="four decimals"),
        pytest.param(["999999999999.99", "0.0001"], {"currency": "EUR", "value": 999999999999.99, "long": "€999,999,999,999.99"}, 500000000000.0, id="large"),
    ],
)
def test_amounts(amounts: list[str], total: dict[str, Any], average: float) -> None:
    told = Told([Act(now_of("berlin"), kind="custom", revenue=("EUR", amount)) for amount in amounts])
    (row,) = told.ask("berlin", now_of("berlin"), metrics=["total_revenue", "average_revenue"], date_range="all")["results"]
    found, mean = row["metrics"]
    assert ({name: found[name] for name in total}, mean["value"]) == (total, average)
    told.facts.close()
