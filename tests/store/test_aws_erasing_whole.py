"""An erasure of more days than a transaction takes, broken off anywhere: all of it, or nothing."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from footfall.store.aws import pointer
from footfall.store.port import StoreBroken
from tests.aws import fault
from tests.aws.emulators import clients
from tests.aws.fault import network
from tests.store.relations import everything, filled
from tests.store.test_aws_erasing import NINE, Place, acts, erase, fill, place, same
from tests.traffic import Act, Made, apply, made

__all__ = ["acts", "place"]
pytestmark = pytest.mark.slow
BY_VISITS = "visit IN (SELECT visit FROM visits WHERE site = $site AND entry_page = '/a')"
"""What is left of such a visit begins elsewhere: done again, half an erasure would choose others."""


@pytest.mark.parametrize("undone", [True, False], ids=["undone", "done"])
@pytest.mark.parametrize("transaction", range(1, 5))
def test_an_erasure_of_more_days_than_a_transaction_takes_is_whole_or_not_begun(
    place: Place,
    acts: list[Made],
    monkeypatch: pytest.MonkeyPatch,
    transaction: int,
    undone: bool,
) -> None:
    fill(place, acts)
    place.facts.compact("berlin")
    monkeypatch.setattr(pointer, "MOST_DAYS", 2)
    before, home = everything(place.open()), filled(acts)
    erase(home, BY_VISITS)
    with network(place.aws.url, _dead_with(transaction, undone)) as broken:
        away = clients(broken.url)
        with suppress(StoreBroken):
            erase(place.open(away.dynamodb, away.s3), BY_VISITS)
    assert everything(place.open()) in (before, everything(home)), "either all or nothing"
    erase(place.open(), BY_VISITS)
    same(place, home)
    assert place.versions("berlin") == place.named("berlin")
    assert not [each for each in place.items("berlin") if each[:2] in ("S#", "Q#")]
    late = made([Act(NINE, id=12345)], prefix="later", one_shard=True)
    for facts in (place.facts, home):
        apply(facts, late)
    place.facts.compact("berlin")
    same(place, home)
    home.close()


def _dead_with(number: int, undone: bool) -> Callable[[str], fault.Fault]:
    """All is well until a transaction, which is made or not, and nothing after it."""
    made = 0

    def choose(action: str) -> fault.Fault:
        nonlocal made
        if made >= number:
            return fault.cut
        made += action == "TransactWriteItems"
        if made < number:
            return fault.none
        return fault.cut if undone else fault.lose

    return choose
