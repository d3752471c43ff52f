"""Lines a second and memory of `footfall import` beside GoAccess, on the same log, in one run."""

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from bench.collecting import say
from tests.imports.sample import SITE, log
from tests.server import FOOTFALL, footfall

LINES = 1_000_000
GOACCESS = ("goaccess", "--log-format=COMBINED", "--no-progress", "-o", "/dev/null")


def measure() -> list[str]:
    """The lines to print; they are printed as they come."""
    with tempfile.TemporaryDirectory(prefix="footfall-bench-") as name:
        folder = Path(name)
        path = folder / "million.log"
        count = replicated(log(folder), path)
        lines = [
            say(
                f"importing {count:,} lines ({path.stat().st_size / 1e6:.0f} MB),"
                " the same four days again and again, each time four days later"
            )
        ]
        for number, (kept, flags, theirs) in enumerate(
            (
                ("all kept", ("--keep-bots", "--keep-assets"), ()),
                ("bots and assets out", (), ("--ignore-crawlers",)),
            )
        ):
            data = folder / f"data{number}"
            footfall("site", "add", SITE, data=data)
            own = timed(
                [*FOOTFALL, "import", str(path), "--site", SITE, "--data", str(data), *flags]
            )
            other = timed([GOACCESS[0], str(path), *GOACCESS[1:], *theirs])
            rates = [count / seconds for seconds, _ in (own, other)]
            lines.append(
                say(
                    f"  {kept:20} footfall {rates[0]:9,.0f} lines/s {own[1]:5.0f} MB"
                    f"   goaccess {rates[1]:9,.0f} lines/s {other[1]:5.0f} MB"
                    f"   ratio {rates[0] / rates[1]:.2f} (goal: over 1)"
                )
            )
    return lines


def replicated(source: Path, target: Path) -> int:
    """A log of a year and more, made of one of a few days; the number of its lines."""
    text = source.read_bytes()
    dates = sorted(
        {
            datetime.strptime(found.decode(), "%d/%b/%Y")
            for found in re.findall(rb"\[(\d\d/\w{3}/\d{4}):", text)
        }
    )
    copies = LINES // text.count(b"\n")
    with target.open("wb") as out:
        for copy in range(copies):
            moved = text
            for day in dates:
                later = day + copy * len(dates) * timedelta(days=1)
                moved = moved.replace(f"[{day:%d/%b/%Y}:".encode(), f"[{later:@%d/%b/%Y}:".encode())
            out.write(moved.replace(b"[@", b"["))
    os.utime(target, (1, 1))
    return copies * text.count(b"\n")


def timed(command: Sequence[str]) -> tuple[float, float]:
    """Seconds that a command took, and the most memory that it had, in MB."""
    started = monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with status {process.returncode}")
    return monotonic() - started, usage.ru_maxrss / 1e3
