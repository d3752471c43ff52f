"""Folders that somebody else made, or links to: nothing of ours is put there."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall import compose
from footfall.cli import child
from footfall.keeping.owner import NotOurs, check, own
from footfall.settings import read
from tests.keeping.conftest import Run
from tests.patience import SECONDS
from tests.server import FOOTFALL, footfall

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders of others")
STRANGER, OTHER = 54_321, 54_322
COMMANDS = [
    ("serve", "--port", "0"), ("gateway", "--port", "0"), ("engine",), ("site", "list"),
    ("site", "add", "x.example"), ("backup", "elsewhere"), ("migrate",), ("restore", "elsewhere"),
    ("demo-data",), ("export", "--site", "x"), ("query", "--site", "x"),
]  # fmt: skip

Make = Callable[[Path], Path]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can reach, unlike those of pytest."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def theirs(data: Path) -> Path:
    """Somebody else's folder."""
    data.mkdir(mode=0o777)
    os.chown(data, STRANGER, -1)
    return data


def linked(data: Path) -> Path:
    """Somebody else's link to a folder of ours."""
    (data.parent / "ours").mkdir()
    data.symlink_to(data.parent / "ours")
    os.lchown(data, STRANGER, -1)
    return data


def led_away(data: Path) -> Path:
    """Our link to a folder of somebody else's."""
    data.symlink_to(theirs(data.parent / "theirs"))
    return data


def planted(name: str) -> Make:
    def make(data: Path) -> Path:
        data.mkdir(mode=0o777)
        (data / name).symlink_to(data.parent / "anywhere")
        os.lchown(data / name, STRANGER, -1)
        return data

    make.__name__ = f"a planted {name}"
    return make


PLANTED = ("facts.duckdb", "salts.db-wal", "footfall.lock", "engine.sock", "exchange")
KINDS = [theirs, linked, led_away, *map(planted, PLANTED)]


def inside(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_in_somebody_elses_folder(folder: Path, command: tuple[str, ...]) -> None:
    data = theirs(folder / "data")
    line = refused([*FOOTFALL, *command, "--data", str(data)])
    assert line.startswith(f"footfall: {data} belongs to user {STRANGER}, and this runs as root: ")
    assert "--data" in line and "chown" in line
    assert inside(folder) == [str(data)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_somebody_elses_folder(folder: Path, run: Run, kind: Make) -> None:
    data = kind(folder / "data")
    before = inside(folder)
    done = run("site", "add", "x.example", data=data)
    assert (done.status, done.said) == (1, "")
    assert f" belongs to user {STRANGER}, and this runs as root: " in done.complained
    assert len(done.complained.splitlines()) == 1
    assert inside(folder) == before


def as_another(data: Path) -> str:
    """What a process that is not root's is told of a folder."""
    reading, writing = os.pipe()
    child_pid = os.fork()
    if not child_pid:
        os.setresuid(OTHER, OTHER, OTHER)
        try:
            check(data)
            os.write(writing, b"taken")
        except NotOurs as exc:
            os.write(writing, str(exc).encode())
        finally:
            os._exit(0)
    os.waitpid(child_pid, 0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def test_one_who_is_not_root_uses_no_folder_of_others(folder: Path) -> None:
    said = as_another(theirs(folder / "data"))
    assert f"belongs to user {STRANGER}, and this runs as user {OTHER}: " in said


def test_roots_folder_is_nobody_elses(folder: Path) -> None:
    """As volumes are, which an orchestrator makes for a user of its own."""
    (folder / "data").mkdir()
    (folder / "data").chmod(0o777)
    assert as_another(folder / "data") == "taken"


def test_what_else_lies_in_the_folder_is_no_matter(folder: Path, run: Run) -> None:
    data = folder / "data"
    footfall("site", "add", "x.example", data=data)
    (data / "notes.txt").touch()
    os.chown(data / "notes.txt", STRANGER, -1)
    assert run("site", "list", data=data).status == 0


def test_the_doctor_looks_at_any_folder(folder: Path, run: Run) -> None:
    done = run("doctor", data=theirs(folder / "data"))
    assert f"belongs to user {STRANGER}" in done.said
    assert done.complained == ""


def counters(data: Path) -> Path:
    shared = child.counters_folder(data)
    shared.rmdir()
    return shared


@pytest.mark.parametrize("kind", ["theirs", "link", "open", "file"])
@pytest.mark.parametrize("command", ["gateway", "engine"])
def test_somebody_elses_counters(folder: Path, command: str, kind: str) -> None:
    """In memory that all share, where everybody may guess the name."""
    data = folder / "data"
    shared = counters(data)
    try:
        _make(shared, folder, kind)
        line = refused([*FOOTFALL, command, "--data", str(data)])
        assert str(shared) in line and line.endswith("remove it")
        assert inside(folder) in ([], [str(folder / "trap")])
    finally:
        _remove(shared)


def _make(shared: Path, folder: Path, kind: str) -> None:
    if kind == "link":
        (folder / "trap").mkdir()
        shared.symlink_to(folder / "trap")
        os.lchown(shared, STRANGER, -1)
        return
    if kind == "file":
        shared.touch()
    else:
        shared.mkdir()
    if kind == "open":
        shared.chmod(0o777)
    else:
        os.chown(shared, STRANGER, -1)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def test_a_server_goes_round_what_others_made(tmp_path: Path) -> None:
    """Nor does it stop at names that no server of ours gives."""
    shared = counters(tmp_path)
    made = [shared.with_name(f"{shared.name}-{end}") for end in (os.getpid(), "x", "1-y", "-1")]
    for path in made:
        path.mkdir()
        os.chown(path, STRANGER, -1)
    own_folder = child.own_counters_folder(tmp_path)
    try:
        assert own_folder not in made and own_folder.stat().st_uid == os.geteuid()
        assert all(path.exists() for path in made)
    finally:
        for path in (*made, own_folder):
            shutil.rmtree(path)


def test_the_socket_of_a_long_path_lies_in_a_folder_of_ours(tmp_path: Path) -> None:
    settings = read({"data": str(tmp_path / ("long" * 30))}, {})
    place = Path(compose.engine_socket(settings)).parent
    assert (place.stat().st_mode & 0o777, place.stat().st_uid) == (0o700, os.geteuid())
    os.chown(place, STRANGER, -1)
    try:
        told = f"{place} is no folder of Footfall's, but was made by user {STRANGER}"
        with pytest.raises(NotOurs, match=told):
            compose.engine_socket(settings)
    finally:
        place.rmdir()


def test_a_folder_of_our_own_is_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        assert own(tmp_path / "own").stat().st_mode & 0o777 == 0o700


def refused(command: list[str]) -> str:
    """The sentence with which a command ends."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert (done.returncode, done.stdout) == (1, ""), done
    (line,) = done.stderr.splitlines()
    return line
