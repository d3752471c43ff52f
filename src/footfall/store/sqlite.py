"""Roll-ups in one SQLite file: found by site, question and day, which DuckDB's columns are not made for."""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from time import time_ns

from footfall.store.port import StoreBroken

MEMORY = ":memory:"
BUSY_SECONDS = 5.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS questions (number INTEGER PRIMARY KEY, site TEXT NOT NULL, question BLOB NOT NULL, used TEXT NOT NULL, UNIQUE (site, question));
CREATE TABLE IF NOT EXISTS rollups (
    number INTEGER NOT NULL, day TEXT NOT NULL, version INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (number, day)) WITHOUT ROWID;
PRAGMA user_version = 1;
"""

log = logging.getLogger(__name__)


class SqliteRollups:
    """See `port.Rollups`. One process uses the file, any of its threads; `today` says when a question is used."""

    def __init__(self, path: str, today: Callable[[], date]) -> None:
        self._lock = threading.Lock()
        self._today = today
        try:
            if path != MEMORY:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = _opened(path)
        except (sqlite3.Error, OSError) as exc:
            raise StoreBroken(f"cannot open the roll-ups in {path}: {exc}") from exc

    def get(self, site: str, question: bytes, first: date, last: date) -> Mapping[date, tuple[int, bytes]]:
        """See `port.Rollups`."""
        with self._using() as connection:
            number = _number(connection, site, question)
            if number is None:
                return {}
            connection.execute("UPDATE questions SET used = ?1 WHERE number = ?2 AND used < ?1", (self._today().isoformat(), number))
            wanted = (number, first.isoformat(), last.isoformat())
            rows = connection.execute("SELECT day, version, data FROM rollups WHERE number = ? AND day BETWEEN ? AND ?", wanted)
            return {date.fromisoformat(day): (version, data) for day, version, data in rows}

    def put(self, site: str, question: bytes, days: Mapping[date, tuple[int, bytes]]) -> None:
        """See `port.Rollups`."""
        with self._changing() as connection:
            connection.execute("INSERT OR IGNORE INTO questions (site, question, used) VALUES (?, ?, ?)", (site, question, self._today().isoformat()))
            number = _number(connection, site, question)
            rows = [(number, day.isoformat(), version, data) for day, (version, data) in days.items()]
            connection.executemany("INSERT OR REPLACE INTO rollups VALUES (?, ?, ?, ?)", rows)

    def versions(self, site: str, question: bytes, first: date, last: date) -> Mapping[date, int]:
        """See `port.Rollups`."""
        with self._using() as connection:
            wanted = (_number(connection, site, question), first.isoformat(), last.isoformat())
            rows = connection.execute("SELECT day, version FROM rollups WHERE number = ? AND day BETWEEN ? AND ?", wanted)
            return {date.fromisoformat(day): version for day, version in rows}

    def sync(self) -> None:
        """See `port.Rollups`."""
        with self._using() as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreBroken("the roll-ups could not be written through, since another process is reading them")

    def forget(self, standing: Collection[tuple[str, bytes]], before: date, last_trimmed: Callable[[str], date | None]) -> None:
        """See `port.Rollups`."""
        with self._changing() as connection:
            old = connection.execute("SELECT number, site, question FROM questions WHERE used < ?", (before.isoformat(),)).fetchall()
            gone = [(number, str(last_trimmed(site) or "")) for number, site, question in old if (site, question) not in standing]
            connection.executemany("DELETE FROM rollups WHERE number = ? AND day > ?", gone)
            connection.executemany("DELETE FROM questions WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM rollups WHERE number = ?1)", [(number,) for number, _ in gone])

    def every(self, site: str, days: Collection[date]) -> Iterator[tuple[bytes, date, bytes]]:
        """See `port.Rollups`. One is read at a time, so that others have their turn and little is held."""
        wanted = {day.isoformat() for day in days}
        with self._using() as connection:
            questions = connection.execute("SELECT number, question FROM questions WHERE site = ? ORDER BY number", (site,)).fetchall()
        for number, question in questions:
            with self._using() as connection:
                kept = [day for (day,) in connection.execute("SELECT day FROM rollups WHERE number = ? ORDER BY day", (number,)) if day in wanted]
            for day in kept:
                with self._using() as connection:
                    found = connection.execute("SELECT data FROM rollups WHERE number = ? AND day = ?", (number, day)).fetchone()
                if found:
                    yield question, date.fromisoformat(day), found[0]

    def clear(self, site: str, standing: Mapping[date, int] | None = None) -> None:
        """See `port.Rollups`."""
        with self._changing() as connection:
            if standing is not None:
                older = "DELETE FROM rollups WHERE number IN (SELECT number FROM questions WHERE site = ?) AND day = ? AND version <> ?"
                connection.executemany(older, [(site, day.isoformat(), version) for day, version in standing.items()])
                return
            connection.execute("DELETE FROM rollups WHERE number IN (SELECT number FROM questions WHERE site = ?)", (site,))
            connection.execute("DELETE FROM questions WHERE site = ?", (site,))

    def close(self) -> None:
        """See `port.Rollups`."""
        with self._using() as connection:
            connection.close()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as exc:
                raise StoreBroken(f"the roll-ups cannot be used: {exc}") from exc

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._using() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise


def _opened(path: str) -> sqlite3.Connection:
    """The file, set up. What is damaged is set aside: roll-ups are made again from facts."""
    try:
        return _set_up(path)
    except sqlite3.DatabaseError as exc:
        if path == MEMORY or isinstance(exc, sqlite3.OperationalError):  # locked, full, not allowed: not the file's fault
            raise
        aside = f"{path}.damaged-{time_ns()}"
        log.error("%s is damaged (%s) and was set aside as %s; its roll-ups are made again", path, exc, aside)
        os.rename(path, aside)
        for suffix in ("-wal", "-shm"):
            Path(path + suffix).unlink(missing_ok=True)
        return _set_up(path)


def _set_up(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # what a crash takes is made again; see `sync`
        if not connection.execute("PRAGMA user_version").fetchone()[0]:  # one that is there already is opened without writing
            connection.executescript(SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _number(connection: sqlite3.Connection, site: str, question: bytes) -> int | None:
    found = connection.execute("SELECT number FROM questions WHERE site = ? AND question = ?", (site, question)).fetchone()
    return found[0] if found else None
