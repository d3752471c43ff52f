"""Copies: one of them counts, whichever comes first."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.domain.event import Position
from footfall.store.apply import MOST_SPARES
from footfall.stream.port import Record
from tests.oracle import DAY, HOUR, MINUTE
from tests.store.relations import Told, agree, copies, empty, everything, filled
from tests.traffic import SALTS, Act, Made, apply, at, made, often

NINE = at("2026-06-10 09:00")
TENTH = 20_614
FIRST = Act(NINE, id=1, page="/first")
LATE = Act(NINE - HOUR, id=1, page="/earlier", late=2 * HOUR)
KEYED = Act(NINE + HOUR, "bob", id=1, page="/keyed", keyed=True)
OTHER_KEY = Act(NINE - HOUR, "bob", id=1, page="/other-key", late=3 * HOUR, keyed=True, key=2)


@pytest.mark.parametrize(
    ("acts", "pages"),
    [
        pytest.param([FIRST, Act(NINE, id=1, page="/same time")], ["/first"], id="a retry"),
        pytest.param([FIRST, Act(NINE + MINUTE, id=1, page="/later")], ["/first"], id="a later one"),
        pytest.param([FIRST, LATE], ["/earlier"], id="an earlier one that came late"),
        pytest.param([FIRST, replace(LATE, who="bob")], ["/first"], id="a stranger's, said to be earlier"),
        pytest.param(
            [FIRST, Act(NINE - 10 * HOUR, id=1, page="/claimed", late=10 * HOUR + 1)],
            ["/first"],
            id="said to be of the day before, when everybody has another name",
        ),
        pytest.param([FIRST, KEYED], ["/keyed"], id="one with a key"),
        pytest.param([KEYED, replace(LATE, late=3 * HOUR)], ["/keyed"], id="one without, after one with a key"),
        pytest.param([KEYED, OTHER_KEY], ["/keyed"], id="of two keys"),
        pytest.param([KEYED, replace(OTHER_KEY, key=1)], ["/other-key"], id="of one key"),
        pytest.param([FIRST, KEYED, replace(OTHER_KEY, late=HOUR)], ["/other-key"], id="the first with a key"),
        pytest.param(
            [FIRST, replace(LATE, who="bob", late=2 * HOUR), replace(LATE, page="/mine", late=3 * HOUR)],
            ["/mine"],
            id="an earlier one after a stranger's",
        ),
        pytest.param(
            [
                FIRST,
                Act(NINE - 2 * HOUR, "bob", id=1, page="/bobs-earliest", late=3 * HOUR),
                Act(NINE - HOUR, "bob", id=1, page="/bobs-first"),
            ],
            ["/bobs-earliest"],
            id="who came first says when it was, even later",
        ),
        pytest.param([FIRST, Act(NINE, id=1, page="/elsewhere", site="berlin2")], ["/elsewhere", "/first"], id="of another site is none"),
        pytest.param([FIRST, Act(NINE + 48 * HOUR, id=1, page="/later")], ["/first"], id="after 48 hours"),
        pytest.param([FIRST, Act(NINE + 48 * HOUR + 1, id=1, page="/anew")], ["/anew", "/first"], id="after more than 48 hours it counts anew"),
        pytest.param([FIRST, Act(NINE - 100 * DAY, id=1, page="/old", late=100 * DAY + HOUR, keyed=True)], ["/old"], id="of long ago, with a key"),
    ],
)
def test_one_copy_counts(acts: list[Act], pages: list[str]) -> None:
    records = made(acts)
    one_by_one, at_once = filled(*([each] for each in records)), filled(records)
    agree(one_by_one, records)
    assert [page for (page,) in one_by_one.rows("SELECT page FROM events ORDER BY page")] == pages
    assert everything(at_once) == everything(one_by_one)
    if _within_a_window(acts):
        for order in permutations(records):
            assert all_told(*([each] for each in order)) == all_told(records)


def all_told(*batches: Sequence[Made]) -> tuple[object, Sequence[Told]]:
    """What a store holds after some batches; it is closed, since a failure keeps all it had open."""
    with closing(filled(*batches)) as facts:
        return everything(facts), copies(facts)


def _within_a_window(acts: list[Act]) -> bool:
    arrivals = [each.at + each.late for each in acts]
    return max(arrivals) - min(arrivals) <= 48 * HOUR


@pytest.mark.parametrize("second", ["ann", "bob"])
def test_each_copy_left_out_is_counted_on_its_day_in_any_order(second: str) -> None:
    acts = [FIRST, Act(NINE - 10 * HOUR, second, id=1, late=11 * HOUR), Act(NINE + 17 * HOUR, id=1)]
    records = made(acts)
    expected = all_told(records)
    assert [(str(day), count) for _, day, count in expected[1]] == [("2026-06-09", 1), ("2026-06-11", 1)]
    for order in permutations(records):
        assert all_told(*([each] for each in order)) == expected


rivals = st.lists(
    st.builds(
        Act,
        at=st.sampled_from((-12, -3, -2, -1, 0)).map(lambda hours: NINE + hours * HOUR),
        who=st.sampled_from(("ann", "bob", "cyd")),
        kind=st.sampled_from(("pageview", "pageview", "custom")),
        page=st.sampled_from(("/", "/a", "/c/d")),
        late=st.sampled_from((0, HOUR, 2 * HOUR, 3 * HOUR)),
        id=st.sampled_from((1, 1, 1, 1, 2)),
        keyed=st.sampled_from((False, False, False, True)),
        key=st.sampled_from((1, 2)),
    ),
    min_size=3,
    max_size=8,
)
"""Copies of three senders and more, with and without keys, who claim any time."""


@often(12)
def test_copies_in_any_order_and_split_give_the_same(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rivals, st.randoms(use_true_random=False))
    def holds(acts: list[Act], dice: Random) -> None:
        records = made(acts)
        with closing(filled(records)) as at_once:
            agree(at_once, records)
        expected = all_told(records)
        shuffled = dice.sample(records, len(records))
        cut = dice.randrange(len(records))
        assert all_told(*([each] for each in shuffled)) == expected
        assert all_told(shuffled[:cut], shuffled[cut:]) == expected

    holds()


def test_many_strangers_with_an_id_are_not_kept() -> None:
    """Nor does a batch of theirs cost the more the more of them came before."""
    people = [Act(NINE + MINUTE, "dan", id=1, keyed=True, key=number) for number in range(2 * MOST_SPARES)]
    records = made([Act(NINE, id=1, keyed=True, key=99), *people])
    facts = filled(*([each] for each in records))
    agree(facts, records)
    assert facts.rows("SELECT count(*) FROM spares") == [(MOST_SPARES,)]
    assert copies(facts)[0][2] == len(people)


def test_spares_go_with_what_is_known_of_their_id() -> None:
    facts = filled(made([FIRST, replace(LATE, who="bob")]))
    facts.settle(frozenset(), 0, NINE + 48 * HOUR)
    assert facts.rows("SELECT page FROM spares") == [("/earlier",)]
    facts.settle(frozenset(), 0, NINE + 49 * HOUR)
    assert facts.rows("SELECT * FROM spares") == facts.rows("SELECT * FROM ids") == []


def test_no_spare_outlives_the_salts_of_its_day() -> None:
    """Nor does what links it to the day before."""
    midnight = at("2026-06-10 00:00")
    across = [Act(midnight + 5 * MINUTE, who, id=1) for who in ("ann", "bob")]
    facts, alive = filled(made(across)), frozenset(SALTS)
    links = "SELECT prev IS NOT NULL FROM spares"
    facts.settle(alive, TENTH + 30, 0)
    assert facts.rows(links) == [(True,)]
    facts.settle(alive - {TENTH - 1}, TENTH + 30, 0)
    assert facts.rows(links) == [(False,)]
    facts.settle(alive - {TENTH - 1, TENTH}, TENTH + 30, 0)
    assert facts.rows(links) == []


@pytest.mark.parametrize("copy", [LATE, replace(LATE, who="bob")], ids=["his own", "a stranger's"])
def test_no_copy_brings_back_what_is_erased(copy: Act) -> None:
    facts = filled(made([FIRST]))
    facts.erase("berlin", "SELECT id, time FROM events", {})
    assert facts.rows("SELECT count(*), count(sender) FROM ids") == [(1, 0)]
    apply(facts, made([copy], prefix="t"))
    assert facts.rows("SELECT page FROM events") == []


@pytest.mark.parametrize("change", ["erase", "remove"])
def test_what_is_erased_is_no_spare_either(change: str) -> None:
    facts = filled(made([FIRST, replace(LATE, who="bob"), replace(LATE, who="bob", site="berlin2")]))
    apply(facts, made([replace(FIRST, site="berlin2")], prefix="t"))
    if change == "erase":
        facts.erase("berlin", "SELECT id, time FROM events WHERE site = $site AND page = '/first'", {"site": "berlin"})
    else:
        facts.remove("berlin")
    assert facts.rows("SELECT site FROM spares") == [("berlin2",)]


def test_ids_of_an_older_version_keep_their_place() -> None:
    """Of who sent them nothing is known, so whoever comes later is somebody else."""
    facts, old = empty(), made([FIRST])
    apply(facts, old)
    with facts._transaction() as connection:
        connection.execute("UPDATE ids SET keyed = NULL, sender = NULL")
    apply(facts, made([replace(LATE, who="bob"), LATE], prefix="t"))
    assert facts.rows("SELECT page FROM events") == [("/first",)]
    apply(facts, made([KEYED], prefix="u"))
    assert facts.rows("SELECT page FROM events") == [("/keyed",)]


def test_windows_follow_one_another() -> None:
    """A new window of 48 hours opens with the first copy outside of the one before."""
    records = made([Act(NINE + hours * HOUR, id=1) for hours in (0, 40, 49, 90, 98, 120)])
    for facts in (filled(records), filled(*([each] for each in records)), filled(records[:2], records[2:])):
        agree(facts, records)
        assert [time // HOUR for (time,) in facts.rows("SELECT epoch_us(time) - ? FROM events ORDER BY time", [NINE])] == [0, 49, 98]


def test_a_displaced_copy_splits_its_visit() -> None:
    displacing = Act(NINE - 5 * HOUR, "bob", id=1, late=6 * HOUR, keyed=True)
    records = made([Act(NINE), Act(NINE + 25 * MINUTE, id=1), Act(NINE + 50 * MINUTE), displacing])
    facts = filled(records[:3])
    assert facts.rows("SELECT count(*) FROM visits") == [(1,)]
    apply(facts, records[3:])
    agree(facts, records)
    assert facts.rows("SELECT count(*) FROM visits") == [(3,)]


def test_a_displaced_copy_takes_its_link_across_midnight_along() -> None:
    midnight = at("2026-06-11 00:00")
    first = made([Act(midnight - 5 * MINUTE), Act(midnight + 5 * MINUTE, id=1), Act(midnight + 10 * HOUR)])
    facts = filled(first)
    assert facts.rows("SELECT pageviews FROM visits ORDER BY start") == [(2,), (1,)]
    displacing = made([Act(midnight - HOUR, "bob", id=1, late=2 * HOUR, keyed=True)], prefix="t")
    apply(facts, displacing)
    agree(facts, first + displacing)


def test_a_copy_with_another_payload_at_the_same_time_counts_by_position() -> None:
    low, high = made([Act(NINE, id=1, page="/low", came="search"), Act(NINE, id=1, page="/high", came="link")])
    for batches in ([[low], [high]], [[high], [low]], [[low, high]]):
        facts = filled(*batches)
        assert facts.rows("SELECT page, source FROM events") == [("/low", "Google")]
        assert facts.rows("SELECT entry_page, source FROM visits") == [("/low", "Google")]


@pytest.mark.parametrize(
    ("first", "second"),
    [pytest.param(("one", 9), ("one", 10), id="numbers within a shard"), pytest.param(("a", 10), ("b", 9), id="shards first")],
)
def test_positions_are_compared_by_shard_and_number(first: tuple[str, int], second: tuple[str, int]) -> None:
    low, high = made([Act(NINE, id=1, page="/first"), Act(NINE, id=1, page="/second")])
    for batches in ([[low, high]], [[low], [high]]):
        facts = empty()
        apply(facts, *([_moved(each, first if each is low else second) for each in batch] for batch in batches))
        assert facts.rows("SELECT page FROM events") == [("/first",)]


def _moved(each: Made, position: tuple[str, int]) -> Made:
    return Made(Record(Position(*position), each.record.data), each.seen)


def test_a_batch_delivered_again_changes_nothing() -> None:
    records = made([FIRST, Act(NINE + MINUTE, kind="custom"), Act(NINE + HOUR)])
    facts = filled(records)
    before = everything(facts), facts.rows("SELECT * FROM days"), copies(facts)
    apply(facts, records, records[1:], list(reversed(records)))
    assert (everything(facts), facts.rows("SELECT * FROM days"), copies(facts)) == before
