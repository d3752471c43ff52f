"""Data folders in memory, out of which and into which archives are carried."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from footfall.domain.site import Site
from footfall.exports.archive import Archive, zipped
from footfall.imports.adopt import Adopt
from footfall.imports.archive import unpack
from footfall.query.answer import Answers
from footfall.query.partial import unpacked
from footfall.query.upkeep import Upkeep
from footfall.registry.sqlite import SqliteRegistry
from footfall.store.duckdb import CORES, DuckdbFacts
from footfall.store.sqlite import SqliteRollups
from tests.oracle import DAY


class Place:
    """Facts, roll-ups, a registry and a clock."""

    def __init__(self, now: int, *sites: Site) -> None:
        self.now = now
        self._folder = TemporaryDirectory()
        self.exchange = Path(self._folder.name)
        self.facts = DuckdbFacts(":memory:", "512MB", CORES, self.exchange)
        self.rollups = SqliteRollups(":memory:", lambda: date(1970, 1, 1) + timedelta(self.now // DAY))
        self.registry = SqliteRegistry(":memory:")
        for site in sites:
            self.registry.put_site(site, new=True)

    def site(self, site: str) -> Site:
        return next(each for each in self.registry.sites() if each.id == site)

    def ask(self, site: str, **query: Any) -> Mapping[str, Any]:
        """An answer, without the name of the site."""
        answer = Answers(self.facts, lambda: self.now, self.rollups).query(self.site(site), query)
        return {**answer, "query": {**answer["query"], "site_id": ""}}

    def tend(self) -> None:
        Upkeep(self.facts, self.rollups, self.registry.sites, lambda: self.now).tend(threading.Event())

    def take_out(self, site: str, path: Path) -> Path:
        with TemporaryDirectory(dir=self.exchange) as folder:
            zipped(str(path), Path(folder), Archive(self.facts, self.rollups, self.registry, self.exchange)(site, Path(folder).name), "2026-11-25T12:00:00+00:00")
        return path

    def take_in(self, path: Path, site: str | None = None) -> dict[str, Any]:
        with TemporaryDirectory(dir=self.exchange) as folder:
            unpack(path, Path(folder), lambda _: None)
            return Adopt(self.facts, self.rollups, self.registry, self.exchange, unpacked, lambda: self.now)(Path(folder).name, path.stat().st_size, site)

    def holds(self, site: str, days: str = "*") -> list[Any]:
        """Every row of a site but when it was imported, and its sums."""
        chosen = {"events": "*", "visits": "*", "days": days, "drops": "site, day, reason, sum(count)", "imports": "site, digest, upto, lines"}
        relations = [
            self.facts.rows(f"SELECT {columns} FROM {name} WHERE site = ? {'GROUP BY ALL' if name == 'drops' else ''} ORDER BY ALL", [site]) for name, columns in chosen.items()
        ]
        every = [day for (day,) in self.facts.rows("SELECT day FROM days WHERE site = ?", [site])]
        return [*relations, sorted(self.rollups.every(site, every))]

    def keep(self, site: str, retention_days: int) -> None:
        was = self.site(site)
        self.registry.put_site(replace(was, retention_days=retention_days), new=False, was=was)

    def close(self) -> None:
        for each in (self.facts, self.rollups, self.registry):
            each.close()
        self._folder.cleanup()
