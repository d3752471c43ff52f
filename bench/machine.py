"""Programs under measurement, and the load on them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import sleep
from typing import NamedTuple

import httpx

from tests.server import Server, footfall, free_port

LOAD = str(Path(__file__).with_name("load.lua"))
SITE = "example"
CONNECTIONS = 64
ANSWER_MS = 15
"""About what an answer takes under load; a connection's pause comes on top of it."""


class Load(NamedTuple):
    """What a load came to: answers, per second, and their times in ms."""

    answers: int
    rate: float
    p50: float
    p99: float
    errors: int


def load(
    url: str,
    seconds: int,
    connections: int = CONNECTIONS,
    seed: int = 1,
    site: str = SITE,
    rate: int = 0,
) -> Load:
    """Hits from one thread over many connections, as fast as they are answered or at a rate."""
    pause = max(connections / rate * 1000 - ANSWER_MS, 1) if rate else 0.0
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "-s",
        LOAD,
        url,
        "--",
        str(seed),
        site,
        str(pause),
    ]
    shown = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 60, check=True
    ).stdout
    words = next(line for line in shown.splitlines() if line.startswith("RESULT")).split()
    answers, microseconds = int(words[1]), int(words[2])
    return Load(
        answers, answers / microseconds * 1e6, float(words[3]), float(words[4]), int(words[5])
    )


@contextmanager
def bare() -> Iterator[str]:
    """The yardstick's address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port)])
    try:
        _wait(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


@contextmanager
def running(command: str, *flags: str) -> Iterator[Server]:
    """A gateway alone, or all of Footfall, on a folder of its own on the disk."""
    folder = Path(tempfile.mkdtemp(prefix="footfall-bench-"))
    try:
        footfall("site", "add", "example.com", "--id", SITE, "--public", data=folder / "data")
        alone = command == "gateway"
        server = Server(
            folder / "data",
            "--trusted-proxy",
            "127.0.0.1",
            *flags,
            command=command,
            port=free_port() if alone else 0,
        )
        if alone:
            server.wait_until_ready("/readyz")
        else:
            server.wait_until_ready()
        try:
            yield server
        finally:
            server.stop(300)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def memory(pids: list[int]) -> float:
    """Resident memory of processes, in MB."""
    return (
        sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
        * os.sysconf("SC_PAGE_SIZE")
        / 1e6
    )


def middle(values: list[float]) -> float:
    """The median."""
    return median(values)


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            httpx.get(url)
            return
        except httpx.HTTPError:
            sleep(0.05)
