"""Unpacking of logs: gzip, bzip2, xz and Zstandard, told by their first bytes, in bounded memory."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

import zstandard

SAMPLE_BYTES = 512
READ_BYTES = 64_000
PACKED_BYTES = 512
"""So few bytes of Zstandard are 16 MB at most when unpacked."""

XZ_MEMORY = 256_000_000
"""More than any level of xz needs to unpack."""

GZIP, ZSTD, BZIP2, XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00"
OTHERS = {b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR"}
WIDE = (b"\xff\xfe", b"\xfe\xff")
DAMAGES = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


class NoLog(Exception):
    """A file that cannot be read as lines; its text is a sentence."""


class Zstandard:
    """Unpacks frame after frame; unlike the library's own reader it notices when the last is cut off."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._frame: Any = None
        self._ready = b""

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end."""
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


Decompressor = bz2.BZ2Decompressor | lzma.LZMADecompressor


class Streams:
    """Unpacks one stream of bzip2 or xz after the other, never more than asked for at once."""

    def __init__(self, stream: BinaryIO, new: Callable[[], Decompressor]) -> None:
        self._stream, self._new = stream, new
        self._current: Decompressor | None = None
        self._packed = b""

    def read(self, size: int) -> bytes:
        """Return at most so many bytes; nothing at the end."""
        while True:
            self._current = self._current or self._next()
            if self._current is None:
                return b""
            if not self._packed and self._current.needs_input:
                self._packed = self._stream.read(READ_BYTES)
                if not self._packed:
                    raise EOFError("the end of its last stream is missing")
            found = self._current.decompress(self._packed, size)
            self._packed = b""
            if self._current.eof:
                self._packed, self._current = self._current.unused_data, None
            if found:
                return found

    def _next(self) -> Decompressor | None:
        """The next stream's, or None at the end; xz fills up with zeros."""
        self._packed = self._packed.lstrip(b"\0")
        while not self._packed:
            block = self._stream.read(READ_BYTES)
            if not block:
                return None
            self._packed = block.lstrip(b"\0")
        return self._new()


def unpacked(name: str, stream: BinaryIO) -> tuple[Any, bool]:
    """Return the text of a stream, and whether it was packed; raise `NoLog`."""
    start = stream.peek(SAMPLE_BYTES)[:SAMPLE_BYTES] if hasattr(stream, "peek") else b""
    if start.startswith(GZIP):
        return gzip.open(stream), True
    if start.startswith(ZSTD):
        return Zstandard(stream), True
    if start.startswith(BZIP2):
        return Streams(stream, bz2.BZ2Decompressor), True
    if start.startswith(XZ):
        return Streams(stream, lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY)), True
    for magic, other in OTHERS.items():
        if start.startswith(magic):
            raise NoLog(f"{name} is packed by {other}; unpack it first, or give .gz, .bz2, .xz or .zst")
    text = start.lstrip(b"\0")  # a log that was copied and truncated may begin with a hole
    fewer, most = sorted((text[::2].count(0), text[1::2].count(0)))
    if text.startswith(WIDE) or (3 * most > len(text) and 20 * fewer <= len(text) and text):
        raise NoLog(f"{name} is UTF-16: make it UTF-8 first, by 'iconv -f UTF-16 -t UTF-8'")
    if 10 * text.count(0) > len(text):
        raise NoLog(f"{name} is no text")
    return stream, False
