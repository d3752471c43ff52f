"""What a backup says of itself: which files it has, and what they must hold."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from footfall.keeping import exchange
from footfall.keeping.port import COMPANIONS, SAVED, CannotKeep

NAME = "manifest.json"
FORMAT = 1
KNOWN = {f"{saved}{suffix}" for saved in SAVED for suffix in ("", *COMPANIONS[saved])}


@dataclass(frozen=True, slots=True)
class File:
    """A file of a backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """When a backup was begun (as text, in UTC), by which versions, and what is in it."""

    made: str
    versions: Mapping[str, str]
    schema: int
    holds: Mapping[str, int]
    files: Sequence[File]
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


def describe(folder: Path) -> list[File]:
    """The files of a folder."""
    return [
        File(path.name, path.stat().st_size, _digest(path)) for path in sorted(folder.iterdir())
    ]


def write(folder: Path, manifest: Manifest) -> None:
    """Put it into its folder."""
    path = folder / NAME
    path.write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    exchange.sync(path)


def verified(folder: Path, schema: int) -> Manifest:
    """Return the manifest of a backup whose files are as it says; raise `CannotKeep`.

    Its schema is no newer than this one.
    """
    manifest = _read(folder)
    if manifest.schema > schema:
        raise CannotKeep(
            f"{folder} was made by a newer Footfall"
            f" (schema {manifest.schema}, this one knows {schema}): upgrade Footfall"
        )
    for file in manifest.files:
        path = folder / file.name
        if not path.is_file():
            raise CannotKeep(f"the backup {folder} is not whole: {file.name} is missing")
        if path.stat().st_size != file.size or _digest(path) != file.sha256:
            raise CannotKeep(
                f"the backup {folder} is damaged: {file.name} is not as it was saved;"
                " take another backup"
            )
    return manifest


def _read(folder: Path) -> Manifest:
    try:
        found: dict[str, Any] = json.loads((folder / NAME).read_text())
        if found["format"] > FORMAT:
            raise CannotKeep(f"{folder} was made by a newer Footfall: upgrade Footfall")
        manifest = Manifest(**{**found, "files": [File(**file) for file in found["files"]]})
    except FileNotFoundError:
        raise CannotKeep(f"{folder} is no backup: it has no {NAME}") from None
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise CannotKeep(f"the backup {folder} is damaged: {NAME} cannot be read ({exc})") from None
    strange = {file.name for file in manifest.files} - KNOWN
    if strange:
        raise CannotKeep(
            f"the backup {folder} is damaged: {NAME} names {min(strange)!r}, which no backup holds"
        )
    return manifest


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
