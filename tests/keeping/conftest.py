"""Data folders and commands on them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from footfall.__main__ import main
from tests.end_to_end.load import Sender
from tests.end_to_end.test_exactly_once import SITE
from tests.server import Server, footfall, free_port

Refused = Callable[..., str]
HITS = 20


class Done(NamedTuple):
    """A command's exit status, and what it wrote to standard output and error."""

    status: int
    said: str
    complained: str


Run = Callable[..., Done]


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
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A command on a data folder, in this process.

    To start another takes longer than most of them do.
    """

    def run(*arguments: str, data: Path) -> Done:
        mask = os.umask(0o077)
        try:
            status = main([*arguments, "--data", str(data)])
        finally:
            os.umask(mask)
        said, complained = capsys.readouterr()
        return Done(status, said, complained)

    return run


@pytest.fixture
def refused(run: Run) -> Refused:
    """The one sentence with which a command is refused."""

    def refused(*arguments: str, data: Path) -> str:
        done = run(*arguments, data=data)
        assert (done.status, done.said) == (1, ""), done
        (line,) = done.complained.splitlines()
        return line

    return refused
