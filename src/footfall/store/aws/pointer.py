"""Where the files of days are and what they hold.

| item | pk | sk |
|---|---|---|
| a day's pointer | `P#site` | day |
| the generation of all pointers of a site | `V#site` | `-` |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from footfall.store.aws.table import Item, Table, key
from footfall.store.port import StoreBroken

DIGITS = 56
"""Of a sequence number of Kinesis; DynamoDB's own numbers have 38, so they are text."""

MOST_DAYS = 99
"""That go in one transaction, which takes 100 items, with the site's generation."""

MOST_MOVED = 49
"""Days that go from one site to another in one transaction, with both generations."""


class Day(NamedTuple):
    """What the relation `days` says of one; None as `version` where only drops are known of it."""

    version: int | None
    settled: bool
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class Pointer:
    """The versions of a day's files, by part, and by shard up to where they hold its segments. `generation` is the site's when it was put."""

    day: Day
    files: Mapping[str, str]
    marks: Mapping[str, int]
    generation: int = 0

    def item(self, generation: int) -> Item:
        """Its attributes, but for its keys."""
        version, settled, trimmed = self.day
        return {
            "generation": {"N": str(generation)}, "settled": {"BOOL": settled}, "trimmed": {"BOOL": trimmed},
            "files": {"M": {part: {"S": file} for part, file in self.files.items()}},
            "marks": {"M": {shard: {"S": padded(last)} for shard, last in self.marks.items()}},
            **({} if version is None else {"version": {"N": str(version)}}),
        }  # fmt: skip


def pointer_of(item: Item) -> Pointer:
    """The pointer that an item is."""
    version = int(item["version"]["N"]) if "version" in item else None
    files = {part: file["S"] for part, file in item["files"]["M"].items()}
    marks = {shard: int(last["S"]) for shard, last in item["marks"]["M"].items()}
    return Pointer(Day(version, item["settled"]["BOOL"], item["trimmed"]["BOOL"]), files, marks, int(item["generation"]["N"]))


class Known(NamedTuple):
    """The pointers of a site at one moment."""

    generation: int
    days: Mapping[date, Pointer]


class Pointers:
    """The pointers of all sites, read again only when their generation is another. Any thread may use it."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[str, Known] = {}

    def generation(self, site: str) -> int:
        """It grows with every change; 0 where there are none."""
        item = self._table.item(f"V#{site}", "-")
        return int(item["generation"]["N"]) if item else 0

    def of(self, site: str) -> Known:
        """Those of a site. A query may see a part of a transaction: then a pointer is of a later generation than the site."""
        known, generation = self._known.get(site), self.generation(site)
        while known is None or known.generation != generation:
            days = {date.fromisoformat(item["sk"]["S"]): pointer_of(item) for item in self._table.items(f"P#{site}")}
            again = self.generation(site)
            if again == generation and all(pointer.generation <= generation for pointer in days.values()):
                known = Known(generation, days)
            generation = again
        self._known[site] = known
        return known

    def put(self, site: str, before: int, pointers: Mapping[date, Pointer]) -> None:
        """Put pointers in one transaction, over those of a generation: a visit may lie on two days.

        Raises `StoreBroken` and changes nothing where another was there first. Very many days go in
        several: what an interruption leaves is mended by who compacts next, since the marks of change stay.
        """
        puts = list(pointers.items())
        for number, start in enumerate(range(0, len(puts), MOST_DAYS), before + 1):
            some = puts[start : start + MOST_DAYS]
            items = [{**key(f"P#{site}", str(day)), **each.item(number)} for day, each in some]
            actions = [self._table.put(item) for item in items]
            self._change(site, number, actions)

    def drop(self, site: str, before: int, days: Sequence[date]) -> None:
        """Delete the pointers of some days, or of none, over those of a generation, as `put` does.

        Whoever read that generation can put none any more.
        """
        for number, start in enumerate(range(0, max(len(days), 1), MOST_DAYS), before + 1):
            places = [key(f"P#{site}", str(day)) for day in days[start : start + MOST_DAYS]]
            actions = [{"Delete": {"TableName": self._table.name, "Key": each}} for each in places]
            self._change(site, number, actions)

    def move(self, gone: tuple[str, int], into: tuple[str, int], days: Mapping[date, Pointer]) -> None:
        """Delete days of one site and put them for another, each a site and its generation.

        Very many days go in several transactions, each of them whole. Raises `StoreBroken`.
        """
        (was, before), (site, stands) = gone, into
        every = list(days.items())
        for step, start in enumerate(range(0, len(every), MOST_MOVED), 1):
            some = every[start : start + MOST_MOVED]
            actions: list[Item] = []
            for day, pointer in some:
                item = {**key(f"P#{site}", str(day)), **pointer.item(stands + step)}
                place = key(f"P#{was}", str(day))
                actions.append(self._table.put(item))
                actions.append({"Delete": {"TableName": self._table.name, "Key": place}})
            actions.append(self._generation(was, before + step))
            self._change(site, stands + step, actions)

    def _change(self, site: str, number: int, actions: Sequence[Item]) -> None:
        """Do some actions that make a generation of the one before."""
        self._table.transact([*actions, self._generation(site, number)])

    def _generation(self, site: str, number: int) -> Item:
        """Return the action that makes a generation of the one before, and fails over others."""
        made = {**key(f"V#{site}", "-"), "generation": {"N": str(number)}}
        condition, values = "attribute_not_exists(pk)", None
        if number > 1:
            condition, values = "generation = :before", {":before": {"N": str(number - 1)}}
        return self._table.put(made, condition, values)


def file_key(site: str, day: date, part: str) -> str:
    """The key of a day's file in the bucket; which version of it counts, its pointer says."""
    return f"{site}/{day}/{part}.parquet"


def padded(sequence: int) -> str:
    """A sequence number as text that sorts as the number does."""
    text = f"{sequence:0{DIGITS}}"
    if len(text) > DIGITS:
        raise StoreBroken(f"a sequence number has more than {DIGITS} digits: {text}")
    return text
