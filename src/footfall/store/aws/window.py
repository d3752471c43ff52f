"""Some days of some sites, taken out of the files that hold them and written back: the same folding as at home, for as long as a function runs.

Days that may change by what is folded are loaded, `ids` of all days with them; the files of other
days are read where they lie, once a statement needs them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from footfall.store import archive
from footfall.store.aws.pointer import Day
from footfall.store.duckdb import CORES, MEMORY, DuckdbFacts, DuckdbReading
from footfall.store.port import Stretch

PARTS = ("events", "visits", "drops", "ids")
COLUMNS = {"events": archive.COLUMNS["events"], "visits": archive.COLUMNS["visits"], "drops": {**archive.COLUMNS["drops"], "id": "UBIGINT"}}
"""What files hold of the relations that statements read; copies of counts of drops may still come, so they have ids."""

DROPS = "SELECT day, reason, count, id FROM drops WHERE site = $site"
IDS_OF_DAY = "SELECT ids.* FROM ids SEMI JOIN (SELECT id, time FROM events WHERE site = $site AND day = $day) USING (id, time)"
WRITE = {part: f"FROM ({archive.WRITE[part]}) WHERE day = $day" for part in ("events", "visits")} | {"drops": f"{DROPS} AND day = $day", "ids": IDS_OF_DAY}
READ = {**archive.READ, "drops": "INSERT INTO drops SELECT $site, day, reason, count, id FROM read_parquet($file)"}
DAYS_OF_IDS = "SELECT DISTINCT CAST(time AS DATE) FROM ids SEMI JOIN (SELECT unnest(CAST($ids AS UBIGINT[])) AS id) USING (id)"

Files = Mapping[str, Sequence[str]]
"""Paths by site."""

Fetch = Callable[[str, Stretch | None], Files]
"""Gives the files of a part that lie in some days, or in any, of those that are not loaded."""


class Window(DuckdbFacts):
    """Facts in memory; files are read and written in the folders given."""

    def __init__(self, folder: Path, cache: Path, memory_limit: str) -> None:
        super().__init__(MEMORY, memory_limit, CORES, folder, cache)
        self._folder = folder

    def name_days(self, site: str, days: Mapping[date, Day]) -> None:
        """Say what is known of all days of a site, loaded or not."""
        known = [[site, day, each.version, each.settled, each.trimmed] for day, each in days.items() if each.version is not None]
        if known:
            with self._transaction() as connection:
                connection.executemany("INSERT INTO days (site, day, version, settled, trimmed) VALUES (?, ?, ?, ?, ?)", known)

    def load_files(self, site: str, part: str, paths: Sequence[str]) -> None:
        """Load a part of some days as an earlier window wrote it."""
        if paths:
            given = {"file": list(paths), "site": site, "disguise": 0}
            with self._transaction() as connection:
                connection.execute(READ[part], {name: value for name, value in given.items() if f"${name}" in READ[part]})

    def days_of_ids(self, ids: Sequence[int]) -> Sequence[date]:
        """The days, in UTC, of events with these ids, as far as ids are loaded."""
        with self._transaction() as connection:
            return [day for (day,) in connection.execute(DAYS_OF_IDS, {"ids": list(ids)}).fetchall()]

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
        """Write a loaded day's parts, each to a file of its own that is gone when the next is asked for; those without rows are left out."""
        for part in PARTS:
            path = self._folder / f"{part}.parquet"
            with self._transaction() as connection:
                rows = connection.execute(f"COPY ({WRITE[part]}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)", {"site": site, "day": day}).fetchall()
            if rows[0][0]:
                yield part, path
            path.unlink()

    @contextmanager
    def reading_with(self, fetch: Fetch) -> Iterator["WindowReading"]:
        """A reading of what is loaded and of the files that `fetch` gives."""
        with self.reading() as reading:
            yield WindowReading(reading, fetch)


class WindowReading(DuckdbReading):
    """See `port.Reading`."""

    def __init__(self, loaded: DuckdbReading, fetch: Fetch) -> None:
        super().__init__(loaded.cursor)
        self._fetch = fetch
        self._beside: dict[str, Files] = {}

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = (), near: Stretch | None = None) -> Sequence[tuple[Any, ...]]:
        """See `port.Reading`."""
        self._see(near)
        return super().rows(sql, parameters)

    def columns(self, sql: str, parameters: Mapping[str, Any], near: Stretch | None = None) -> Mapping[str, "np.ndarray[Any, Any]"]:
        """See `port.Reading`."""
        self._see(near)
        return super().columns(sql, parameters)

    def _see(self, near: Stretch | None) -> None:
        """Put views that see the files of these days beside what is loaded before the relations."""
        for part, columns in COLUMNS.items():
            files = self._fetch(part, near)
            if files != self._beside.get(part, {}):
                self._beside[part] = files
                super().rows(_view(part, list(columns), files))


def _view(part: str, columns: Sequence[str], files: Files) -> str:
    named = ", ".join(columns)
    far = (f"SELECT {_text(site)} AS site, {named} FROM read_parquet([{', '.join(map(_text, paths))}], union_by_name = true)" for site, paths in files.items() if paths)
    return f"CREATE OR REPLACE TEMP VIEW {part} AS {' UNION ALL '.join([f'SELECT site, {named} FROM memory.main.{part}', *far])}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
