"""What comes into a window of a site: segments that no file holds, and out of files what these may change."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, timedelta
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from footfall.store.apply import REACH
from footfall.store.aws.cache import Cache
from footfall.store.aws.pointer import Known, Pointer, Pointers, file_key, padded
from footfall.store.aws.segment import unpack
from footfall.store.aws.table import Item, Table, translated
from footfall.store.port import Stretch

if TYPE_CHECKING:
    from footfall.store.aws.window import Window

PARTS = ("events", "visits", "drops", "ids", "spares")
"""What a day has files of."""


class Contents(NamedTuple):
    """What came into a window of a site: its pointers, its changed days, how far shards had come, how far the segments of each changed day are there, of which some are left, and from which days something was borrowed."""

    known: Known
    changed: Mapping[date, str]
    reached: Mapping[str, int]
    marks: Mapping[date, Mapping[str, int]]
    left: Collection[date]
    borrowed: Collection[date]


class Loader:
    """Reads a table, and files through a cache."""

    def __init__(self, rows: Table, pointers: Pointers, cache: Cache) -> None:
        self._rows = rows
        self._pointers = pointers
        self._cache = cache

    def changes(self, site: str) -> Mapping[date, str]:
        """The days of a site with segments that no file holds, and the version of that."""
        return {date.fromisoformat(item["sk"]["S"]): item["version"]["S"] for item in self._rows.items(f"X#{site}")}

    def _state(self, site: str) -> tuple[Mapping[date, str], Mapping[str, int]]:
        """Which days of a site have changed since they became files, and how far shards have come, both of one moment."""
        changed = self.changes(site)
        while True:
            reached = marks_in(self._rows)
            before, changed = changed, self.changes(site)
            if changed == before:
                return changed, reached

    def load(self, window: "Window", site: str, also: Collection[date] = (), most: int | None = None) -> Contents:
        """Bring a site into a window: of the segments that no file holds all or about the `most`, and from files what may change by these, or on days that are `also` asked for."""
        changed, reached = self._state(site)
        known = self._pointers.of(site)  # after the changes: who takes a mark of change away has put a pointer
        marks, left, arrived = {}, set(), 0
        for day in changed:
            marks[day] = held = held_of(known.days, day)
            for (shard, last), segments in groupby(segments_in(self._rows, site, day, held, reached), _reaches):
                if most is not None and arrived >= most:
                    left.add(day)
                    break
                arrived += sum(window.arrive(unpack(item["data"]["B"])) for item in segments)
                marks[day] = {**marks[day], shard: last}
            else:
                marks[day] = further(held, reached)
        contents = Contents(known, changed, reached, marks, left, self._borrow(window, site, known.days, {*changed, *also}, settling=bool(also)))
        if window.fold():
            window.name_versions(site, {day: pointer.day for day, pointer in known.days.items()}, _digest(contents))
        return contents

    def _borrow(self, window: "Window", site: str, pointers: Mapping[date, Pointer], days: Collection[date], *, settling: bool) -> Collection[date]:
        """Borrow what events of some days may change; returns from which."""
        window.name_days(site, {day: pointer.day for day, pointer in pointers.items()})
        if not days:
            return ()
        ids = list(self.files(site, "ids", pointers).values())
        spares = list(self.files(site, "spares", pointers).values())
        centres = {*days, *window.days_of_copies(site, ids, spares)}
        near = {day: pointer for day, pointer in pointers.items() if any(abs(day - each) <= REACH + timedelta(days=1) for each in centres)}
        window.borrow(site, ids, {part: self.files(site, part, near) for part in PARTS}, settling=settling)
        return near

    def files(self, site: str, part: str, pointers: Mapping[date, Pointer], stopped: Callable[[], bool] = lambda: False) -> Mapping[date, str]:
        """Where a part of some days lies here; see `Cache.paths`."""
        held = {day: pointer.files[part] for day, pointer in pointers.items() if part in pointer.files}
        with translated():
            return dict(zip(held, self._cache.paths([(file_key(site, day, part), version) for day, version in held.items()], stopped), strict=True))


def marks_in(rows: Table) -> Mapping[str, int]:
    """How far each shard has been applied."""
    return {item["sk"]["S"]: int(item["hwm"]["S"]) for item in rows.items("C")}


def segments_in(rows: Table, site: str, day: date, held: Mapping[str, int], upto: Mapping[str, int]) -> Iterator[Item]:
    """Those of a day after some marks and up to others, shard by shard."""
    for shard, last in upto.items():
        if held.get(shard, -1) < last:  # DynamoDB refuses a range that ends before it begins
            yield from rows.items(f"S#{site}#{day}", f"{shard}#{padded(held.get(shard, -1) + 1)}", f"{shard}#{padded(last)}#~")


def _reaches(segment: Item) -> tuple[str, int]:
    """The shard of a segment, and up to where in it."""
    shard, last, _ = segment["sk"]["S"].rsplit("#", 2)
    return shard, int(last)


def held_of(pointers: Mapping[date, Pointer], day: date) -> Mapping[str, int]:
    """Up to where a day's files hold its segments."""
    return pointers[day].marks if day in pointers else {}


def further(held: Mapping[str, int], reached: Mapping[str, int]) -> Mapping[str, int]:
    """Marks that stand as far as both: another may have written files since."""
    return {**held, **{shard: max(last, held.get(shard, last)) for shard, last in reached.items()}}


def within(contents: Contents, part: str, near: Stretch | None) -> Mapping[date, Pointer]:
    """The days near of which some of a part may not have been borrowed: of drops all are."""
    first, last = near or (date.min, date.max)
    return {day: pointer for day, pointer in contents.known.days.items() if first <= day <= last and not (part == "drops" and day in contents.borrowed)}


def _digest(contents: Contents) -> int:
    """A number that tells what came to a site's changed days."""
    told = [*sorted(contents.changed.values()), *([str(sorted(contents.marks.items()))] if contents.left else [])]
    return int.from_bytes(blake2b("".join(told).encode(), digest_size=8).digest()) >> 1
