"""Every metric by every dimension is what the oracle says."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.domain.report import DIMENSIONS, EVENT_DIMENSIONS, TIME_STEPS
from tests.oracle import DAY, HOUR, MINUTE, Seen
from tests.query.asking import FIRST, ZONES, Told, days, instants, last, now_of
from tests.traffic import Act, often, traffic

Inside = Callable[[Seen], bool]
Asked = tuple[object, Inside]


def asked(site: str) -> dict[str, Asked]:
    """Periods, as asked for and as the oracle understands them."""
    first = date.fromisoformat(FIRST[site])
    second, third, fourth = (str(first + timedelta(number)) for number in (1, 2, 3))
    since, until = f"{second}T07:20:00+02:00", f"{third}T01:10:30+02:00"
    return {
        "day": ("day", days(third, third)),
        "24h": ("24h", last(now_of(site), DAY)),
        "realtime": ("realtime", last(now_of(site), 30 * MINUTE)),
        "7d": ("7d", days("2026-01-01", third)),
        "month": ("month", days(third[:8] + "01", third)),
        "year": ("year", days("2026-01-01", third)),
        "all": ("all", days("1970-01-01", third)),
        "one day": ([second, second], days(second, second)),
        "the day after": ([fourth, fourth], days(fourth, fourth)),
        "all three": ([FIRST[site], third], days(FIRST[site], third)),
        "instants": ([since, until], instants(since, until)),
        "nothing": (["2025-01-01", "2025-01-02"], days("2025-01-01", "2025-01-02")),
    }


def check(everyone: Told, site: str, dimensions: list[str], period: str) -> None:
    date_range, inside = asked(site)[period]
    now = now_of(site)
    # What is to come is part of the traffic, but not of a period that ends now.
    expected = everyone.expected(site, dimensions, inside if isinstance(date_range, list) else lambda event: inside(event) and event.time <= until_of(period, site))
    assert everyone.rows(site, now, dimensions, date_range) == expected


def until_of(period: str, site: str) -> int:
    return now_of(site) + MINUTE - 1 if period in ("24h", "realtime") else now_of(site) + DAY


@pytest.mark.parametrize("dimension", [name for name in DIMENSIONS if name != "time"])
def test_by_one_dimension(everyone: Told, dimension: str) -> None:
    for site, period in (("berlin", "all three"), ("kathmandu", "the day after"), ("coast", "instants"), ("kathmandu", "month"), ("moved", "all three")):
        check(everyone, site, [dimension], period)


@pytest.mark.parametrize("site", FIRST)
@pytest.mark.parametrize("period", asked("berlin"))
def test_by_period(everyone: Told, site: str, period: str) -> None:
    check(everyone, site, [], period)
    check(everyone, site, ["event:page"], period)


@often(40)
def test_by_several_dimensions(everyone: Told, examples: int) -> None:
    steps = st.sampled_from((None, *TIME_STEPS))
    others = st.lists(st.sampled_from([name for name in DIMENSIONS if not name.startswith("time")]), max_size=2, unique=True)
    periods = st.sampled_from(sorted(asked("berlin")))

    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(sorted(FIRST)), steps, others, periods, st.booleans())
    def compare(site: str, step: str | None, names: list[str], period: str, time_last: bool) -> None:
        dimensions = [*names, step] if step and time_last else [step, *names] if step else names
        coarse = step != "time:minute" or period not in ("month", "year", "all")
        check(everyone, site, dimensions if coarse else names, period)

    compare()


@often(10)
def test_of_any_traffic(examples: int) -> None:
    dimensions = st.lists(st.sampled_from((*EVENT_DIMENSIONS, "visit:entry_page", "visit:exit_page", "visit:source", "visit:screen", "time:hour")), max_size=2, unique=True)

    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(traffic(), st.lists(dimensions, min_size=4, max_size=4), st.integers(-13, 13), st.integers(1, 26))
    def compare(acts: list[Act], questions: list[list[str]], start: int, hours: int) -> None:
        told, site = Told(acts), acts[0].site
        since = acts[0].at // HOUR * HOUR + start * HOUR
        moments = [(date(1970, 1, 1), each) for each in (since, since + hours * HOUR)]
        span = [f"{day + timedelta(seconds=each // 1_000_000 // 86400 * 86400)}T{each // HOUR % 24:02}:00:00+00:00" for day, each in moments]
        for names in questions:
            assert told.rows(site, since, names, span) == told.expected(site, names, instants(*span))
            assert told.rows(site, since, names, ["2026-01-01", "2026-12-31"]) == told.expected(site, names, lambda _: True)
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
