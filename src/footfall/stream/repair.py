"""Setting a damaged stream file aside and keeping what survived of it.

The steps leave a trace from which the next start goes on, wherever a crash falls between them:
`X` becomes `X.repairing`, its readable frames are copied to `X.new`, that becomes `X`, and
`X.repairing` becomes `X.damaged-TIME` for the owner to look at.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from time import time, time_ns
from typing import Any, NamedTuple

from footfall.stream import frame

SCHEMA = """
CREATE TABLE IF NOT EXISTS frames (
    number INTEGER PRIMARY KEY, shard TEXT NOT NULL, first INTEGER NOT NULL,
    count INTEGER NOT NULL, received INTEGER NOT NULL, data BLOB NOT NULL)
"""
DAMAGE = {"SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ", "SQLITE_ERROR", "SQLITE_FORMAT"}
GAP_FRAMES = 10_000
KEPT_SECONDS = 4 * 86_400
"""Set-aside files hold visitor ids, so they go when the salts of their days have gone."""

log = logging.getLogger(__name__)


class Row(NamedTuple):
    """A frame as stored."""

    number: int
    shard: str
    first: int
    records: int
    received: int
    data: bytes


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file itself may be broken.

    A missing table counts as that, and an error without a name: Python's own, of what it read.
    """
    name = getattr(error, "sqlite_errorname", "") or ""
    return not name or name in DAMAGE or name.startswith("SQLITE_CORRUPT")


def is_pending(path: str) -> bool:
    """Return whether a repair was begun and not finished."""
    return os.path.exists(path + ".repairing") or os.path.exists(path + ".repairing-wal")


def repair(path: str) -> None:
    """Replace the file by one with all that is still readable. The caller holds it alone."""
    broken, fresh = path + ".repairing", path + ".new"
    if not (os.path.exists(broken) and os.path.exists(path)):
        if os.path.exists(path):
            _rename(path + "-wal", broken + "-wal")
            _rename(path, broken)
        _remove(path + "-shm", fresh, fresh + "-journal")
        _copy(broken, fresh)
        os.rename(fresh, path)
    aside = f"{path}.damaged-{time_ns()}"
    _rename(broken + "-wal", aside + "-wal")
    _rename(broken, aside)
    _remove(broken + "-shm", aside + "-shm")
    log.error(
        "the stream file was damaged and is set aside as %s;"
        " hits that could not be read from it are lost",
        Path(aside).name,
    )


def forget_old(path: str) -> None:
    """Remove what was set aside more than four days ago."""
    for old in Path(path).parent.glob(Path(path).name + ".damaged-*"):
        if old.stat().st_mtime < time() - KEPT_SECONDS:
            _remove(str(old))


def _copy(broken: str, fresh: str) -> None:
    with closing(sqlite3.connect(fresh, isolation_level=None)) as target:
        target.execute("PRAGMA auto_vacuum = INCREMENTAL")
        target.execute("PRAGMA synchronous = FULL")
        target.execute(SCHEMA)
        target.execute("BEGIN")
        frames = hits = 0
        for row in survivors(broken):
            target.execute("INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?)", row)
            frames += 1
            hits += row.records
        target.execute("COMMIT")
    log.warning("%d records in %d frames survived in the damaged stream file", hits, frames)


def lost(path: str) -> tuple[int, int]:
    """Return how many records of a damaged file can be read, and how many miss between them.

    Of those behind the last nothing is known.
    """
    survived = missing = 0
    ends: dict[str, int] = {}
    for row in survivors(path):
        missing += max(0, row.first - ends.get(row.shard, row.first))
        ends[row.shard] = row.first + row.records
        survived += row.records
    return survived, missing


def survivors(path: str) -> Iterator[Row]:
    """The frames that can still be read and whose checksum holds, in order."""
    if not os.path.exists(path):
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Else a file shorter than its header says is not read at all.
        connection.execute("PRAGMA writable_schema = ON")
        number = 0
        while True:
            try:
                for values in connection.execute(
                    "SELECT * FROM frames WHERE number > ? ORDER BY number", (number,)
                ):
                    number = values[0]
                    yield from _whole(values)
                return
            except sqlite3.Error as exc:
                log.warning("the damaged stream file cannot be read past frame %d: %s", number, exc)
            readable = _next_readable(connection, number)
            if readable is None:
                return
            yield from _whole(readable)
            number = readable[0]


def _next_readable(connection: sqlite3.Connection, number: int) -> tuple[Any, ...] | None:
    """Return the first frame after a hole, looking frame by frame, since numbers are dense."""
    for candidate in range(number + 1, number + GAP_FRAMES):
        with suppress(sqlite3.Error):
            found: tuple[Any, ...] | None = connection.execute(
                "SELECT * FROM frames WHERE number = ?", (candidate,)
            ).fetchone()
            if found:
                return found
    return None


def _whole(values: tuple[Any, ...]) -> Iterator[Row]:
    with suppress(frame.Damaged, TypeError, AttributeError, ValueError):
        row = Row(*values)
        if len(frame.unpack(row.shard, row.first, row.data)) == row.records:
            yield row


def _rename(old: str, new: str) -> None:
    with suppress(FileNotFoundError):
        os.rename(old, new)


def _remove(*paths: str) -> None:
    for path in paths:
        with suppress(FileNotFoundError):
            os.remove(path)
