"""A copy of all facts and roll-ups in a folder, and back from there into another table and bucket.

What was counted before a copy is begun is in it: the pointers of a site are read before how far
shards have come, so what no file holds lies between, in segments, which nobody changes.
"""

import json
import secrets
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from footfall.store.aws.contents import held_of, marks_in, segments_in
from footfall.store.aws.pointer import Pointer, Pointers, file_key, pointer_of
from footfall.store.aws.table import Item, Table, key, translated
from footfall.store.importing import NotAdopted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ITEMS, FILES = "items.ndjson", "files"

Shown = Callable[[str], None]


class Copied(NamedTuple):
    """How many days with files there are, and segments that no file holds."""

    days: int
    segments: int


class Copies:
    """Facts and roll-ups of a table and a bucket. Methods raise `StoreBroken`."""

    def __init__(self, table: Table, s3: "S3Client", bucket: str, expires: Callable[[], int]) -> None:
        self._table = table
        self._pointers = Pointers(table)
        self._s3 = s3
        self._bucket = bucket
        self._expires = expires

    def save(self, sites: Sequence[str], folder: Path, shown: Shown) -> Copied:
        """Copy these sites into an empty folder."""
        days = segments = 0
        with (folder / ITEMS).open("w", encoding="utf-8") as out:
            for site in sites:
                changed = self._changed(site)
                pointers = self._pointers.of(site).days
                marks = marks_in(self._table)
                changed |= self._changed(site)
                for day, pointer in pointers.items():
                    shown(f"{site} {day}")
                    self._fetch(site, day, pointer, folder)
                    _write(out, {**key(f"P#{site}", str(day)), **pointer.item(0)})
                for day in sorted(changed):
                    for item in segments_in(self._table, site, day, held_of(pointers, day), marks):
                        segments += 1
                        _write(out, item)
                for item in self._table.items(f"U#{site}"):
                    _write(out, item)
                days += len(pointers)
            for item in (*self._table.items("C"), *self._table.items("U")):
                _write(out, item)
        return Copied(days, segments)

    def restore(self, folder: Path, shown: Shown) -> None:
        """Bring back what a folder holds. Doing it again goes on where it was broken off. Raises `NotAdopted`."""
        others, pointers = list[Item](), defaultdict[str, dict[date, Pointer]](dict)
        marks, changed = list[Item](), set[tuple[str, str]]()
        for item in _read(folder):
            kind, _, rest = item["pk"]["S"].partition("#")
            if kind == "P":
                pointers[rest][date.fromisoformat(item["sk"]["S"])] = pointer_of(item)
            elif kind == "C":
                marks.append(item)
            else:
                others.append(item)
            if kind == "S":
                item["expires"] = {"N": str(self._expires())}
                site, _, day = rest.rpartition("#")
                changed.add((site, day))
        present = {site: self._pointers.of(site) for site in pointers}
        lacking = {site: {day: pointer for day, pointer in days.items() if not _is_there(pointer, present[site].days.get(day), site, day)} for site, days in pointers.items()}
        self._table.write([{"PutRequest": {"Item": item}} for item in others])
        for site, days in lacking.items():
            self._pointers.put(site, present[site].generation, {day: self._put(site, day, pointer, folder, shown) for day, pointer in days.items()})
        # After the pointers, and before anybody is told to look: a compactor that came in between would believe that nothing is left.
        self._table.write([{"PutRequest": {"Item": item}} for item in marks])
        self._table.write([{"PutRequest": {"Item": {**key(f"X#{site}", day), "version": {"S": secrets.token_hex(8)}}}} for site, day in sorted(changed)])

    def _changed(self, site: str) -> set[date]:
        return {date.fromisoformat(item["sk"]["S"]) for item in self._table.items(f"X#{site}")}

    def _fetch(self, site: str, day: date, pointer: Pointer, folder: Path) -> None:
        for part, version in pointer.files.items():
            path = folder / FILES / file_key(site, day, part)
            path.parent.mkdir(parents=True, exist_ok=True)
            with translated():
                self._s3.download_file(self._bucket, file_key(site, day, part), str(path), ExtraArgs={"VersionId": version})

    def _put(self, site: str, day: date, pointer: Pointer, folder: Path, shown: Shown) -> Pointer:
        """The day's files, of the versions that they have here."""
        shown(f"{site} {day}")
        files = {}
        for part in pointer.files:
            with translated(), (folder / FILES / file_key(site, day, part)).open("rb") as body:
                files[part] = self._s3.put_object(Bucket=self._bucket, Key=file_key(site, day, part), Body=body)["VersionId"]
        return Pointer(pointer.day, files, pointer.marks)


def _is_there(pointer: Pointer, present: Pointer | None, site: str, day: date) -> bool:
    """Whether a day was brought back before; something may have come since."""
    if present is None:
        return False
    if present.day.version == pointer.day.version or (pointer.marks and all(present.marks.get(shard, -1) >= last for shard, last in pointer.marks.items())):
        return True
    raise NotAdopted(f"the site {site} has other figures of {day} already")


def _write(out: Any, item: Item) -> None:
    out.write(json.dumps(item, default=lambda data: {"base64": b64encode(data).decode()}) + "\n")


def _read(folder: Path) -> Iterator[Item]:
    with (folder / ITEMS).open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line, object_hook=lambda found: b64decode(found["base64"]) if found.keys() == {"base64"} else found)
