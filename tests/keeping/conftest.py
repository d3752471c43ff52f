"""Data folders and commands on them."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.load import Sender
from tests.end_to_end.test_exactly_once import SITE
from tests.server import FOOTFALL, Server, footfall, free_port

Refused = Callable[..., str]
HITS = 20


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `data`, on whose stream hits wait, and a `backup` of it."""
    folder = tmp_path_factory.mktemp("made")
    data = folder / "data"
    footfall("site", "add", "example.com", "--id", SITE, "--public", data=data)
    gateway = Server(data, command="gateway", port=free_port())
    gateway.wait_until_ready("/readyz")
    sender = Sender(gateway.url, SITE, "first", most=HITS)
    sender.run()
    gateway.stop()
    assert len(sender.acknowledged) == HITS
    footfall("backup", str(folder / "backup"), data=data)
    return folder


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made / "data", tmp_path / "data")


@pytest.fixture
def backup(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made / "backup", tmp_path / "backup")


@pytest.fixture
def refused() -> Refused:
    """The one sentence with which a command on a data folder is refused."""

    def run(*arguments: str, data: Path) -> str:
        done = subprocess.run([*FOOTFALL, *arguments, "--data", str(data)], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (1, ""), done
        (line,) = done.stderr.splitlines()
        return line

    return run
