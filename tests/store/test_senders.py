"""Copies of several senders on AWS, whose files and segments meet in any order: as at home."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.store.aws import dynamodb, window
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.erasing import DynamodbErasing
from tests.aws.emulators import Aws
from tests.oracle import HOUR, MINUTE
from tests.store.test_copies import FIRST, KEYED, LATE, NINE, OTHER_KEY, TENTH, rivals
from tests.store.test_dynamodb import Opened, delivered, opened, same, sharded
from tests.traffic import SALTS, SITE, Act, Made, apply, at, made, often

__all__ = ["opened"]
pytestmark = pytest.mark.slow

STRANGER = Act(NINE - 2 * HOUR, "bob", id=1, page="/stolen", late=2 * HOUR + MINUTE)


def each_apart(facts: DynamodbFacts, order: Sequence[Made]) -> None:
    """Apply records one by one, and make files after each."""
    for each in order:
        apply(facts, [each])
        facts.compact("berlin")


@pytest.mark.parametrize(
    ("acts", "page"),
    [
        pytest.param([FIRST, STRANGER], "/first", id="a stranger's, said to be earlier"),
        pytest.param([FIRST, STRANGER, LATE], "/earlier", id="an earlier one after a stranger's"),
        pytest.param([FIRST, STRANGER, KEYED], "/keyed", id="one with a key"),
        pytest.param([KEYED, OTHER_KEY, FIRST], "/keyed", id="of two keys"),
    ],
)
def test_one_copy_counts_in_files_too(aws: Aws, tmp_path: Path, acts: list[Act], page: str) -> None:
    for number, order in enumerate(permutations(made(acts))):
        (folder := tmp_path / str(number)).mkdir()
        place = aws.table(), aws.bucket()
        facts = DynamodbFacts(aws.dynamodb, aws.s3, *place, lambda: [*SITE, ""], lambda: NINE, "512MB", folder)
        each_apart(facts, order)
        same(facts, list(order))
        assert facts.rows("SELECT page FROM events") == [(page,)]
        facts.close()


@often(4)
def test_senders_meet_in_any_order(aws: Aws, tmp_path: Path, examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In rounds of a few events, in pieces of fewer."""
    for where, name, size in ((dynamodb, "MOST_EVENTS", 5), (window, "AT_ONCE", 2), (window, "FOLDED_AT_ONCE", 3)):
        monkeypatch.setattr(where, name, size)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rivals, st.randoms(use_true_random=False))
    def check(acts: list[Act], dice: Random) -> None:
        place = aws.table(), aws.bucket()
        facts = DynamodbFacts(aws.dynamodb, aws.s3, *place, lambda: [*SITE, ""], lambda: NINE, "512MB", tmp_path)
        shards = sharded(acts)
        for batch in delivered(shards, dice, 3):
            apply(facts, batch)
            if dice.random() < 0.5:
                facts.compact("berlin")
        same(facts, [each for shard in shards for each in shard])
        facts.close()

    check()


def spares(facts: DynamodbFacts) -> Sequence[tuple[object, ...]]:
    """What files hold of spares: pages, and whether they are linked to the day before."""
    with facts._window() as fresh:
        paths = facts._loader.files("berlin", "spares", facts.pointers.of("berlin").days)
        held = ", ".join(f"'{path}'" for path in paths.values())
        if not held:
            return []
        return fresh.rows(f"SELECT page, prev IS NOT NULL FROM read_parquet([{held}])")


def test_no_spare_in_files_outlives_the_salts_of_its_day(opened: Opened) -> None:
    facts, midnight = opened(), at("2026-06-10 00:00")
    before = Act(midnight - 5 * MINUTE, "cyd")
    across = [Act(midnight + 5 * MINUTE, who, id=1, page=f"/{who}") for who in ("ann", "bob")]
    each_apart(facts, made([before, *across]))
    assert spares(facts) == [("/bob", True)]
    alive = frozenset(SALTS)
    facts.settle(alive - {TENTH - 1}, TENTH + 30, 0)
    assert spares(facts) == [("/bob", False)]
    facts.settle(alive - {TENTH - 1, TENTH}, TENTH + 30, 0)
    assert spares(facts) == []


def test_what_is_erased_leaves_no_spare_in_files(opened: Opened, aws: Aws, tmp_path: Path) -> None:
    facts = opened()
    each_apart(facts, made([FIRST, STRANGER, Act(NINE + HOUR, page="/kept")]))
    assert [page for page, _ in spares(facts)] == ["/stolen"]
    place = facts._table, facts._bucket
    eraser = DynamodbErasing(aws.dynamodb, aws.s3, *place, lambda: [*SITE, ""], lambda: NINE, "512MB", tmp_path)
    eraser.erase("berlin", "SELECT id, time FROM events WHERE site = $site AND page = '/first'", {"site": "berlin"})
    assert spares(facts) == []
    assert facts.rows("SELECT page FROM events") == [("/kept",)]
    eraser.close()
