"""All that strangers try, at once: what the honest send counts, and what they ask is answered."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from time import perf_counter, sleep
from uuid import UUID

import httpx
import pytest

from tests.patience import SECONDS
from tests.server import BROWSER, Server, footfall

PAUSE_SECONDS = 0.05
MEGABYTE = 1_000_000
ENGINE_MEGABYTES = 256 + 450
"""What reports and batches may take, and what the engine is besides, with a margin."""

GATEWAY_MEGABYTES = 200
ROLLUPS_MEGABYTES = 20


@pytest.mark.parametrize(
    ("size", "hits", "history"),
    [
        pytest.param(0.1, 200, 10_000, marks=pytest.mark.slow),
        pytest.param(1.0, 2_000, 1_000_000, marks=pytest.mark.torture),
    ],
)
def test_the_honest_are_served_while_strangers_attack(tmp_path: Path, size: float, hits: int, history: int) -> None:
    data = tmp_path / "data"
    key = _sites(data, history)
    server = Server(data, "--trusted-proxy", "127.0.0.1", "--store-memory", "256MB", "--rollups-limit", f"{ROLLUPS_MEGABYTES}MB")
    server.wait_until_ready()
    with _strangers(server, size) as betray:
        acknowledged, reports = _honest(server, key, hits, betray)
    took = sorted(acknowledged.values())
    p99 = quantiles(took, n=100)[-1]
    print(
        f"hits acknowledged in {1000 * took[len(took) // 2]:.0f} ms (median), {1000 * p99:.0f} ms (p99); reports with a key in at most {max(reports):.2f} s",
    )
    server.wait_until_counted()
    counted, forged = _counted(server, key), _copies(server)
    rollups = sum(file.stat().st_size for file in data.glob("rollups.db"))
    peaks = _peaks(server)
    print(*(f"{kind} {peak:.0f} MB" for kind, peak in peaks.items()), f"roll-ups {rollups:,} bytes")
    server.stop()
    assert len(acknowledged) == hits
    assert counted == dict.fromkeys(acknowledged, 1)
    assert forged > 0
    assert peaks["engine"] < ENGINE_MEGABYTES
    assert peaks["gateway"] < GATEWAY_MEGABYTES
    assert rollups < 2 * ROLLUPS_MEGABYTES * MEGABYTE
    if size == 1.0:  # on a machine that does nothing else
        assert p99 < 0.25
        assert max(reports) < 2


def _sites(data: Path, history: int) -> str:
    """Make a public site with a past, and a private one; return a key that reads the private one."""
    footfall("demo-data", "--events", str(history), "--sites", "1", data=data)
    footfall("site", "edit", "demo-1", "--public", data=data)
    footfall("site", "add", "honest.example", "--id", "honest", data=data)
    printed = footfall("key", "add", "--site", "honest", "--scope", "stats:read", data=data)
    return printed.split()[-1]


@contextmanager
def _strangers(server: Server, size: float) -> Iterator[Callable[[str], None]]:
    """Let strangers attack meanwhile; what is given tells them the id of a hit."""
    url = httpx.URL(server.url)
    command = [sys.executable, "-m", "tests.end_to_end.siege"]
    attackers = subprocess.Popen(
        [*command, url.host, str(url.port), "demo-1", str(size)],
        stdin=subprocess.PIPE,
        text=True,
    )
    told = attackers.stdin
    assert told is not None

    def betray(identity: str) -> None:
        print(identity, file=told, flush=True)

    try:
        yield betray
        assert attackers.poll() is None, "the strangers gave up"
    finally:
        attackers.kill()
        attackers.wait()
        told.close()


def _honest(
    server: Server,
    key: str,
    hits: int,
    betray: Callable[[str], None],
) -> tuple[dict[str, float], list[float]]:
    """Send hits, each until it is acknowledged; return seconds by page, and those of reports.

    Once a hit is acknowledged its id is betrayed.
    """
    acknowledged: dict[str, float] = {}
    reports: list[float] = []
    for number in range(hits):
        page = f"/page/{number}"
        began = perf_counter()
        while not _sent(server, number, page):
            assert perf_counter() - began < SECONDS, server.log
            sleep(PAUSE_SECONDS)
        acknowledged[page] = perf_counter() - began
        betray(_identity(number))
        if number % 20 == 0:
            reports.append(_asked(server, key))
        sleep(PAUSE_SECONDS)
    return acknowledged, reports


def _sent(server: Server, number: int, page: str) -> bool:
    hit = {
        "url": f"https://honest.example{page}",
        "website": "honest",
        "id": _identity(number),
    }
    headers = {
        "user-agent": BROWSER,
        "x-forwarded-for": f"88.198.{number // 200}.{number % 200 + 1}",
    }
    answer = server.client.post("/v1/track", json=hit, headers=headers)
    return answer.status_code == 202


def _identity(number: int) -> str:
    return str(UUID(int=number))


def _copies(server: Server) -> float:
    lines = server.client.get("/metrics").text.splitlines()
    return sum(float(each.split()[-1]) for each in lines if each.startswith("footfall_copies_total"))


def _asked(server: Server, key: str) -> float:
    began = perf_counter()
    _counted(server, key)
    return perf_counter() - began


def _counted(server: Server, key: str) -> dict[str, int]:
    """Return page views by page of the honest site."""
    report = {
        "site_id": "honest",
        "metrics": ["pageviews"],
        "date_range": "all",
        "dimensions": ["event:page"],
        "pagination": {"limit": 10_000},
    }
    headers = {"authorization": f"Bearer {key}"}
    answer = server.client.post("/api/v2/query", json=report, headers=headers)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["results"]
    return {row["dimensions"][0]: row["metrics"][0] for row in rows}


def _peaks(server: Server) -> dict[str, float]:
    """Return the most memory that each kind of process had, in megabytes."""
    return {kind: max(map(_peak, server.pids(kind))) for kind in ("gateway", "engine")}


def _peak(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1_024 / MEGABYTE
    raise AssertionError(f"process {pid} has no peak")
