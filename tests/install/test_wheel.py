"""What is built holds all that it needs, and nothing else, and anyone can build the same."""

import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from footfall import __version__
from tests.install.recipe import REPOSITORY

pytestmark = pytest.mark.slow
NEEDED = {
    "footfall/__main__.py",
    "footfall/data/country.mmdb",
    "footfall/data/sources.json",
    "footfall/static/dashboard/index.html",
    "footfall/static/example/index.html",
    "footfall/static/tracker/f.js",
    "footfall/static/docs/index.html",
    "footfall/static/docs/swagger-ui/swagger-ui-bundle.js",
    "footfall/static/docs/swagger-ui/LICENSE",
    *(
        f"footfall-{__version__}.dist-info/{name}"
        for name in (
            "METADATA",
            "RECORD",
            "WHEEL",
            "entry_points.txt",
            "licenses/LICENSE",
            "licenses/NOTICE",
        )
    ),
}


def build(source: Path, target: str, folder: Path) -> Path:
    """Build with the project's own tool, where there is no Node."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
        cwd=source,
        env={"PATH": "", "HOME": os.devnull},
        check=True,
        capture_output=True,
    )
    (built,) = folder.iterdir()
    return built


def test_the_wheel_holds_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        told = message_from_bytes(archive.read(f"footfall-{__version__}.dist-info/METADATA"))
    assert names >= NEEDED
    assert [
        name
        for name in names
        if name.startswith("footfall/static/dashboard/assets/") and name.endswith(".js")
    ]
    assert {name.split("/")[0] for name in names} == {
        "footfall",
        f"footfall-{__version__}.dist-info",
    }
    assert not [
        name
        for name in names
        if "test" in name or "node_modules" in name or name.endswith((".pyc", ".ts", ".tsx"))
    ]
    assert (told["Version"], told["License-Expression"]) == (__version__, "MIT")


def test_the_image_has_the_wheel_that_the_repository_gives(wheel: Path, tmp_path: Path) -> None:
    built = build(REPOSITORY, "wheel", tmp_path)
    assert (built.name, built.read_bytes()) == (wheel.name, wheel.read_bytes())
