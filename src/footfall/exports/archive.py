"""Writes a whole site as one archive: parts by the owner of the facts, and a zip around them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import msgspec

from footfall import __version__
from footfall.domain.site import Site
from footfall.exports.facts import WRITTEN, known
from footfall.registry.port import Registry
from footfall.store import archive
from footfall.store.archive import Manifest, Part, Sum
from footfall.store.migrations import VERSION
from footfall.store.port import Facts, Rollups

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Archive:
    """The command `archive`: all parts of a site at one moment, as files in a folder."""

    facts: Facts
    rollups: Rollups
    registry: Registry
    exchange: Path

    def __call__(self, site: str, folder: str) -> dict[str, Any]:
        """Write the parts to a folder in `exchange`, over what is there; raise `Refusal`.

        Returns the site, the schema, and how many rows each file has.
        """
        found = known(self.registry, site)
        rows = {}
        into = self.exchange / Path(folder).name
        with self.facts.reading() as reading:
            for part, select in archive.WRITE.items():
                file = f"{part}.parquet"
                copy = f"COPY ({select}) TO $path ({WRITTEN['parquet']})"
                ((count,),) = reading.rows(copy, {"site": site, "path": str(into / file)})
                rows[file] = count
            gone = [day for (day,) in reading.rows(archive.GONE, {"site": site})]
        rows[archive.ROLLUPS] = self._sums(site, gone, into / archive.ROLLUPS)
        return {"site": msgspec.to_builtins(found), "schema": VERSION, "rows": rows}

    def _sums(self, site: str, gone: list[date], path: Path) -> int:
        """Write the sums of days whose facts are gone; return how many.

        A day's sums stay when its facts go, so reading them after the facts misses none.
        """
        count = 0
        with open(path, "wb") as file:
            for question, day, data in self.rollups.every(site, gone):
                file.write(msgspec.json.encode(Sum(question, day.isoformat(), data)) + b"\n")
                count += 1
        return count


def zipped(target: str, folder: Path, told: Mapping[str, Any], made: str) -> Manifest:
    """Move the parts from a folder into a zip, one by one. They are compressed already."""
    parts = {}
    with ZipFile(target, "w", ZIP_STORED) as file:
        for name in archive.FILES:
            parts[name] = _put(file, folder / name, told["rows"][name])
            (folder / name).unlink()
        site = msgspec.convert(told["site"], Site)
        manifest = Manifest(archive.FORMAT, __version__, told["schema"], made, site, parts)
        file.writestr(archive.MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def _put(file: ZipFile, path: Path, rows: int) -> Part:
    digest, size = sha256(), 0
    with open(path, "rb") as part, file.open(path.name, "w", force_zip64=True) as into:
        while chunk := part.read(CHUNK):
            digest.update(chunk)
            into.write(chunk)
            size += len(chunk)
    return Part(rows, size, digest.hexdigest())
