"""Commands of the importer to the owner of the facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall.control.port import Refusal
from footfall.domain.event import Tally
from footfall.imports.statements import PARTS
from footfall.store.port import OwnFacts, Taken

KNOWN = "SELECT digest, upto FROM imports WHERE site = ?"


@dataclass(frozen=True, slots=True)
class Imported:
    """The command `imported`: how far which files have been imported into a site."""

    facts: OwnFacts

    def __call__(self, site: str) -> list[tuple[str, int]]:
        """Digests (hexadecimal) with the number of bytes that they are of."""
        return [(bytes(digest).hex(), upto) for digest, upto in self.facts.rows(KNOWN, [site])]


@dataclass(frozen=True, slots=True)
class TakeIn:
    """The command `take_in`: add the events of parts, once. `exchange` is the folder that parts lie in."""

    facts: OwnFacts
    exchange: Path

    def __call__(self, parts: Sequence[str], taken: Sequence[Any], tallies: Sequence[Sequence[Any]]) -> int:
        """The parts' file names, how far their log is imported with them, and what was left out; the number of events added."""
        site, digest, upto, lines, instead = taken
        paths = [self.exchange / Path(part).name for part in parts]
        if missing := [path.name for path in paths if not path.is_file()]:
            raise Refusal(f"there is no part {missing[0]!r}: was it removed, or is the data folder another?")
        given = {"parts": [str(path) for path in paths], "site": site, "shard": digest}
        note = Taken(site, bytes.fromhex(digest), upto, lines, bytes.fromhex(instead))
        return self.facts.load(PARTS, given, note, [Tally(*each) for each in tallies])
