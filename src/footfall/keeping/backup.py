"""A copy of everything but the salts, of a folder that is in use."""

import errno
import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from footfall.keeping import exchange, manifest, sqlite
from footfall.keeping.manifest import Manifest
from footfall.keeping.port import COMPANIONS, FACTS, REGISTRY, SAVED, STREAM, CannotKeep, Places
from footfall.store.port import StoreBroken
from footfall.stream.port import OwnReader, StreamBroken, StreamFull

UNFINISHED = ".unfinished"
BETWEEN = "backup"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Source:
    """What is copied: the data folder and its parts, and how.

    `copies` is the owner's command; `opened` opens copied facts, which proves that they can be,
    and counts what they hold. `versions` are of the programs, `schema` of the facts.
    """

    data: Path
    places: Places
    reader: Callable[[], OwnReader]
    copies: Callable[[str], Mapping[str, Any]]
    opened: Callable[[Path], Mapping[str, int]]
    versions: Mapping[str, str]
    schema: int


@dataclass(frozen=True, slots=True)
class Saved:
    """What a backup came to, and how long the engine's batches waited for it."""

    manifest: Manifest
    waited_seconds: float


def size(places: Places) -> int:
    """About how large a backup gets: the bytes of all that is copied."""
    files = []
    for name in SAVED:
        if name in places:
            suffixes = ["", *COMPANIONS[name]]
            files += [Path(f"{places[name]}{each}") for each in suffixes if each != "-shm"]
    return sum(file.stat().st_size for file in files if file.exists())


def unfinished(target: Path) -> Path:
    """Return where it is made until it is whole."""
    return target.parent / f"{target.name}{UNFINISHED}"


def backup(source: Source, target: Path) -> Saved:
    """Make a backup in a new folder; raises `CannotKeep`, and then leaves nothing under its name.

    The stream is copied first: a hit is in it, or applied and in the facts, which are copied
    later, or in both; then its position is at or below its shard's mark and it is left out.
    """
    target = target.absolute()
    _refuse(source, target)
    try:
        with _folder(target) as folder:
            return _save(source, folder, target)
    except (OSError, StreamFull) as exc:
        if isinstance(exc, StreamFull) or exc.errno in NO_ROOM:
            raise CannotKeep(
                f"there is no room for the backup in {target.parent}; nothing was kept of it"
            ) from exc
        raise CannotKeep(f"the backup cannot be made in {target}: {exc.strerror or exc}") from exc
    except (StreamBroken, StoreBroken, sqlite3.Error) as exc:
        raise CannotKeep(f"the backup cannot be made: {exc}") from exc


def _refuse(source: Source, target: Path) -> None:
    if not any(source.places[name].exists() for name in SAVED if name in source.places):
        raise CannotKeep(
            f"there is nothing to save in {source.data}: name the data folder with --data"
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CannotKeep(f"{target} exists already: give a new folder")


def _save(source: Source, folder: Path, target: Path) -> Saved:
    """Make the backup in `folder`, and give it its name once it is durable."""
    made = datetime.now(UTC).isoformat(timespec="seconds")
    waited = _copy(source, folder)
    _check(folder)
    holds = {**source.opened(folder / FACTS), **_waiting(folder)}
    files = manifest.describe(folder)
    saved = Manifest(made, source.versions, source.schema, holds, files)
    exchange.sync_all([folder / file.name for file in files])
    manifest.write(folder, saved)
    exchange.sync(folder)
    os.rename(folder, target)
    exchange.sync(target.parent)
    return Saved(saved, waited)


@contextmanager
def _folder(target: Path) -> Iterator[Path]:
    """Make a folder for this process alone.

    What a process that was killed left in it is cleared, and so is the folder if this one fails.
    """
    folder = unfinished(target)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for old in folder.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        yield folder
    except BlockingIOError:
        raise CannotKeep(f"another backup is being made in {target}") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(handle)


def _copy(source: Source, folder: Path) -> float:
    """All parts in the order that counts; how long batches waited."""
    if source.places.get(STREAM, Path()).parent.is_dir():
        reader = source.reader()
        try:
            reader.copy(str(folder / STREAM))
        finally:
            reader.close()
    waited = _copy_owned(source, folder)
    registry = source.places.get(REGISTRY)
    if registry is not None and registry.exists():
        with sqlite.looking(registry) as connection:
            sqlite.copy(connection, folder / REGISTRY)
    return waited


def _copy_owned(source: Source, folder: Path) -> float:
    """Facts and roll-ups, by their owner.

    In the data folder while that has room: its disk is what counting waits for anyway, where that
    of the backup may be slow, or not the engine's to write to.
    """
    roomy = shutil.disk_usage(source.data).free > 2 * size(source.places)
    with _folder((source.data if roomy else folder) / BETWEEN) as between:
        copied = source.copies(str(between))
        for file in (between / copied["name"]).iterdir():
            shutil.move(file, folder / file.name)
        shutil.rmtree(between)
    return float(copied["waited"])


def _check(folder: Path) -> None:
    for file in folder.iterdir():
        file.chmod(0o600)
        if file.suffix == ".db" and (wrong := sqlite.fault(file)):
            raise CannotKeep(f"{file.name} is damaged ({wrong}): 'footfall doctor' says what to do")


def _waiting(folder: Path) -> Mapping[str, int]:
    try:
        ((hits,),) = sqlite.rows(folder / STREAM, "SELECT coalesce(sum(count), 0) FROM frames")
    except sqlite3.Error:
        hits = 0
    return {"waiting": hits}
