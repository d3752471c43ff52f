"""Some days of one site, taken out of the files that hold them and written back: the same folding as at home, for as long as a function runs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from footfall.store import archive
from footfall.store.duckdb import CORES, MEMORY, DuckdbFacts

PARTS = ("events", "visits", "drops", "ids")


IDS_OF_DAY = "SELECT ids.* FROM ids SEMI JOIN (SELECT id, time FROM events WHERE site = $site AND day = $day) USING (id, time)"
DROPS = "SELECT day, reason, count, id FROM drops WHERE site = $site"
WRITE = {part: f"FROM ({archive.WRITE[part]}) WHERE day = $day" for part in ("events", "visits")} | {"drops": f"{DROPS} AND day = $day", "ids": IDS_OF_DAY}
READ = {**archive.READ, "drops": "INSERT INTO drops SELECT $site, day, reason, count, id FROM read_parquet($file)"}


class Day(NamedTuple):
    """What the relation `days` says of one; None as `version` where only drops are known of it."""

    version: int | None
    settled: bool
    trimmed: bool = False


class Window(DuckdbFacts):
    """Facts in memory; `folder` is where the files of its parts are read and written."""

    def __init__(self, folder: Path, memory_limit: str) -> None:
        super().__init__(MEMORY, memory_limit, CORES, folder)
        self._folder = folder

    def take_in(self, site: str, days: Mapping[date, Day], files: Mapping[str, Sequence[str]]) -> None:
        """Add days as an earlier window wrote them: by part, the files that hold them."""
        with self._transaction() as connection:
            for part, paths in files.items():
                if paths:
                    parameters = {"file": list(paths), "site": site, "disguise": 0}
                    connection.execute(READ[part], {name: value for name, value in parameters.items() if f"${name}" in READ[part]})
            known = [[site, day, each.version, each.settled, each.trimmed] for day, each in days.items() if each.version is not None]
            if known:
                connection.executemany("INSERT INTO days (site, day, version, settled, trimmed) VALUES (?, ?, ?, ?, ?)", known)

    def name_versions(self, site: str, before: Mapping[date, Day], version: int) -> None:
        """Give days that are not as before a version that tells what came to them: folding the same again must not look like a change."""
        with self._transaction() as connection:
            for day, each in self.days(site).items():
                if each.version is not None and (day not in before or before[day].version != each.version):
                    connection.execute("UPDATE days SET version = ? WHERE site = ? AND day = ?", [version, site, day])

    def days(self, site: str) -> Mapping[date, Day]:
        """What is known of the days of a site."""
        rows = self.rows("SELECT day, version, settled, coalesce(trimmed, false) FROM days WHERE site = ?", [site])
        drops = self.rows("SELECT DISTINCT day FROM drops WHERE site = ?", [site])
        return {**{day: Day(None, settled=False) for (day,) in drops}, **{day: Day(*rest) for day, *rest in rows}}

    def write(self, site: str, day: date) -> Iterator[tuple[str, Path]]:
        """Write a day's parts, each to a file of its own that is gone when the next is asked for; those without rows are left out."""
        for part in PARTS:
            path = self._folder / f"{part}.parquet"
            with self._transaction() as connection:
                rows = connection.execute(f"COPY ({WRITE[part]}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)", {"site": site, "day": day}).fetchall()
            if rows[0][0]:
                yield part, path
            path.unlink()
