"""Moves several files as one step: lists them first, so that whoever comes next can finish."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

LIST = "exchange.json"

Moves = Sequence[tuple[Path, Path]]


def exchange(folder: Path, moves: Moves) -> None:
    """Move each file to a path that is free by then.

    Killed before the list is written, nothing is moved; after, `finish` does the rest. What is
    moved in must be durable already. The caller has the folder for itself.
    """
    written = folder / f"{LIST}.new"
    listed = [[_kept(folder, old), _kept(folder, new)] for old, new in moves]
    written.write_text(json.dumps(listed))
    sync(written)
    os.replace(written, folder / LIST)
    sync(folder)
    finish(folder)


def is_pending(folder: Path) -> bool:
    """Whether an exchange was begun and not finished."""
    return (folder / LIST).exists()


def finish(folder: Path) -> None:
    """Make the moves that are listed and not made yet, in their order."""
    moves = [(folder / old, folder / new) for old, new in json.loads((folder / LIST).read_text())]
    for old, new in moves:
        # A taken path tells that its move was made: what has its old name now is another file.
        if not new.exists() and old.exists():
            new.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.rename(old, new)
    sync_all({path.parent for move in moves for path in move if path.parent.exists()})
    (folder / LIST).unlink()
    sync(folder)


def sync(path: Path) -> None:
    """Return when a file's content, or a folder's names, are safe from a crash."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(paths: Iterable[Path]) -> None:
    """The same for several."""
    for path in paths:
        sync(path)


def _kept(folder: Path, path: Path) -> str:
    """A path as listed: within the folder without its name, which may be another tomorrow."""
    path, folder = path.absolute(), folder.absolute()
    if path.is_relative_to(folder):
        return str(path.relative_to(folder))
    return str(path)
