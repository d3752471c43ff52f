"""Reading logs: plain or packed, a piece of whole lines at a time, from where an earlier import came to."""

import gzip
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from time import time
from typing import Any, BinaryIO, NamedTuple

from footfall.imports.packing import DAMAGES, NoLog, Streams, unpacked

__all__ = ["Log", "NoLog", "Piece"]
PIECE_BYTES = 8_000_000
LEAST_BYTES = 1_000_000
PIECES = 16
"""A small log is read in so many pieces, so that its progress shows; a large one in pieces of `PIECE_BYTES`."""

LINE_BYTES = 64_000
"""A longer line is no request; it is left out."""

DIGEST_BYTES = 16
QUIET_SECONDS = 60.0
"""A last line without its end is taken of a packed file, and of one that nobody wrote to for so long."""

MARK = "\ufeff"
HEADER = re.compile(rb"^#Fields:[^\n]*", re.MULTILINE)


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
        self._stream, self._packed = unpacked(name, stream)
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
        lines = _lines(piece.decode("utf-8", "replace"))
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
        """Forget the beginning of a line that has no end in sight, or but a hole before it."""
        line = self._rest.lstrip(b"\0")  # a log that was copied and truncated may have one
        kept = line if len(line) < len(self._rest) else b""
        passed = self._rest[: len(self._rest) - len(kept)]
        self._digest.update(passed)
        self.upto += len(passed)
        self._dropping = self._dropping or len(line) == len(self._rest)
        self._rest = kept

    def _block(self) -> bytes:
        """Some bytes. What a packed file gives before a damage is given first."""
        if not isinstance(self._stream, gzip.GzipFile | Streams):
            return self._read(self._stream.read, self._piece_bytes)
        some = self._stream.read
        if isinstance(self._stream, gzip.GzipFile):
            some = self._stream.read1
        found: list[bytes] = []
        while sum(map(len, found)) < self._piece_bytes:
            try:
                found.append(self._read(some, self._piece_bytes))
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
        self._stream, _ = unpacked(self.name, self._file)
        self._digest = blake2b(digest_size=DIGEST_BYTES)
        self.upto = self.lines = 0
        self.fields = ""

    def _quiet(self) -> bool:
        try:
            return time() - Path(self._file.name).stat().st_mtime > QUIET_SECONDS
        except (OSError, AttributeError, TypeError):
            return True  # standard input has ended


def _lines(text: str) -> list[str]:
    """The lines of a text; marks of its encoding and holes before a line are no part of it."""
    lines = text.removesuffix("\n").split("\n")
    if "\0" in text or MARK in text:
        return [line.lstrip(MARK + "\0").replace("\0", "\ufffd") for line in lines]
    return lines
