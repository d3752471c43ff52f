"""Settling: links and ids go, midnight's visits stay whole, and a day can be reopened."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.domain.identity import Salt
from footfall.domain.site import date_day, local_date
from footfall.store.duckdb import DuckdbFacts
from tests.oracle import DAY, HOUR, MINUTE
from tests.store.relations import agree, empty, everything, filled, stored_events, stored_visits, versions
from tests.traffic import SALTS, Act, apply, at, made, often, traffic

MIDNIGHT = at("2026-06-10 00:00")
TENTH = 20_614  # the day that begins at that midnight
LATER = TENTH + 30
ALL = frozenset(SALTS)
ACROSS = [Act(MIDNIGHT - 10 * MINUTE), Act(MIDNIGHT + 10 * MINUTE)]


def without(*days: int) -> dict[int, Salt]:
    return {day: salt for day, salt in SALTS.items() if day not in days}


def settle(facts: DuckdbFacts, *gone: int, today: int = LATER, applied: int = 0) -> list[int]:
    return list(facts.settle(ALL - set(gone), today, applied))


def keyed(*minutes: int) -> list[Act]:
    """Page views of some minutes around midnight that come three days later, with a key: the salt of the day before is gone."""
    return [Act(MIDNIGHT + minute * MINUTE, late=3 * DAY, keyed=True) for minute in minutes]


def days(facts: DuckdbFacts) -> Sequence[tuple[str, bool]]:
    return [(str(day), settled) for day, settled in facts.rows("SELECT day, settled FROM days ORDER BY day")]


def no_visits(facts: DuckdbFacts) -> dict[str, int]:
    return {str(day): count for day, count in facts.rows("SELECT day, sum(count) FROM drops WHERE reason = 'no_visit' GROUP BY day")}


def test_the_day_is_the_tenth() -> None:
    assert date_day(local_date(MIDNIGHT, "Europe/Berlin")) == TENTH


def test_a_dead_day_settles_and_its_links_go() -> None:
    facts = filled(made(ACROSS))
    assert settle(facts) == []
    assert facts.rows("SELECT count(prev), count(*) FILTER (frozen) FROM events") == [(1, 0)]
    assert settle(facts, TENTH - 1) == [TENTH - 1]
    assert facts.rows("SELECT count(prev), count(*) FILTER (frozen) FROM events") == [(0, 2)]
    assert days(facts) == [("2026-06-09", True), ("2026-06-10", False)]
    assert settle(facts, TENTH - 1) == []
    assert settle(facts, TENTH - 1, TENTH) == [TENTH]


def test_a_day_that_is_not_over_everywhere_does_not_settle() -> None:
    facts = filled(made(ACROSS))
    assert settle(facts, TENTH - 1, TENTH, today=TENTH) == [TENTH - 1]


def test_only_visits_across_midnight_freeze() -> None:
    facts = filled(made([*ACROSS, Act(MIDNIGHT - 5 * HOUR), Act(MIDNIGHT + 20 * MINUTE, "bob")]))
    settle(facts, TENTH - 1)
    assert facts.rows("SELECT count(prev), count(*) FILTER (frozen), count(*) FROM events") == [(0, 2, 4)]


@pytest.mark.parametrize(
    ("minutes", "visits"),
    [
        pytest.param([35], [(3, 45)], id="within half an hour it extends the visit"),
        pytest.param([5], [(3, 20)], id="in the middle"),
        pytest.param([15, 35, 60], [(5, 70)], id="several"),
        pytest.param([41], [(2, 20), (1, 0)], id="after half an hour it is another visit"),
        pytest.param([300, 310], [(2, 20), (2, 10)], id="hours later"),
    ],
)
@pytest.mark.parametrize("one_by_one", [True, False], ids=["one by one", "at once"])
def test_a_frozen_visit_may_grow(minutes: list[int], visits: list[tuple[int, int]], one_by_one: bool) -> None:
    facts = filled(made(ACROSS))
    frozen = facts.rows("SELECT visit FROM visits")
    settle(facts, TENTH - 1)
    new = made(keyed(*minutes), without(TENTH - 1), "t")
    apply(facts, *([each] for each in new)) if one_by_one else apply(facts, new)
    agree(facts, made(ACROSS) + new)
    assert facts.rows("SELECT pageviews, (epoch_us(last) - epoch_us(start)) // 60000000 FROM visits ORDER BY start") == visits
    assert facts.rows("SELECT DISTINCT visit FROM events WHERE frozen") == frozen


def test_a_frozen_visit_that_spans_days_is_not_split() -> None:
    steps = [Act(MIDNIGHT + minute * MINUTE) for minute in range(-100, 101, 20)]
    facts = filled(made(steps))
    settle(facts, TENTH - 1)
    new = made(keyed(125, 150), without(TENTH - 1), "t")
    apply(facts, new)
    agree(facts, made(steps) + new)
    assert facts.rows("SELECT pageviews FROM visits") == [(13,)]


def test_growing_a_frozen_visit_marks_both_its_days_and_no_other() -> None:
    facts = filled(made([*ACROSS, Act(MIDNIGHT - 90 * HOUR, id=1)]))
    apply(facts, made([Act(MIDNIGHT - 91 * HOUR, id=1, late=2 * HOUR)], prefix="t"))  # displaces one of days before
    settle(facts, TENTH - 1, TENTH - 4)
    before = versions(facts)
    apply(facts, made(keyed(30), without(TENTH - 1), "u"))
    assert {day for key, version in versions(facts).items() for day in [key[1]] if version != before.get(key)} == {"2026-06-09", "2026-06-10"}
    assert days(facts) == [("2026-06-06", True), ("2026-06-09", False), ("2026-06-10", False)]


def test_a_read_that_belongs_to_no_visit_is_counted_when_its_day_settles() -> None:
    facts = filled(made([Act(MIDNIGHT + HOUR, kind="engagement", engaged=5), Act(MIDNIGHT + 5 * HOUR)]))
    settle(facts)
    assert no_visits(facts) == {}
    settle(facts, TENTH)
    settle(facts, TENTH)
    assert no_visits(facts) == {"2026-06-10": 1}


def test_a_settled_day_reopens_and_settles_again() -> None:
    facts = filled(made([Act(MIDNIGHT + HOUR, kind="engagement"), Act(MIDNIGHT + 5 * HOUR, kind="engagement")]))
    settle(facts, TENTH)
    assert days(facts) == [("2026-06-10", True)]
    assert no_visits(facts) == {"2026-06-10": 2}
    late = Act(MIDNIGHT + 9 * HOUR, kind="engagement", late=3 * DAY, keyed=True)
    apply(facts, made([late], prefix="t"))
    assert days(facts) == [("2026-06-10", False)]
    assert settle(facts, TENTH) == [TENTH]
    assert no_visits(facts) == {"2026-06-10": 3}
    apply(facts, made(keyed(55), prefix="u"))  # now the first has a visit
    assert settle(facts, TENTH) == [TENTH]
    assert no_visits(facts) == {"2026-06-10": 2}


def test_ids_are_forgotten_after_48_hours() -> None:
    facts = filled(made([Act(MIDNIGHT, id=1), Act(MIDNIGHT + HOUR, late=HOUR, id=2)]))
    for applied, known in ((48 * HOUR, 2), (48 * HOUR + 1, 1), (50 * HOUR, 1), (50 * HOUR + 1, 0)):
        settle(facts, applied=MIDNIGHT + applied)
        assert facts.rows("SELECT count(*) FROM ids") == [(known,)]


def test_settling_an_empty_store() -> None:
    assert settle(empty(), TENTH) == []


@often(8)
def test_settling_changes_no_visit_and_later_hits_split_none(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(traffic(), st.lists(st.integers(0, 12 * 12).map(lambda fives: 5 * fives), max_size=4))
    def check(acts: list[Act], minutes: list[int]) -> None:
        facts = filled(made(acts))
        visits, events = stored_visits(facts), stored_events(facts)
        first = min(each.seen.day for each in made(acts))
        settle(facts, first, applied=at("2027-01-01 00:00"))
        assert (stored_visits(facts), stored_events(facts)) == (visits, events)
        frozen = facts.rows("SELECT id, time, visit FROM events WHERE frozen ORDER BY ALL")
        more = [Act(acts[0].at + minute * MINUTE, acts[0].who, site=acts[0].site, late=3 * DAY, keyed=True) for minute in minutes]
        apply(facts, *([each] for each in made(more, without(first), "t")))
        assert facts.rows("SELECT id, time, visit FROM events WHERE frozen ORDER BY ALL") == frozen
        assert facts.rows("SELECT visit, count(*) FROM visits GROUP BY visit HAVING count(*) > 1") == []
        stored_visits(facts)  # checks that events and visits fit together
        now = everything(facts)
        settle(facts, *SALTS)
        assert facts.rows("SELECT count(prev) FROM events") == [(0,)]
        assert everything(facts)[1] == now[1]
        facts.close()

    check()
