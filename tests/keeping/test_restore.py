"""A restore checks what it brings back, shares its folder with nobody, and is all or nothing."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.end_to_end.test_exactly_once import SITE, small_disk
from tests.keeping.conftest import HITS, Refused
from tests.patience import SECONDS
from tests.server import FOOTFALL, Server, footfall, free_port

pytestmark = pytest.mark.slow
__all__ = ["small_disk"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_killed_at_any_step_it_leaves_the_old_or_the_new(backup: Path, data: Path) -> None:
    footfall("site", "add", "another.example", data=data)
    done = subprocess.run(
        [sys.executable, "-m", "tests.keeping.killing", str(backup), str(data)],
        capture_output=True,
        text=True,
        timeout=2 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    steps, old, new, neither = map(int, done.stdout.split())
    assert steps > 30 and old > 10 and new > 5 and neither == 0


def test_what_a_restore_replaces_is_set_aside_and_the_days_secrets_stay(
    backup: Path, data: Path, refused: Refused
) -> None:
    before = {name: (data / name).read_bytes() for name in ("stream.db", "salts.db")}
    assert (
        "holds data already: restore into a new folder, or set what is there aside with --replace"
        in refused("restore", str(backup), data=data)
    )
    assert {name: (data / name).read_bytes() for name in before} == before
    said = footfall("restore", str(backup), "--replace", data=data)
    (aside,) = data.glob("replaced-*")
    assert str(aside) in said and "delete it when you need it no more" in said
    assert (aside / "stream.db").read_bytes() == before["stream.db"]
    assert (data / "salts.db").read_bytes() == before["salts.db"] and not list(aside.glob("salts*"))


def test_whoever_uses_the_folder_is_noticed(
    backup: Path, data: Path, tmp_path: Path, refused: Refused
) -> None:
    """A gateway alone, an engine alone.

    And while the folder is restored, no server starts on it.
    """
    gateway = Server(data, command="gateway", port=free_port())
    gateway.wait_until_ready("/readyz")
    assert f"a server or another command is using {data}: stop it first" in refused(
        "restore", str(backup), "--replace", data=data
    )
    gateway.stop()
    engine = subprocess.Popen([*FOOTFALL, "engine", "--data", str(data)])
    while not (data / "engine.sock").exists() and engine.poll() is None:
        pass
    assert "is using" in refused("restore", str(backup), "--replace", data=data)
    assert not list(data.glob("replaced-*")) and not list(data.glob("*.restoring"))
    while engine.poll() is None:  # one that is starting may not hear it
        engine.terminate()
        with suppress(subprocess.TimeoutExpired):
            engine.wait(1)
    holding = (
        "import sys, pathlib; from footfall.keeping import use;"
        " p = pathlib.Path(sys.argv[1])\nwith use.alone(p, {n:"
        " p / n for n in ('facts.duckdb', 'registry.db')}, str(p / 'none')):"
        " print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", holding, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    assert "is being restored or migrated; try again when that is done" in refused(
        "serve", "--port", "0", data=data
    )
    holder.communicate("\n")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("changed", "stream.db is not as it was saved; take another backup"),
        ("cut", "facts.duckdb is not as it was saved; take another backup"),
        ("missing", "registry.db is missing"),
        ("no manifest", "is no backup: it has no manifest.json"),
        ("bad manifest", "manifest.json cannot be read"),
        ("elsewhere", "manifest.json names '../../evil', which no backup holds"),
        ("newer", "was made by a newer Footfall (schema 99, this one knows"),
    ],
)
def test_what_is_not_whole_is_refused_and_changes_nothing(
    backup: Path, tmp_path: Path, refused: Refused, harm: str, says: str
) -> None:
    manifest = backup / "manifest.json"
    told = json.loads(manifest.read_text())
    if harm == "changed":
        with (backup / "stream.db").open("r+b") as file:
            file.seek(5_000)
            file.write(b"x")
    elif harm == "cut":
        with (backup / "facts.duckdb").open("r+b") as file:
            file.truncate(10_000)
    elif harm == "missing":
        (backup / "registry.db").unlink()
    elif harm == "no manifest":
        manifest.unlink()
    elif harm == "bad manifest":
        manifest.write_text("[]")
    elif harm == "elsewhere":
        told["files"][0]["name"] = "../../evil"
        manifest.write_text(json.dumps(told))
    else:
        manifest.write_text(json.dumps({**told, "schema": 99}))
    fresh = tmp_path / "fresh"
    assert says in refused("restore", str(backup), data=fresh)
    assert names(fresh) == ["footfall.lock"]


def test_a_full_disk_changes_nothing(backup: Path, small_disk: Path, refused: Refused) -> None:
    data = small_disk / "data"
    data.mkdir()
    (small_disk / "filler").write_bytes(bytes(50_000_000))
    assert "the disk has no room; nothing was changed" in refused("restore", str(backup), data=data)
    assert names(data) in ([], ["footfall.lock"])


def test_parts_are_brought_back_to_where_the_settings_have_them(
    backup: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    flags = (
        "--stream",
        f"sqlite:{elsewhere}/hits.db",
        "--registry",
        f"sqlite:{elsewhere}/sites.db",
    )
    fresh = tmp_path / "fresh"
    footfall("restore", str(backup), *flags, data=fresh)
    assert names(elsewhere) == ["hits.db", "sites.db"]
    server = Server(fresh, *flags)
    assert server.wait_for_total(SITE, HITS) == HITS
    server.stop()
