"""Sites and keys in one SQLite file; salts in another, which no backup takes."""

import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from footfall.domain.identity import SALT_BYTES, Salt
from footfall.domain.site import Site
from footfall.registry.port import Key, RegistryBroken, Scope
from footfall.registry.refusal import check_site, moved_key, no_key, no_site

MEMORY = ":memory:"
BUSY_SECONDS = 5.0
REGISTRY_SCHEMA = """
CREATE TABLE IF NOT EXISTS sites (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, site TEXT NOT NULL,
    scopes TEXT NOT NULL, made INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
SALTS_SCHEMA = """
CREATE TABLE IF NOT EXISTS salts (day INTEGER PRIMARY KEY, secret BLOB NOT NULL, made INTEGER NOT NULL);
PRAGMA user_version = 1;
"""


class _File:
    """A SQLite file used by one process, its errors translated, one statement at a time."""

    def __init__(self, path: str, schema: str) -> None:
        self._lock = threading.Lock()
        try:
            if path != MEMORY:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if not version:  # a file that is there already is opened without writing: the disk may be full
                self._connection.executescript(schema)
        except (sqlite3.Error, OSError) as exc:
            raise RegistryBroken(f"cannot open {path}: {exc}") from exc

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as exc:
                raise RegistryBroken(str(exc)) from exc

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._using() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled back already
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """See `port`."""
        with self._using() as connection:
            connection.close()


class SqliteRegistry(_File):
    """Sites and keys."""

    def __init__(self, path: str) -> None:
        super().__init__(path, REGISTRY_SCHEMA)

    def version(self) -> int:
        """See `port.Registry`; SQLite's own count leaves out this connection's changes."""
        with self._using() as connection:
            (others,) = connection.execute("PRAGMA data_version").fetchone()
            return int(others) * 1_000_003 + connection.total_changes

    def sites(self) -> Sequence[Site]:
        """See `port.Registry`."""
        with self._using() as connection:
            return _sites(connection)

    def put_site(self, site: Site, *, new: bool, was: Site | None = None) -> None:
        """See `port.Registry`."""
        with self._changing() as connection:
            check_site(site, _sites(connection), new=new, was=was)
            connection.execute("INSERT OR REPLACE INTO sites VALUES (?, ?)", (site.id, msgspec.json.encode(site).decode()))

    def remove_site(self, site_id: str) -> None:
        """See `port.Registry`."""
        with self._changing() as connection:
            if not connection.execute("DELETE FROM sites WHERE id = ?", (site_id,)).rowcount:
                raise no_site(site_id)
            connection.execute("DELETE FROM keys WHERE site = ?", (site_id,))

    def move_site(self, site_id: str, into: Site, scopes: Collection[Scope]) -> None:
        """See `port.Registry`."""
        with self._changing() as connection:
            sites = _sites(connection)
            others = [each for each in sites if each.id != site_id]
            if len(others) == len(sites):
                raise no_site(site_id)
            check_site(into, others, new=all(each.id != into.id for each in others), was=None)
            connection.execute("DELETE FROM sites WHERE id = ?", (site_id,))
            data = msgspec.json.encode(into).decode()
            connection.execute("INSERT OR REPLACE INTO sites VALUES (?, ?)", (into.id, data))
            for key in _keys(connection):
                if key.site == site_id:
                    connection.execute("DELETE FROM keys WHERE id = ?", (key.id,))
                    if moved := moved_key(key, into.id, scopes):
                        _keep(connection, moved)

    def all_keys(self) -> Sequence[Key]:
        """See `port.Registry`."""
        with self._using() as connection:
            return _keys(connection)

    def put_key(self, key: Key) -> None:
        """See `port.Registry`."""
        with self._changing() as connection:
            if not connection.execute("SELECT 1 FROM sites WHERE id = ?", (key.site,)).fetchone():
                raise no_site(key.site)
            _keep(connection, key)

    def remove_key(self, key_id: str) -> None:
        """See `port.Registry`."""
        with self._changing() as connection:
            if not connection.execute("DELETE FROM keys WHERE id = ?", (key_id,)).rowcount:
                raise no_key(key_id)


class SqliteSalts(_File):
    """Salts."""

    def __init__(self, path: str) -> None:
        super().__init__(path, SALTS_SCHEMA)

    def all(self) -> Sequence[Salt]:
        """See `port.Salts`."""
        with self._using() as connection:
            return [Salt(*row) for row in connection.execute("SELECT day, secret, made FROM salts ORDER BY day")]

    def make(self, day: int, now_us: int) -> Salt:
        """See `port.Salts`."""
        with self._changing() as connection:
            connection.execute("INSERT OR IGNORE INTO salts VALUES (?, ?, ?)", (day, secrets.token_bytes(SALT_BYTES), now_us))
            return Salt(*connection.execute("SELECT day, secret, made FROM salts WHERE day = ?", (day,)).fetchone())

    def destroy(self, now_us: int) -> Sequence[int]:
        """See `port.Salts`. The log is cut at every call: one that failed before is made up for."""
        due = [salt.day for salt in self.all() if salt.destroyed_at <= now_us]
        with self._using() as connection:
            connection.executemany("DELETE FROM salts WHERE day = ?", [(day,) for day in due])
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise RegistryBroken("the log of the salts could not be cut, since another process is reading it")
        return due


def _sites(connection: sqlite3.Connection) -> list[Site]:
    return [msgspec.json.decode(data, type=Site) for (data,) in connection.execute("SELECT data FROM sites ORDER BY id")]


def _keys(connection: sqlite3.Connection) -> list[Key]:
    rows = connection.execute("SELECT id, digest, site, scopes, made FROM keys ORDER BY made, id")
    found = []
    for name, digest, site, scopes, made in rows.fetchall():
        several = tuple(Scope(scope) for scope in scopes.split())
        found.append(Key(id=name, digest=digest, site=site, scopes=several, made=made))
    return found


def _keep(connection: sqlite3.Connection, key: Key) -> None:
    values = (key.id, key.digest, key.site, " ".join(key.scopes), key.made)
    connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?)", values)
