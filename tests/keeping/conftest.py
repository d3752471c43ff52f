"""Data folders and commands on them."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.test_exactly_once import SITE
from tests.server import FOOTFALL, footfall

Refused = Callable[..., str]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    footfall("site", "add", "example.com", "--id", SITE, "--public", data=folder)
    return folder


@pytest.fixture
def refused() -> Refused:
    """The one sentence with which a command on a data folder is refused."""

    def run(*arguments: str, data: Path) -> str:
        done = subprocess.run([*FOOTFALL, *arguments, "--data", str(data)], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (1, ""), done
        (line,) = done.stderr.splitlines()
        return line

    return run
