"""Visits, case by case."""

from typing import Any

import pytest

from tests.oracle import DAY, MINUTE
from tests.store.relations import after, versions
from tests.traffic import MOVED, Act, apply, at, made

NINE = at("2026-06-10 09:00")
ZONES = {"berlin": "Europe/Berlin", "kathmandu": "Asia/Kathmandu", "coast": "America/Los_Angeles"}
SHOWN = "SELECT strftime(start + to_seconds(utc_offset), '%d %H:%M'), strftime(last + to_seconds(utc_offset), '%d %H:%M'), pageviews, events FROM visits ORDER BY start"


def view(minute: int, off: int = 0, **rest: Any) -> Act:
    return Act(NINE + minute * MINUTE + off, **rest)


def read(until: int, minutes: int, **rest: Any) -> Act:
    return view(until, kind="engagement", engaged=minutes, **rest)


def sale(minute: int) -> Act:
    return view(minute, kind="custom")


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        pytest.param([view(0)], [("10 09:00", "10 09:00", 1, 1)], id="one page view"),
        pytest.param([view(0), view(30)], [("10 09:00", "10 09:30", 2, 2)], id="a gap of 30 minutes"),
        pytest.param([view(0), view(30, off=1)], [("10 09:00", "10 09:00", 1, 1), ("10 09:30", "10 09:30", 1, 1)], id="a microsecond more"),
        pytest.param([view(0), read(45, 45), view(75)], [("10 09:00", "10 10:15", 2, 2)], id="a read of 45 minutes is one visit"),
        pytest.param([view(0), read(5, 5), view(45)], [("10 09:00", "10 09:05", 1, 1), ("10 09:45", "10 09:45", 1, 1)], id="a short read and a long pause"),
        pytest.param([view(0), read(90, 60)], [("10 09:00", "10 10:30", 1, 1)], id="a read that begins 30 minutes later"),
        pytest.param([view(0), read(91, 60)], [("10 09:00", "10 09:00", 1, 1)], id="a read that begins later still is nobody's"),
        pytest.param([read(5, 5)], [], id="a read alone is no visit"),
        pytest.param([read(5, 5), view(10)], [("10 09:10", "10 09:10", 1, 1)], id="a visit starts at its first page view"),
        pytest.param([read(40, 40), view(1), view(69)], [("10 09:01", "10 10:09", 2, 2)], id="the latest time so far counts, not the last event's"),
        pytest.param([sale(0)], [("10 09:00", "10 09:00", 0, 1)], id="a custom event makes a visit"),
        pytest.param([view(0), view(10, who="bob")], [("10 09:00", "10 09:00", 1, 1), ("10 09:10", "10 09:10", 1, 1)], id="two people"),
        pytest.param([view(0), view(0), view(0)], [("10 09:00", "10 09:00", 3, 3)], id="three at one instant"),
        pytest.param(
            [view(25 * step) for step in range(60)], [("10 09:00", "11 08:45", 58, 58), ("11 09:10", "11 09:35", 2, 2)], id="cut after a day, counted from the first event"
        ),
        pytest.param(
            [read(0, 10), *(view(10 + 25 * step) for step in range(60))],
            [("10 09:10", "11 08:30", 57, 57), ("11 08:55", "11 09:45", 3, 3)],
            id="cut by the first event, be it a read",
        ),
    ],
)
def test_visits(acts: list[Act], expected: list[tuple[str, str, int, int]]) -> None:
    with_oracle = after(*acts)
    assert with_oracle.rows(SHOWN) == expected
    with_oracle.close()


@pytest.mark.parametrize("site", ZONES)
@pytest.mark.parametrize(
    ("minutes", "visits"),
    [
        pytest.param([-10, 10, 35], 1, id="it goes on"),
        pytest.param([-1, 29], 1, id="at the last moment"),
        pytest.param([-10, 21], 2, id="too long a pause"),
        pytest.param([0, 20], 1, id="begun at midnight"),
        pytest.param([-1440 + 5, -1440 - 5, -5, 5], 2, id="two midnights"),
    ],
)
def test_midnight(site: str, minutes: list[int], visits: int) -> None:
    midnight = at("2026-06-10 00:00", ZONES[site])
    facts = after(*(Act(midnight + minute * MINUTE, site=site) for minute in minutes))
    assert facts.rows("SELECT count(*) FROM visits") == [(visits,)]


def test_a_read_across_midnight_holds_a_visit_together() -> None:
    midnight = at("2026-06-10 00:00")
    facts = after(Act(midnight - 20 * MINUTE), Act(midnight + 50 * MINUTE, kind="engagement", engaged=65), Act(midnight + 79 * MINUTE))
    assert facts.rows("SELECT pageviews, CAST(day AS VARCHAR) FROM visits") == [(2, "2026-06-09")]


@pytest.mark.parametrize(
    ("site", "before", "after_it"),
    [
        pytest.param("berlin", "2026-03-29 01:50", "2026-03-29 03:10", id="Berlin skips an hour"),
        pytest.param("berlin", "2026-10-25 01:50", "2026-10-25 02:10", id="Berlin repeats one"),
        pytest.param("coast", "2026-03-08 01:50", "2026-03-08 03:10", id="Los Angeles skips an hour"),
        pytest.param("coast", "2026-11-01 00:50", "2026-11-01 01:10", id="Los Angeles repeats one"),
    ],
)
def test_clocks_change_within_a_visit(site: str, before: str, after_it: str) -> None:
    facts = after(Act(at(before, ZONES[site]), site=site), Act(at(after_it, ZONES[site]), site=site))
    assert facts.rows("SELECT pageviews, (epoch_us(last) - epoch_us(start)) // 60000000 FROM visits") == [(2, 20)]


def test_a_site_moves_and_a_visit_goes_on() -> None:
    facts = after(Act(MOVED - 5 * MINUTE, site="moved"), Act(MOVED + 5 * MINUTE, site="moved"))
    assert facts.rows("SELECT pageviews, CAST(day AS VARCHAR), utc_offset FROM visits") == [(2, "2026-06-10", 7200)]
    assert facts.rows("SELECT CAST(day AS VARCHAR), utc_offset FROM events ORDER BY time") == [("2026-06-10", 7200), ("2026-06-10", -25200)]


def test_a_read_that_overtakes_its_page_view_finds_it() -> None:
    first, second = made([read(5, 5)]), made([view(0)], prefix="t")
    facts = after()
    apply(facts, first)
    assert facts.rows("SELECT visit FROM events") == [(None,)]
    apply(facts, second)
    assert facts.rows("SELECT count(visit) FROM events") == [(2,)]
    assert facts.rows("SELECT epoch_us(last) - epoch_us(start) FROM visits") == [(5 * MINUTE,)]


def test_a_visit_takes_its_source_from_its_first_event_even_if_that_comes_last() -> None:
    facts = after()
    apply(facts, made([view(10, came="link"), view(20, came="search")]))
    assert facts.rows("SELECT source FROM visits") == [("news.example.org",)]
    apply(facts, made([view(0, came="letter", page="/first")], prefix="t"))
    assert facts.rows("SELECT source, entry_page FROM visits") == [("letter", "/first")]
    assert facts.rows("SELECT DISTINCT visit_source, visit_channel, visit_utm_campaign, entry_page FROM events") == [("letter", "Email", "may", "/first")]


@pytest.mark.parametrize(
    ("first", "then", "touched"),
    [
        pytest.param([view(0)], [view(10)], {"2026-06-10"}, id="the day of both"),
        pytest.param([view(0), Act(NINE - 3 * DAY)], [view(10)], {"2026-06-10"}, id="no other day"),
        pytest.param([view(0), view(0, site="berlin2")], [view(10)], {"2026-06-10"}, id="no other site"),
        pytest.param([view(890)], [view(905)], {"2026-06-10", "2026-06-11"}, id="a visit that began yesterday grows"),
        pytest.param([view(905)], [view(890)], {"2026-06-10", "2026-06-11"}, id="a visit turns out to have begun yesterday"),
        pytest.param([view(905)], [view(300)], {"2026-06-10"}, id="another visit of yesterday's"),
        pytest.param([read(905, 5)], [view(899)], {"2026-06-10", "2026-06-11"}, id="a read of today finds its page view of yesterday"),
        pytest.param([view(0, id=1)], [Act(NINE - MINUTE, id=1, late=DAY)], {"2026-06-10"}, id="a copy displaces another"),
        pytest.param(
            [view(1000, id=1)],
            [view(900, off=-1, id=1, late=DAY, keyed=True)],
            {"2026-06-10", "2026-06-11"},
            id="a copy of another day displaces one",
        ),
    ],
)
def test_every_day_that_changes_gets_a_new_version(first: list[Act], then: list[Act], touched: set[str]) -> None:
    facts = after(*first)
    before = versions(facts)
    apply(facts, made(then, prefix="t"))
    now = versions(facts)
    assert {day for (site, day), version in now.items() if version > before.get((site, day), 0)} == touched
    assert all(version == before[key] for key, version in now.items() if key[0] != "berlin")
