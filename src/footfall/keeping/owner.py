"""Whose a folder is: what somebody else made before us, or links to his own, is none of ours.

Who owns a folder may exchange every file in it, and read what is written there. The superuser may
do that anywhere, so what is root's is taken.
"""

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from footfall.keeping.port import FACTS, REGISTRY, ROLLUPS, SALTS, STREAM, CannotKeep

ROOT = 0
OTHERS_WRITE = 0o022
KEPT = (
    FACTS,
    STREAM,
    ROLLUPS,
    REGISTRY,
    SALTS,
    "footfall.lock",
    "engine.sock",
    "exchange",
    "scripts",
)
"""What names of entries of a data folder begin with, where they are Footfall's."""


class NotOurs(CannotKeep):
    """A folder is somebody else's, or something in it that is used."""


def check(data: Path) -> None:
    """Raise `NotOurs` where a data folder is somebody else's, or a file that is used in it."""
    for path in (data, *_kept(data)):
        whose = _stranger(path)
        if whose is not None:
            raise NotOurs(_sentence(path, data, whose))


def own(folder: Path) -> Path:
    """Make or take a folder that nobody else can write to, and return it; raises `NotOurs`."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        maker = name(found.st_uid)
        raise NotOurs(f"{folder} is no folder of Footfall's, but was made by {maker}: remove it")
    if found.st_mode & OTHERS_WRITE:
        raise NotOurs(f"others may write to {folder}: remove it")
    return folder


def name(number: int) -> str:
    """What a user is called."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _kept(data: Path) -> Iterator[Path]:
    try:
        with os.scandir(data) as entries:
            names = sorted(entry.name for entry in entries if entry.name.startswith(KEPT))
    except OSError:  # which who uses it says himself
        return
    for each in names:
        yield data / each


def _stranger(path: Path) -> int | None:
    """Who owns what is there, or a link to it, if he is neither us nor root."""
    ours = (os.geteuid(), ROOT)
    for follow in (False, True):
        try:
            owner = path.stat(follow_symlinks=follow).st_uid
        except OSError:
            return None
        if owner not in ours:
            return owner
    return None


def _sentence(path: Path, data: Path, whose: int) -> str:
    them, us = name(whose), name(os.geteuid())
    cures = (
        f"run it as {them}",
        "name another folder by --data",
        f"or, if all in it is to be trusted, chown -R {us} {data}",
    )
    return f"{path} belongs to {them}, and this runs as {us}: {', '.join(cures)}"
