"""An import taken back: the facts are those of a store that never had it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.domain.event import Tally
from footfall.domain.site import date_day
from footfall.store.duckdb import DuckdbFacts
from footfall.store.importing import Import, Note, Outcome
from footfall.store.port import Batch
from tests.oracle import DAY, MINUTE
from tests.store.relations import agree, empty, stored_visits, versions
from tests.store.test_load import SELECT, rows
from tests.traffic import Act, Made, apply, at, crowd, made, often, traffic

NOON = at("2026-06-10 12:00")
TODAY = date_day(date(2026, 6, 10))
SITE = "berlin"


def note(name: str, file: int = 0, instead: bytes = b"") -> Note:
    return Note(file, name, name.encode(), 100, 10, (1, 10), instead)


def part(token: str, *notes: Note, outcomes: Sequence[Outcome] = ()) -> Import:
    return Import(SITE, token, f"{token}.log", notes or (note(token),), outcomes)


def take_in(facts: DuckdbFacts, several: Sequence[Made], what: Import) -> Sequence[int]:
    """Each event is of the file whose place in the import is its own among them."""
    places = [each.file for each in what.notes]
    numbered = [{**row, "import": places[number % len(places)]} for number, row in enumerate(rows(several))]
    return facts.take_in(SELECT, {"rows": numbered}, what)


def numbers(facts: DuckdbFacts, token: str) -> list[int]:
    """The numbers of an import's files."""
    sql = "SELECT import FROM files JOIN runs USING (run) WHERE token = ? ORDER BY import"
    return [number for (number,) in facts.rows(sql, [token])]


def holds(facts: DuckdbFacts) -> list[Any]:
    """Everything but the numbers of imports, of rows, and of versions."""
    left_out = {
        "events": "* EXCLUDE (import, visit)",
        "visits": "* EXCLUDE (visit)",
        "days": "site, day, settled, trimmed",
        "drops": "site, day, reason, count, id",
        "ids": "id, time",
        "imports": "site, digest, upto",
    }
    return [facts.rows(f"SELECT {what} FROM {name} ORDER BY ALL") for name, what in left_out.items()]


@often(40)
def test_one_taken_back_is_as_if_it_had_never_come(examples: int) -> None:
    """Of two imports and hits between which visits are shared, in any order."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(traffic(), st.permutations("hab"), st.data())
    def check(acts: list[Act], order: Sequence[str], data: st.DataObject) -> None:
        several = made([replace(act, id=None) for act in acts if act.site == acts[0].site])
        owners = [data.draw(st.sampled_from("hab")) for _ in several]
        of = {name: [each for each, owner in zip(several, owners, strict=True) if owner == name] for name in "hab"}
        facts, never = empty(), empty()
        site = acts[0].site
        for store, names in ((facts, order), (never, [name for name in order if name != "a"])):
            for name in names:
                if name == "h":
                    apply(store, of[name])
                elif of[name]:
                    take_in(store, of[name], replace(part(name), site=site))
        facts.take_back(site, numbers(facts, "a"))
        agree(facts, [*of["h"], *of["b"]])
        assert stored_visits(facts) == stored_visits(never)
        assert holds(facts) == holds(never)

    check()


@pytest.mark.parametrize("order", list(permutations("hab")), ids="".join)
def test_a_crowd_of_which_a_part_is_taken_back(order: Sequence[str]) -> None:
    """Over several days, some of which have no other hits."""
    several = [each for each in made(crowd(5, date(2026, 6, 10), 3, 40)) if each.seen.site == SITE]
    alone = made([Act(NOON + 40 * DAY), Act(NOON - 20 * DAY)], prefix="t")
    of = {"h": several[::3], "a": [*several[1::3], *alone], "b": several[2::3]}
    of = {name: _each_once(some, [other for key, some in of.items() if key < name for other in some]) for name, some in of.items()}
    facts = empty()
    for name in order:
        apply(facts, of[name]) if name == "h" else take_in(facts, of[name], part(name))
    before = versions(facts)
    taken_back = facts.take_back(SITE, numbers(facts, "a"))
    assert taken_back == (len(of["a"]), 0)
    agree(facts, [*of["h"], *of["b"]])
    after = versions(facts)
    assert all(after[day] >= version for day, version in before.items() if day in after)
    assert {day for _, day in before.keys() - after.keys()} == {"2026-07-20", "2026-05-21"}


def _each_once(some: list[Made], others: list[Made]) -> list[Made]:
    seen = {each.seen.id for each in others}
    found = []
    for each in some:
        if each.seen.id not in seen:
            found.append(each)
        seen.add(each.seen.id)
    return found


def test_every_day_that_it_touched_is_of_another_version() -> None:
    facts = empty()
    apply(facts, made([Act(NOON), Act(NOON + DAY), Act(NOON + 2 * DAY)]))
    take_in(facts, made([Act(NOON + MINUTE), Act(NOON + DAY + MINUTE)], prefix="t"), part("a"))
    before = versions(facts)
    facts.take_back(SITE, numbers(facts, "a"))
    changed = {day for (_, day), version in versions(facts).items() if before[SITE, day] != version}
    assert changed == {"2026-06-10", "2026-06-11"}


def test_its_counts_of_drops_go_too_also_when_they_were_summed() -> None:
    facts = empty()
    facts.apply(Batch(tallies=[Tally(SITE, TODAY, "bot", 2)], marks={"a": 1}))
    dropped = Outcome(0, TODAY, "bot", 5)
    for token in "ab":
        take_in(facts, made([Act(NOON)], prefix=token), part(token, outcomes=[dropped, Outcome(0, None, "asset", 7)]))
    facts.settle(frozenset(), TODAY + 90, 0)
    assert facts.rows("SELECT sum(count) FROM drops WHERE reason = 'bot'") == [(12,)]
    facts.take_back(SITE, numbers(facts, "a"))
    assert facts.rows("SELECT sum(count) FROM drops WHERE reason = 'bot'") == [(7,)]
    assert facts.rows("SELECT outcome, sum(count) FROM outcomes GROUP BY ALL ORDER BY ALL") == [
        ("asset", 7),
        ("bot", 5),
        ("page_views", 1),
    ]


def test_the_same_part_twice_adds_nothing() -> None:
    """The engine may have ended before it could answer."""
    facts = empty()
    for _ in range(2):
        assert take_in(facts, made([Act(NOON)]), part("a", outcomes=[Outcome(0, TODAY, "bot", 5)])) == []
    assert facts.rows("SELECT count(*) FROM events") == [(1,)]
    assert facts.rows("SELECT sum(count) FROM drops") == [(5,)]
    assert numbers(facts, "a") == [1]


def test_a_file_that_another_import_has_is_left_out_and_named() -> None:
    facts = empty()
    take_in(facts, made([Act(NOON)]), part("a", note("one")))
    outcomes = [Outcome(4, TODAY, "bot", 5), Outcome(7, TODAY, "bot", 1)]
    two = part("b", note("one", 4), note("two", 7), outcomes=outcomes)
    several = made([Act(NOON + MINUTE), Act(NOON + 2 * MINUTE)], prefix="t")
    assert take_in(facts, several, two) == [4]
    assert facts.rows("SELECT count(*) FROM events") == [(2,)]
    assert facts.rows("SELECT sum(count) FROM drops") == [(1,)]


def test_numbers_are_not_given_again() -> None:
    facts = empty()
    take_in(facts, made([Act(NOON)]), part("a", note("one", 0), note("two", 1)))
    facts.take_back(SITE, numbers(facts, "a"))
    take_in(facts, made([Act(NOON)]), part("b"))
    assert (numbers(facts, "a"), numbers(facts, "b")) == ([1, 2], [3])


def test_one_file_of_an_import_is_taken_back() -> None:
    facts = empty()
    several = made([Act(NOON), Act(NOON + MINUTE), Act(NOON + 2 * MINUTE)])
    take_in(facts, several, part("a", note("one", 0), note("two", 1)))
    facts.take_back(SITE, [1])
    agree(facts, several[1:2])
    assert facts.rows("SELECT DISTINCT import FROM outcomes") == [(2,)]


def test_what_is_taken_back_can_come_again() -> None:
    facts, several = empty(), made([Act(NOON), Act(NOON + MINUTE)])
    for token in "abc":
        assert take_in(facts, several, part(token, note("one"))) == []
        agree(facts, several)
        assert facts.take_back(SITE, numbers(facts, token)) == (2, 0)
    assert facts.take_back(SITE, numbers(facts, "c")) == (0, 0)


def test_days_whose_facts_are_gone_stay_as_they_are() -> None:
    facts = empty()
    take_in(facts, made([Act(NOON), Act(NOON + DAY)]), part("a", outcomes=[Outcome(0, TODAY, "bot", 5)]))
    facts.settle(frozenset(), TODAY + 90, 0)
    day = date(2026, 6, 10)
    kept = versions(facts)[SITE, str(day)]
    assert facts.trim(SITE, {day: kept}) == [day]
    assert facts.take_back(SITE, numbers(facts, "a")) == (1, 1)
    assert versions(facts) == {(SITE, str(day)): kept}
    assert facts.rows("SELECT sum(count) FROM drops") == [(5,)]


def test_one_that_is_being_imported_keeps_one_note_of_a_growing_file() -> None:
    facts = empty()
    take_in(facts, made([Act(NOON)]), part("a", note("one")))
    grown = Note(0, "one", b"more", 200, 20, (1, 20), b"one")
    take_in(facts, made([Act(NOON + MINUTE)], prefix="t"), part("a", grown))
    assert facts.rows("SELECT digest, upto, took FROM imports") == [(b"more", 200, [1, 20])]
    sums = "SELECT outcome, count FROM outcomes"
    assert facts.rows(sums) == [("page_views", 2)]


def test_another_site_s_facts_are_not_touched() -> None:
    facts = empty()
    several = made([Act(NOON, site="kathmandu")])
    take_in(facts, several, replace(part("a"), site="kathmandu"))
    facts.take_back(SITE, numbers(facts, "a"))
    assert facts.rows("SELECT count(*) FROM events") == [(1,)]
