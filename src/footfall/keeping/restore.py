"""A backup brought back into a data folder, all of it or nothing."""

import errno
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from footfall.keeping import exchange, manifest
from footfall.keeping.manifest import Manifest
from footfall.keeping.port import COMPANIONS, FACTS, SALTS, SAVED, CannotKeep, Places

STAGED = ".restoring"
REPLACED = "replaced-"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def restore(
    source: Path,
    data: Path,
    places: Places,
    schema: int,
    replace: bool,
    note: Callable[[int], None] = lambda _: None,
) -> tuple[Manifest, str]:
    """Bring back what a backup holds; raise `CannotKeep`, and then have changed nothing.

    Calls `note` with the number of bytes copied. The caller has the data folder for itself. What
    is there is moved aside into a folder whose name is returned. The salts stay: they are of the
    days that go on, and go when their time is over.
    """
    if missing := [name for name in SAVED if name not in places]:
        raise CannotKeep(f"{', '.join(missing)} must be kept in files to be restored")
    found = manifest.verified(source, schema)
    old = [path for name in SAVED for path in _files(places[name], name) if path.exists()]
    if not replace and any(path.exists() for path in (*old, places.get(SALTS, places[FACTS]))):
        raise CannotKeep(
            f"{data} holds data already: restore into a new folder,"
            " or set what is there aside with --replace"
        )
    aside = _aside(data) if old else ""
    targets = {file.name: _target(file.name, places) for file in found.files}
    try:
        _stage(source, targets, note)
    except OSError as exc:
        for target in targets.values():
            _staged(target).unlink(missing_ok=True)
        reason = "the disk has no room" if exc.errno in NO_ROOM else exc.strerror
        raise CannotKeep(
            f"the backup cannot be copied to {data}: {reason}; nothing was changed"
        ) from exc
    away = [(path, path.parent / aside / path.name) for path in old]
    into = [(_staged(target), target) for target in targets.values()]
    exchange.exchange(data, [*away, *into])
    return found, aside


def _stage(source: Path, targets: dict[str, Path], note: Callable[[int], None]) -> None:
    """Copy all files beside where they belong, and see them through to the disk."""
    for name, target in targets.items():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged = _staged(target)
        shutil.copyfile(source / name, staged)
        os.chmod(staged, 0o600)
        exchange.sync(staged)
        note(staged.stat().st_size)
    exchange.sync_all({target.parent for target in targets.values()})


def _aside(data: Path) -> str:
    """Return a name that says when, and that no folder has yet."""
    name = f"{REPLACED}{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}"
    names = [name, *(f"{name}-{number}" for number in range(2, 1_000))]
    return next(each for each in names if not (data / each).exists())


def _files(path: Path, name: str) -> list[Path]:
    return [path, *(Path(f"{path}{suffix}") for suffix in COMPANIONS[name])]


def _target(name: str, places: Places) -> Path:
    saved = next(each for each in SAVED if name.startswith(each))
    return Path(f"{places[saved]}{name.removeprefix(saved)}")


def _staged(target: Path) -> Path:
    return target.with_name(target.name + STAGED)
