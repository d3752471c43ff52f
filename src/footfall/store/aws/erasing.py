"""What goes for good out of a table and a bucket, beside functions that apply and compact.

Whoever began to make files before has read a generation of pointers that is no more, so what they
put afterwards is refused. Of files every version goes that no pointer names.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from footfall.store.apply import REACH
from footfall.store.aws.contents import Contents, segments_in, within
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.pointer import Day, Known, Pointer, file_key
from footfall.store.aws.table import Item, key, translated
from footfall.store.port import StoreBroken, Stretch
from footfall.store.removal import DayErased

if TYPE_CHECKING:
    from footfall.store.aws.window import Window

AT_ONCE = 1_000
"""Versions that one call deletes."""

FOLDED = ("events", "visits")
"""Parts that an erasure makes anew; the others stay."""

PLACES = """
SELECT id, time, day FROM events WHERE site = $erased AND (id, time) IN ({chosen})
"""
FORGOTTEN = Day(None, settled=False)


class Version(NamedTuple):
    """A version of a file, or the mark that it was deleted."""

    key: str
    version: str


class Removed(NamedTuple):
    """How many days, segments and versions of files a site had."""

    days: int
    segments: int
    versions: int


class DynamodbErasing(DynamodbFacts):
    """See `port.Forgetting`. Interrupted methods are done again: nothing that went comes back."""

    def remove_all(self, site: str) -> Removed:
        """Delete all facts, roll-ups and answers; what comes meanwhile goes too."""
        segments, days = 0, set[date]()
        while True:
            changed, known = self._loader.changes(site), self.pointers.of(site)
            days |= {*changed, *known.days}
            segments += sum(self._delete_segments(site, day) for day in {*changed, *known.days})
            for day, version in changed.items():
                self._clear(site, day, version)
            self.pointers.drop(site, known.generation, list(known.days))
            if not self._loader.changes(site) and not self.pointers.of(site).days:
                break
        versions = list(self._versions(site))
        self._delete_versions(versions)
        self._delete_sums(site)
        self._delete_answers()
        return Removed(len(days), segments, len(versions))

    def erase(self, site: str, chosen: str, parameters: Mapping[str, Any]) -> Sequence[DayErased]:
        """See `port.Forgetting`. Earlier versions of files, and segments in files, go too."""
        self.compact(site)
        with self._window() as window:
            listed, known = list(self._versions(site)), self.pointers.of(site)
            window.name_days(site, {day: pointer.day for day, pointer in known.days.items()})
            days = window.choose(self._choose(window, site, known, chosen, parameters))
            near = _near(known, days)
            files = {part: self._loader.files(site, part, near) for part in FOLDED}
            window.borrow(site, (), {**files, "drops": {}, "ids": {}}, settling=False)
            told = window.erase_chosen(site)
            anew = self._anew(window, site, near, told)
            spared = {day: each for day, each in known.days.items() if "spares" in each.files}
            bare = {day: _without_spares(anew.get(day, each)) for day, each in spared.items()}
            self._replace(site, known, {**anew, **bare})
        self._sweep(site, listed)
        return told

    def forget_gone(self, site: str, first: date, last: date) -> Sequence[date]:
        """See `port.Forgetting`."""
        listed, known = list(self._versions(site)), self.pointers.of(site)
        inside = {day: each for day, each in sorted(known.days.items()) if first <= day <= last}
        trimmed = {day: each for day, each in inside.items() if each.day.trimmed}
        gone = {day: replace(each, day=FORGOTTEN) for day, each in trimmed.items()}
        self._replace(site, known, gone)
        self._sweep(site, listed)
        return list(gone)

    def _choose(
        self,
        window: "Window",
        site: str,
        known: Known,
        chosen: str,
        parameters: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """The id, time and day of each chosen event, out of files that hold all."""
        contents = Contents(known, {}, {}, {}, (), ())

        def fetch(part: str, near: Stretch | None, stopped: Any) -> Mapping[str, Sequence[str]]:
            found = self._loader.files(site, part, within(contents, part, near), stopped)
            return {site: list(found.values())}

        with window.reading_with(fetch) as reading:
            return reading.columns(PLACES.format(chosen=chosen), {**parameters, "erased": site})

    def _anew(
        self,
        window: "Window",
        site: str,
        near: Mapping[date, Pointer],
        told: Sequence[DayErased],
    ) -> Mapping[date, Pointer]:
        """Pointers to new files of the days that have changed."""
        after, erased = window.days(site), {each.day for each in told}
        changed = {day for day, was in near.items() if after.get(day, was.day) != was.day}
        days = sorted(changed | erased)
        return {day: self._rewritten(window, site, day, near[day]) for day in days}

    def _rewritten(self, window: "Window", site: str, day: date, was: Pointer) -> Pointer:
        left = self._written(window, site, day, was.marks)
        kept = {part: file for part, file in was.files.items() if part not in FOLDED}
        if not left.files and not was.day.trimmed:
            return replace(left, day=FORGOTTEN, files=kept)
        version = max((was.day.version or 0) + 1, left.day.version or 0, self._now())
        return replace(left, day=was.day._replace(version=version), files={**kept, **left.files})

    def _replace(self, site: str, known: Known, pointers: Mapping[date, Pointer]) -> None:
        """Put pointers, or none: whoever has read the old generation is outrun."""
        if pointers:
            self.pointers.put(site, known.generation, pointers)
        else:
            self.pointers.drop(site, known.generation, ())
        self._drop(site, {day: known.days[day] for day in pointers})

    def _sweep(self, site: str, listed: Sequence[Version]) -> None:
        """Delete those versions of files that no pointer names, and all segments that files hold.

        Only of versions from before the generation that now is: newer ones may be named soon.
        """
        days = self.pointers.of(site).days
        named = {
            Version(key=file_key(site, day, part), version=version)
            for day, pointer in days.items()
            for part, version in pointer.files.items()
        }  # fmt: skip
        self._delete_versions([each for each in listed if each not in named])
        for day, pointer in days.items():
            self._delete_items(segments_in(self._rows, site, day, {}, pointer.marks))
        self._delete_answers()

    def _delete_segments(self, site: str, day: date) -> int:
        return self._delete_items(self._rows.items(f"S#{site}#{day}", only=("pk", "sk")))

    def _delete_items(self, items: Iterator[Item]) -> int:
        places = [{"Key": key(item["pk"]["S"], item["sk"]["S"])} for item in items]
        self._rows.write([{"DeleteRequest": place} for place in places])
        return len(places)

    def _delete_sums(self, site: str) -> None:
        self._delete_items(self._rows.items(f"U#{site}", only=("pk", "sk")))
        self._rows.write([{"DeleteRequest": {"Key": key("U", site)}}])

    def _delete_answers(self) -> None:
        """Delete the answers that wait to be called for: of which sites they are, nobody knows."""
        with translated():
            pages = self._dynamodb.get_paginator("scan").paginate(
                TableName=self._table,
                ProjectionExpression="pk, sk",
                FilterExpression="begins_with(pk, :answers)",
                ExpressionAttributeValues={":answers": {"S": "A#"}},
            )
            found: list[Any] = [item for page in pages for item in page["Items"]]
        self._delete_items(iter(found))

    def _versions(self, site: str) -> Iterator[Version]:
        """All versions of all files of a site, and marks of deleted ones."""
        pages = self._s3.get_paginator("list_object_versions")
        with translated():
            for page in pages.paginate(Bucket=self._bucket, Prefix=f"{site}/"):
                for each in page.get("Versions", ()):
                    yield Version(each["Key"], each["VersionId"])
                for mark in page.get("DeleteMarkers", ()):
                    yield Version(mark["Key"], mark["VersionId"])

    def _delete_versions(self, versions: Sequence[Version]) -> None:
        for start in range(0, len(versions), AT_ONCE):
            some = versions[start : start + AT_ONCE]
            objects: Any = [{"Key": each.key, "VersionId": each.version} for each in some]
            with translated():
                answer = self._s3.delete_objects(
                    Bucket=self._bucket,
                    Delete={"Objects": objects, "Quiet": True},
                )
            if failed := answer.get("Errors"):
                said = failed[0].get("Message")
                raise StoreBroken(f"{len(failed)} files were not deleted: {said}")


def _without_spares(pointer: Pointer) -> Pointer:
    """A day that keeps no copies of those that count: whether a chosen one is among them, nobody asks."""
    kept = {part: file for part, file in pointer.files.items() if part != "spares"}
    return replace(pointer, files=kept)


def _near(known: Known, days: Collection[date]) -> Mapping[date, Pointer]:
    """The days that may change where something of some days does."""
    reach = REACH + timedelta(days=1)
    return {
        day: pointer
        for day, pointer in known.days.items()
        if any(abs(day - each) <= reach for each in days)
    }  # fmt: skip
