"""Runs `footfall` as a process of its own."""

import os
import subprocess
import sys

from tests.patience import SECONDS

Done = subprocess.CompletedProcess[str]


def run(*arguments: str, **variables: str) -> Done:
    """A command run to its end, with no other `FOOTFALL_*` variables than those given."""
    environment = (
        {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
        | variables
        | {"COLUMNS": "200"}
    )
    return subprocess.run(
        [sys.executable, "-m", "footfall", *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


def last(done: Done) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()[-1]


def refused(done: Done) -> str:
    """The one sentence of an error."""
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("footfall: ")
    return line.removeprefix("footfall: ")
