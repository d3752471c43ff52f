"""Facts in one DuckDB file, which one process owns."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from glob import escape
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from footfall.domain.event import COPY_WINDOW_US, Tally
from footfall.domain.site import date_day, day_date
from footfall.store import apply, archive, erasing, intake
from footfall.store.batch import add, add_staged, one, run, spans, staged_spans, timestamp
from footfall.store.failure import sentence
from footfall.store.importing import Adopted, Import, NotAdopted, Returned
from footfall.store.migrations import MIGRATIONS, VERSION
from footfall.store.port import (
    Applied,
    Batch,
    Interrupted,
    NoMemory,
    StoreBroken,
    Stretch,
    Unfit,
)
from footfall.store.removal import DayErased
from footfall.store.respelling import respell

MEMORY = ":memory:"
SETTINGS = {
    "TimeZone": "UTC",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": False,
    "enable_progress_bar": False,  # it would go to standard output, whatever that is
    "enable_external_access": False,
    "lock_configuration": True,  # the last, since nothing can be set after it
}

ONE_SPELLING = 5
"""The first schema in which equal pages have one."""

OF_DATA = (duckdb.DataError, duckdb.IntegrityError, duckdb.ProgrammingError)
"""Errors of what a statement is given."""

CORES = os.cpu_count() or 1


class DuckdbFacts:
    """See `port.Facts`. Raises `StoreBroken` when the file is another process's, or a newer version's.

    Leaves one core to the gateway, unless told how many `threads` to use. No statement can reach files outside the folders given.
    """

    def __init__(self, path: str, memory_limit: str, threads: int = max(1, CORES - 1), *reachable: Path) -> None:
        self._lock = threading.Lock()
        self._path = path
        try:
            if path != MEMORY:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                _remove_stillborn(Path(path))
            self._connection = duckdb.connect(path, config={"memory_limit": memory_limit})
            spilled = {"temp_directory": str(reachable[0])} if path == MEMORY and reachable else {}
            for name, value in {"threads": threads, "allowed_directories": [f"{folder}/" for folder in reachable], **spilled, **SETTINGS}.items():
                self._connection.execute(f"SET {name} = $value", {"value": value})
        except (duckdb.Error, OSError) as exc:
            raise StoreBroken(f"cannot open the facts in {path}: {exc}") from exc
        with self._transaction() as connection:
            _migrate(connection, path)

    def marks(self) -> Mapping[str, int]:
        """See `port.Facts`."""
        return {shard: sequence for shard, sequence in self.rows("SELECT shard, sequence FROM marks")}

    def apply(self, batch: Batch) -> Applied:
        """See `port.Facts`."""
        with self._transaction() as connection, _fitting():
            applied = [add(connection, events) for events in spans(batch.events)]
            count_drops(connection, batch.tallies)
            for shard, sequence in batch.marks.items():
                connection.execute(apply.MARK, {"shard": shard, "sequence": sequence})
        return Applied(sum(each.counted for each in applied), sum(each.copies for each in applied))

    def load(self, sql: str, parameters: Mapping[str, Any]) -> int:
        """See `port.Facts`."""
        with self._transaction() as connection:
            connection.execute(apply.STAGE.format(sql=sql), dict(parameters))
            spans = staged_spans(connection)
            return sum(add_staged(connection, each, (low, high)).counted for each, low, high in spans)

    def take_in(self, sql: str, parameters: Mapping[str, Any], part: Import) -> Sequence[int]:
        """See `port.Facts`."""
        with self._transaction() as connection:
            return intake.take_in(connection, sql, parameters, part)

    def take_back(self, site: str, imports: Sequence[int]) -> Returned:
        """See `port.Facts`."""
        with self._transaction() as connection:
            return intake.take_back(connection, site, imports)

    def settle(self, alive: frozenset[int], today: int, applied_up_to: int) -> Sequence[int]:
        """See `port.Facts`."""
        living = {"alive": [day_date(day) for day in sorted(alive)]}
        with self._transaction() as connection:
            if one(connection, apply.HAS_DEAD_LINKS, living):
                connection.execute(apply.FREEZE, living)
                connection.execute(apply.UNLINK, living)
            connection.execute(apply.UNLINK_SPARES, living)
            connection.execute(apply.DUE, {**living, "today": day_date(today)})
            due: list[date] = [day for (day,) in connection.execute(apply.DUE_DAYS).fetchall()]
            if due:
                run(connection, (apply.UNCOUNT, apply.COUNT_UNATTRIBUTED, apply.SETTLED), {"low": due[0], "high": due[-1]})
            if one(connection, apply.HAS_SINGLE_DROPS, over := {**living, "today": day_date(today)}):
                connection.execute(apply.SUM_DROPS, over)
                connection.execute(apply.FORGET_SINGLE_DROPS, over)
                connection.execute(apply.KEEP_SUMS)
            before = {"before": timestamp(applied_up_to - COPY_WINDOW_US)}
            connection.execute(apply.SPARES_OF_OVER, over)
            connection.execute(apply.OLD_SPARES, before)
            connection.execute(apply.OLD_IDS, before)
        return [date_day(day) for day in due]

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """See `port.Facts`."""
        try:
            with self._connection.cursor() as cursor:
                return cursor.execute(sql, list(parameters)).fetchall()
        except duckdb.Error as exc:
            raise StoreBroken(str(exc)) from exc

    def trim(self, site: str, days: Mapping[date, int]) -> Sequence[date]:
        """See `port.Facts`."""
        with self._transaction() as connection:
            held = connection.execute(apply.TRIMMABLE, {"site": site, "days": sorted(days)}).fetchall()
            due = sorted(day for day, version in held if days[day] == version)
            if due:
                for statement in (apply.TRIM_EVENTS, apply.TRIM_VISITS, apply.TRIMMED):
                    connection.execute(statement, {"site": site, "days": due})
        return due

    def erase(self, site: str, chosen: str, parameters: Mapping[str, Any]) -> Sequence[DayErased]:
        """See `port.Erasing`."""
        with self._transaction() as connection:
            return erasing.erase(connection, site, chosen, parameters)

    def forget_gone(self, site: str, first: date, last: date) -> Sequence[date]:
        """See `port.Erasing`."""
        with self._transaction() as connection:
            return erasing.forget_gone(connection, site, first, last)

    def remove(self, site: str) -> int:
        """See `port.Erasing`."""
        with self._transaction() as connection:
            return erasing.remove(connection, site)

    def check_move(self, site: str, into: str) -> None:
        """See `port.Erasing`."""
        with self._transaction() as connection:
            erasing.check_move(connection, site, into)

    def move(self, site: str, into: str) -> int:
        """See `port.Erasing`."""
        with self._transaction() as connection:
            erasing.check_move(connection, site, into)
            return erasing.move(connection, site, into)

    def adopt(self, parts: Adopted, beside: Callable[[], None]) -> bool:
        """See `port.Adopting`."""
        with self._transaction() as connection:
            if one(connection, archive.KNOWN, {"site": parts.site, "digest": parts.digest}):
                return False
            if one(connection, archive.OCCUPIED, {"site": parts.site}):
                raise NotAdopted(f"site {parts.site!r} has facts already: take the archive into another data folder, or as another site with --site")
            _take_in(connection, parts)
            remembered = {"site": parts.site, "digest": parts.digest, "upto": parts.size, "lines": parts.rows["events"], "now": parts.now}
            connection.execute(archive.REMEMBER, remembered)
            beside()
        return True

    @contextmanager
    def reading(self, site: str | None = None) -> Iterator["DuckdbReading"]:
        """See `port.Facts`."""
        with _translated():
            cursor = self._connection.cursor()
        with cursor:
            with _translated():
                cursor.execute("BEGIN TRANSACTION READ ONLY")
            yield DuckdbReading(cursor)

    @contextmanager
    def still(self) -> Iterator[Sequence[str]]:
        """See `port.Facts`. The file is only written to by transactions and, when its log is long, at their end."""
        with self._lock:
            yield [path for path in (self._path, f"{self._path}.wal") if os.path.exists(path)]

    def close(self) -> None:
        """See `port.Facts`."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN")
                yield self._connection
                self._connection.execute("COMMIT")
            except duckdb.Error as exc:
                with suppress(duckdb.Error):
                    self._connection.execute("ROLLBACK")
                raise StoreBroken(sentence(exc)) from exc
            except BaseException as exc:
                self._connection.execute("ROLLBACK")
                _heed(exc)
                raise


class DuckdbReading:
    """See `port.Reading`."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self._stopped = False

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = (), near: Stretch | None = None) -> Sequence[tuple[Any, ...]]:
        """See `port.Reading`."""
        with self._going():
            return self.cursor.execute(sql, parameters).fetchall()

    def columns(self, sql: str, parameters: Mapping[str, Any], near: Stretch | None = None) -> Mapping[str, "np.ndarray[Any, Any]"]:
        """See `port.Reading`."""
        with self._going():
            return self.cursor.execute(sql, parameters).fetchnumpy()

    def interrupt(self) -> None:
        """See `port.Reading`. What is about to start hears nothing of it: hence the mark."""
        self._stopped = True
        self.cursor.interrupt()

    @contextmanager
    def _going(self) -> Iterator[None]:
        if self._stopped:
            raise Interrupted
        with _translated():
            yield
        if self._stopped:
            raise Interrupted


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException as exc:
        raise Interrupted from exc
    except duckdb.OutOfMemoryException as exc:
        raise NoMemory(str(exc)) from exc
    except duckdb.Error as exc:
        raise StoreBroken(str(exc)) from exc
    except RuntimeError as exc:
        _heed(exc)
        raise


@contextmanager
def _fitting() -> Iterator[None]:
    """What is wrong with what is added, and not with the store, as `Unfit`."""
    try:
        yield
    except OF_DATA as exc:
        raise Unfit(str(exc)) from exc


def _heed(error: BaseException) -> None:
    """Raise what Python makes of Ctrl-C, where DuckDB made its own of it."""
    if type(error) is RuntimeError and str(error) == "Query interrupted":
        raise KeyboardInterrupt from error


def _remove_stillborn(path: Path) -> None:
    """Remove an empty file: a process that ends while making it leaves one, which DuckDB does not open."""
    if path.is_file() and path.stat().st_size == 0:
        path.unlink()


def _migrate(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER)")
    version = one(connection, "SELECT coalesce(max(version), 0) FROM schema_version")
    if version > VERSION:
        raise StoreBroken(f"{path} was written by a newer Footfall (schema {version}, this one knows {VERSION}): upgrade Footfall")
    for number in range(version, VERSION):
        for statement in MIGRATIONS[number]:
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (?)", [number + 1])
    if 0 < version < ONE_SPELLING:
        respell(connection)


def _take_in(connection: duckdb.DuckDBPyConnection, parts: Adopted) -> None:
    """Every part as it is. Ids that are hashes of another site's name are of no use here."""
    try:
        for part, columns in archive.COLUMNS.items():
            file = {"file": escape(str(Path(parts.folder) / f"{part}.parquet"))}
            known = [list(each.items()) for each in (columns, archive.EARLIER.get(part, columns))]
            if connection.execute(archive.SHAPE, file).fetchall() not in known:
                raise NotAdopted(f"the archive's {part} have other columns than they should")
            if part == "ids":
                if not parts.disguise:
                    connection.execute(archive.READ[part], file)
                continue
            disguise = {"disguise": parts.disguise} if "$disguise" in archive.READ[part] else {}
            count = connection.execute(archive.READ[part], {**file, "site": parts.site, **disguise}).fetchone()
            if not count or count[0] != parts.rows[part]:
                raise NotAdopted(f"the archive has another number of {part} than it says")
        if one(connection, archive.ASTRAY, {"site": parts.site}):
            raise NotAdopted("the archive holds events that no Footfall writes")
    except OF_DATA as exc:
        raise NotAdopted(f"the archive cannot be read: {exc}") from exc


def count_drops(connection: duckdb.DuckDBPyConnection, tallies: Sequence[Tally]) -> None:
    """Add counts of drops but for copies of those that are there."""
    if tallies:
        sites, days, reasons, counts, ids = map(list, zip(*tallies, strict=True))
        connection.execute(apply.COUNT, {"sites": sites, "days": list(map(day_date, days)), "reasons": reasons, "counts": counts, "ids": ids})
