"""What changes of some sites, taken out of the files that hold it and written back: the same folding as at home, for as long as a function runs.

What arrives may change the visits of its own visitors and of those that links and copies connect
with them. Their events and visits are borrowed from the files of the days around, whatever else
these hold is read where it lies, once a statement needs it; so a busy day takes no more memory
than a quiet one.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from footfall.domain.event import COPY_WINDOW_US, Tally
from footfall.domain.site import day_date
from footfall.store import archive
from footfall.store.aws.contents import PARTS
from footfall.store.aws.pointer import Day
from footfall.store.aws.segment import Unpacked
from footfall.store.batch import insert, one, timestamp
from footfall.store.duckdb import CORES, MEMORY, DuckdbFacts, DuckdbReading, count_drops
from footfall.store.facts import IDS, SPARES, STAGED
from footfall.store.port import Stretch
from footfall.store.removal import DayErased

COLUMNS = {"events": archive.COLUMNS["events"], "visits": archive.COLUMNS["visits"], "drops": {**archive.COLUMNS["drops"], "id": "UBIGINT"}}
"""What files hold of the relations that statements read; copies of counts of drops may still come, so they have ids."""

AT_ONCE = 20_000
"""Events that pass through Python at a time."""

FOLDED_AT_ONCE = 200_000

ARRIVALS = f"CREATE OR REPLACE TABLE arrivals ({', '.join(f'{name} {kind}' for name, kind in STAGED.items())})"
"""Made anew for each site: only in a new table do row numbers begin at 0."""

TABLES = (
    ARRIVALS,
    "CREATE TABLE arrived_ids (id UBIGINT)",
    "CREATE TABLE borrowed (site VARCHAR, visitor UBIGINT)",
)
ARRIVED_IDS = "INSERT INTO arrived_ids SELECT DISTINCT id FROM arrivals"
PICKED = """
CREATE TABLE picked AS SELECT DISTINCT id, time, CAST(day AS DATE) AS day FROM found
"""
DAYS_OF_IDS = "SELECT DISTINCT CAST(time AS DATE) FROM read_parquet($files) WHERE id IN (FROM arrived_ids)"
OWN_COLUMNS = {"ids": list(IDS), "spares": [name for name in SPARES if name != "site"]}
"""What files hold of copies; those of an older version lack some of it."""


def _of_copies(part: str, files: str) -> str:
    """A SELECT of what such files hold, null where they lack it."""
    columns = ", ".join(OWN_COLUMNS[part])
    known = f"SELECT {columns} FROM memory.main.{part} WHERE false"
    held = f"FROM read_parquet({files}, union_by_name = true)"
    return f"SELECT {columns} FROM ({known} UNION ALL BY NAME {held})"


KNOWN_IDS = f"""
INSERT INTO ids ({", ".join(OWN_COLUMNS["ids"])})
{_of_copies("ids", "$files")} WHERE id IN (FROM arrived_ids)
QUALIFY row_number() OVER (PARTITION BY id ORDER BY arrived DESC) = 1
"""
KNOWN_SPARES = f"""
INSERT INTO spares (site, {", ".join(OWN_COLUMNS["spares"])})
SELECT $site, * FROM ({_of_copies("spares", "$files")}) WHERE id IN (FROM arrived_ids)
"""
BESIDE = {
    "ids": "SELECT * {held} AND arrived >= $forgotten",
    "spares": """
        SELECT * REPLACE (CASE WHEN {linked} THEN prev END AS prev) {{held}}
        AND received >= $forgotten AND ({alive} OR day >= $today)
    """.format(
        linked="coalesce(list_contains(CAST($alive AS DATE[]), CAST(day - 1 AS DATE)), true)",
        alive="coalesce(list_contains(CAST($alive AS DATE[]), day), true)",
    ),
}
"""What stays in files of copies, but for the ids that arrived: as settling leaves what is here."""

DAYS_OF_SPARES = "SELECT DISTINCT CAST(time AS DATE) FROM spares WHERE site = $site"
HERE = {part: f"SELECT * FROM ({archive.WRITE[part]}) WHERE day = $day" for part in ("events", "visits")} | {
    "drops": "SELECT day, reason, count, id FROM drops WHERE site = $site AND day = $day",
    "ids": f"SELECT {', '.join(IDS)} FROM ids SEMI JOIN (SELECT id, time FROM events WHERE site = $site AND day = $day) USING (id, time)",
    "spares": f"SELECT {', '.join(OWN_COLUMNS['spares'])} FROM spares WHERE site = $site AND day = $day",
}
DROPS = """
INSERT INTO drops (site, day, reason, count, id)
SELECT $site, day, reason, count, id FROM read_parquet($files)
"""

# Who is connected with an arrival: by links of midnight, by a frozen visit, by a copy. To settle it takes those
# as well who have a link that may have to go, or an event that belongs to no visit.
BORROW = """
INSERT INTO borrowed
WITH RECURSIVE
stored AS (SELECT id, visitor, prev, visit, frozen FROM read_parquet($files)),
links AS MATERIALIZED (
    SELECT visitor, prev FROM stored WHERE prev IS NOT NULL
    UNION SELECT visitor, prev FROM arrivals WHERE prev IS NOT NULL
    UNION SELECT visitor, prev FROM spares WHERE site = $site AND prev IS NOT NULL
    UNION SELECT visitor, min(visitor) OVER (PARTITION BY visit) FROM stored WHERE frozen),
steps AS MATERIALIZED (SELECT visitor AS here, prev AS there FROM links UNION ALL SELECT prev, visitor FROM links),
reach AS (
    SELECT visitor FROM arrivals
    UNION SELECT visitor FROM spares WHERE site = $site
    UNION SELECT visitor FROM stored WHERE id IN (FROM arrived_ids) OR ($settling AND (prev IS NOT NULL OR visit IS NULL))
    UNION SELECT there FROM reach JOIN steps ON reach.visitor = steps.here)
SELECT $site, visitor FROM reach
"""

Files = Mapping[str, Sequence[str]]
"""Paths by site."""

Fetch = Callable[[str, Stretch | None, Callable[[], bool]], Files]
"""Gives the files of a part that lie in some days, or in any, unless it is to stop; of drops only those that are not borrowed."""


class Window(DuckdbFacts):
    """Facts in memory; files are read and written in the folders given."""

    def __init__(self, folder: Path, cache: Path, memory_limit: str) -> None:
        super().__init__(MEMORY, memory_limit, CORES, folder, cache)
        self._folder = folder
        self._held: dict[str, list[Any]] = {name: [] for name in STAGED}
        self._tallies: list[Tally] = []
        self._borrowed: dict[tuple[str, str, date], str] = {}
        self._settling: dict[str, Any] = {"forgotten": timestamp(0), "alive": None, "today": date.min}
        with self._transaction() as connection:
            for table in TABLES:
                connection.execute(table)

    def name_days(self, site: str, days: Mapping[date, Day]) -> None:
        """Say what is known of all days of a site, loaded or not."""
        known = [[site, day, each.version, each.settled, each.trimmed] for day, each in days.items() if each.version is not None]
        if known:
            with self._transaction() as connection:
                connection.executemany("INSERT INTO days (site, day, version, settled, trimmed) VALUES (?, ?, ?, ?, ?)", known)

    def arrive(self, unpacked: Unpacked) -> int:
        """Keep what came until `fold`; how many events that is."""
        for name, column in unpacked.columns.items():
            self._held[name] += column
        self._tallies += unpacked.tallies
        if len(self._held["id"]) >= AT_ONCE:
            self._flush()
        return len(unpacked.columns.get("id", ()))

    def days_of_copies(self, site: str, ids: Sequence[str], spares: Sequence[str]) -> Sequence[date]:
        """The days, in UTC, of events and spares whose ids arrived again, by these files; takes the spares."""
        self._flush()
        days: list[date] = []
        with self._transaction() as connection:
            connection.execute(ARRIVED_IDS)
            if ids:
                found = connection.execute(DAYS_OF_IDS, {"files": list(ids)}).fetchall()
                days += [day for (day,) in found]
            if spares:
                connection.execute(KNOWN_SPARES, {"site": site, "files": list(spares)})
                found = connection.execute(DAYS_OF_SPARES, {"site": site}).fetchall()
                days += [day for (day,) in found]
        return days

    def borrow(self, site: str, ids: Sequence[str], files: Mapping[str, Mapping[date, str]], *, settling: bool) -> None:
        """Take what arrivals, or settling, may change out of files: those of ids, and those of other parts by day."""
        with self._transaction() as connection:
            if ids:
                connection.execute(KNOWN_IDS, {"files": list(ids)})
            if drops := files["drops"]:
                connection.execute(DROPS, {"site": site, "files": list(drops.values())})
            if events := files["events"]:
                connection.execute(BORROW, {"site": site, "files": list(events.values()), "settling": settling})
            for part in ("events", "visits"):
                if files[part]:
                    connection.execute(f"{archive.READ[part]} WHERE visitor IN ({_borrowed(site)})", {"site": site, "file": list(files[part].values()), "disguise": 0})
        held = ("events", "visits", "ids", "spares")
        self._borrowed |= {(site, part, day): path for part in held for day, path in files.get(part, {}).items()}

    def choose(self, columns: Mapping[str, Any]) -> Collection[date]:
        """Say which events are meant, by columns of id, time and day, and whom to borrow by that.

        Returns their days.
        """
        with self._transaction() as connection:
            connection.register("found", dict(columns))
            connection.execute(PICKED)
            connection.unregister("found")
            connection.execute("INSERT INTO arrived_ids SELECT DISTINCT id FROM picked")
            days = connection.execute("SELECT DISTINCT day FROM picked").fetchall()
            return [day for (day,) in days]

    def erase_chosen(self, site: str) -> Sequence[DayErased]:
        """Delete what was chosen, once all that it may change was borrowed."""
        return self.erase(site, "SELECT id, time FROM picked", {})

    def load_visits(self, site: str, visits: Sequence[str], events: Sequence[str]) -> None:
        """Load whole files of visits, and of files of events what belongs to these."""
        with self._transaction() as connection:
            if visits:
                connection.execute(archive.READ["visits"], {"site": site, "file": list(visits), "disguise": 0})
            if events:
                connection.execute(f"{archive.READ['events']} WHERE visit IN (SELECT visit FROM visits)", {"site": site, "file": list(events), "disguise": 0})

    def fold(self) -> bool:
        """Apply what arrived; False where nothing did."""
        self._flush()
        with self._transaction() as connection:
            count = one(connection, "SELECT count(*) FROM arrivals")
        for start in range(0, count, FOLDED_AT_ONCE):
            self.load("FROM arrivals WHERE rowid >= $start AND rowid < $end", {"start": start, "end": start + FOLDED_AT_ONCE})
        with self._transaction() as connection:
            connection.execute(ARRIVALS)
            count_drops(connection, self._tallies)
        tallies, self._tallies = self._tallies, []
        return bool(count or tallies)

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

    def lay(self, site: str, sql: str, file: Path, held: Collection[date]) -> None:
        """Put in settled events of a SELECT, but for some days; they belong to no visits."""
        given = {name: value for name, value in {"site": site, "file": str(file), "held": list(held)}.items() if name == "held" or f"${name}" in sql}
        with self._transaction() as connection:
            connection.execute(f"INSERT INTO events SELECT {_text(site)}, * FROM ({sql}) WHERE NOT list_contains(CAST($held AS DATE[]), day)", given)
            connection.execute("INSERT INTO days SELECT DISTINCT site, day, epoch_us(now()), true, false FROM events WHERE site = $site", {"site": site})

    def write(self, site: str, day: date) -> Iterator[tuple[str, Path]]:
        """Write a day's parts, each to a file of its own that is gone when the next is asked for; those without rows are left out."""
        for part in PARTS:
            path = self._folder / f"{part}.parquet"
            whole = self._whole(site, day, part)
            known = {"site": site, "day": day, **self._settling}
            given = {name: value for name, value in known.items() if f"${name}" in whole}
            with self._transaction() as connection:
                rows = connection.execute(f"COPY ({whole}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)", given).fetchall()
            if rows[0][0]:
                yield part, path
            path.unlink()

    def _whole(self, site: str, day: date, part: str) -> str:
        """A day as it is now: what is here, and what the file that it was borrowed from holds besides."""
        path = self._borrowed.get((site, part, day))
        if path is None:
            return HERE[part]
        if part in BESIDE:
            held = f"FROM ({_of_copies(part, _text(path))}) WHERE id NOT IN (FROM arrived_ids)"
            return f"{HERE[part]} UNION ALL {BESIDE[part].format(held=held)}"
        return f"{HERE[part]} UNION ALL SELECT {', '.join(archive.COLUMNS[part])} FROM read_parquet({_text(path)}) WHERE {_besides(site)}"

    def put_together(self, part: str, files: Sequence[str]) -> Path:
        """Write a file with the rows of several of a part, to be deleted by the caller."""
        path = self._folder / f"{part}.parquet"
        whole = "FROM read_parquet($files, union_by_name = true)"
        with self._transaction() as connection:
            connection.execute(
                f"COPY ({whole}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)",
                {"files": list(files)},
            )
        return path

    def settle(self, alive: frozenset[int], today: int, applied_up_to: int) -> Sequence[int]:
        """See `port.Facts`."""
        self._settling = {
            "forgotten": timestamp(applied_up_to - COPY_WINDOW_US),
            "alive": [day_date(day) for day in sorted(alive)],
            "today": day_date(today),
        }
        return super().settle(alive, today, applied_up_to)

    def _flush(self) -> None:
        if self._held["id"]:
            with self._transaction() as connection:
                insert(connection, "INSERT INTO arrivals", self._held)
            self._held = {name: [] for name in STAGED}

    @contextmanager
    def reading_with(self, fetch: Fetch) -> Iterator["WindowReading"]:
        """A reading of what is loaded and of the files that `fetch` gives."""
        with self.reading() as reading:
            yield WindowReading(reading, fetch, frozenset(self._borrowed.values()))


class WindowReading(DuckdbReading):
    """See `port.Reading`."""

    def __init__(self, loaded: DuckdbReading, fetch: Fetch, borrowed: Collection[str]) -> None:
        super().__init__(loaded.cursor)
        self._fetch = fetch
        self._borrowed = borrowed
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
            files = self._fetch(part, near, lambda: self._stopped)
            if files != self._beside.get(part, {}):
                self._beside[part] = files
                super().rows(_view(part, list(columns), files, self._borrowed))


def _view(part: str, columns: Sequence[str], files: Files, borrowed: Collection[str]) -> str:
    named = ", ".join(columns)
    selects = [f"SELECT site, {named} FROM memory.main.{part}"]
    for site, paths in files.items():
        for some, where in ([path for path in paths if path not in borrowed], ""), ([path for path in paths if path in borrowed], f" WHERE {_besides(site)}"):
            if some:
                selects.append(f"SELECT {_text(site)} AS site, {named} FROM read_parquet([{', '.join(map(_text, some))}], union_by_name = true){where}")
    return f"CREATE OR REPLACE TEMP VIEW {part} AS {' UNION ALL '.join(selects)}"


def _borrowed(site: str) -> str:
    return f"SELECT visitor FROM memory.main.borrowed WHERE site = {_text(site)}"


def _besides(site: str) -> str:
    """That a row of a file was not borrowed."""
    return f"visitor NOT IN ({_borrowed(site)})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
