"""Copies a stack's facts, roll-ups, sites and keys into a folder, and from there into a stack."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from shutil import rmtree
from typing import Any

import msgspec

from footfall import __version__
from footfall.aws.account import CannotDeploy, part
from footfall.aws.stack import Stack
from footfall.domain.site import Site
from footfall.registry.port import Key, Refused, Registry
from footfall.store.importing import NotAdopted
from footfall.store.migrations import VERSION
from footfall.store.port import StoreBroken

MANIFEST = "manifest.json"
FORMAT = 1
UNFINISHED = ".unfinished"

Shown = Callable[[str], None]


class File(msgspec.Struct, frozen=True):
    """Its bytes, and their SHA-256."""

    size: int
    sha256: str


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself. `made` is when it was begun, in UTC."""

    format: int
    product: str
    made: str
    schema: int
    sites: list[Site]
    keys: list[Key]
    days: int
    segments: int
    files: dict[str, File]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files.values())


def save(stack: Stack, registry: Registry, folder: Path, shown: Shown) -> Backup:
    """Copy everything but the secrets of days into a new folder, while all goes on.

    What was counted before is in it. Raises `CannotDeploy`, and then leaves nothing.
    """
    if folder.exists():
        raise CannotDeploy(f"{folder} is there already: name a new folder")
    made = datetime.now(UTC).isoformat(timespec="seconds")
    partly = folder.with_name(f"{folder.name}{UNFINISHED}")
    rmtree(partly, ignore_errors=True)
    partly.mkdir(parents=True)
    try:
        sites, keys = list(registry.sites()), list(registry.all_keys())
        copied = _copies(stack).save([*(site.id for site in sites), ""], partly, shown)
        paths = [path for path in sorted(partly.rglob("*")) if path.is_file()]
        found = Backup(
            format=FORMAT,
            product=__version__,
            made=made,
            schema=VERSION,
            sites=sites,
            keys=keys,
            days=copied.days,
            segments=copied.segments,
            files={str(path.relative_to(partly)): _described(path) for path in paths},
        )
        (partly / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(found)))
        partly.rename(folder)
    except StoreBroken as exc:
        raise CannotDeploy(f"the backup was not finished ({exc}): do it again") from exc
    finally:
        rmtree(partly, ignore_errors=True)
    return found


def restore(stack: Stack, registry: Registry, folder: Path, shown: Shown) -> Backup:
    """Bring back what a folder holds; sites and keys that are there stay as they are.

    Raises `CannotDeploy`; doing it again goes on where it was broken off.
    """
    found = _verified(folder)
    try:
        _copies(stack).restore(folder, shown)
    except NotAdopted as exc:
        raise CannotDeploy(
            f"{exc}: restore into a stack that has counted nothing of these days;"
            " nothing was changed"
        ) from exc
    except StoreBroken as exc:
        raise CannotDeploy(
            f"not all was brought back ({exc}): do it again, and it goes on"
        ) from exc
    there = {site.id for site in registry.sites()}
    known = {key.id for key in registry.all_keys()}
    try:
        for site in found.sites:
            if site.id not in there:
                registry.put_site(site, new=True)
        for each in found.keys:
            if each.id not in known:
                registry.put_key(each)
    except Refused as exc:
        raise CannotDeploy(f"the figures are back, but {exc}: change that and do it again") from exc
    return found


def _copies(stack: Stack) -> Any:
    made = part("footfall.compose.functions").copies_in
    return made(
        stack.account.client("dynamodb"),
        stack.account.client("s3"),
        stack.resource("Table"),
        stack.resource("ArchiveBucket"),
    )


def _described(path: Path) -> File:
    with path.open("rb") as file:
        return File(path.stat().st_size, file_digest(file, "sha256").hexdigest())


def _verified(folder: Path) -> Backup:
    """The backup, all of whose files are as it says."""
    try:
        found = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Backup)
    except (OSError, msgspec.MsgspecError) as exc:
        raise CannotDeploy(f"{folder} is no backup of a stack: {exc}") from exc
    if found.format > FORMAT or found.schema > VERSION:
        raise CannotDeploy(
            f"{folder} was made by a newer Footfall ({found.product}): upgrade Footfall"
        )
    for name, file in found.files.items():
        held = None
        with suppress(OSError):
            held = _described(folder / name)
        if held != file:
            raise CannotDeploy(f"{folder / name} is damaged or missing: nothing was changed")
    return found
