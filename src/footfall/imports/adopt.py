"""Taking a site in from the parts of its archive."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

import msgspec

from footfall.control.port import Refusal
from footfall.domain.site import Site, clash, problems
from footfall.registry.port import Refused, Registry
from footfall.store import archive
from footfall.store.archive import Manifest, Sum
from footfall.store.importing import Adopted, Adopting, NotAdopted
from footfall.store.port import Rollups, StoreBroken

CHUNK = 1 << 20
MOST_LINE = 64 << 20
MOST_UNPACKED = 256 << 20
"""Bytes: fifty thousand rows of the longest names."""

OF_NO_VERSION = 0
"""Sums of days without facts are believed whatever their version; should the facts not follow, no day will have this one."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The command `adopt`: take in the parts in a folder in `exchange`, with their manifest. `sound` raises something when it cannot read sums."""

    facts: Adopting
    rollups: Rollups
    registry: Registry
    exchange: Path
    sound: Callable[[bytes], object]
    now: Callable[[], int]

    def __call__(self, folder: str, size: int, site: str | None = None) -> dict[str, Any]:
        """As another site if named. Nothing that is there already is done again. Raises `Refusal`, and then nothing has changed."""
        parts_in = self.exchange / Path(folder).name
        text = (parts_in / archive.MANIFEST).read_bytes()
        manifest = msgspec.json.decode(text, type=Manifest)
        wanted, before = self._site(manifest.site, site or manifest.site.id)
        rows = {part: manifest.parts[f"{part}.parquet"].rows for part in archive.COLUMNS}
        disguise = 0 if wanted.id == manifest.site.id else int.from_bytes(blake2b(wanted.id.encode(), digest_size=8).digest(), "little")
        parts = Adopted(wanted.id, str(parts_in), rows, disguise, sha256(text).digest(), size, self.now())
        undo: list[Callable[[], None]] = []

        def beside() -> None:
            for _ in self._sums(parts_in / archive.ROLLUPS):  # all of them can be read, before anything is changed
                pass
            if wanted != before:
                undo.append(self._put(wanted, before))
            self._keep_sums(wanted.id, parts_in / archive.ROLLUPS)

        try:
            adopted = self.facts.adopt(parts, beside)
            if not adopted and before is None:  # removed since: its facts stayed
                self._put(wanted, None)
        except (NotAdopted, Refused) as exc:
            raise Refusal(str(exc)) from exc
        except StoreBroken:  # the disk may have been full at the very end
            for each in undo:
                each()
            raise
        return {"site": wanted.id, "new": before is None, "adopted": adopted, **rows}

    def _put(self, wanted: Site, before: Site | None) -> Callable[[], None]:
        """Add or change the site; what is given takes that back."""
        self.registry.put_site(wanted, new=before is None, was=before)
        if before is None:
            return lambda: self.registry.remove_site(wanted.id)
        return lambda: self.registry.put_site(before, new=False, was=wanted)

    def _site(self, told: Site, site_id: str) -> tuple[Site, Site | None]:
        """The site as it will be, and what it was.

        One that is there keeps who it is and what it leaves out; the goals and zones that its numbers are made by come along.
        """
        others = self.registry.sites()
        before = next((each for each in others if each.id == site_id), None)
        wanted = replace(before, goals=told.goals, zones=told.zones) if before else _called(told, site_id)
        wrong = "; ".join(problems(wanted))
        taken = clash(wanted, others)
        if wrong:
            raise Refusal(f"the archive's site cannot be: {wrong}")
        if taken:
            raise Refusal(f"{taken}; add a site with a domain of its own ('footfall site add DOMAIN --id {site_id}') and import the archive again with --site {site_id}")
        return wanted, before

    def _keep_sums(self, site: str, path: Path) -> None:
        """Those of days whose facts are gone, in place of all that were kept of the site."""
        self.rollups.clear(site)
        for each in self._sums(path):
            self.rollups.put(site, each.question, {date.fromisoformat(each.day): (OF_NO_VERSION, each.data)})
        self.rollups.sync()

    def _sums(self, path: Path) -> Iterator[Sum]:
        with open(path, "rb") as file:
            while line := file.readline(MOST_LINE):
                try:
                    found = msgspec.json.decode(line, type=Sum)
                    date.fromisoformat(found.day)
                    self._check(found.data)
                except Exception as exc:  # whatever a reader of sums makes of what is none
                    raise NotAdopted(f"the archive's sums of days cannot be read: {exc}") from exc
                yield found

    def _check(self, data: bytes) -> None:
        unpacking, rest, size = zlib.decompressobj(), data, 0
        while rest and size <= MOST_UNPACKED:
            size += len(unpacking.decompress(rest, CHUNK))
            rest = unpacking.unconsumed_tail
        if size > MOST_UNPACKED:
            raise ValueError("they claim to be too large")
        self.sound(data)


def _called(site: Site, name: str) -> Site:
    """Return a site under an id; another than its own makes it another site."""
    return site if name == site.id else replace(site, id=name, first_id="")
