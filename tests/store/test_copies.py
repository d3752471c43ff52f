"""Copies: one of them counts, whichever comes first."""

from itertools import permutations

import pytest

from footfall.domain.event import Position
from footfall.stream.port import Record
from tests.oracle import DAY, HOUR, MINUTE
from tests.store.relations import agree, copies, empty, everything, filled
from tests.traffic import Act, Made, apply, at, made

NINE = at("2026-06-10 09:00")
FIRST = Act(NINE, id=1, page="/first")


@pytest.mark.parametrize(
    ("acts", "pages"),
    [
        pytest.param([FIRST, Act(NINE, id=1, page="/same time")], ["/first"], id="a retry"),
        pytest.param([FIRST, Act(NINE + MINUTE, id=1, page="/later")], ["/first"], id="a later one"),
        pytest.param([FIRST, Act(NINE - HOUR, id=1, page="/earlier", late=2 * HOUR)], ["/earlier"], id="an earlier one that came late"),
        pytest.param([FIRST, Act(NINE - HOUR, "bob", id=1, page="/earlier", late=2 * HOUR)], ["/earlier"], id="of somebody else"),
        pytest.param([FIRST, Act(NINE - 10 * HOUR, id=1, page="/yesterday", late=11 * HOUR)], ["/yesterday"], id="of the day before"),
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


def test_each_copy_left_out_is_counted_on_its_day_in_any_order() -> None:
    records = made([FIRST, Act(NINE - 10 * HOUR, id=1, late=11 * HOUR), Act(NINE + 17 * HOUR, id=1)])
    stores = [filled(*([each] for each in order)) for order in permutations(records)]
    assert [(str(day), count) for _, day, count in copies(stores[0])] == [("2026-06-10", 1), ("2026-06-11", 1)]
    assert all(copies(each) == copies(stores[0]) and everything(each) == everything(stores[0]) for each in stores)


def test_windows_follow_one_another() -> None:
    """A new window of 48 hours opens with the first copy outside of the one before."""
    records = made([Act(NINE + hours * HOUR, id=1) for hours in (0, 40, 49, 90, 98, 120)])
    for facts in (filled(records), filled(*([each] for each in records)), filled(records[:2], records[2:])):
        agree(facts, records)
        assert [time // HOUR for (time,) in facts.rows("SELECT epoch_us(time) - ? FROM events ORDER BY time", [NINE])] == [0, 49, 98]


def test_a_displaced_copy_splits_its_visit() -> None:
    records = made([Act(NINE), Act(NINE + 25 * MINUTE, id=1), Act(NINE + 50 * MINUTE), Act(NINE - 5 * HOUR, "bob", id=1, late=6 * HOUR)])
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
    displacing = made([Act(midnight - HOUR, "bob", id=1, late=2 * HOUR)], prefix="t")
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
