"""Copies of facts without an owner: of one moment whatever goes on, and what comes of them in another table."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import date
from itertools import count
from pathlib import Path
from random import Random

import pytest

from footfall.store.aws.copies import Copies
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.rollups import DynamodbRollups
from footfall.store.aws.table import Table
from footfall.store.importing import NotAdopted
from footfall.store.port import StoreBroken
from tests.aws import fault
from tests.aws.emulators import Aws, clients
from tests.aws.fault import Call, Fault, Once, always, network
from tests.oracle import HOUR
from tests.store.relations import agree, copies, everything
from tests.traffic import Act, Made, apply, at, crowd, made

pytestmark = pytest.mark.slow
NINE = at("2026-06-10 09:00")
SITES = ["berlin"]


class Place:
    """A table and a bucket; `choose` gives the fault of each call of `copies` on the way to the table."""

    def __init__(self, aws: Aws, folder: Path, stack: ExitStack) -> None:
        self._aws, self._stack = aws, stack
        self.table, self.bucket = aws.table(), aws.bucket()
        self.facts = DynamodbFacts(aws.dynamodb, aws.s3, self.table, self.bucket, lambda: SITES, lambda: NINE, "512MB", folder)
        self.rollups = DynamodbRollups(aws.dynamodb, self.table, lambda: date(2026, 6, 10))

    def copies(self, choose: Callable[[str], Fault] | None = None) -> Copies:
        dynamodb = clients(self._stack.enter_context(network(self._aws.url, choose)).url).dynamodb if choose else self._aws.dynamodb
        return Copies(Table(dynamodb, self.table), self._aws.s3, self.bucket, lambda: NINE // 1_000_000)


@pytest.fixture
def places(aws: Aws, tmp_path: Path) -> Iterator[Callable[[], Place]]:
    """Makes places, each of its own."""
    with ExitStack() as stack:

        def place() -> Place:
            (folder := tmp_path / f"files-{len(list(tmp_path.iterdir()))}").mkdir()
            return Place(aws, folder, stack)

        yield place


def silent(_: str) -> None:
    """Nobody looks on."""


def folder(at: Path, name: str = "copy") -> Path:
    (at / name).mkdir()
    return at / name


def told(place: Place) -> object:
    return everything(place.facts), copies(place.facts), place.facts.rows("SELECT site, day, settled FROM days ORDER BY ALL")


def test_what_is_restored_is_what_was_saved_and_counting_goes_on(places: Callable[[], Place], tmp_path: Path) -> None:
    """Copies of what lies in files and in segments are known as such afterwards."""
    first, second, dice = places(), places(), Random(2)
    records = made(crowd(3, date(2026, 6, 8), 3, 30), prefix="old", one_shard=True)
    half = len(records) // 2
    apply(first.facts, records[:half])
    first.facts.compact("berlin")
    apply(first.facts, records[half:])
    first.rollups.put("berlin", b"question", {date(2026, 6, 8): (7, b"sums" * 200_000)})
    found = first.copies().save(SITES, folder(tmp_path), silent)
    assert (found.days > 0, found.segments > 0) == (True, True)
    second.copies().restore(tmp_path / "copy", silent)
    assert told(second) == told(first)
    assert second.rollups.get("berlin", b"question", date(2026, 6, 1), date(2026, 6, 30)) == {date(2026, 6, 8): (7, b"sums" * 200_000)}
    again = [each for each in records if dice.random() < 0.3]
    later = [type(each)(each.record._replace(position=each.record.position._replace(shard="new")), each.seen) for each in again]
    for place in (first, second):
        apply(place.facts, later)
        place.facts.compact("berlin")
    assert told(second) == told(first)
    agree(second.facts, records)


def test_what_was_counted_before_is_in_a_copy_whatever_goes_on(places: Callable[[], Place], tmp_path: Path) -> None:
    """At every other call in turn somebody counts more, compacts, and counts more again."""
    first, records = places(), made([Act(NINE + number % 12 * 4 * HOUR) for number in range(200)], prefix="shard", one_shard=True)
    applied = 0

    def add() -> None:
        nonlocal applied
        apply(first.facts, records[applied : applied + 2])
        applied += 2

    def disturb() -> None:
        add()
        first.facts.compact("berlin")
        add()

    for turn in count(1, 2):
        disturbed = Once(turn, disturb)
        add()
        before = applied
        first.copies(always(disturbed.fault)).save(["berlin"], folder(tmp_path, f"copy-{turn}"), silent)
        second = places()
        second.copies().restore(tmp_path / f"copy-{turn}", silent)
        held = len(second.facts.rows("SELECT id FROM events"))
        assert before <= held <= applied
        agree(second.facts, records[:held])
        second.facts.compact("berlin")
        agree(second.facts, records[:held])
        if disturbed.calls < turn:
            break
    assert turn > 9


def test_a_restore_that_is_broken_off_goes_on_when_it_is_done_again(places: Callable[[], Place], tmp_path: Path) -> None:
    """At each of its writes, with the new stack counting and compacting meanwhile on another day."""
    first, records = places(), made(crowd(3, date(2026, 6, 8), 2, 12), prefix="old", one_shard=True)
    for number, part in enumerate((records[:20], records[20:])):
        apply(first.facts, part)
        if not number:
            first.facts.compact("berlin")
    first.copies().save(SITES, folder(tmp_path), silent)
    for turn in count(1):
        second, writes = places(), 0
        new: list[Made] = made([Act(NINE + 24 * HOUR)], prefix="new", one_shard=True)
        apply(second.facts, new)

        def broken(call: Call, turn: int = turn) -> None:
            nonlocal writes
            writes += 1
            (fault.fail if turn <= writes < turn + 3 else fault.none)(call)

        with suppress(StoreBroken):
            second.copies(lambda action: broken if "Write" in action else fault.none).restore(tmp_path / "copy", silent)
        second.facts.compact("berlin")
        second.copies().restore(tmp_path / "copy", silent)
        agree(second.facts, [*records, *new])
        second.facts.compact("berlin")
        agree(second.facts, [*records, *new])
        if writes < turn:
            break
    assert turn > 4


def test_what_has_other_figures_of_a_day_is_left_as_it_is(places: Callable[[], Place], tmp_path: Path) -> None:
    first, second = places(), places()
    for place, prefix in ((first, "old"), (second, "new")):
        apply(place.facts, made([Act(NINE)], prefix=prefix, one_shard=True))
        place.facts.compact("berlin")
    first.copies().save(SITES, folder(tmp_path), silent)
    before = told(second)
    with pytest.raises(NotAdopted, match="the site berlin has other figures of 2026-06-10 already"):
        second.copies().restore(tmp_path / "copy", silent)
    assert told(second) == before
