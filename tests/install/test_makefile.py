"""What `make` says where something that it needs is missing: the package, in one sentence."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.install.recipe import REPOSITORY

pytestmark = pytest.mark.slow
TOOLS = ("sh", "echo", "mkdir", "touch", "cp", "find", "env", "rm")
PACKAGES: dict[str, tuple[str, ...]] = {
    "chromium": ("chromium",),
    "wrk": ("wrk",),
    "goaccess": ("goaccess",),
    "pages": ("python3.11-doc", "firefox-esr"),
    "servers": ("nginx", "caddy", "haproxy", "systemd", "iproute2", "curl"),
}
NEED_NODE = (
    "node_modules/ready",
    "src/footfall/static/dashboard/index.html",
    "tests/clients/ready",
    "tests/aws/ready",
    "tests/frameworks/ready",
    "tests/tracker/real/ready",
    "bench/trackers/ready",
)
HIDDEN = (
    "/usr/bin/firefox-esr",
    "/usr/share/doc/python3.11/html/index.html",
    "/usr/sbin/nginx",
    "/usr/bin/caddy",
    "/usr/bin/systemd-analyze",
)


OLD = f'exec {sys.executable} -c "import sys; sys.version_info = (3, 10); $2"'


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A copy of what make reads, where nothing was made yet, and a PATH of a few tools."""
    for name in ("Makefile", "package.json", "package-lock.json", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    for path in REPOSITORY.glob("requirements*.txt"):
        shutil.copy(path, tmp_path)
    locks = ("dashboard", "tracker", "tests/clients", "tests/aws", "tests/frameworks")
    for folder in (*locks, "tests/tracker/real", "bench/trackers", "tests/aws/ministack"):
        (tmp_path / folder).mkdir(parents=True)
        for name in ("package-lock.json", "requirements.txt"):
            if (REPOSITORY / folder / name).exists():
                shutil.copy(REPOSITORY / folder / name, tmp_path / folder)
    (tmp_path / "tests/tracker/real/app").mkdir()
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(shutil.which(name) or name)
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    path = folder / "tools" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it where some of this machine's programs are hidden."""
    hiding = "".join(f"mount --bind /dev/null {path};" for path in HIDDEN if Path(path).exists())
    command = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'{hiding} exec env PATH={folder}/tools {shutil.which("make")} "$@"',
    ]
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    asked = [*command, "make", *arguments]
    return subprocess.run(asked, cwd=folder, env=variables, capture_output=True, text=True)


def refusal(done: "subprocess.CompletedProcess[str]") -> str:
    """What it says but for its own last line."""
    assert done.returncode, done.stdout
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    return lines[-1]


@pytest.mark.parametrize("target", PACKAGES)
def test_a_missing_package_is_named(bare: Path, target: str) -> None:
    """Where nobody may install it, with the command that does."""
    program(bare, "apt-get", "exit 100")
    said = refusal(make(bare, target))
    install = f"sudo apt-get install {' '.join(PACKAGES[target])}"
    assert said.endswith(install), said


@pytest.mark.parametrize("target", PACKAGES)
def test_a_missing_package_is_installed_where_it_may_be(bare: Path, target: str) -> None:
    program(bare, "apt-get", 'echo "$@" >> asked')
    done = make(bare, target)
    assert done.returncode == 0, done.stderr
    asked = (bare / "asked").read_text().split()
    assert set(PACKAGES[target]) <= set(asked)


@pytest.mark.parametrize("target", NEED_NODE)
def test_node_is_asked_for_where_it_is_missing(bare: Path, target: str) -> None:
    assert "Node 20 or newer and npm, which are not here" in refusal(make(bare, target))


@pytest.mark.parametrize(
    ("node", "npm"),
    [("exit 1", "echo 10"), ("exit 0", "exit 127"), ("exit 0", None)],
    ids=["too old", "npm is broken", "no npm"],
)
def test_node_must_be_new_enough_and_have_npm(bare: Path, node: str, npm: str | None) -> None:
    program(bare, "node", node)
    if npm:
        program(bare, "npm", npm)
    assert "Node 20 or newer and npm" in refusal(make(bare, "node_modules/ready"))


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (None, "there is no python3: sudo apt-get install python3"),
        (OLD, "Footfall needs Python 3.11 or newer: make PYTHON=python3.12"),
        ('case "$*" in *ensurepip*) exit 1;; esac', "sudo apt-get install python3-venv"),
    ],
    ids=["none", "too old", "without venv"],
)
def test_python_is_asked_for_where_it_lacks(bare: Path, script: str | None, says: str) -> None:
    if script:
        program(bare, "python3", script)
    done = make(bare, ".venv/ready")
    assert done.returncode
    assert says in done.stderr
    assert not (bare / ".venv").exists()
