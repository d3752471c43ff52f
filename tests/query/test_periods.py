"""What periods mean, on the clock of a site."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footfall.domain.period import NAMES, NotAPeriod, Step, labels, resolve

BERLIN, KATHMANDU, COAST = "Europe/Berlin", "Asia/Kathmandu", "America/Los_Angeles"
NOW = datetime(2026, 3, 29, 22, 30, 40, tzinfo=UTC)  # in Berlin already half past midnight of the 30th


@pytest.mark.parametrize(
    ("name", "zone", "first", "last"),
    [
        pytest.param("day", BERLIN, "2026-03-30", "2026-03-30", id="day in Berlin"),
        pytest.param("day", COAST, "2026-03-29", "2026-03-29", id="day in Los Angeles"),
        pytest.param("day", KATHMANDU, "2026-03-30", "2026-03-30", id="day in Kathmandu"),
        pytest.param("7d", BERLIN, "2026-03-24", "2026-03-30", id="7d"),
        pytest.param("28d", BERLIN, "2026-03-03", "2026-03-30", id="28d"),
        pytest.param("30d", BERLIN, "2026-03-01", "2026-03-30", id="30d"),
        pytest.param("91d", BERLIN, "2025-12-30", "2026-03-30", id="91d"),
        pytest.param("month", BERLIN, "2026-03-01", "2026-03-30", id="month"),
        pytest.param("6mo", BERLIN, "2025-10-01", "2026-03-30", id="6mo"),
        pytest.param("12mo", BERLIN, "2025-04-01", "2026-03-30", id="12mo"),
        pytest.param("year", BERLIN, "2026-01-01", "2026-03-30", id="year"),
        pytest.param("all", BERLIN, "2024-02-29", "2026-03-30", id="all"),
        pytest.param(["2026-03-01", "2026-03-01"], BERLIN, "2026-03-01", "2026-03-01", id="one date"),
        pytest.param(["2024-02-29", "2026-12-31"], BERLIN, "2024-02-29", "2026-12-31", id="two dates"),
    ],
)
def test_whole_days(name: object, zone: str, first: str, last: str) -> None:
    period = resolve(name, NOW, zone, date(2024, 2, 29))
    assert (str(period.first), str(period.last), period.since, period.until) == (first, last, None, None)


@pytest.mark.parametrize(
    ("value", "since", "until"),
    [
        pytest.param("realtime", "2026-03-29T22:00:40+00:00", "2026-03-29T22:31:00+00:00", id="realtime"),
        pytest.param("24h", "2026-03-28T22:30:40+00:00", "2026-03-29T22:31:00+00:00", id="24h"),
        pytest.param(["2026-03-29T01:00:00", "2026-03-29T04:00:00"], "2026-03-29T00:00:00+00:00", "2026-03-29T02:00:00+00:00", id="on the clock of the site"),
        pytest.param(["2026-03-29T01:00:00Z", "2026-03-29T04:00:00-07:00"], "2026-03-29T01:00:00+00:00", "2026-03-29T11:00:00+00:00", id="with offsets"),
    ],
)
def test_instants(value: object, since: str, until: str) -> None:
    period = resolve(value, NOW, BERLIN, None)
    assert (period.since, period.until) == (datetime.fromisoformat(since), datetime.fromisoformat(until))


def test_all_of_nothing_is_today() -> None:
    period = resolve("all", NOW, BERLIN, None)
    assert period.first == period.last == date(2026, 3, 30)


@pytest.mark.parametrize(
    ("value", "step"),
    [
        ("realtime", "minute"), ("day", "hour"), ("24h", "hour"), ("7d", "day"), ("28d", "day"), ("30d", "day"), ("91d", "day"),
        ("month", "day"), ("6mo", "month"), ("12mo", "month"), (["2026-01-01", "2026-01-01"], "hour"), (["2026-01-01", "2026-01-02"], "day"),
        (["2026-01-01", "2026-12-31"], "month"), (["2026-01-01T00:00:00", "2026-01-02T12:00:00"], "hour"), (["2026-01-01T00:00:00", "2026-01-09T12:00:00"], "day"),
    ],
    ids=str,
)  # fmt: skip
def test_the_step_suits_the_period(value: object, step: Step) -> None:
    assert resolve(value, NOW, BERLIN, None).step == step


@pytest.mark.parametrize(("value", "step"), [("month", "day"), ("6mo", "month"), ("12mo", "month"), ("year", "month"), ("day", "hour")])
def test_a_named_period_has_its_step_on_whatever_day(value: str, step: Step) -> None:
    for day in (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 31)):
        assert resolve(value, datetime(day.year, day.month, day.day, 12, tzinfo=UTC), BERLIN, None).step == step


def hours(first: str, last: str) -> list[str]:
    return [f"{first[:10]} {hour:02}:00:00" for hour in range(int(first[11:]), int(last[11:]) + 1)]


@pytest.mark.parametrize(
    ("value", "step", "zone", "expected"),
    [
        pytest.param(["2026-06-10"] * 2, "hour", BERLIN, hours("2026-06-10 00", "2026-06-10 23"), id="a day"),
        pytest.param(["2026-03-29"] * 2, "hour", BERLIN, [*hours("2026-03-29 00", "2026-03-29 01"), *hours("2026-03-29 03", "2026-03-29 23")], id="a day of 23 hours"),
        pytest.param(["2026-10-25"] * 2, "hour", BERLIN, hours("2026-10-25 00", "2026-10-25 23"), id="a day of 25 hours has one label twice"),
        pytest.param(["2026-11-01"] * 2, "hour", COAST, hours("2026-11-01 00", "2026-11-01 23"), id="the same in Los Angeles"),
        pytest.param(["2026-06-10"] * 2, "hour", KATHMANDU, hours("2026-06-10 00", "2026-06-10 23"), id="a zone of three quarters"),
        pytest.param(["2026-06-10T12:50:00", "2026-06-10T14:05:00"], "hour", BERLIN, hours("2026-06-10 12", "2026-06-10 14"), id="hours begun"),
        pytest.param(["2026-06-10T12:50:00", "2026-06-10T14:00:00"], "hour", BERLIN, hours("2026-06-10 12", "2026-06-10 13"), id="an end is excluded"),
        pytest.param(["2026-06-10T12:50:30", "2026-06-10T12:52:10"], "minute", BERLIN, [f"2026-06-10 12:{minute}:00" for minute in (50, 51, 52)], id="minutes begun"),
        pytest.param(["2026-06-10T12:00:00", "2026-06-12T00:00:00"], "day", BERLIN, ["2026-06-10", "2026-06-11"], id="days until midnight"),
        pytest.param(["2026-02-27", "2026-03-02"], "day", BERLIN, ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"], id="days"),
        pytest.param(["2026-03-01", "2026-03-09"], "week", BERLIN, ["2026-02-23", "2026-03-02", "2026-03-09"], id="weeks begin on Monday"),
        pytest.param(["2025-12-31", "2026-02-01"], "month", BERLIN, ["2025-12-01", "2026-01-01", "2026-02-01"], id="months"),
        pytest.param(["2023-12-31", "2025-01-01"], "year", BERLIN, ["2023-01-01", "2024-01-01", "2025-01-01"], id="years"),
        pytest.param("realtime", "minute", BERLIN, [f"2026-03-30 00:{minute:02}:00" for minute in range(31)], id="realtime ends now"),
    ],
)
def test_labels(value: object, step: Step, zone: str, expected: list[str]) -> None:
    assert labels(resolve(value, NOW, zone, None), step, zone) == expected


@pytest.mark.parametrize("step", ["minute", "hour", "day", "week", "month", "year"])
@pytest.mark.parametrize("zone", [BERLIN, KATHMANDU, COAST])
def test_labels_are_in_order_and_differ(step: Step, zone: str) -> None:
    for first in (date(2026, 3, 6), date(2026, 3, 27), date(2026, 10, 24), date(2026, 12, 30)):
        found = labels(resolve([str(first), str(first + timedelta(4))], NOW, zone, None), step, zone)
        assert found == sorted(set(found))


@pytest.mark.parametrize(
    "value",
    [
        None, 7, "", "yesterday", "7D", [], ["2026-01-01"], ["2026-01-01", "2026-01-02", "2026-01-03"], ["2026-01-02", "2026-01-01"], ["2026-02-29", "2026-03-01"],
        ["2026-01-01", None], [1, 2], ["1969-12-31", "2026-01-01"], ["2026-01-01", "2200-01-01"], ["2026-01-01", "2026-01-01T12:00:00"],
        ["2026-01-01T12:00:00", "2026-01-01T12:00:00"], ["2026-01-01T13:00:00Z", "2026-01-01T13:00:00+01:00"], ["0001-01-01T00:00:00+14:00", "2026-01-01T00:00:00"],
        ["2026-01-01T25:00:00", "2026-01-02T00:00:00"], {"first": "2026-01-01"}, "2026-01-01",
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_period(value: object) -> None:
    with pytest.raises(NotAPeriod, match="must"):
        resolve(value, NOW, BERLIN, None)


_moments = st.one_of(st.text(max_size=12), st.dates().map(str), st.datetimes().map(datetime.isoformat), st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat))


@given(st.one_of(st.sampled_from(NAMES), st.lists(_moments, max_size=3), st.text(), st.none(), st.integers()))
@example(["9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59-23:59"])
@example(["2026-01-01T00:00:00", "2199-12-31T23:59:59-14:00"])
def test_anything_is_a_period_or_not_one(value: Any) -> None:
    try:
        period = resolve(value, NOW, BERLIN, date(2020, 1, 1))
    except NotAPeriod:
        return
    assert period.first <= period.last
    assert (period.since is None) == (period.until is None)
