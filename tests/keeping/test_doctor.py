"""Each trouble is made for real, and the doctor names it and says what to do."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from time import time

import duckdb
import pytest

from footfall import compose
from footfall.domain.event import DAY_US, HOUR_US
from footfall.keeping.folder import NETWORK, kind_of
from footfall.query.partial import Partial, packed
from footfall.query.upkeep import CUT
from footfall.settings import read
from footfall.store.sqlite import SqliteRollups
from footfall.stream import frame
from tests.end_to_end.test_exactly_once import SITE, small_disk
from tests.fixtures import unpack
from tests.keeping.conftest import HITS, Run
from tests.server import Server, footfall, free_port

pytestmark = pytest.mark.slow
__all__ = ["small_disk"]
Wrong = Callable[..., str]


@pytest.fixture
def wrong(run: Run) -> Wrong:
    """What the doctor finds wrong beside that no server runs, and what to do."""

    def wrong(data: Path, *flags: str) -> str:
        done = run("doctor", *flags, data=data)
        assert (done.status, done.complained) == (1, "")
        return "".join(re.findall(r"^wrong (?!engine|gateway).*\n +-> .*\n", done.said, re.M))

    return wrong


def sql(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement, values)


def fresh(data: Path) -> None:
    """Empty the stream, where hits of some minutes ago wait."""
    sql(data / "stream.db", "DELETE FROM frames")


def test_all_is_well_while_a_server_runs(data: Path, run: Run) -> None:
    server = Server(data)
    assert server.wait_for_total(SITE, HITS) == HITS
    port = server.url.rpartition(":")[2]
    status, said, _ = run("doctor", "--port", port, data=data)
    assert (status, said.splitlines()[-1]) == (0, "all is well"), said
    for what in (
        "is root's, and closed to others" if os.geteuid() == 0 else "closed to others",
        "are free",
        "duckdb 2",
        "facts.duckdb is whole",
        "salts.db is whole",
    ):
        assert what in said
    for line in (
        f"gateway   takes hits on 127.0.0.1 port {port}",
        "engine    answers",
        "stream    no hit waits",
        f"of schema {compose.SCHEMA}, as this program's",
    ):
        assert line in said
    assert (
        "nothing answers on 127.0.0.1 port 1, so no hit is taken there"
        in run("doctor", "--port", "1", data=data).said
    )
    server.stop()


def test_a_gateway_that_cannot_store_hits(data: Path, run: Run) -> None:
    """Since something else has the name of its stream."""
    gateway = Server(data, command="gateway", port=free_port())
    gateway.wait_until_ready("/readyz")
    for path in data.glob("stream.db*"):
        path.unlink()
    (data / "stream.db").mkdir()
    assert (
        gateway.client.post(
            "/v1/track", json={"url": "https://example.com/", "website": SITE}
        ).status_code
        == 503
    )
    said = run("doctor", "--port", gateway.url.rpartition(":")[2], data=data).said
    gateway.stop()
    assert re.search(
        r"wrong gateway +it lives on 127\.0\.0\.1 port \d+"
        r" but cannot store hits: the stream cannot be used",
        said,
    ), said
    assert "wrong engine    does not answer" in said


def test_nothing_runs_and_nothing_is_changed(data: Path, run: Run) -> None:
    fresh(data)
    before = {
        path.name: path.read_bytes()
        for path in data.iterdir()
        if path.is_file() and not path.name.endswith("-shm")
    }
    status, said, _ = run("doctor", "--port", "1", data=data)
    assert status == 1 and said.splitlines()[-1] == "2 things to see to", said
    assert (
        "engine    does not answer, so nothing is counted\n"
        "                -> start it with 'footfall serve'" in said
    )
    after = {
        path.name: path.read_bytes()
        for path in data.iterdir()
        if path.is_file() and not path.name.endswith("-shm")
    }
    assert {name: content for name, content in after.items() if content} == {
        name: content for name, content in before.items() if content
    }


def test_no_folder(tmp_path: Path, wrong: Wrong) -> None:
    assert "there is no data folder" in wrong(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_folder_that_others_may_read(data: Path, wrong: Wrong) -> None:
    (data / "registry.db").chmod(0o644)
    assert "every user of this machine may read registry.db" in wrong(data)
    data.chmod(0o755)
    assert f"every user of this machine may look into {data}\n" in wrong(
        data
    ) and f"-> chmod 700 {data}" in wrong(data)


def test_a_folder_of_somebody_else(data: Path, wrong: Wrong) -> None:
    os.chown(data / "facts.duckdb", 12_345, -1)
    assert "facts.duckdb belongs to user 12345, and this runs as" in wrong(
        data
    ) and "-> chown -R" in wrong(data)


def test_a_disk_that_cannot_be_written_or_has_no_room(
    data: Path, small_disk: Path, wrong: Wrong
) -> None:
    moved = shutil.copytree(data, small_disk / "data")
    found = wrong(moved)
    assert re.search(
        r"MB are free and 1\.\d GB may be needed: up to 1\.\d GB for hits that wait", found
    ) or re.search(r"may be needed: up to \d+ MB for hits", found), found
    assert "or give --stream-limit a smaller size" in found
    assert "may be needed" not in wrong(moved, "--stream-limit", "10MB") or "64 MB" in wrong(moved)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        assert f"{moved} cannot be written to" in wrong(moved)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/footfall", "nfs4"),
        ("/data", "nfs4"),
        ("/data local/x", "ext4"),
        ("/database", "ext4"),
        ("/mnt/s/deep/er", "fuse.sshfs"),
        ("/mnt", "ext4"),
    ],
)
def test_the_file_system_that_a_folder_lies_on(path: str, kind: str) -> None:
    mounts = (
        "/dev/vda / ext4 rw 0 0\nserver:/x /data nfs4 rw 0 0\n/dev/vdb /data\\040local ext4 rw 0"
        " 0\nme@host: /mnt/s fuse.sshfs rw 0 0\n"
    )
    assert kind_of(Path(path), mounts) == kind
    assert {"nfs4", "fuse.sshfs", "cifs"} <= NETWORK and "ext4" not in NETWORK


def test_versions_that_do_not_fit(data: Path, tmp_path: Path, wrong: Wrong) -> None:
    old = unpack("schema-1", "data", tmp_path / "old")
    old.chmod(0o700)
    assert f"the facts are of schema 1, and this program's is {compose.SCHEMA}" in wrong(
        old
    ) and "run 'footfall migrate'" in wrong(old)
    with duckdb.connect(str(data / "facts.duckdb")) as facts:
        facts.execute("INSERT INTO schema_version VALUES (99)")
    assert f"the facts are of schema 99, and this program knows {compose.SCHEMA}" in wrong(data)


@pytest.mark.parametrize(
    "name", ["registry.db", "salts.db", "rollups.db", "stream.db", "facts.duckdb"]
)
def test_files_that_are_damaged(data: Path, name: str, wrong: Wrong) -> None:
    """Overwritten in the midst. The engine need not run to tell."""
    if name == "facts.duckdb":
        footfall("demo-data", "--events", "3000", "--days", "5", "--sites", "1", data=data)
    else:
        sql(data / name, "PRAGMA wal_checkpoint(TRUNCATE)")
    with (data / name).open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = size // 3 if name == "facts.duckdb" else 4096
        for at in range(start, size, 4096):
            file.seek(at)
            file.write(b"\xff" * 64)
    found = wrong(data)
    assert f"{name} is damaged: " in found or f"{name} cannot be looked at: " in found, found
    todo = {
        "rollups.db": "makes the sums again",
        "stream.db": "keeps what can be read",
        "salts.db": "delete the file",
    }
    assert todo.get(name, "restore") in found


def test_a_stream_whose_frames_are_not_as_they_were_written(data: Path, wrong: Wrong) -> None:
    """The file itself is in order."""
    sql(data / "stream.db", "UPDATE frames SET data = zeroblob(length(data))")
    assert "stream.db is damaged: frame " in wrong(data)


def test_a_stream_file_that_was_set_aside(data: Path, wrong: Wrong) -> None:
    """Its readable hits are counted, and those that are known to be missing between them."""
    path = data / "stream.db"
    frames = [
        (10 * number, frame.pack("ab", 10 * number, [b"hit" * 40] * 10)) for number in range(1, 400)
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO frames (shard, first, count, received, data) VALUES ('ab', ?, 10, 1, ?)",
            frames,
        )
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(size // 2)
        file.write(bytes(20_000))
    reader = compose.open_reader(read({"data": str(data)}, {}))
    reader.read(1_000_000)
    reader.close()
    found = wrong(data)
    match = re.search(
        r"stream\.db\.damaged-\d+ was damaged and set aside:"
        r" ([\d,]+) hits could be read and were kept, ([\d,]+) hits between them are missing",
        found,
    )
    assert match, found
    kept, missing = (int(number.replace(",", "")) for number in match.groups())
    assert missing > 50 and 3_900 < kept + missing <= 3_990 + 20
    assert "then delete it: rm " in found


def test_a_stream_of_which_nothing_is_left(data: Path, wrong: Wrong) -> None:
    (data / "stream.db").write_bytes(b"no database" * 10_000)
    reader = compose.open_reader(read({"data": str(data)}, {}))
    reader.read(1)
    reader.close()
    assert (
        "none of its 110 kB could be read, so all hits that waited in it may be missing"
        in wrong(data)
    )


def test_roll_ups_that_were_set_aside_and_such_as_are_too_large(data: Path, wrong: Wrong) -> None:
    (data / "rollups.db").write_bytes(b"no database" * 10_000)
    compose.open_rollups(read({"data": str(data)}, {})).close()
    assert re.search(
        r"rollups\.db\.damaged-\d+ was damaged and set aside: it is made again", wrong(data)
    )
    os.truncate(data / "rollups.db", 1_100_000_000)
    assert "rollups.db has 1.1 GB, more than the facts" in wrong(data) and "VACUUM" in wrong(data)


def test_hits_that_wait_too_long(data: Path, wrong: Wrong) -> None:
    sql(data / "stream.db", "UPDATE frames SET received = ?", compose.now() - 3 * HOUR_US)
    assert re.search(
        r"\d+ hits wait for the engine, the oldest for 3 hours\n +-> see that the engine runs",
        wrong(data),
    )


def test_a_clock_that_went_back(data: Path, wrong: Wrong) -> None:
    """Seen by hits that wait, between them, and by facts."""
    sql(
        data / "stream.db",
        "UPDATE frames SET received = ?",
        compose.now() + 3 * HOUR_US + 60_000_000,
    )
    assert "the newest hit on the stream came 3 hours in the future: the clock went back" in wrong(
        data
    ) and "timedatectl" in wrong(data)
    sql(data / "stream.db", "UPDATE frames SET received = ? - number * 700000000", compose.now())
    assert "the clock went back by" in wrong(data)
    fresh(data)
    with duckdb.connect(str(data / "facts.duckdb")) as facts:
        facts.execute(
            "INSERT INTO events (site, time) VALUES ('example', make_timestamp(?))",
            [compose.now() + 5 * DAY_US + 60_000_000],
        )
    assert "the newest event lies 5 days in the future" in wrong(data)


def test_secrets_and_days_whose_time_is_over(data: Path, wrong: Wrong) -> None:
    today = compose.now() // DAY_US
    sql(data / "salts.db", "UPDATE salts SET day = day - 30, made = made - ?", 30 * DAY_US)
    assert re.search(
        r"the secrets of \d days? should be destroyed by now, the oldest of \d{4}-\d\d-\d\d",
        wrong(data),
    ) and "start the engine" in wrong(data)
    with duckdb.connect(str(data / "facts.duckdb")) as facts:
        for age in (1, 2, 20, 21):
            facts.execute(
                "INSERT INTO days (site, day, version, settled) VALUES ('example',"
                " DATE '1970-01-01' + ?::INTEGER, 1, false)",
                [today - age],
            )
    assert "2 days should be settled by now" in wrong(data)


def test_what_killed_commands_leave(data: Path, wrong: Wrong) -> None:
    """A restore's copies, and its list of moves.

    What is young may belong to a command that runs.
    """
    fresh(data)
    (data / "facts.duckdb.restoring").touch(0o600)
    assert wrong(data) == ""
    os.utime(data / "facts.duckdb.restoring", (time() - 7_300, time() - 7_300))
    assert "facts.duckdb.restoring was left by a command that was killed 2 hours ago" in wrong(data)
    (data / "exchange").mkdir(mode=0o700)
    (data / "backup.unfinished").mkdir(mode=0o700)
    for path in (
        data / "exchange" / "import-1.parquet",
        data / "backup.unfinished" / "facts.duckdb",
    ):
        path.touch(0o600)
        os.utime(path, (time() - 7_300, time() - 7_300))
    os.utime(data / "backup.unfinished", (time() - 7_300, time() - 7_300))
    assert f"rm -r {data}/exchange/import-1.parquet" in wrong(
        data
    ) and f"rm -r {data}/backup.unfinished\n" in wrong(data)
    (data / "replaced-2026-01-01T00-00-00").mkdir()
    assert "replaced-2026-01-01T00-00-00 (0 bytes) holds what a restore replaced" in wrong(data)
    (data / "exchange.json").write_text("[]")
    assert "a restore was killed half-way" in wrong(data)
    footfall("site", "list", data=data)
    assert "half-way" not in wrong(data)


def test_facts_that_another_program_holds(data: Path, wrong: Wrong) -> None:
    """As an engine does that starts: they cannot be looked at."""
    holding = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", holding, str(data / "facts.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    assert "facts.duckdb cannot be looked at: " in wrong(data)
    holder.communicate("\n")


def test_days_of_very_many_values_are_named(data: Path, run: Run) -> None:
    rollups = SqliteRollups(str(data / "rollups.db"), lambda: date(2026, 6, 1))
    noted = {
        date(2026, 5, 1): (1, packed(Partial([("event:page",), ("visit:entry_page",)], []))),
        date(2026, 5, 2): (1, packed(Partial([], []))),
    }
    rollups.put(SITE, CUT, noted)
    rollups.close()
    said = run("doctor", data=data).said
    named = f"2026-05-01 of site {SITE} has more than 10,000 values of event:page, visit:entry_page"
    assert named in said
    assert "2026-05-02" not in said
