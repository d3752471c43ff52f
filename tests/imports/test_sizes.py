"""Many small files, and a log larger than the memory."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.server import FOOTFALL, footfall

pytestmark = pytest.mark.slow
SITE = "a.example"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PADDING = "x" * 60
MEGABYTE = 1_000_000
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
    """Seconds, the peak of memory in bytes, and what was said."""
    footfall("site", "add", SITE, data=data)
    command = [*FOOTFALL, "import", str(path), "--site", SITE, "--data", str(data), *flags]
    began = monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    return monotonic() - began, usage.ru_maxrss * 1024, said


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
