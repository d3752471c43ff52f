"""What becomes another site's on AWS does so as at home, wherever it is broken off."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

import pytest

from footfall.store.aws import pointer
from footfall.store.duckdb import DuckdbFacts
from footfall.store.port import StoreBroken
from footfall.store.removal import NotMoved
from tests.aws.emulators import clients
from tests.aws.fault import network
from tests.store.relations import filled, versions
from tests.store.test_aws_erasing import (
    FIRST,
    NINE,
    Place,
    acts,
    dead_from,
    fill,
    place,
    same,
)
from tests.traffic import Act, Made, apply, at, made

__all__ = ["acts", "place"]
pytestmark = pytest.mark.slow
SETTLED_US = 20_700


def moved_home(acts: Sequence[Made], into: str) -> DuckdbFacts:
    home = filled(acts)
    home.move("berlin", into)
    return home


@pytest.mark.parametrize("into", ["berlin2", "kathmandu"])
@pytest.mark.parametrize("settled", [False, True], ids=["fresh", "settled"])
def test_all_of_a_site_becomes_another_s(
    place: Place,
    acts: list[Made],
    into: str,
    settled: bool,
) -> None:
    fill(place, acts)
    if settled:
        place.facts.settle(frozenset(), SETTLED_US, 0)
    before = versions(place.open())
    home = filled(acts)
    if settled:
        home.settle(frozenset(), SETTLED_US, 0)
    events = home.move("berlin", into)
    assert place.facts.move("berlin", into) == events
    same(place, home)
    assert not [each for each in place.items("berlin") if each[0] in "PSX"]
    assert place.versions("berlin") == []
    after = versions(place.open())
    both = {day for site, day in before if site == "berlin" and (into, day) in before}
    assert all(before[into, day] != after[into, day] for day in both)
    assert place.facts.move("berlin", into) == 0, "done again it changes nothing"
    same(place, home)
    late = made(
        [Act(NINE, site=into, id=12345), Act(at("2026-06-11 00:05"), site=into)],
        prefix="later",
        one_shard=True,
    )
    for facts in (place.facts, home):
        apply(facts, late)
    place.facts.compact(into)
    same(place, home)
    home.close()


def test_what_comes_under_the_old_name_is_taken_along_once(place: Place, acts: list[Made]) -> None:
    fill(place, acts)
    place.facts.move("berlin", "berlin2")
    late = made([Act(at("2026-06-20 09:00"), who="bob")], prefix="late", one_shard=True)
    apply(place.facts, late)
    assert place.facts.move("berlin", "berlin2") == 1
    home = moved_home(acts, "berlin2")
    apply(home, late)
    home.move("berlin", "berlin2")
    same(place, home)
    home.close()


def test_a_copy_of_what_has_moved_is_left_out(place: Place) -> None:
    several = made([Act(NINE, id=7), Act(NINE + 60_000_000)], prefix="a", one_shard=True)
    apply(place.facts, several)
    place.facts.move("berlin", "berlin2")
    home = moved_home(several, "berlin2")
    copy = made([Act(NINE, id=7, late=60_000_000, site="berlin2")], prefix="b", one_shard=True)
    for each in (place.facts, home):
        apply(each, copy)
    place.facts.compact("berlin2")
    same(place, home)
    home.close()


@pytest.mark.parametrize("at_call", [3, 8, 13, 21, 34, 55, 70])
def test_a_move_that_is_broken_off_is_done_again(
    place: Place,
    acts: list[Made],
    at_call: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pointer, "MOST_MOVED", 2)
    fill(place, acts)
    with network(place.aws.url, dead_from(at_call)) as broken:
        away = clients(broken.url)
        with suppress(StoreBroken):
            place.open(away.dynamodb, away.s3).move("berlin", "kathmandu")
    place.open().move("berlin", "kathmandu")
    home = moved_home(acts, "kathmandu")
    same(place, home)
    assert place.versions("berlin") == []
    assert place.versions("kathmandu") == place.named("kathmandu")
    home.close()


def test_days_of_which_one_has_only_sums_stay_two(place: Place, acts: list[Made]) -> None:
    fill(place, acts)
    place.facts.settle(frozenset(), SETTLED_US, 0)
    day = FIRST + timedelta(days=1)
    kept = versions(place.facts)
    assert place.facts.trim("berlin", {day: kept["berlin", str(day)]}) == [day]
    before = versions(place.open())
    says = f"of 1 days from {day} to {day}, .*: footfall aws erase --site ID --period"
    for refuse in (place.facts.check_move, place.facts.move):
        with pytest.raises(NotMoved, match=says):
            refuse("berlin", "kathmandu")
    assert versions(place.open()) == before
    place.facts.move("berlin", "berlin2")
    assert place.facts.pointers.of("berlin2").days[day].day.trimmed


def test_more_days_than_a_transaction_takes_move(place: Place) -> None:
    day_us = 86_400_000_000
    several = made([Act(NINE + number * day_us) for number in range(130)], one_shard=True)
    for start in range(0, 130, 30):
        apply(place.facts, several[start : start + 30])
    assert place.facts.move("berlin", "berlin2") == 130
    home = moved_home(several, "berlin2")
    same(place, home)
    assert date(2026, 6, 10) in place.facts.pointers.of("berlin2").days
    home.close()
