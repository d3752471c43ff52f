"""Many small files, and a log larger than the memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import FOOTFALL, footfall

pytestmark = pytest.mark.slow
SITE = "a.example"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PADDING = "x" * 60
MEGABYTE = 1_000_000
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(code)
"""
"""Starts a command from a small process: its peak begins with that of the one it is forked from."""

IN_ALL = 512 * MEGABYTE
"""What a small machine has; without a cgroup of our own the peak of the process is held against it."""


def lines(count: int, pages: int) -> Iterator[str]:
    """Lines of as many different pages, in the order of their time."""
    for number in range(count):
        second = number // 20
        time = f"{1 + second // 86_400:02}/Jun/2026:{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02} +0000"
        address = f"10.{number % 97}.{number // 97 % 251}.{number % 241}"
        yield f'{address} - - [{time}] "GET /{PADDING}/{number % pages} HTTP/1.1" 200 5 "-" "{BROWSER}"\n'


def written(path: Path, content: Iterator[str]) -> Path:
    with path.open("w") as file:
        file.writelines(content)
    os.utime(path, (1, 1))
    return path


def imported(path: Path, data: Path, *flags: str) -> tuple[float, int, str]:
    """Seconds of processor time, the peak of memory in bytes, and what was said."""
    footfall("site", "add", SITE, data=data)
    command = [*FOOTFALL, "import", str(path), "--site", SITE, "--data", str(data), *flags]
    launched = [sys.executable, "-c", LAUNCHER, *command]
    done = subprocess.run(launched, capture_output=True, text=True, timeout=1_200)
    assert done.returncode == 0, done.stdout + done.stderr
    *said, used = done.stdout.splitlines()
    seconds, peak = used.split()
    return float(seconds), int(peak) * 1024, "\n".join(said)


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.torture)])
def test_small_files_take_no_more_than_three_times_one(tmp_path: Path, count: int) -> None:
    several = list(lines(40 * count, 300))
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(count):
        written(folder / f"{number:03}.log", iter(several[40 * number : 40 * number + 40]))
    one = written(tmp_path / "one.log", iter(several))
    for_one, _, _ = imported(one, tmp_path / "a")
    for_many, _, said = imported(folder, tmp_path / "b")
    assert f"imported {40 * count:,} page views of {40 * count:,} lines" in said
    assert for_many < 3 * for_one


@pytest.mark.parametrize("pages", [100_000, pytest.param(1_000_000, marks=[pytest.mark.torture, pytest.mark.timeout(1_500)])])
def test_many_different_pages_stay_within_the_memory(tmp_path: Path, pages: int) -> None:
    path = written(tmp_path / "access.log", lines(pages, pages))
    _, peak, said = imported(path, tmp_path / "data", "--store-memory", "128MB")
    assert f"imported {pages:,} page views" in said
    assert peak < IN_ALL
