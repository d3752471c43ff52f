"""The archive of a site, looked at with suspicion: it may be damaged, somebody else's, or made to do harm."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import msgspec

from footfall.store import archive
from footfall.store.archive import Manifest, Part

CHUNK = 1 << 20
MOST_MANIFEST = 8 << 20
"""Bytes. A site may have 200 goals with long patterns."""

ZIP = b"PK"
"""How every zip begins."""


class NotAnArchive(Exception):
    """What is wrong with a file that should be an archive, as a sentence."""


class _Careful(FileIO):
    """A file of which little is read at once, whatever it says of itself."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = MOST_MANIFEST + 1 if size is None or size < 0 else size
        if wanted > MOST_MANIFEST + 1 or len(found := super().read(wanted)) > MOST_MANIFEST:
            raise BadZipFile("a part of it claims to be too large")
        return found

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except (OSError, OverflowError) as exc:  # the system refuses what damaged bytes ask for
            raise BadZipFile("a part of it claims to lie outside of it") from exc


def is_archive(path: str | Path) -> bool:
    """Whether a file is to be taken for an archive: a zip, which no log is. What is wrong with it, `unpack` says."""
    if not os.path.isfile(path):  # what is read of a pipe is gone
        return False
    with open(path, "rb") as file:
        return file.read(len(ZIP)) == ZIP


def unpack(path: str | Path, folder: Path, advance: Callable[[int], None]) -> Manifest:
    """Put the parts of an archive into a folder, each as it was written; `advance` hears of every so many bytes.

    Raises `NotAnArchive`, and `OSError` where the folder cannot be written to. What the archive
    says never decides where anything goes, how much is held in memory, nor that more is written
    than the archive is long.
    """
    for name, piece in _pieces(path):
        _append(folder / name, piece)
        advance(len(piece))
    return _manifest((folder / archive.MANIFEST).read_bytes())


def _pieces(path: str | Path) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of an archive by name, each in pieces of which the first may be empty."""
    with _reading(path), _Careful(path) as raw, ZipFile(cast("BinaryIO", raw)) as file:
        entries = _entries(file, os.path.getsize(path))
        text = file.read(entries[archive.MANIFEST])
        manifest = _manifest(text)
        yield archive.MANIFEST, text
        for name in archive.FILES:
            yield name, b""
            for piece in _contents(file, entries[name], manifest.parts[name]):
                yield name, piece


@contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    """Raise `NotAnArchive` for all that Python raises of a damaged or unreadable file."""
    try:
        yield
    except NotAnArchive:
        raise
    except OSError as exc:
        raise NotAnArchive(f"{str(path)!r} cannot be read: {exc.strerror}") from exc
    except Exception as exc:  # which they are, each version of Python decides anew
        raise NotAnArchive(
            f"{str(path)!r} is no archive of Footfall, or it is damaged: {exc}",
        ) from exc


def _append(target: Path, piece: bytes) -> None:
    """Raise `OSError` with the file's name, which those of writing lack."""
    try:
        with open(target, "ab") as file:
            file.write(piece)
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, str(target)) from exc


def _entries(file: ZipFile, size: int) -> dict[str, ZipInfo]:
    """Those of a zip in which nothing is compressed, hidden, missing, or there twice."""
    several = file.infolist()
    found = {each.filename: each for each in several}
    if archive.MANIFEST not in found:
        raise NotAnArchive(f"{file.filename!r} is a zip, but no archive of Footfall: it has no {archive.MANIFEST}")
    if not _as_it_is(found[archive.MANIFEST]) or found[archive.MANIFEST].file_size > MOST_MANIFEST:
        raise NotAnArchive(f"the archive's {archive.MANIFEST} is compressed or too long, which Footfall's is not")
    _check_format(file.read(found[archive.MANIFEST]))
    wanted = {*archive.FILES, archive.MANIFEST}
    if set(found) != wanted or len(several) != len(wanted):
        odd = sorted(set(found) ^ wanted) or ["something twice"]
        raise NotAnArchive(f"the archive holds other parts than it should: {', '.join(name[:60] for name in odd[:5])!r}")
    if not all(map(_as_it_is, several)) or sum(each.file_size for each in several) > size:
        raise NotAnArchive("the archive is damaged, or not as Footfall writes it: its parts are not stored as they are")
    return found


def _as_it_is(entry: ZipInfo) -> bool:
    return entry.compress_type == ZIP_STORED and entry.file_size == entry.compress_size


def _check_format(text: bytes) -> None:
    """Raise `NotAnArchive` unless this version knows the format."""
    try:
        told = msgspec.json.decode(text, type=dict[str, object]).get("format")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = None
    if type(told) is not int or told < 1:
        raise NotAnArchive("the archive's manifest cannot be read: it is damaged, or not Footfall's")
    if told > archive.FORMAT:
        raise NotAnArchive(f"the archive was written by a newer Footfall (format {told}, this one knows {archive.FORMAT}): upgrade Footfall")


def _manifest(text: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise NotAnArchive(f"the archive's manifest cannot be read: {exc}") from exc
    if set(manifest.parts) != set(archive.FILES):
        raise NotAnArchive("the archive's manifest speaks of other parts than there are")
    return manifest


def _contents(file: ZipFile, entry: ZipInfo, part: Part) -> Iterator[bytes]:
    """Yield the bytes of a part, which must be what the manifest says; a row takes one at least."""
    digest = sha256()
    if entry.file_size != part.size or part.rows > part.size or part.rows < 0:
        raise NotAnArchive(f"the archive is damaged: {entry.filename} is not what its manifest says")
    with file.open(entry) as source:
        while piece := source.read(CHUNK):
            digest.update(piece)
            yield piece
    if digest.hexdigest() != part.sha256:
        raise NotAnArchive(f"the archive is damaged: {entry.filename} is not what its manifest says")
