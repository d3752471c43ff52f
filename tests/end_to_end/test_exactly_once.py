"""Every acknowledged hit is counted once and no more, whatever is killed, cut, filled or repeated."""

import os
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from time import sleep

import httpx
import pytest

from tests.end_to_end.load import Sender
from tests.patience import SECONDS, wait_until
from tests.server import FOOTFALL, Server, footfall, free_port

pytestmark = pytest.mark.slow
SITE = "example"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    footfall("site", "add", "example.com", "--id", SITE, "--public", data=folder)
    return folder


def counted(server: Server) -> Counter[str]:
    """Page views of each page that a sender sent."""
    found: Counter[str] = Counter()
    offset = 0
    while rows := server.query(SITE, ["pageviews"], dimensions=["event:page"], pagination={"limit": 10_000, "offset": offset}):
        found.update({row["dimensions"][0]: row["metrics"][0] for row in rows})
        offset += 10_000
    return found


def check(server: Server, senders: list[Sender]) -> int:
    """Compare page by page what was acknowledged with what is counted."""
    acknowledged = set().union(*(sender.acknowledged for sender in senders))
    unanswered = set().union(*(sender.unanswered for sender in senders))
    server.wait_for_total(SITE, len(acknowledged))
    server.wait_until_counted()
    found = counted(server)
    assert not [page for page in acknowledged if page not in found], "acknowledged hits were lost"
    assert not [page for page, count in found.items() if count > 1], "hits were counted twice"
    assert not set(found) - acknowledged - unanswered, "hits were counted that nobody sent"
    return len(acknowledged)


def kill_at_random(data: Path, kills: int, seed: int) -> int:
    server = Server(data, "--workers", "2", "--trusted-proxy", "127.0.0.1")
    random = Random(seed)
    senders = [Sender(server.url, SITE, f"s{number}", repeat=number % 2 == 0) for number in range(6)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(kills):
            sleep(random.uniform(0.1, 0.9))
            senders[0].wait_for(1)
            for victim in random.choice([["gateway"], ["engine"], ["gateway", "engine"]]):
                server.kill(victim)
            if random.random() < 0.5:
                sleep(random.uniform(0.0, 0.3))
                server.kill("engine")
        server.wait_until_ready()
        for sender in senders:
            sender.wait_for(5)
            sender.finish()
        return check(server, senders)
    finally:
        server.stop()


def test_processes_killed_at_random(data: Path) -> None:
    kill_at_random(data, kills=5, seed=1)


@pytest.mark.torture
def test_processes_killed_fifty_times(data: Path) -> None:
    print("acknowledged and counted once:", kill_at_random(data, kills=50, seed=2))


def test_the_whole_of_it_killed_and_started_again(data: Path) -> None:
    senders: list[Sender] = []
    for turn in range(3):
        server = Server(data)
        senders += [Sender(server.url, SITE, f"t{turn}-{number}", repeat=True) for number in range(3)]
        for sender in senders[-3:]:
            sender.start()
        for sender in senders[-3:]:
            sender.wait_for(20)
        server.process.kill()
        for sender in senders[-3:]:
            sender.finish()
        server.stop()
        wait_until_gone(data)
    server = Server(data)
    assert check(server, senders) >= 180
    server.stop()


def wait_until_gone(data: Path) -> None:
    """Children of a killed `serve` end by themselves; the facts are free again then."""
    wait_until(lambda: not users(data), lambda: f"{users(data)} outlive the one that started them")


def users(data: Path) -> list[str]:
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and uses(pid, data)]


def uses(pid: str, data: Path) -> bool:
    try:
        return str(data).encode() in Path(f"/proc/{pid}/environ").read_bytes() and b"footfall" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_graceful_stop_leaves_nothing_acknowledged_behind(data: Path) -> None:
    server = Server(data)
    senders = [Sender(server.url, SITE, f"g{number}") for number in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.wait_for(50)
    assert server.stop() == 0
    for sender in senders:
        sender.finish()
    assert in_stream(data, "SELECT count(*) FROM frames") == [(0,)]
    again = Server(data)
    try:
        check(again, senders)
    finally:
        again.stop()


def test_a_stop_while_the_engine_is_down_counts_what_is_left(data: Path) -> None:
    server = Server(data)
    sender = Sender(server.url, SITE, "late", most=50)
    server.kill("engine")
    sender.start()
    sender.join(SECONDS)
    server.kill("engine")
    assert server.stop() == 0
    assert len(sender.acknowledged) == 50
    assert in_stream(data, "SELECT count(*) FROM frames") == [(0,)]


@pytest.mark.parametrize("seconds", [0.3, 0.6, 1.0])
def test_no_process_outlives_one_that_is_killed_while_starting(data: Path, seconds: float) -> None:
    started = subprocess.Popen([*FOOTFALL, "serve", "--data", str(data), "--port", "0"], stdout=subprocess.DEVNULL)
    sleep(seconds)
    started.kill()
    started.wait()
    wait_until_gone(data)


def in_stream(data: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / "stream.db")) as connection:
        return connection.execute(sql).fetchall()


def test_two_gateways_at_once(data: Path) -> None:
    server = Server(data)
    second = Server(data, command="gateway", port=free_port())
    second.wait_until_ready()
    senders = [Sender(url, SITE, f"w{number}", repeat=number < 2) for number, url in enumerate([server.url, second.url] * 2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.wait_for(50)
        sender.finish()
    try:
        assert check(server, senders) >= 200
    finally:
        second.stop()
        server.stop()


def test_collecting_goes_on_without_the_engine(data: Path) -> None:
    gateway = Server(data, command="gateway", port=free_port())
    gateway.wait_until_ready("/readyz")
    sender = Sender(gateway.url, SITE, "alone", most=200)
    sender.start()
    sender.join(SECONDS)
    assert len(sender.acknowledged) == 200
    answer = gateway.client.get("/api/sites")
    assert answer.status_code == 503 and answer.headers["retry-after"]
    gateway.stop()
    server = Server(data)
    try:
        check(server, [sender])
    finally:
        server.stop()


@pytest.mark.parametrize("damage", ["cut", "older", "removed"])
def test_a_damaged_stream_file(data: Path, tmp_path: Path, damage: str) -> None:
    """What survives is counted once, the file is set aside, later hits are unaffected."""
    gateway = Server(data, command="gateway", port=free_port())
    gateway.wait_until_ready("/readyz")
    before = Sender(gateway.url, SITE, "before", most=300)
    before.start()
    before.join(SECONDS)
    path = data / "stream.db"
    in_stream(data, "PRAGMA wal_checkpoint(PASSIVE)")
    if damage == "cut":
        os.truncate(path, path.stat().st_size * 3 // 4)
    elif damage == "older":
        shutil.copy(path, tmp_path / "older.db")
        os.replace(tmp_path / "older.db", path)
    else:
        path.unlink()
    after = Sender(gateway.url, SITE, "after", most=300, repeat=True)
    after.start()
    after.join(SECONDS)
    gateway.stop()
    server = Server(data)
    try:
        server.wait_for_total(SITE, len(after.acknowledged))
        server.wait_until_counted()
        found = counted(server)
    finally:
        server.stop()
    assert len(after.acknowledged) == 300 and after.acknowledged <= set(found)
    assert set(found.values()) == {1}
    survived = len(set(found) & before.acknowledged)
    assert survived >= {"cut": 1, "older": 100, "removed": 0}[damage]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.fail(f"this test needs a small disk of its own, and mounting one needs root: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_refuses_hits_and_loses_none(small_disk: Path) -> None:
    data = small_disk / "data"
    footfall("site", "add", "example.com", "--id", SITE, "--public", data=data)
    server = Server(data)
    first = Sender(server.url, SITE, "first", most=200)
    first.start()
    first.join(SECONDS)
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65_536))
    during = Sender(server.url, SITE, "during", most=400)
    during.start()
    during.join(SECONDS)
    status = server.client.post("/v1/track", json={"url": "https://example.com/full", "website": SITE})
    server.kill("gateway")  # one that starts on the full disk answers, if only that it is full
    until_answered(server)
    filler.unlink()
    server.wait_until_ready()
    after = Sender(server.url, SITE, "after", most=200, repeat=True)
    after.start()
    after.join(SECONDS)
    try:
        check_with(server, [first, during, after], extra="/full" if status.status_code == 202 else None)
    finally:
        server.stop()
    assert during.refused > 0, "the disk was never full"
    assert status.status_code in (202, 503)
    if status.status_code == 503:
        assert int(status.headers["retry-after"]) > 0
    assert len(after.acknowledged) == 200


def until_answered(server: Server) -> None:
    wait_until(lambda: answers(server), lambda: f"no gateway starts on a full disk: {server.log}")


def answers(server: Server) -> bool:
    hit = {"url": "https://example.com/full", "website": "nowhere"}
    with suppress(httpx.HTTPError):
        assert server.client.post("/v1/track", json=hit).status_code in (202, 503)
        return True
    return False


def check_with(server: Server, senders: list[Sender], extra: str | None) -> None:
    if extra:
        senders[0].acknowledged.add(extra)
    check(server, senders)
