"""What only files can show: several connections, threads and processes, and what is left on the disk."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from footfall.domain.event import DAY_US
from footfall.domain.site import Site
from footfall.registry.key import mint
from footfall.registry.port import RegistryBroken, Scope
from footfall.registry.sqlite import SqliteRegistry, SqliteSalts
from tests.patience import SECONDS

SITE = Site("site", domains=("example.com",))
NOW = 20_000 * DAY_US
MAKER = """
import sys
from footfall.registry.sqlite import SqliteSalts
sys.stdin.read()
salts = SqliteSalts(sys.argv[1])
print(*[salts.make(day, 1).secret.hex() for day in range(20)])
"""


def test_changes_through_another_connection_are_seen(tmp_path):
    one, two = (SqliteRegistry(str(tmp_path / "registry.db")) for _ in range(2))
    key = mint("site", (Scope.STATS_READ,), NOW)[1]
    changes = [lambda: one.put_site(SITE, new=True), lambda: one.put_key(key), lambda: one.remove_key(key.id), lambda: one.remove_site("site")]
    seen = [two.version()]
    for change in changes:
        change()
        seen.append(two.version())
        assert two.version() == seen[-1]
    assert len(set(seen)) == len(seen)
    one.put_site(SITE, new=True)
    assert list(two.sites()) == [SITE]
    one.close()
    two.close()


def test_threads_agree_on_one_secret(tmp_path):
    connections = [SqliteSalts(str(tmp_path / "salts.db")) for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: connections[number % 4].make(number // 32, NOW), range(320)))
    for day in range(10):
        assert len({salt.secret for salt in found if salt.day == day}) == 1
    for each in connections:
        each.close()


def test_processes_that_start_at_once_agree_on_one_secret(tmp_path):
    path = str(tmp_path / "folder" / "salts.db")  # they make folder and file, too
    processes = [subprocess.Popen([sys.executable, "-c", MAKER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    for process in processes:
        assert process.stdin
        process.stdin.close()
        process.stdin = None
    answers = [process.communicate(timeout=SECONDS) for process in processes]
    assert [error for _, error in answers if error] == []
    assert len({out for out, _ in answers}) == 1
    assert len(answers[0][0].split()) == 20


def on_disk(folder: Path, secret: bytes) -> list[str]:
    return [path.name for path in sorted(folder.iterdir()) if secret in path.read_bytes()]


def test_of_a_destroyed_secret_no_byte_is_left(tmp_path):
    salts, reader = (SqliteSalts(str(tmp_path / "salts.db")) for _ in range(2))
    made = [salts.make(day, day * DAY_US) for day in range(300)]  # more than a page of them
    last = made[-1]
    assert on_disk(tmp_path, last.secret)
    assert len(reader.all()) == 300  # another process knows them; it holds no transaction open
    due = made[-2].destroyed_at
    assert list(salts.destroy(due)) == list(range(299))
    for salt in made[:-1]:
        assert on_disk(tmp_path, salt.secret) == []
    assert on_disk(tmp_path, last.secret) == ["salts.db"]
    assert list(salts.all()) == list(reader.all()) == [last]
    assert salts.destroy(last.destroyed_at)
    assert on_disk(tmp_path, last.secret) == []
    salts.close()
    reader.close()


def test_secrets_kept_back_by_a_reader_are_reported_and_go_at_the_next_call(tmp_path):
    salts, reader = (SqliteSalts(str(tmp_path / "salts.db")) for _ in range(2))
    with salts._using() as connection:
        connection.execute("PRAGMA busy_timeout = 50")
    salt = salts.make(1, DAY_US)
    with reader._using() as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM salts").fetchall()
        with pytest.raises(RegistryBroken, match="could not be cut"):
            salts.destroy(salt.destroyed_at)
        connection.execute("COMMIT")
    salts.destroy(salt.destroyed_at)
    assert on_disk(tmp_path, salt.secret) == []
    salts.close()
    reader.close()


@pytest.mark.parametrize("kind", [SqliteRegistry, SqliteSalts])
def test_a_file_that_is_none_of_ours_is_broken(tmp_path, kind):
    path = tmp_path / "x.db"
    path.write_bytes(b"this is no database, though it is as long as the head of one" * 20)
    with pytest.raises(RegistryBroken, match="cannot open"):
        kind(str(path))
    with pytest.raises(RegistryBroken, match="cannot open"):
        kind(str(path / "below" / "a.db"))
    with pytest.raises(RegistryBroken, match="cannot open"):
        kind(str(tmp_path))


def test_a_change_that_the_disk_refuses_leaves_the_registry_usable(tmp_path):
    registry = SqliteRegistry(str(tmp_path / "registry.db"))
    with registry._using() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(RegistryBroken, match="full"):
        registry.put_site(Site("big", domains=("example.com",), aliases=tuple(f"alias {number}" for number in range(2_000))), new=True)
    assert list(registry.sites()) == []
    registry.put_site(SITE, new=True)
    assert list(registry.sites()) == [SITE]
    registry.close()


def test_keys_leave_no_secret_on_the_disk(tmp_path):
    registry = SqliteRegistry(str(tmp_path / "registry.db"))
    registry.put_site(SITE, new=True)
    secret, key = mint("site", (Scope.STATS_READ,), NOW)
    registry.put_key(key)
    assert on_disk(tmp_path, secret.encode()) == []
    assert on_disk(tmp_path, key.digest.encode()) != []
    registry.close()


def test_a_site_that_an_older_version_stored_is_read_with_what_is_usual(tmp_path):
    path = str(tmp_path / "registry.db")
    SqliteRegistry(path).close()
    stored = '{"id":"site","domains":["example.com"],"aliases":["UA-1"],"zones":[{"name":"UTC","since":0}],"public":true}'
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO sites VALUES ('site', ?)", (stored,))
    registry = SqliteRegistry(path)
    (site,) = registry.sites()
    assert site == Site("site", ("example.com",), ("UA-1",), public=True)
    assert not (site.only_hosts or site.ignored_referrers or site.merge_slashes)
    wide = replace(site, domains=("example.com", "*.example.com"), only_hosts=True, ignored_referrers=("pay.example",), merge_slashes=True)
    registry.put_site(wide, new=False)
    assert list(registry.sites()) == [wide]
    registry.close()
