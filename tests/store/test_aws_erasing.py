"""What is erased on AWS is gone as at home, whatever is beside and wherever it is broken off."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.moving import DynamodbMoving
from footfall.store.aws.rollups import DynamodbRollups
from footfall.store.port import StoreBroken
from tests.aws import fault
from tests.aws.emulators import Aws, clients
from tests.aws.fault import Call, network
from tests.store.relations import agree, everything, filled, versions
from tests.traffic import SITE, Act, Made, apply, at, crowd, made

pytestmark = pytest.mark.slow
FIRST = date(2026, 6, 9)
NINE = at("2026-06-10 09:00")
CHOSEN = "SELECT id, time FROM events WHERE site = $site AND {where}"


class Place:
    """A table and a bucket, and who works on them."""

    def __init__(self, aws: Aws, folder: Path) -> None:
        self.aws, self.folder = aws, folder
        self.table, self.bucket = aws.table(), aws.bucket()
        self.facts = self.open()
        self.rollups = DynamodbRollups(aws.dynamodb, self.table, lambda: FIRST)

    def open(self, dynamodb: Any = None, s3: Any = None) -> DynamodbMoving:
        given = dynamodb or self.aws.dynamodb, s3 or self.aws.s3, self.table, self.bucket
        return DynamodbMoving(*given, self._sites, lambda: NINE, "512MB", self.folder)

    def _sites(self) -> list[str]:
        return [*SITE, ""]

    def versions(self, site: str) -> list[tuple[str, str]]:
        pages = self.aws.s3.get_paginator("list_object_versions")
        found: list[tuple[str, str]] = []
        for page in pages.paginate(Bucket=self.bucket, Prefix=f"{site}/"):
            both: Any = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            found += [(each["Key"], each["VersionId"]) for each in both]
        return sorted(found)

    def items(self, site: str) -> list[str]:
        """What the table holds of a site, but for the number of its generation."""
        pages = self.aws.dynamodb.get_paginator("scan").paginate(TableName=self.table)
        every = [item for page in pages for item in page["Items"]]
        keys = [f"{item['pk']['S']} {item['sk']['S']}" for item in every]
        return [each for each in keys if site in each.replace("#", " ").split() and each[0] != "V"]

    def named(self, site: str) -> list[tuple[str, str]]:
        """The versions that count."""
        days = self.open().pointers.of(site).days
        return sorted(
            (f"{site}/{day}/{part}.parquet", version)
            for day, pointer in days.items()
            for part, version in pointer.files.items()
        )  # fmt: skip


@pytest.fixture
def place(aws: Aws, tmp_path: Path) -> Iterator[Place]:
    found = Place(aws, tmp_path)
    yield found
    found.facts.close()


@pytest.fixture(scope="module")
def acts() -> list[Made]:
    others = crowd(3, FIRST, 2, 8, "kathmandu")
    return made([*crowd(1, FIRST, 4, 25), *others], one_shard=True)


def fill(place: Place, acts: Sequence[Made]) -> None:
    """Some in files, made twice, and some that waits in segments."""
    third = len(acts) // 3
    for start in (0, third):
        apply(place.facts, acts[start : start + third])
        for site in ("berlin", "kathmandu"):
            place.facts.compact(site)
    apply(place.facts, acts[2 * third :])
    for site in ("berlin", "kathmandu"):
        place.rollups.put(site, b"q", {FIRST: (1, b"sums")})


def others(acts: Sequence[Made]) -> list[Made]:
    return [each for each in acts if each.seen.site != "berlin"]


def gone(place: Place, acts: Sequence[Made]) -> None:
    """Nothing is left of berlin, and all of the others."""
    assert (place.items("berlin"), place.versions("berlin")) == ([], [])
    agree(place.open(), others(acts))
    assert place.rollups.versions("kathmandu", b"q", FIRST, FIRST)


def test_all_of_a_site_goes(place: Place, acts: list[Made]) -> None:
    fill(place, acts)
    removed = place.facts.remove_all("berlin")
    assert all(removed)
    gone(place, acts)
    assert place.facts.remove_all("berlin") == (0, 0, 0)
    late = made([Act(NINE)], prefix="later", one_shard=True)
    apply(place.facts, late)
    place.facts.compact("berlin")
    agree(place.facts, [*others(acts), *late])


def test_more_days_than_a_transaction_takes(place: Place) -> None:
    day_us = 86_400_000_000
    records = made([Act(NINE + number * day_us) for number in range(130)], one_shard=True)
    for start in range(0, 130, 30):
        apply(place.facts, records[start : start + 30])
    place.facts.compact("berlin")
    home = filled(records)
    for facts in (place.facts, home):
        erase(facts, "id % 2 = 0")
    same(place, home)
    home.close()
    assert place.facts.remove_all("berlin").days == 130
    assert (place.items("berlin"), place.versions("berlin")) == ([], [])


def test_a_site_whose_name_begins_as_another_stays(place: Place, acts: list[Made]) -> None:
    more = made([Act(NINE, site="berlin2")], prefix="more", one_shard=True)
    fill(place, [*acts, *more])
    place.facts.compact("berlin2")
    place.facts.remove_all("berlin")
    agree(place.open(), [*others(acts), *more])
    assert place.versions("berlin2")


@pytest.mark.parametrize("at_call", [1, 2, 3, 5, 8, 13, 21, 34])
def test_a_removal_that_is_broken_off_is_done_again(
    place: Place,
    acts: list[Made],
    at_call: int,
) -> None:
    fill(place, acts)
    with network(place.aws.url, dead_from(at_call)) as broken:
        away = clients(broken.url)
        with suppress(StoreBroken):
            place.open(away.dynamodb, away.s3).remove_all("berlin")
    place.open().remove_all("berlin")
    gone(place, acts)


def dead_from(number: int) -> Callable[[str], fault.Fault]:
    """All is well until a call, and nothing after it."""
    calls = iter(range(1, 1_000_000))

    def choose(_: str) -> fault.Fault:
        return fault.none if next(calls) < number else fault.cut

    return choose


def beside(place: Place, do: Callable[[], object]) -> None:
    """Compact, and have something done when the files are written and no pointer names them."""
    done: list[object] = []

    def choose(action: str) -> fault.Fault:
        def fault_of(call: Call) -> None:
            if action == "TransactWriteItems" and not done:
                done.append(do())
            fault.none(call)

        return fault_of

    with network(place.aws.url, choose) as slow:
        away = clients(slow.url)
        facts = DynamodbFacts(
            away.dynamodb, place.aws.s3, place.table, place.bucket,
            lambda: [*SITE, ""], lambda: NINE, "512MB", place.folder,
        )  # fmt: skip
        with pytest.raises(StoreBroken):
            facts.compact("berlin")
    assert done


def test_a_compaction_beside_brings_no_site_back(place: Place, acts: list[Made]) -> None:
    fill(place, acts)
    beside(place, lambda: place.facts.remove_all("berlin"))
    gone(place, acts)


def test_a_first_compaction_beside_brings_no_site_back(place: Place, acts: list[Made]) -> None:
    apply(place.facts, acts)
    place.rollups.put("kathmandu", b"q", {FIRST: (1, b"sums")})
    beside(place, lambda: place.facts.remove_all("berlin"))
    gone(place, acts)


SOME = (
    "page = '/a'",
    "day = DATE '2026-06-10'",
    "id % 3 = 0",
    "kind = 'pageview'",
    "country = 'DE' AND hour(time) < 12",
    "true",
    "false",
)


def erase(facts: Any, where: str) -> Sequence[Any]:
    found: Sequence[Any] = facts.erase("berlin", CHOSEN.format(where=where), {"site": "berlin"})
    return found


def same(place: Place, home: Any) -> None:
    facts = place.open()
    assert everything(facts) == everything(home)
    assert set(versions(facts)) == set(versions(home))
    drops = "SELECT site, day, reason, sum(count) FROM drops GROUP BY ALL ORDER BY ALL"
    assert facts.rows(drops) == home.rows(drops)
    facts.close()


@pytest.mark.parametrize("where", SOME)
@pytest.mark.parametrize("settled", [False, True], ids=["fresh", "settled"])
def test_what_is_erased_is_gone_as_at_home(
    place: Place,
    acts: list[Made],
    where: str,
    settled: bool,
) -> None:
    fill(place, acts)
    home = filled(acts)
    if settled:
        for each in (place.facts, home):
            each.settle(frozenset(), 20_700, 0)
    before = versions(place.open())
    told = erase(place.facts, where)
    assert told == erase(home, where)
    same(place, home)
    after = versions(place.open())
    days = {("berlin", str(each.day)) for each in told}
    assert all(before[day] != after[day] for day in days & after.keys())
    assert place.versions("berlin") == place.named("berlin"), "no version has what was erased"
    assert not [each for each in place.items("berlin") if each.startswith("S#")]
    late = made([Act(NINE, id=12345), Act(at("2026-06-11 00:05"))], prefix="later", one_shard=True)
    for facts in (place.facts, home):
        apply(facts, late)
    place.facts.compact("berlin")
    same(place, home)
    home.close()


def test_a_copy_of_what_was_erased_is_left_out(place: Place) -> None:
    several = made([Act(NINE, id=7), Act(NINE + 60_000_000)], prefix="a", one_shard=True)
    apply(place.facts, several)
    home = filled(several)
    for each in (place.facts, home):
        erase(each, f"epoch_us(time) = {NINE}")
    copy = made([Act(NINE, id=7, late=60_000_000)], prefix="b", one_shard=True)
    for each in (place.facts, home):
        apply(each, copy)
    same(place, home)
    place.facts.compact("berlin")
    same(place, home)
    home.close()


def test_a_compaction_beside_brings_nothing_back(place: Place, acts: list[Made]) -> None:
    fill(place, acts)
    home = filled(acts)
    beside(place, lambda: erase(place.facts, "page = '/a'"))
    erase(home, "page = '/a'")
    place.facts.compact("berlin")
    same(place, home)
    home.close()


@pytest.mark.parametrize("at_call", [3, 8, 13, 21, 34, 55])
def test_an_erasure_that_is_broken_off_is_done_again(
    place: Place,
    acts: list[Made],
    at_call: int,
) -> None:
    fill(place, acts)
    home = filled(acts)
    with network(place.aws.url, dead_from(at_call)) as broken:
        away = clients(broken.url)
        with suppress(StoreBroken):
            erase(place.open(away.dynamodb, away.s3), "id % 3 = 0")
    erase(place.open(), "id % 3 = 0")
    erase(home, "id % 3 = 0")
    same(place, home)
    assert place.versions("berlin") == place.named("berlin")
    home.close()


def test_sums_of_days_whose_facts_are_gone_can_be_forgotten(place: Place, acts: list[Made]) -> None:
    fill(place, acts)
    place.facts.settle(frozenset(), 20_700, 0)
    kept = versions(place.facts)
    day = FIRST + timedelta(days=1)
    assert place.facts.trim("berlin", {day: kept["berlin", str(day)]}) == [day]
    assert place.facts.forget_gone("berlin", FIRST, day) == [day]
    assert ("berlin", str(day)) not in versions(place.open())
    assert place.facts.forget_gone("berlin", FIRST, day) == []
