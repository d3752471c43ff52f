"""Reading logs: plain or packed, a piece of whole lines at a time, from where an earlier import came to."""

import gzip
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from time import time
from typing import Any, BinaryIO, NamedTuple

import zstandard

PIECE_BYTES = 8_000_000
LEAST_BYTES = 1_000_000
PIECES = 16
"""A small log is read in so many pieces, so that its progress shows; a large one in pieces of `PIECE_BYTES`."""

LINE_BYTES = 64_000
"""A longer line is no request; it is left out."""

DIGEST_BYTES = 16
QUIET_SECONDS = 60.0
"""A last line without its end is taken of a packed file, and of one that nobody wrote to for so long."""

SAMPLE_BYTES = 512
PACKED_BYTES = 512
"""So few bytes of Zstandard are 16 MB at most when unpacked."""

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7-Zip"}


DAMAGES = (OSError, EOFError, zlib.error, zstandard.ZstdError)
HEADER = re.compile(rb"^#Fields:[^\n]*", re.MULTILINE)


class NoLog(Exception):
    """A file that cannot be read as lines; its text is a sentence."""


class Piece(NamedTuple):
    """Some lines of a log, the first of which has the number `first`.

    `digest` is of everything up to `upto` bytes (unpacked), where `last` lines have been read.
    `long` are the numbers of lines left out for their length; they are empty here.
    """

    lines: list[str]
    first: int
    last: int
    digest: bytes
    upto: int
    long: list[int]


Known = Mapping[int, Collection[bytes]]
"""How far logs were imported before: digests by the number of bytes that they are of."""


class Log:
    """One file.

    For its importer: `place` is its own among all logs, `format` what the lines are of, and
    `fields` the last header of a W3C log, also of what was passed over.
    """

    def __init__(
        self,
        name: str,
        stream: BinaryIO,
        size: int = PIECES * PIECE_BYTES,
        most: int = PIECE_BYTES,
    ) -> None:
        self.name = name
        self._file = stream
        self._piece_bytes = min(max(size // PIECES, LEAST_BYTES), most)
        self._stream, self._packed = _unpacked(name, stream)
        self._digest = blake2b(digest_size=DIGEST_BYTES)
        self._rest = b""
        self._dropping = False
        self.upto = self.lines = self.place = 0
        self.fields = ""
        self.format: Any = None

    @property
    def digest(self) -> bytes:
        """The digest of what was read."""
        return self._digest.digest()

    @property
    def seekable(self) -> bool:
        """Whether it can be read again from its beginning."""
        return self._file.seekable()

    @property
    def read(self) -> int:
        """Bytes read of the file as it lies there, for showing progress."""
        return self._file.tell() if self._file.seekable() else self.upto

    def matches(self, known: Known) -> list[tuple[int, bytes]]:
        """Return which of some offsets and digests are of this file, in order; it is read from its beginning then.

        The file must be seekable; what is known of other files costs reading it once more.
        """
        found = []
        for offset in sorted(known):
            if not self._hash_until(offset):
                break
            digest = self._digest.digest()
            if digest in known[offset]:
                found.append((offset, digest))
        self._rewind()
        return found

    def pass_over(self, offset: int) -> None:
        """Go to an offset without giving the lines before it."""
        self._hash_until(offset)

    def pieces(self, *, complete: bool = True) -> Iterator[Piece]:
        """What comes from here on. A last line without its end is left for later unless the file is `complete`. Raises `NoLog`."""
        while block := self._block():
            self._rest += block
            cut = self._rest.rfind(b"\n") + 1
            if cut:
                piece, self._rest = self._rest[:cut], self._rest[cut:]
                yield self._piece(piece)
            elif len(self._rest) > LINE_BYTES:
                self._drop()
        if (self._rest or self._dropping) and complete and (self._packed or self._quiet()):
            piece, self._rest = self._rest, b""
            yield self._piece(piece)

    def _piece(self, piece: bytes) -> Piece:
        self._digest.update(piece)
        self.upto += len(piece)
        text = piece.decode("utf-8", "replace").replace("\0", "\ufffd")
        lines = text.removesuffix("\n").split("\n")
        first, long = self.lines + 1, []
        if self._dropping:
            self._dropping, lines[0] = False, ""
            long.append(first)
        if max(map(len, lines)) > LINE_BYTES:
            for index, line in enumerate(lines):
                if len(line) > LINE_BYTES:
                    lines[index] = ""
                    long.append(first + index)
        self.lines += len(lines)
        return Piece(lines, first, self.lines, self._digest.digest(), self.upto, long)

    def _drop(self) -> None:
        """Forget the beginning of a line that has no end in sight."""
        self._digest.update(self._rest)
        self.upto += len(self._rest)
        self._rest, self._dropping = b"", True

    def _block(self) -> bytes:
        """Some bytes. What a packed file gives before a damage is given first."""
        if not isinstance(self._stream, gzip.GzipFile):
            return self._read(self._stream.read, self._piece_bytes)
        found: list[bytes] = []
        while sum(map(len, found)) < self._piece_bytes:
            try:
                found.append(self._read(self._stream.read1, self._piece_bytes))
            except NoLog:
                if found:
                    break  # it is met again, and told, when the next are wanted
                raise
            if not found[-1]:
                break
        return b"".join(found)

    def _read(self, read: Callable[[int], Any], size: int) -> bytes:
        try:
            return bytes(read(size))
        except DAMAGES as exc:
            raise NoLog(f"{self.name} is damaged or cut off after line {self.lines:,}: {exc}; what came before was taken") from exc

    def _hash_until(self, offset: int) -> bool:
        """Read up to an offset; False when the file is shorter."""
        while self.upto < offset:
            try:
                block = bytes(self._stream.read(min(self._piece_bytes, offset - self.upto)))
            except DAMAGES:
                return False  # told once the sound part is taken
            if not block:
                return False
            self._digest.update(block)
            for header in HEADER.finditer(block):
                self.fields = header[0].decode("utf-8", "replace").rstrip("\r")
            self.upto += len(block)
            self.lines += block.count(b"\n")
        return True

    def _rewind(self) -> None:
        self._file.seek(0)
        self._stream, _ = _unpacked(self.name, self._file)
        self._digest = blake2b(digest_size=DIGEST_BYTES)
        self.upto = self.lines = 0
        self.fields = ""

    def _quiet(self) -> bool:
        try:
            return time() - Path(self._file.name).stat().st_mtime > QUIET_SECONDS
        except (OSError, AttributeError, TypeError):
            return True  # standard input has ended


class _Zstandard:
    """Unpacks frame after frame; unlike the library's own reader it notices when the last is cut off."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._frame: Any = None
        self._ready = b""

    def read(self, size: int) -> bytes:
        while len(self._ready) < size and (block := self._stream.read(PACKED_BYTES)):
            while block:
                self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
                self._ready += self._frame.decompress(block)
                block = self._frame.unused_data if self._frame.eof else b""
                self._frame = None if self._frame.eof else self._frame
        if self._frame and not self._ready:
            raise EOFError("the end of its last frame is missing")
        found, self._ready = self._ready[:size], self._ready[size:]
        return found


def _unpacked(name: str, stream: BinaryIO) -> tuple[BinaryIO | gzip.GzipFile | _Zstandard, bool]:
    """The lines of a stream, whether packed or not, told by its first bytes; raises `NoLog`."""
    start = stream.peek(SAMPLE_BYTES)[:SAMPLE_BYTES] if hasattr(stream, "peek") else b""
    if start.startswith(GZIP):
        return gzip.open(stream), True
    if start.startswith(ZSTD):
        return _Zstandard(stream), True
    for magic, other in OTHERS.items():
        if start.startswith(magic):
            raise NoLog(f"{name} is packed by {other}; unpack it first, or give .gz or .zst")
    if 10 * start.count(0) > len(start):
        raise NoLog(f"{name} is no text")
    return stream, False
