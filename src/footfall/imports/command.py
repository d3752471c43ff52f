"""Commands about imports to the owner of the facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall.control.port import Refusal
from footfall.imports.statements import PARTS
from footfall.store.importing import Import, Note, Outcome
from footfall.store.port import OwnFacts

KNOWN = "SELECT digest, upto, lines, took, import FROM imports WHERE site = ?"
RUNS = """
SELECT run, strftime("at", '%Y-%m-%dT%H:%M:%SZ'), site, source, list(DISTINCT import),
    min(day) FILTER (outcome = 'page_views'), max(day) FILTER (outcome = 'page_views')
FROM runs JOIN files USING (run) JOIN outcomes USING (import) GROUP BY ALL ORDER BY run
"""
OUTCOMES = """
SELECT run, outcome, CAST(sum(count) AS BIGINT) FROM files JOIN outcomes USING (import)
GROUP BY ALL ORDER BY ALL
"""
FILES = "SELECT site, list(import) FROM runs JOIN files USING (run) WHERE run = ? GROUP BY site"


@dataclass(frozen=True, slots=True)
class Imported:
    """The command `imported`: which lines of which files have been imported into a site."""

    facts: OwnFacts

    def __call__(self, site: str) -> list[tuple[Any, ...]]:
        """Digests (hexadecimal) with the number of bytes that they are of, lines, and numbers."""
        rows = self.facts.rows(KNOWN, [site])
        return [(bytes(digest).hex(), *rest) for digest, *rest in rows]


@dataclass(frozen=True, slots=True)
class TakeIn:
    """The command `take_in`: add the events of parts, once. `exchange` is the folder that parts lie in."""

    facts: OwnFacts
    exchange: Path

    def __call__(
        self,
        site: str,
        token: str,
        source: str,
        parts: Sequence[str],
        notes: Sequence[Sequence[Any]],
        outcomes: Sequence[Sequence[Any]],
        replaces: Sequence[int] = (),
    ) -> list[int]:
        """The places of files that another import has as far already: nothing is added of them."""
        paths = [self.exchange / Path(part).name for part in parts]
        missing = [path.name for path in paths if not path.is_file()]
        if missing:
            raise Refusal(f"there is no part {missing[0]!r}: was it removed, or is the data folder another?")
        given = {"parts": [str(path) for path in paths], "site": site, "shard": token}
        part = Import(
            site=site,
            token=token,
            source=source,
            notes=[_note(*each) for each in notes],
            outcomes=[Outcome(*each) for each in outcomes],
            replaces=replaces,
        )
        return list(self.facts.take_in(PARTS, given, part))


@dataclass(frozen=True, slots=True)
class Imports:
    """The command `imports`: what was imported, into one site or all."""

    facts: OwnFacts

    def __call__(self, site: str | None = None) -> list[dict[str, Any]]:
        """Each import with its number, and what came of its lines."""
        came: dict[int, dict[str, int]] = {}
        for run, outcome, count in self.facts.rows(OUTCOMES):
            came.setdefault(run, {})[outcome] = count
        return [
            {
                "import": run,
                "at": at,
                "site": of,
                "source": source,
                "files": len(files),
                "first": str(first) if first else None,
                "last": str(last) if last else None,
                "lines": came[run].pop("lines", 0),
                "page_views": came[run].pop("page_views", 0),
                "left_out": came[run],
            }
            for run, at, of, source, files, first, last in self.facts.rows(RUNS)
            if site in (None, of)
        ]


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The command `take_back`: delete what an import brought, as if it had never been."""

    facts: OwnFacts

    def __call__(self, number: int) -> dict[str, int]:
        """How many events went, and on how many days its sums stay since their facts are gone."""
        rows = self.facts.rows(FILES, [number])
        if not rows:
            raise Refusal(f"there is no import {number}; 'footfall imports list' shows all")
        site, files = rows[0]
        taken_back = self.facts.take_back(site, files)
        return {"events": taken_back.events, "kept_days": taken_back.kept_days}


def _note(
    file: int,
    name: str,
    digest: str,
    upto: int,
    lines: int,
    took: Sequence[int],
    instead: str,
) -> Note:
    return Note(file, name, bytes.fromhex(digest), upto, lines, took, bytes.fromhex(instead))
