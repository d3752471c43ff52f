"""`python -m release` on a copy of this tree: what it refuses, and all that it makes."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from footfall import __version__
from footfall.aws.shipped import WHERE
from tests.install.image import MADE

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).parents[2]
DAY = "2026-02-28"
COUNTRY = "src/footfall/data/country.mmdb"


def git(folder: Path, *arguments: str) -> str:
    identity = [
        "-c",
        "user.name=Test",
        "-c",
        "user.email=test@example.com",
        "-c",
        "commit.gpgsign=false",
    ]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def dated(folder: Path, said: str) -> None:
    """Let the changes be of that day."""
    path = folder / "CHANGELOG.md"
    text, times = re.subn(
        r"^## (\S+) \(.*\)$", rf"## \1 ({said})", path.read_text(), count=1, flags=re.MULTILINE
    )
    assert times
    path.write_text(text)


def release(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make release` does once all is set up; with git, and without Node."""
    return subprocess.run(
        [sys.executable, "-m", "release"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": str(folder.parent / "bin"), "HOME": os.devnull},
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would have of this tree as it is, committed, with what `make` makes beside it."""
    copy = tmp_path_factory.mktemp("release") / "footfall"
    names = git(REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split(
        "\0"
    )
    for name in [name for name in names if name and (REPOSITORY / name).is_file()]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, copy / name)
    for made in MADE:
        (shutil.copytree if (REPOSITORY / made).is_dir() else shutil.copy)(
            REPOSITORY / made, copy / made
        )
    # To compress it whole, twice, takes ten seconds and tells nothing.
    os.truncate(copy / COUNTRY, 100_000)
    (copy.parent / "bin").mkdir()
    (copy.parent / "bin" / "git").symlink_to(str(shutil.which("git")))
    git(copy, "init", "--quiet")
    dated(copy, "not released yet")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "All")
    return copy


def test_what_is_not_released_yet_is_refused(tree: Path) -> None:
    done = release(tree)
    assert (done.returncode, done.stdout, (tree / "dist").exists()) == (1, "", False)
    assert done.stderr == (
        f"release: CHANGELOG.md gives no date for {__version__} but 'not released yet':"
        f" write '## {__version__} (YYYY-MM-DD)' on the day of the release\n"
    )


def test_what_is_not_committed_is_refused(tree: Path) -> None:
    dated(tree, DAY)
    done = release(tree)
    assert (done.returncode, done.stdout, (tree / "dist").exists()) == (1, "", False)
    assert (
        done.stderr
        == "release: what is released must be committed first, and this is not: CHANGELOG.md\n"
    )
    git(tree, "checkout", "--quiet", "CHANGELOG.md")


def test_a_release_is_whole_and_leaves_the_tree_as_it_was(tree: Path) -> None:
    dated(tree, DAY)
    git(tree, "commit", "--quiet", "--all", "--message", f"Release {__version__}")
    done = release(tree)
    assert done.returncode == 0, done.stderr
    assert git(tree, "status", "--porcelain") == ""
    archive, wheel, requirements, materials, sums = [
        tree / line for line in done.stdout.splitlines()
    ]
    assert {path.name for path in (tree / "dist").iterdir()} == {
        path.name for path in (archive, wheel, requirements, materials, sums)
    }
    assert (
        subprocess.run(
            ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tree / "dist"
        ).returncode
        == 0
    )
    assert len(sums.read_text().splitlines()) == 4
    assert requirements.read_text() == (REPOSITORY / "requirements.txt").read_text()
    with zipfile.ZipFile(wheel) as opened:
        assert {entry.date_time[:3] for entry in opened.infolist()} == {(2026, 2, 28)}
        opened.extractall(tree.parent / "wheel")
    carried(tree.parent / "wheel")
    with tarfile.open(archive) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert names >= {
        "pyproject.toml",
        "LICENSE",
        "NOTICE",
        "README.md",
        "requirements.txt",
        COUNTRY,
        "src/footfall/static/dashboard/index.html",
        "tests/release/test_release.py",
    }
    assert not [
        name
        for name in names
        if "node_modules" in name or name.startswith((".venv", ".git/", "dist"))
    ]
    listed(json.loads(materials.read_text()))


def carried(wheel: Path) -> None:
    """Whether an installed wheel has what `footfall aws deploy` reads."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from footfall.aws import shipped;"
        " print(shipped.__file__); print(shipped.shipped(sys.argv[2]), end='')"
    )
    for name, path in WHERE.items():
        done = subprocess.run(
            [sys.executable, "-I", "-c", program, str(wheel), name],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"{wheel / 'footfall' / 'aws' / 'shipped.py'}\n{path.read_text()}"


def listed(document: dict[str, object]) -> None:
    """Whether the bill of materials names everything, and no address of an index."""
    components = document["components"]
    assert isinstance(components, list)
    purls = {component["purl"].rpartition("@")[0]: component for component in components}
    locked = set(
        re.findall(r"^([a-z0-9.-]+)==", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE)
    )
    assert {name for name in purls if name.startswith("pkg:pypi/")} == {
        f"pkg:pypi/{name}" for name in locked
    }
    assert purls.keys() >= {
        "pkg:npm/preact",
        "pkg:npm/%40preact/signals",
        "pkg:npm/d3-shape",
        "pkg:npm/swagger-ui-dist",
    }
    assert purls["pkg:npm/%40ip-location-db/geo-whois-asn-country-mmdb"]["licenses"] == [
        {"expression": "CC-BY-4.0"}
    ]
    assert not {"pkg:npm/vite", "pkg:npm/typescript"} & purls.keys()
    assert "externalReferences" not in json.dumps(document)
