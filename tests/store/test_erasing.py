"""What is erased leaves all else as if it had never come; what moves takes all of it along."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.domain.site import day_date
from footfall.processor.batch import batch_of
from footfall.store.duckdb import DuckdbFacts
from footfall.store.removal import NotMoved
from tests import oracle
from tests.oracle import MINUTE
from tests.store.relations import agree, copies, everything, filled, stored_events, versions
from tests.traffic import SALTS, SOURCES, Act, Made, apply, at, crowd, made, often, traffic

FIRST = date(2026, 6, 9)
NINE = at("2026-06-10 09:00")
CHOSEN = "SELECT id, time FROM events WHERE site = $site AND {where}"
LATER = 20_700
"""A day long after."""

SOME = (
    "page = '/a'",
    "day = DATE '2026-06-10'",
    "id % 3 = 0",
    "kind = 'pageview'",
    "kind <> 'engagement'",
    "country = 'DE' AND hour(time) < 12",
    "true",
    "false",
)


def erase(facts: DuckdbFacts, where: str, site: str = "berlin") -> set[int]:
    """Erase, and tell the ids of what went."""
    rows = facts.rows(f"SELECT id FROM events WHERE site = ? AND {where}", [site])
    facts.erase(site, CHOSEN.format(where=f"id IN (SELECT id FROM events WHERE {where})"), {"site": site})
    return {number for (number,) in rows}


def without(acts: Sequence[Made], site: str, gone: set[int]) -> list[Made]:
    return [each for each in acts if each.seen.site != site or each.seen.id not in gone]


@pytest.fixture(scope="module")
def acts() -> list[Made]:
    others = crowd(3, FIRST, 2, 20, "kathmandu")
    return made([*crowd(1, FIRST, 4, 60), *others], one_shard=True)


@pytest.mark.parametrize("where", SOME)
@pytest.mark.parametrize("settled", [False, True], ids=["fresh", "settled"])
def test_what_stays_is_as_if_the_rest_had_never_come(acts: list[Made], where: str, settled: bool) -> None:
    facts = filled(acts)
    if settled:
        facts.settle(frozenset(), LATER, 0)
    before = versions(facts)
    rest = without(acts, "berlin", erase(facts, where))
    agree(facts, rest)
    after = versions(facts)
    days = {(event.site, str(day_date(event.day))) for event in oracle.counted([each.seen for each in rest])}
    assert set(after) == days
    changed = changed_days(acts, rest)
    assert {day for day in after if before[day] != after[day]} >= changed & set(after)
    facts.close()


def changed_days(acts: Sequence[Made], rest: Sequence[Made]) -> set[tuple[str, str]]:
    """Days on which an event was that is no more."""
    stay = {each.seen.id for each in rest}
    gone = [each.seen for each in acts if each.seen.id not in stay]
    return {(each.site, str(day_date(each.day))) for each in gone}


def test_what_is_erased_is_told_by_day(acts: list[Made]) -> None:
    facts = filled(acts)
    told = facts.erase("berlin", CHOSEN.format(where="page = '/a'"), {"site": "berlin"})
    gone = [each for each in oracle.counted([each.seen for each in acts]) if each.page == "/a" and each.site == "berlin"]
    assert {(each.day, each.events) for each in told} == {(day_date(day), sum(each.day == day for each in gone)) for day in {each.day for each in gone}}
    assert all(0 < each.visits <= each.events for each in told)
    assert not facts.erase("berlin", CHOSEN.format(where="page = '/a'"), {"site": "berlin"})


def test_a_copy_of_what_was_erased_is_left_out() -> None:
    facts = filled(made([Act(NINE, id=7), Act(NINE + MINUTE)], prefix="a"))
    erase(facts, f"epoch_us(time) = {NINE}")
    before = everything(facts)
    apply(facts, made([Act(NINE, id=7, late=MINUTE)], prefix="b"))
    assert everything(facts) == before
    assert [count for _, _, count in copies(facts)] == [1]
    facts.close()


def test_hits_go_on_being_counted(acts: list[Made]) -> None:
    half = len(acts) // 2
    facts = filled(acts[:half])
    gone = erase(facts, "id % 2 = 0")
    apply(facts, [each for each in acts[half:] if each.seen.id not in gone])
    agree(facts, without(acts, "berlin", gone))
    facts.close()


@often(15)
def test_any_of_any_traffic(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(traffic(), st.integers(2, 4), st.integers(0, 3), st.booleans())
    def compare(several: list[Act], part: int, rest: int, settled: bool) -> None:
        acts = made(several)
        facts = filled(acts)
        if settled:
            facts.settle(frozenset(SALTS), LATER, 0)
        site = several[0].site
        gone = erase(facts, f"id % {part} = {rest}", site)
        agree(facts, without(acts, site, gone))
        facts.close()

    compare()


def test_all_of_a_site_goes(acts: list[Made]) -> None:
    facts = filled(acts)
    number = len([each for each in oracle.counted([each.seen for each in acts]) if each.site == "berlin"])
    assert facts.remove("berlin") == number
    agree(facts, [each for each in acts if each.seen.site != "berlin"])
    for relation in ("events", "visits", "days", "drops", "imports"):
        assert facts.rows(f"SELECT count(*) FROM {relation} WHERE site = 'berlin'") == [(0,)]
    assert facts.remove("berlin") == 0
    facts.close()


@pytest.mark.parametrize("into", ["berlin2", "kathmandu"], ids=["an empty site", "one with facts of its own"])
def test_all_of_a_site_moves(acts: list[Made], into: str) -> None:
    facts = filled(acts)
    before = stored_events(facts)
    marked = versions(facts)
    facts.move("berlin", into)
    assert stored_events(facts) == sorted((into, *row[1:]) if row[0] == "berlin" else row for row in before)
    assert facts.rows("SELECT count(*) FROM visits WHERE site = 'berlin'") == [(0,)]
    after = versions(facts)
    assert {day for site, day in after if site == into} == {day for site, day in marked if site in ("berlin", into)}
    moved = {day for site, day in marked if site == "berlin"}
    assert all(after[into, day] > max(marked["berlin", day], marked.get((into, day), 0)) for day in moved)
    again = versions(facts)
    facts.move("berlin", into)
    assert versions(facts) == again
    facts.close()


def test_visits_go_on_after_a_move() -> None:
    """A hit of the new name belongs to the visit that began under the old one."""
    several = made([Act(NINE), Act(NINE + MINUTE, page="/a")], prefix="a")
    facts = filled(several[:1])
    facts.move("berlin", "berlin2")
    hit = several[1].record
    found = batch_of([hit], {}, SOURCES, 0)
    events = [each._replace(hit=each.hit._replace(site="berlin2")) for each in found.events]
    facts.apply(replace(found, events=events))
    assert facts.rows("SELECT site, pageviews, exit_page FROM visits") == [("berlin2", 2, "/a")]
    facts.close()


def test_days_whose_facts_are_gone_are_not_mixed(acts: list[Made]) -> None:
    facts = filled(acts)
    facts.settle(frozenset(), LATER, 0)
    day = FIRST
    (version,) = facts.rows("SELECT version FROM days WHERE site = 'berlin' AND day = ?", [day])[0]
    assert facts.trim("berlin", {day: version}) == [day]
    before = everything(facts), versions(facts)
    with pytest.raises(NotMoved, match=f"of 1 days from {day} to {day}.*forget their sums first"):
        facts.move("berlin", "kathmandu")
    assert (everything(facts), versions(facts)) == before
    assert facts.forget_gone("berlin", day, day) == [day]
    facts.move("berlin", "kathmandu")
    facts.close()
