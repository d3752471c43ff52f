"""A backup holds every hit acknowledged before it began, once; it holds no secret.

And it is whole or not there.
"""

import json
import os
import shlex
import signal
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

import pytest

from tests.end_to_end.load import Sender
from tests.end_to_end.test_exactly_once import SITE, counted, small_disk
from tests.keeping.conftest import HITS, Refused
from tests.patience import SECONDS, wait_for
from tests.server import FOOTFALL, Server, footfall

pytestmark = pytest.mark.slow
__all__ = ["small_disk"]
FIRST = {f"/first/{number}" for number in range(1, HITS + 1)}
"""What waits in every folder here."""


def manifest(backup: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((backup / "manifest.json").read_text())
    return found


@pytest.mark.parametrize("backups", [2, pytest.param(8, marks=pytest.mark.torture)])
def test_backups_under_load(data: Path, tmp_path: Path, refused: Refused, backups: int) -> None:
    """Several, while hits come and the engine is killed in the midst of each second.

    Each brings back what was acknowledged before it.
    """
    server = Server(data, "--trusted-proxy", "127.0.0.1")
    senders = [Sender(server.url, SITE, f"b{number}", repeat=True) for number in range(3)]
    for sender in senders:
        sender.start()
    before: dict[Path, set[str]] = {}
    for number in range(backups):
        while not all(len(sender.acknowledged) > 40 * (number + 1) for sender in senders):
            senders[0].join(0.05)
        backup = tmp_path / f"backup-{number}"
        before[backup] = set().union(*(sender.acknowledged for sender in senders))
        making = subprocess.Popen(
            [*FOOTFALL, "backup", str(backup), "--data", str(data)],
            stdout=subprocess.PIPE,
            text=True,
        )
        if number % 2:
            with suppress(subprocess.TimeoutExpired):
                making.wait(0.4)
            server.kill("engine")
        said, _ = making.communicate(timeout=SECONDS)
        assert making.returncode == 0 and "checked" in said
        if number % 2:
            server.wait_until_ready()
    assert opened_elsewhere(data / "facts.duckdb") != 0, (
        "copying lost the engine's lock on the facts"
    )
    listing = kept(data)
    assert "is using" in refused("restore", str(backup), "--replace", data=data)
    assert kept(data) == listing, "refusing it changed something"
    for sender in senders:
        sender.finish()
    server.stop()
    sent = FIRST.union(*(sender.acknowledged | sender.unanswered for sender in senders))
    for backup, acknowledged in before.items():
        check_restored(backup, FIRST | acknowledged, sent, tmp_path / f"restored-{backup.name}")


def kept(data: Path) -> list[str]:
    """Its files, but for what comes and goes beside them while a server runs."""
    return sorted(
        path.name for path in data.iterdir() if not path.name.endswith(("wal", "-shm", ".sock"))
    )


def opened_elsewhere(facts: Path) -> int:
    """The status of another process that opens them."""
    opening = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    return subprocess.run(
        [sys.executable, "-c", opening, str(facts)], stderr=subprocess.DEVNULL, check=False
    ).returncode


def check_restored(backup: Path, before: set[str], sent: set[str], data: Path) -> None:
    footfall("restore", str(backup), data=data)
    server = Server(data)
    try:
        later = Sender(server.url, SITE, f"later-{backup.name}", most=20, repeat=True)
        later.start()
        later.join(SECONDS)
        found = everything(server, before | later.acknowledged)
        assert not before - set(found), "acknowledged hits were lost"
        assert set(found.values()) == {1}, "hits were counted twice"
        assert len(later.acknowledged) == 20 and later.acknowledged <= set(found)
        assert set(found) - later.acknowledged <= sent, "hits were counted that nobody sent"
    finally:
        server.stop()


def everything(server: Server, wanted: set[str]) -> Counter[str]:
    """Page views by page, once all pages that are wanted are there or patience ends."""
    wait_for(lambda: wanted <= set(counted(server)), True)
    return counted(server)


def test_hits_that_wait_and_what_the_manifest_says(data: Path, tmp_path: Path) -> None:
    """With nothing running.

    No secret in any byte, only the owner may read it, digests and sizes are those of the files.
    """
    with closing(sqlite3.connect(data / "salts.db")) as salts:
        secrets = [secret for (secret,) in salts.execute("SELECT secret FROM salts")]
    assert secrets and any(secrets[0] in path.read_bytes() for path in data.glob("salts.db*"))
    backup = tmp_path / "new" / "backup"
    said = footfall("backup", str(backup), data=data)
    assert f"{HITS} hits that wait" in said and "secrets of days are left out" in said
    files = {path.name: path.read_bytes() for path in backup.iterdir()}
    assert set(files) == {"manifest.json", "stream.db", "facts.duckdb", "registry.db", "rollups.db"}
    assert not [name for name, content in files.items() for secret in secrets if secret in content]
    assert {stat.S_IMODE(path.stat().st_mode) for path in backup.iterdir()} == {
        0o600
    } and stat.S_IMODE(backup.stat().st_mode) == 0o700
    told = manifest(backup)["files"]
    assert told == [
        {"name": name, "size": len(files[name]), "sha256": sha256(files[name]).hexdigest()}
        for name in sorted(files)
        if name != "manifest.json"
    ]
    assert list(backup.parent.iterdir()) == [backup]


def test_what_is_not_saved_leaves_nothing(data: Path, tmp_path: Path, refused: Refused) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").touch()
    assert "exists already: give a new folder" in refused("backup", str(taken), data=data)
    assert "exists already: give a new folder" in refused("backup", str(taken / "file"), data=data)
    assert "there is nothing to save in" in refused(
        "backup", str(tmp_path / "b"), data=tmp_path / "nowhere"
    )
    assert [path.name for path in taken.iterdir()] == ["file"] and not (
        tmp_path / "nowhere"
    ).exists()
    with (data / "registry.db").open("r+b") as file:
        file.seek(8192)
        file.write(bytes(range(256)) * 32)
    assert "registry.db is damaged" in refused("backup", str(tmp_path / "b"), data=data)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("b")]


def test_a_full_disk_in_the_midst(data: Path, small_disk: Path, refused: Refused) -> None:
    """With a server and without.

    Refused in a sentence, nothing under the backup's name, and the server goes on.
    """
    footfall("demo-data", "--events", "30000", "--days", "10", "--sites", "2", data=data)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(46_000_000))
    assert "there is no room for the backup" in refused("backup", str(small_disk / "b"), data=data)
    server = Server(data)
    try:
        assert "there is no room for the backup" in refused(
            "backup", str(small_disk / "b"), data=data
        )
        assert [path.name for path in small_disk.iterdir()] == ["filler"]
        assert not list(data.glob("*.unfinished"))
        filler.unlink()
        footfall("backup", str(small_disk / "b"), data=data)
        assert server.wait_for_total(SITE, HITS) == HITS
    finally:
        server.stop()


def test_one_that_is_killed_leaves_nothing_under_its_name(data: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    for _ in range(3):
        making = subprocess.Popen(
            [*FOOTFALL, "backup", str(backup), "--data", str(data)], stdout=subprocess.DEVNULL
        )
        unfinished = tmp_path / "backup.unfinished"
        while making.poll() is None and not (unfinished.exists() and any(unfinished.iterdir())):
            pass
        making.send_signal(signal.SIGKILL)
        making.wait()
        assert not backup.exists()
    footfall("backup", str(backup), data=data)
    assert not unfinished.exists() and len(manifest(backup)) > 4


def test_an_engine_that_sees_no_such_folder(data: Path, tmp_path: Path) -> None:
    """As one in a container, or under a hardened unit: the copy goes by way of the data folder."""
    away = tmp_path / "away"
    away.mkdir()
    server = Server(data)
    try:
        assert server.wait_for_total(SITE, HITS) == HITS
        there = (
            f"mount -t tmpfs tmpfs {away} && {shlex.join(FOOTFALL)} backup {away}/backup --data"
            f" {data} && cp -r {away}/backup {tmp_path}/backup"
        )
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", there],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0 and f"saved {HITS} events" in done.stdout, done.stderr
        assert not list(data.glob("*.unfinished")) and not list(away.iterdir())
    finally:
        server.stop()
    assert f"restored {HITS} events" in footfall(
        "restore", str(tmp_path / "backup"), data=tmp_path / "restored"
    )


def test_progress_is_shown_on_a_terminal(data: Path, tmp_path: Path) -> None:
    leader, follower = os.openpty()
    done = subprocess.run(
        [*FOOTFALL, "backup", str(tmp_path / "backup"), "--data", str(data)],
        stdout=subprocess.DEVNULL,
        stderr=follower,
        timeout=SECONDS,
        check=True,
    )
    os.close(follower)
    with open(leader, "rb", buffering=0) as terminal:
        assert done.returncode == 0 and b"saving" in terminal.read(65_536)
