"""An import on a disk that becomes full: what is printed is what was committed."""

import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from footfall import compose
from footfall.settings import read
from tests.end_to_end.test_exactly_once import small_disk
from tests.imports.test_sizes import SITE, lines, written
from tests.server import FOOTFALL, footfall

__all__ = ["small_disk"]
pytestmark = pytest.mark.slow
COUNT = 12_000


def views(data: Path) -> int:
    with compose.owner(read({"data": str(data)}, {})) as owner:
        asked = {"date_range": "all", "metrics": ["pageviews"]}
        found: int = owner("report", site=SITE, query=asked)["results"][0]["metrics"][0]
    return found


@pytest.mark.parametrize("room", [3, 8, 14], ids=lambda room: f"{room} MB")
def test_a_full_disk_is_called_that_and_what_was_committed_is_printed(small_disk: Path, tmp_path: Path, room: int) -> None:
    """With more room the same command goes on, and every line counts once."""
    data = small_disk / "data"
    path = written(tmp_path / "access.log", lines(COUNT, COUNT))
    footfall("site", "add", SITE, data=data)
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        for _ in range(48 - room):
            file.write(bytes(1 << 20))
    command = [*FOOTFALL, "import", str(path), "--site", SITE, "--data", str(data)]
    command += ["--store-memory", "128MB"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert "Traceback" not in done.stderr and "taken apart" not in done.stderr
    filler.unlink()
    counted = views(data)
    if done.returncode:
        assert "the disk is full" in done.stderr, done.stderr
    printed = re.search(r"imported ([\d,]+) page views", done.stdout)
    assert (int(printed[1].replace(",", "")) if printed else 0) == counted
    again = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert again.returncode == 0, again.stderr
    assert views(data) == COUNT
    assert not list((data / "exchange").glob("import-*"))
