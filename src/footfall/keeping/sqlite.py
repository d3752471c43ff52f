"""SQLite files as files: copied, looked at and checked beside whoever uses them."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

BUSY_SECONDS = 10.0


@contextmanager
def looking(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing; raises `sqlite3.Error`."""
    uri = f"file:{quote(str(path))}?mode=ro"
    opened = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    with closing(opened) as connection:
        yield connection


def copy(source: sqlite3.Connection, target: Path) -> None:
    """Copy all of it as of one moment, as one file.

    Raises `sqlite3.Error`, and `OSError` where the disk has no room.
    """
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as copied:
            copied.execute("PRAGMA synchronous = OFF")  # who copies sees to that
            source.backup(copied)
            copied.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as exc:
        if getattr(exc, "sqlite_errorname", "") == "SQLITE_FULL":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from exc
        raise


def fault(path: Path) -> str | None:
    """What is wrong with a file, if anything is."""
    try:
        with looking(path) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as exc:
        return str(exc)
    return None if verdict == "ok" else str(verdict).splitlines()[-1]


def version(path: Path) -> int:
    """The version of its schema; raises `sqlite3.Error`."""
    with looking(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a SELECT gives; raises `sqlite3.Error`."""
    with looking(path) as connection:
        return connection.execute(sql).fetchall()
