"""Source archive and wheel, built such that anyone who builds them gets the same bytes."""

import os
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from filecmp import cmp
from pathlib import Path
from tempfile import TemporaryDirectory

from release import Refused


def epoch(released: date) -> str:
    """What SOURCE_DATE_EPOCH is for a release of that day."""
    return str(int(datetime.combine(released, time(), UTC).timestamp()))


def build(source: Path, folder: Path, released: date) -> list[Path]:
    """Both, in the folder; the archive alone gives the same wheel.

    Raises `Refused` where a second time gives other bytes.
    """
    with TemporaryDirectory() as scratch:
        archive = _same("sdist", released, folder, source, source)
        unpacked = _unpacked(archive, Path(scratch))
        return [archive, _same("wheel", released, folder, source, unpacked)]


def _same(target: str, released: date, folder: Path, source: Path, other_source: Path) -> Path:
    with TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        built, again = pool.map(
            lambda source, place: _hatch(source, target, place, released),
            (source, other_source),
            (folder, Path(scratch)),
        )
        if not cmp(built, again, shallow=False):
            raise Refused(f"{built.name} is not the same when it is built again")
        return built


def _hatch(source: Path, target: str, folder: Path, released: date) -> Path:
    before = set(folder.iterdir())
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(
        command,
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch(released)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Refused(f"the {target} cannot be built: {done.stderr.strip()}")
    (built,) = set(folder.iterdir()) - before
    return built


def _unpacked(archive: Path, place: Path) -> Path:
    with tarfile.open(archive) as opened:
        opened.extractall(place, filter="data")
    (source,) = place.iterdir()
    return source
