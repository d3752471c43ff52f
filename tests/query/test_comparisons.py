"""Each row is compared with its like in another period."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle import DAY, MINUTE, bucket
from tests.query.asking import FIRST, Inside, Rows, Told, askable, days, every_filter, instants, named, now_of
from tests.query.reckoning import COUNTS, EVENT_DIMENSIONS, RATES, VISIT_DIMENSIONS, Filter, Key
from tests.traffic import Act, at, crowd, offset_at, often

Like = tuple[list[Any], dict[str, Any], dict[str, Any]]
"""What a row is compared with: dimensions, metrics, changes."""
QUARTER = 15 * MINUTE
REVENUE = ("total_revenue", "average_revenue")


def change(metric: str, new: Any, old: Any) -> Any:
    """How a metric changed, from the figures as they are shown."""
    if isinstance(new, dict) and isinstance(old, dict) and new["currency"] == old["currency"]:
        new, old = new["value"], old["value"]
    if new is None or old is None or not (isinstance(new, int | float) and isinstance(old, int | float)):
        return None
    now, before = Decimal(str(new)), Decimal(str(old))
    if metric in RATES:
        return float(_half_up((now - before) * 10) / 10)
    return int(_half_up((now - before) * 100 / abs(before))) if before else 100 if now else 0


def _half_up(number: Decimal) -> Decimal:
    return (number + Decimal("0.5")).to_integral_value(ROUND_FLOOR)


def labels(site: str, dimension: str, inside: Inside, around: int) -> list[str]:
    """The labels of all buckets of a period that lies within five days of an instant."""
    moments = ((each, offset_at(each, site)) for each in range(around - 5 * DAY, around + 5 * DAY, QUARTER))
    return sorted({bucket(time, offset, dimension[5:]) for time, offset in moments if inside(_Moment(time, offset))})  # type: ignore[arg-type]


class _Moment:
    """As much of an event as a period asks for."""

    def __init__(self, time: int, offset: int) -> None:
        self.time, self.day = time, (time + offset * 1_000_000) // DAY


def likes(rows: Rows, others: Rows, dimensions: Sequence[str], buckets: Sequence[str], other_buckets: Sequence[str]) -> dict[Key, Like]:
    """What each row is compared with: in time the bucket of the same number, else the row of the same values."""
    found = {}
    for key, row in rows.items():
        like = [_nth_like(text, buckets, other_buckets) if name.startswith("time:") else text for text, name in zip(key, dimensions, strict=True)]
        other = others.get(tuple(map(str, like))) or {metric: 0 if metric in COUNTS else None for metric in row}
        found[key] = (like, other, {metric: change(metric, row[metric], other[metric]) for metric in row})
    return found


def _nth_like(label: str, buckets: Sequence[str], others: Sequence[str]) -> str | None:
    number = buckets.index(label)
    return others[number] if number < len(others) else None


def compared(told: Told, site: str, dimensions: Sequence[str], date_range: object, how: dict[str, Any], filters: Filter, metrics: Sequence[str]) -> dict[Key, Like]:
    query = {"metrics": list(metrics), "dimensions": list(dimensions), "date_range": date_range, "filters": list(filters), "include": {"comparisons": how}}
    results = told.ask(site, now_of(site), **query)["results"]
    return {
        tuple(row["dimensions"]): (row["comparison"]["dimensions"], named(metrics, row["comparison"]["metrics"]), dict(zip(metrics, row["comparison"]["change"], strict=True)))
        for row in results
    }


def agree(
    told: Told, site: str, dimensions: Sequence[str], spans: tuple[list[str], list[str]], how: dict[str, Any], filters: Filter = (), metrics: Sequence[str] | None = None
) -> None:
    """The rows of one span are compared as the oracle does with those of the other, which is how they were asked to be."""
    asked = metrics or [metric for metric in askable(dimensions, filters) if metric not in REVENUE]
    inside, before = (instants(*span) if "T" in span[0] else days(*span) for span in spans)
    step = next((name for name in dimensions if name.startswith("time:")), None)
    around = at(f"{FIRST[site]} 12:00") + DAY
    buckets, others = (labels(site, step, each, around) if step else [] for each in (inside, before))
    rows, other_rows = (told.expected(site, dimensions, each, filters, asked) for each in (inside, before))
    expected = likes(rows, other_rows, dimensions, buckets, others)
    found = compared(told, site, dimensions, spans[0], how, filters, asked)
    assert not _differences(found, expected), (site, dimensions, spans, how, filters)


def _differences(found: dict[Key, Like], expected: dict[Key, Like]) -> dict[Key, Any]:
    """What was found and what was expected, where they differ."""
    return {key: (found.get(key), expected.get(key)) for key in {*found, *expected} if found.get(key) != expected.get(key)}


@pytest.mark.parametrize(
    ("metric", "new", "old", "expected"),
    [
        pytest.param("visitors", 3, 2, 50, id="half as many more"),
        pytest.param("visitors", 2, 3, -33, id="a third fewer"),
        pytest.param("visitors", 1, 8, -87, id="half up: -87.5"),
        pytest.param("visitors", 9, 8, 13, id="half up: 12.5"),
        pytest.param("visitors", 7, 0, 100, id="from nothing"),
        pytest.param("visitors", 0, 0, 0, id="nothing from nothing"),
        pytest.param("bounce_rate", 33.3, 66.7, -33.4, id="points"),
        pytest.param("conversion_rate", 1.25, 0.5, 0.8, id="points, half up"),
        pytest.param("conversion_rate", 0.5, 1.25, -0.7, id="points, half up below nothing"),
        pytest.param("scroll_depth", 50, 75, -25.0, id="scroll depth is a rate"),
        pytest.param("visit_duration", 90.0, 60.0, 50, id="a duration"),
        pytest.param("bounce_rate", None, 20.0, None, id="null now"),
        pytest.param("visit_duration", 90.0, None, None, id="null before"),
        pytest.param("total_revenue", {"currency": "EUR", "value": 3.0}, {"currency": "EUR", "value": 1.5}, 100, id="an amount"),
        pytest.param("total_revenue", {"currency": "EUR", "value": 3.0}, {"currency": "USD", "value": 1.5}, None, id="different currencies"),
    ],
)
def test_change(metric: str, new: Any, old: Any, expected: Any) -> None:
    assert change(metric, new, old) == expected


@pytest.mark.parametrize(
    ("mode", "match", "span", "expected"),
    [
        pytest.param("previous_period", False, "2028-06-07 2028-06-09", "2028-06-04 2028-06-06", id="three days before"),
        pytest.param("previous_period", True, "2028-06-07 2028-06-09", "2028-05-31 2028-06-02", id="the same three days of the week before"),
        pytest.param("previous_period", True, "2028-06-07 2028-06-13", "2028-05-31 2028-06-06", id="a whole week"),
        pytest.param("previous_period", True, "2028-06-07 2028-06-14", "2028-05-24 2028-05-31", id="eight days: the nearest start would overlap"),
        pytest.param("previous_period", False, "2028-03-01 2028-03-31", "2028-01-30 2028-02-29", id="31 days, not a month"),
        pytest.param("year_over_year", False, "2028-06-07 2028-06-09", "2027-06-07 2027-06-09", id="a year earlier"),
        pytest.param("year_over_year", False, "2028-02-29 2028-02-29", "2027-02-28 2027-02-28", id="29 February"),
        pytest.param("year_over_year", False, "2028-02-01 2028-02-29", "2027-02-01 2027-02-28", id="the February before had 28 days"),
        pytest.param("year_over_year", True, "2028-02-01 2028-02-29", "2027-02-02 2027-03-02", id="from the nearest Tuesday, as long"),
        pytest.param("year_over_year", True, "2028-06-07 2028-06-07", "2027-06-09 2027-06-09", id="the nearest Wednesday is later"),
        pytest.param("year_over_year", True, "2028-02-29 2028-02-29", "2027-03-02 2027-03-02", id="29 February, to the nearest Tuesday"),
        pytest.param("custom 2027-05-01 2027-05-02", False, "2028-06-07 2028-06-09", "2027-05-01 2027-05-02", id="any two dates"),
        pytest.param("custom 2027-05-01 2027-05-02", True, "2028-06-07 2028-06-09", "2027-04-28 2027-04-30", id="the nearest Wednesday is earlier"),
    ],
)
def test_the_other_period(mode: str, match: bool, span: str, expected: str) -> None:
    """With a page view at the ends of both periods, and right before and after the other."""
    name, *custom = mode.split()
    (first, last), (low, high) = ([date.fromisoformat(day) for day in each.split()] for each in (span, expected))
    told = Told([Act(at(f"{day} 12:00")) for day in sorted({first, last, low - timedelta(1), low, high, high + timedelta(1)})])
    how: dict[str, Any] = {"mode": name, "match_day_of_week": match} | ({"date_range": custom} if custom else {})
    query: dict[str, Any] = {"metrics": ["visits"], "date_range": span.split(), "include": {"comparisons": how}}
    (row,) = told.ask("berlin", at(f"{last} 12:00"), **query)["results"]
    assert row["comparison"]["metrics"] == [len({low, high})]
    start, *_, end = [row["comparison"] for row in told.ask("berlin", at(f"{last} 12:00"), **query, dimensions=["time:day"])["results"]] * 2
    assert start["dimensions"] == [str(low)]
    if high - low == last - first:
        assert end["dimensions"] == [str(high)]
    told.facts.close()


@pytest.mark.parametrize("dimensions", [[], ["event:page"], ["time:hour"], ["time:day"], ["event:goal", "time:hour"], ["time:hour", "visit:source"], ["event:props:plan"]])
@pytest.mark.parametrize("site", FIRST)
def test_by_dimension(everyone: Told, site: str, dimensions: list[str]) -> None:
    """Days of 23, 24 and 25 hours are compared with one another."""
    first = date.fromisoformat(FIRST[site])
    for number in (1, 2):
        now, before = str(first + timedelta(number)), str(first + timedelta(number - 1))
        agree(everyone, site, dimensions, ([now, now], [before, before]), {"mode": "previous_period"})


@often(10)
def test_of_any_question(everyone: Told, examples: int) -> None:
    others = st.lists(st.sampled_from((*EVENT_DIMENSIONS, *VISIT_DIMENSIONS)), max_size=2, unique=True)
    steps = st.sampled_from((None, "time:hour", "time:day", "time:week", "time:month"))
    numbers = st.tuples(st.integers(-1, 3), st.integers(-1, 3)).map(sorted)

    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(sorted(FIRST)), others, steps, st.one_of(st.just([]), every_filter), numbers, numbers)
    def compare(site: str, names: list[str], step: str | None, filters: list[Any], now: list[int], before: list[int]) -> None:
        first = date.fromisoformat(FIRST[site])
        span, custom = ([str(first + timedelta(number)) for number in each] for each in (now, before))
        agree(everyone, site, [*([step] if step else []), *names], (span, custom), {"mode": "custom", "date_range": custom}, filters)

    compare()


def test_of_instants(everyone: Told) -> None:
    since, middle, until = "2026-03-29T00:20:00+01:00", "2026-03-29T15:00:00+02:00", "2026-03-30T04:40:00+02:00"
    for dimensions in ([], ["time:hour"], ["event:page"]):
        agree(everyone, "berlin", dimensions, ([middle, until], [since, middle]), {"mode": "previous_period"})


def test_a_year_earlier() -> None:
    acts = [act for seed, first in enumerate((date(2025, 6, 9), date(2026, 6, 9))) for act in crowd(seed, first, 3, 40)]
    told = Told(acts)
    for dimensions in ([], ["event:page"], ["visit:source", "event:goal"]):
        agree(told, "berlin", dimensions, (["2026-06-09", "2026-06-11"], ["2025-06-09", "2025-06-11"]), {"mode": "year_over_year"})
        agree(told, "berlin", dimensions, (["2026-06-09", "2026-06-10"], ["2025-06-10", "2025-06-11"]), {"mode": "year_over_year", "match_day_of_week": True})
    told.facts.close()


def earned(before: str, now: str) -> list[Any]:
    """How the revenue of a day changed from that of the day before."""
    noon = at("2026-06-10 12:00")
    told = Told([Act(noon - DAY, kind="custom", revenue=("EUR", before)), Act(noon, kind="custom", revenue=("EUR", now))])
    query: dict[str, Any] = {"metrics": list(REVENUE), "date_range": ["2026-06-10", "2026-06-10"], "include": {"comparisons": {"mode": "previous_period"}}}
    (row,) = told.ask("berlin", noon, **query)["results"]
    told.facts.close()
    return list(row["comparison"]["change"])


def test_revenue_is_compared() -> None:
    assert earned("8", "9") == [13, 13]
    assert earned("0", "0.5") == [100, 100]


def test_more_than_less_than_nothing_is_more() -> None:
    assert earned("-4", "8") == [300, 300]


def test_a_bucket_that_the_other_period_has_none_for_is_null(everyone: Told) -> None:
    """A day of 24 hours, compared with one of 23."""
    found = compared(everyone, "berlin", ["time:hour"], ["2026-03-30", "2026-03-30"], {"mode": "previous_period"}, (), ["visitors"])
    like, row, _ = found["2026-03-30 23:00:00",]
    assert (like, row) == ([None], {"visitors": 0})
