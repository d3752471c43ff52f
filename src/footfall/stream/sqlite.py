"""A durable stream in one SQLite file, shared by several gateways and one engine.

A row is a frame, the records of one group commit: one statement a commit, since the sqlite3
module gives up the interpreter's lock at every statement and a busy event loop is slow to
hand it back.

Whoever uses the file holds its lock file shared; only a holder of the exclusive lock sets a
damaged file aside. A writer that finds the path naming another file than the one it has open
begins a new shard in that file and appends again: a hit may then lie in both files, and its
id makes it count once.
"""

import fcntl
import logging
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time_ns

from footfall.domain.event import Position
from footfall.stream import frame, repair
from footfall.stream.port import Chunk, Record, StreamBroken, StreamFull

MEMORY = ":memory:"
READ_ONLY = {"SQLITE_READONLY_DBMOVED", "SQLITE_READONLY"}
BUSY_SECONDS = 5.0
APPEND = "INSERT INTO frames (shard, first, count, received, data) VALUES (?, ?, ?, ?, ?)"
SPARE_PAGES = 4_096
TRIES = 3

log = logging.getLogger(__name__)


class _Replaced(Exception):
    """The path names another file than the one that is open."""


class _Damaged(Exception):
    """The file is broken."""


class SqliteStream:
    """Both ends of the stream (`port.Writer`, `port.OwnReader`); each process opens its own.

    `limit_bytes` is the size of the file at which appending raises `StreamFull`.
    """

    def __init__(self, path: str, limit_bytes: int) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._connection: sqlite3.Connection | None = None
        self._read_from: sqlite3.Connection | None = None
        self._inode = (0, 0)
        self._shard = ""
        self._next = 1
        self._lock_file = -1
        if path != MEMORY:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = os.open(path + ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            repair.forget_old(path)

    def append(self, records: Sequence[bytes]) -> None:
        """See `port.Writer`."""
        for _ in range(TRIES):
            with self._recovering(), self._opened() as connection:
                blob = frame.pack(self._shard, self._next, records)
                row = (self._shard, self._next, len(records), time_ns() // 1000, blob)
                connection.execute(APPEND, row)
                if not self._names_open_file():
                    raise _Replaced
                self._next += len(records)
                return
        raise StreamBroken("the stream file keeps being replaced or damaged")

    def read(self, limit: int) -> Chunk:
        """See `port.Reader`."""
        for _ in range(TRIES):
            with self._recovering(), self._opened() as connection:
                if not self._names_open_file():
                    raise _Replaced
                return self._read(connection, limit)
        raise StreamBroken("the stream file keeps being replaced or damaged")

    def _read(self, connection: sqlite3.Connection, limit: int) -> Chunk:
        records: list[Record] = []
        through = 0
        oldest: int | None = None
        rows = connection.execute(
            "SELECT number, shard, first, received, data FROM frames ORDER BY number"
        )
        for number, shard, first, received, blob in rows:
            try:
                parts = frame.unpack(shard, first, blob)
            # A page of zeros gives rows of nulls.
            except (frame.Damaged, TypeError, AttributeError, ValueError) as exc:
                raise _Damaged from exc
            for index, part in enumerate(parts):
                records.append(Record(Position(shard, first + index), part))
            through = number
            oldest = received if oldest is None else min(oldest, received)
            if len(records) >= limit:
                break
        self._read_from = connection
        rows.close()  # an open cursor would keep the write-ahead log from being cut
        return Chunk(records, through, oldest)

    def discard(self, through: int) -> None:
        """See `port.Reader`."""
        # Another file numbers its frames anew, so only that which was read may be cut. What is not
        # cut comes again, and counts once by its positions.
        with self._recovering(), self._opened() as connection:
            if connection is not self._read_from or not self._names_open_file():
                return
            connection.execute("DELETE FROM frames WHERE number <= ?", (through,))
            (spare,) = connection.execute("PRAGMA freelist_count").fetchone()
            if spare > SPARE_PAGES:
                connection.execute(f"PRAGMA incremental_vacuum({SPARE_PAGES // 2})").fetchall()

    def copy(self, path: str) -> None:
        """See `port.OwnReader`."""
        for _ in range(TRIES):
            with suppress(FileNotFoundError):
                os.remove(path)
            with self._recovering(), self._opened() as connection:
                if not self._names_open_file():
                    raise _Replaced
                _copy(connection, path)
                return
        raise StreamBroken("the stream file keeps being replaced or damaged")

    def close(self) -> None:
        """See `port.Writer`."""
        self._release()
        if self._lock_file >= 0:
            os.close(self._lock_file)
            self._lock_file = -1

    @contextmanager
    def _recovering(self) -> Iterator[None]:
        """Let the caller try again after the file was replaced or repaired; else a port's error."""
        try:
            yield
        except _Replaced:
            log.warning("the stream file was replaced while in use; opening the new one")
            self._release()
        except _Damaged:
            self._release()
            try:
                self._repair()
            except (sqlite3.Error, OSError) as exc:
                raise StreamBroken(
                    f"the stream is damaged and cannot be repaired now: {exc}"
                ) from exc
        except OSError as exc:
            self._release()
            raise StreamBroken(f"the stream cannot be used: {exc}") from exc

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The connection, under the shared lock; its errors as those of the port."""
        try:
            with self._locked(fcntl.LOCK_SH):
                yield self._connection or self._open()
        except sqlite3.Error as exc:
            name = getattr(exc, "sqlite_errorname", "")
            # Whether the frame was written is unknown: only a new shard can't repeat its position.
            self._shard, self._next = secrets.token_hex(8), 1
            if name == "SQLITE_FULL":
                raise StreamFull(
                    "the stream is full: its size limit is reached or the disk has no room"
                ) from exc
            self._release()
            if name in READ_ONLY and self._may_be_replaced():
                raise _Replaced from exc
            if repair.is_damage(exc):
                raise _Damaged from exc
            raise StreamBroken(f"the stream cannot be used: {exc}") from exc

    def _may_be_replaced(self) -> bool:
        folder = os.path.dirname(self._path) or "."
        return self._path != MEMORY and os.access(folder, os.W_OK)

    def _open(self) -> sqlite3.Connection:
        if self._path != MEMORY and repair.is_pending(self._path):
            raise _Damaged
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(repair.SCHEMA)
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
            pages = max(self._limit_bytes // page_bytes, 16)
            connection.execute(f"PRAGMA max_page_count = {pages}")
        except sqlite3.Error:
            connection.close()
            raise
        self._connection = connection
        self._inode = self._named()
        self._shard, self._next = secrets.token_hex(8), 1
        return connection

    def _names_open_file(self) -> bool:
        return self._path == MEMORY or self._named() == self._inode

    def _named(self) -> tuple[int, int]:
        if self._path == MEMORY:
            return (0, 0)
        with suppress(FileNotFoundError):
            found = os.stat(self._path)
            return (found.st_dev, found.st_ino)
        return (0, 0)

    def _release(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _repair(self) -> None:
        with self._locked(fcntl.LOCK_EX):
            if repair.is_pending(self._path) or self._is_damaged():
                repair.repair(self._path)

    def _is_damaged(self) -> bool:
        """Return whether it still is, now that nobody else can mend it."""
        try:
            probe = sqlite3.connect(self._path, timeout=BUSY_SECONDS)
            try:
                (verdict,) = probe.execute("PRAGMA quick_check(1)").fetchone()
                rows = probe.execute("SELECT shard, first, data FROM frames")
                whole = all(len(frame.unpack(*row)) >= 0 for row in rows)
            finally:
                probe.close()
        except (sqlite3.Error, frame.Damaged, TypeError, AttributeError, ValueError):
            return True
        return verdict != "ok" or not whole

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        if self._lock_file < 0:
            yield
            return
        fcntl.flock(self._lock_file, kind)
        try:
            yield
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)


def _copy(connection: sqlite3.Connection, path: str) -> None:
    """All of it as of one moment. A commit waits for none of this."""
    target = sqlite3.connect(path, isolation_level=None)
    try:
        connection.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as exc:
        # The copy's disk is full: reading fills none.
        if getattr(exc, "sqlite_errorname", "") == "SQLITE_FULL":
            raise StreamFull(f"there is no room for {path}") from exc
        raise
    finally:
        target.close()
