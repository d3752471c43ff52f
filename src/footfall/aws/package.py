"""Packs the code of the functions: one zip for all, the same to the byte for the same parts."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.resources import files
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from footfall.aws.shipped import LOCK, shipped

RUNTIME = "the runtime has it"
LEFT_OUT = {
    "airspeed-ext": "renders what API Gateway renders, for 'footfall aws front'",
    "cachetools": "of airspeed-ext",
    "boto3": RUNTIME,
    "botocore": RUNTIME,
    "click": "of the command lines of Litestar and Uvicorn",
    "colorama": "of Litestar's command line",
    "faker": "makes examples for Litestar's documents, which Footfall does not ask for",
    "httptools": "reads requests from a socket, which a function has not",
    "jmespath": RUNTIME,
    "litestar-htmx": "an extension of Litestar that nothing uses",
    "markdown-it-py": "of Rich",
    "mdurl": "of Rich",
    "polyfactory": "makes examples for Litestar's documents, which Footfall does not ask for",
    "pygments": "of Rich",
    "python-dateutil": RUNTIME,
    "rich": "is for terminals",
    "rich-click": "of Litestar's command line",
    "s3transfer": RUNTIME,
    "six": RUNTIME,
    "urllib3": RUNTIME,
    "uvicorn": "serves a socket, which a function has not",
    "uvloop": "serves a socket, which a function has not",
}
"""Locked dependencies that no function needs, and why."""

UNREAD = {".a", ".h", ".pxd", ".pyi", ".pyx"}
"""What of a wheel only compilers and checkers read."""

PIP_OPTIONS = (
    "--quiet",
    "--disable-pip-version-check",
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
)
EPOCH = (1980, 1, 1, 0, 0, 0)
UNIX = 3
REQUIREMENT = re.compile(r"([\w.-]+)==([^\s;]+)(?: *; *(.+?))?((?: +--hash=\S+)+)")
CONDITION = re.compile(r"(\w+) *(==|!=|<=|>=|<|>) *'([^']*)'")


class CannotPackage(Exception):
    """Why there is no zip."""


class Target(NamedTuple):
    """What the zip is to run on: a Python, a machine, and the second number of its glibc."""

    python: str
    machine: str
    glibc: int


LAMBDA = Target("3.13", "aarch64", 34)


class Package(NamedTuple):
    """A zip that was made."""

    path: Path
    size: int
    unpacked: int
    sha256: str


def package(path: Path, target: Target = LAMBDA) -> Package:
    """Make the zip at `path`, of this very Footfall and what the lock names for the target.

    Raises `CannotPackage`.
    """
    with TemporaryDirectory() as scratch:
        _download(needed(shipped(LOCK), target), target, Path(scratch))
        entries = dict(_of_wheels(sorted(Path(scratch).glob("*.whl")))) | dict(_of_footfall())
        _write(path, entries)
    content = path.read_bytes()
    return Package(path, len(content), sum(map(len, entries.values())), sha256(content).hexdigest())


def needed(lock: str, target: Target) -> list[str]:
    """Return the requirements of a lock, with hashes, that the functions have on a target.

    Raises `CannotPackage` for a line it does not understand.
    """
    found = []
    for line in lock.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = REQUIREMENT.fullmatch(line.strip())
        if not match:
            raise CannotPackage(f"the lock has a line that is not understood: {line.strip()!r}")
        name, version, marker, hashes = match.groups()
        if name not in LEFT_OUT and (not marker or _holds(marker, target)):
            found.append(f"{name}=={version}{hashes}")
    return found


def _holds(marker: str, target: Target) -> bool:
    """Whether a requirement is for a target. pip itself would look at the machine it runs on."""
    facts = {
        "python_full_version": target.python,
        "python_version": target.python,
        "sys_platform": "linux",
        "platform_machine": target.machine,
    }
    for condition in marker.split(" and "):
        match = CONDITION.fullmatch(condition.strip())
        if not match or match[1] not in facts:
            raise CannotPackage(f"the lock has a condition that is not understood: {condition!r}")
        if not _compared(facts[match[1]], match[2], match[3]):
            return False
    return True


def _compared(fact: str, sign: str, text: str) -> bool:
    if sign in ("==", "!="):
        return (fact == text) is (sign == "==")
    left, right = _numbers(fact), _numbers(text)
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _download(requirements: Iterable[str], target: Target, folder: Path) -> None:
    lock = folder / LOCK
    lock.write_text("\n".join(requirements))
    platforms = [f"manylinux_2_{minor}_{target.machine}" for minor in range(target.glibc, 16, -1)]
    platforms.append(f"manylinux2014_{target.machine}")
    command = [sys.executable, "-m", "pip", "download", *PIP_OPTIONS]
    command += ["--python-version", target.python]
    command += [f"--platform={each}" for each in platforms]
    command += ["--dest", str(folder), "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.splitlines()
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        said = errors[-1] if errors else done.stderr.strip().rpartition("\n")[2]
        raise CannotPackage(f"pip cannot fetch what the functions need: {said}")


def _of_wheels(wheels: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for wheel in wheels:
        with ZipFile(wheel) as opened:
            for name in opened.namelist():
                place = _place(name)
                if place and not name.endswith("/"):
                    yield place, opened.read(name)


def _place(name: str) -> str | None:
    """Return where a wheel's file goes; programs, headers and tests go nowhere."""
    path = PurePosixPath(name)
    if path.parts[0].endswith(".data"):
        if path.parts[1] not in ("purelib", "platlib"):
            return None
        path = PurePosixPath(*path.parts[2:])
    return None if path.suffix in UNREAD or "tests" in path.parts[:-1] else str(path)


def _of_footfall() -> Iterator[tuple[str, bytes]]:
    root = Path(str(files("footfall")))
    for folder, folders, names in os.walk(root):
        folders[:] = [each for each in folders if each != "__pycache__"]
        for name in names:
            path = Path(folder) / name
            yield str(PurePosixPath("footfall", *path.relative_to(root).parts)), path.read_bytes()


def _write(path: Path, entries: Mapping[str, bytes]) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED) as opened:
        for name in sorted(entries):
            entry = ZipInfo(name, EPOCH)
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = UNIX
            entry.external_attr = 0o100644 << 16
            opened.writestr(entry, entries[name])
