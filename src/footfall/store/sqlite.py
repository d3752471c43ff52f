"""Roll-ups in one SQLite file: found by site, question and day, which DuckDB's columns are not made for."""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
SIZES = """
CREATE TABLE IF NOT EXISTS spare (number INTEGER PRIMARY KEY, site TEXT NOT NULL, bytes INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS spare_of_site ON spare (site);
"""
"""Of questions that are answered on demand, and no standing ones, how much room each takes."""

ROW_BYTES = 40
"""What a roll-up takes beside its sums."""

MEASURE = f"""
INSERT OR REPLACE INTO spare
SELECT number, site, length(question) + (
    SELECT coalesce(sum(length(data) + {ROW_BYTES}), 0) FROM rollups WHERE rollups.number = questions.number)
FROM questions WHERE number = ?
"""
TAKEN = "SELECT coalesce(sum(bytes), 0) FROM spare WHERE site = ?"
BUDGET_BYTES = 256_000_000
FULL, EMPTIED = 0.9, 0.75
"""Shares of the budget: from which on room is made, and how far."""

log = logging.getLogger(__name__)


class SqliteRollups:
    """See `port.Rollups`. One process uses the file, any of its threads; `today` says when a question is used."""

    def __init__(
        self,
        path: str,
        today: Callable[[], date],
        budget: int = BUDGET_BYTES,
    ) -> None:
        self._budget = budget
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

    def put(
        self,
        site: str,
        question: bytes,
        days: Mapping[date, tuple[int, bytes]],
        *,
        on_demand: bool = False,
    ) -> None:
        """See `port.Rollups`."""
        size = len(question) + sum(len(data) + ROW_BYTES for _, data in days.values())
        with self._changing() as connection:
            if on_demand and _spare(connection, site) + size > self._budget:
                return
            connection.execute("INSERT OR IGNORE INTO questions (site, question, used) VALUES (?, ?, ?)", (site, question, self._today().isoformat()))
            number = _number(connection, site, question)
            rows = [(number, day.isoformat(), version, data) for day, (version, data) in days.items()]
            connection.executemany("INSERT OR REPLACE INTO rollups VALUES (?, ?, ?, ?)", rows)
            connection.execute(MEASURE if on_demand else "DELETE FROM spare WHERE number = ?", (number,))

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
            asked = connection.execute("SELECT number, site, question, used FROM questions ORDER BY used, number")
            spare = [each for each in asked.fetchall() if (each[1], each[2]) not in standing]
            self._measure(connection, [number for number, *_ in spare])
            left = {site: self._too_much(connection, site) for site in {site for _, site, *_ in spare}}
            for number, site, _, used in spare:
                if used < before.isoformat() or left[site] > 0:
                    left[site] -= _drop(connection, number, str(last_trimmed(site) or ""))

    def _measure(self, connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
        """Know the sizes of these questions and of no others."""
        known = {number for (number,) in connection.execute("SELECT number FROM spare")}
        gone, new = known.difference(numbers), set(numbers) - known
        connection.executemany("DELETE FROM spare WHERE number = ?", [(number,) for number in gone])
        connection.executemany(MEASURE, [(number,) for number in new])

    def _too_much(self, connection: sqlite3.Connection, site: str) -> float:
        """Return how many bytes shall go, so that there is room for what comes."""
        taken = _spare(connection, site)
        return taken - EMPTIED * self._budget if taken > FULL * self._budget else 0

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
                numbers = connection.execute("SELECT number FROM spare WHERE site = ?", (site,)).fetchall()
                connection.executemany(MEASURE, numbers)
                return
            connection.execute("DELETE FROM rollups WHERE number IN (SELECT number FROM questions WHERE site = ?)", (site,))
            connection.execute("DELETE FROM questions WHERE site = ?", (site,))
            connection.execute("DELETE FROM spare WHERE site = ?", (site,))

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
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'spare'").fetchone():
            connection.executescript(SIZES)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _spare(connection: sqlite3.Connection, site: str) -> int:
    """Return how much room a site's questions on demand take."""
    taken: int = connection.execute(TAKEN, (site,)).fetchone()[0]
    return taken


def _drop(connection: sqlite3.Connection, number: int, trimmed: str) -> int:
    """Drop a question's roll-ups but those up to a day; return how many bytes went."""
    before = connection.execute("SELECT bytes FROM spare WHERE number = ?", (number,)).fetchone()[0]
    gone = connection.execute("DELETE FROM rollups WHERE number = ? AND day > ?", (number, trimmed)).rowcount
    if connection.execute("SELECT 1 FROM rollups WHERE number = ?", (number,)).fetchone():
        if gone:
            connection.execute(MEASURE, (number,))
        after: int = connection.execute("SELECT bytes FROM spare WHERE number = ?", (number,)).fetchone()[0]
        return int(before - after)
    connection.execute("DELETE FROM questions WHERE number = ?", (number,))
    connection.execute("DELETE FROM spare WHERE number = ?", (number,))
    return int(before)


def _number(connection: sqlite3.Connection, site: str, question: bytes) -> int | None:
    found = connection.execute("SELECT number FROM questions WHERE site = ? AND question = ?", (site, question)).fetchone()
    return found[0] if found else None
