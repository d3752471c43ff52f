"""Where the files of days are and what they hold.

| item | pk | sk |
|---|---|---|
| a day's pointer | `P#site` | day |
| the generation of all pointers of a site | `V#site` | `-` |

Of more days than a transaction takes the pointers wait in `journal`, until they are in their places.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from footfall.store.aws.journal import deletes, packed, unpacked
from footfall.store.aws.table import UNMET, Cancelled, Item, Table, key
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


class State(NamedTuple):
    """How often the pointers of a site have changed, and in how many parts some wait."""

    generation: int
    parts: int


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
        return self._state(site).generation

    def of(self, site: str) -> Known:
        """Those of a site. A query may see a part of a transaction.

        Then a pointer is of a later generation than the site, or parts of the journal lack.
        """
        known, state = self._known.get(site), self._state(site)
        while known is None or known.generation != state.generation:
            lying = {item["sk"]["S"]: item for item in self._table.items(f"P#{site}")}
            waiting = unpacked(self._table, site, state.parts)
            items = {**lying, **(waiting or {})}
            days = {date.fromisoformat(day): pointer_of(item) for day, item in items.items()}
            again = self._state(site)
            of_now = all(each.generation <= state.generation for each in days.values())
            if again == state and waiting is not None and of_now:
                known = Known(state.generation, days)
            state = again
        self._known[site] = known
        return known

    def put(self, site: str, before: int, pointers: Mapping[date, Pointer]) -> None:
        """Put pointers over those of a generation, all or none: a visit may lie on two days.

        Raises `StoreBroken` and changes nothing where another was there first.
        """
        self._finish(site)
        items = {str(day): each.item(before + 1) for day, each in pointers.items()}
        if len(items) > MOST_DAYS:
            parts = packed(site, items)
            self._change(site, before + 1, [self._table.put(part) for part in parts], len(parts))
            self._finish(site)
        elif items:
            self._change(site, before + 1, self._puts(site, items))

    def drop(self, site: str, before: int, days: Sequence[date]) -> None:
        """Delete the pointers of some days, or of none, over those of a generation, once they are in their places.

        Whoever read that generation can put none any more. Very many days go in several
        transactions: what an interruption leaves is dropped when it is done again.
        """
        self._finish(site)
        for number, start in enumerate(range(0, max(len(days), 1), MOST_DAYS), before + 1):
            places = [key(f"P#{site}", str(day)) for day in days[start : start + MOST_DAYS]]
            actions = [{"Delete": {"TableName": self._table.name, "Key": each}} for each in places]
            self._change(site, number, actions)

    def move(self, gone: tuple[str, int], into: tuple[str, int], days: Mapping[date, Pointer]) -> None:
        """Delete days of one site and put them for another, each a site and its generation.

        Very many days go in several transactions, each of them whole. Raises `StoreBroken`.
        """
        (was, before), (site, stands) = gone, into
        for each in (was, site):
            self._finish(each)
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

    def _state(self, site: str) -> State:
        item = self._table.item(f"V#{site}", "-")
        if not item:
            return State(0, 0)
        return State(int(item["generation"]["N"]), int(item.get("parts", {"N": "0"})["N"]))

    def _puts(self, site: str, items: Mapping[str, Item]) -> Sequence[Item]:
        return [self._table.put({**key(f"P#{site}", day), **each}) for day, each in items.items()]

    def _finish(self, site: str) -> None:
        """Put pointers that wait into their places, unless another does."""
        while (state := self._state(site)).parts:
            waiting = unpacked(self._table, site, state.parts)
            if waiting is None:
                continue
            try:
                self._place(site, state, waiting)
            except Cancelled as exc:
                if UNMET not in exc.codes:
                    raise

    def _place(self, site: str, state: State, waiting: Mapping[str, Item]) -> None:
        """Put them into their places, the same again where that was broken off."""
        stays = self._made(site, state)
        condition = "generation = :generation AND parts = :parts"
        values = {":generation": stays["generation"], ":parts": stays["parts"]}
        days = list(waiting)
        for start in range(0, len(days), MOST_DAYS):
            some = {day: waiting[day] for day in days[start : start + MOST_DAYS]}
            beside = self._table.put(stays, condition, values)
            self._table.transact([*self._puts(site, some), beside])
        done = self._table.put(self._made(site, state._replace(parts=0)), condition, values)
        self._table.transact([*deletes(self._table, site, state.parts), done])

    def _made(self, site: str, state: State) -> Item:
        parts = {"parts": {"N": str(state.parts)}} if state.parts else {}
        return {**key(f"V#{site}", "-"), "generation": {"N": str(state.generation)}, **parts}

    def _change(self, site: str, number: int, actions: Sequence[Item], parts: int = 0) -> None:
        """Do some actions that make a generation of the one before."""
        self._table.transact([*actions, self._generation(site, number, parts)])

    def _generation(self, site: str, number: int, parts: int = 0) -> Item:
        """Return the action that makes a generation of the one before, and fails over others."""
        condition, values = "attribute_not_exists(pk)", None
        if number > 1:
            condition, values = "generation = :before", {":before": {"N": str(number - 1)}}
        return self._table.put(self._made(site, State(number, parts)), condition, values)


def file_key(site: str, day: date, part: str) -> str:
    """The key of a day's file in the bucket; which version of it counts, its pointer says."""
    return f"{site}/{day}/{part}.parquet"


def padded(sequence: int) -> str:
    """A sequence number as text that sorts as the number does."""
    text = f"{sequence:0{DIGITS}}"
    if len(text) > DIGITS:
        raise StoreBroken(f"a sequence number has more than {DIGITS} digits: {text}")
    return text
