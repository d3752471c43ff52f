"""Logs are read whole lines at a time, from where an earlier import came to, in bounded memory."""

import bz2
import gzip
import io
import lzma
import random
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
import zstandard

from footfall.imports.reading import LINE_BYTES, Log, NoLog, Piece

LINES = [f"line {number} " + "x" * (number % 50) for number in range(2_000)]
TEXT = "".join(f"{line}\n" for line in LINES).encode()


def opened(data: bytes, piece_bytes: int = 1_000) -> Log:
    """A log that is read in small pieces."""
    log = Log("access.log", io.BufferedReader(io.BytesIO(data)))
    log._piece_bytes = piece_bytes
    return log


def whole(pieces: Iterable[Piece]) -> list[str]:
    return [line for piece in pieces for line in piece.lines]


@pytest.mark.parametrize(
    "packed",
    [
        lambda data: data,
        gzip.compress,
        lambda data: zstandard.compress(data),
        lambda data: gzip.compress(data[:5_000]) + gzip.compress(data[5_000:]),
        bz2.compress,
        lambda data: bz2.compress(data[:5_000]) + bz2.compress(data[5_000:]),
        lzma.compress,
        lambda data: lzma.compress(data[:5_000]) + bytes(8) + lzma.compress(data[5_000:]) + bytes(4),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: bytes(200) + data,
        lambda data: bytes(70_000) + data,
    ],
    ids=["plain", "gzip", "zstd", "two of gzip", "bzip2", "two of bzip2", "xz", "two of xz, padded", "BOM", "a hole", "a large hole"],
)
@pytest.mark.parametrize("size", [100, 1_000, 10_000_000])
def test_lines_are_whole_and_numbered_however_they_are_packed(packed, size: int) -> None:
    pieces = list(opened(packed(TEXT), size).pieces())
    assert whole(pieces) == LINES
    assert [piece.first for piece in pieces] == [1, *(piece.last + 1 for piece in pieces[:-1])]
    before = packed(b"") if packed(TEXT).endswith(TEXT) else b""
    assert (pieces[-1].last, pieces[-1].upto) == (len(LINES), len(before + TEXT))


def test_an_import_goes_on_where_one_of_the_same_beginning_ended() -> None:
    first = list(opened(TEXT).pieces())
    dice = random.Random(1)
    for _ in range(20):
        so_far = first[: dice.randrange(1, len(first))]
        known = {piece.upto: {piece.digest, b"of another"} for piece in so_far} | {5: {b"of another"}, len(TEXT) * 2: {b"of a longer one"}}
        for data in (TEXT, gzip.compress(TEXT)):
            log = opened(data)
            met = log.matches(known)
            assert met == [(piece.upto, piece.digest) for piece in so_far]
            log.pass_over(met[-1][0])
            assert log.lines == so_far[-1].last
            assert whole(log.pieces()) == LINES[so_far[-1].last :]
            assert log.upto == len(TEXT)
    other = opened(b"another first line\n" + TEXT)
    assert other.matches({piece.upto: {piece.digest} for piece in first}) == []
    assert whole(other.pieces()) == ["another first line", *LINES]


def test_a_growing_log_keeps_a_line_without_its_end_for_later(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(b"one\ntw")
    with path.open("rb") as stream:
        log = Log(str(path), stream)
        assert whole(log.pieces(complete=False)) == ["one"]
        assert whole(log.pieces(complete=False)) == []
        with path.open("ab") as more:
            more.write(b"o\nthree\n")
        (piece,) = log.pieces(complete=False)
        assert (piece.lines, piece.first, piece.upto) == (["two", "three"], 2, 14)


@pytest.mark.parametrize("data", [b"a\n" + b"x" * 3_000_000 + b"\nb\n", b"a\n" + b"x" * (LINE_BYTES + 1) + b"\nb\n"])
def test_a_line_too_long_is_left_out_and_numbered(data: bytes) -> None:
    pieces = list(opened(data, 10_000).pieces())
    assert [line for line in whole(pieces) if line] == ["a", "b"]
    assert [number for piece in pieces for number in piece.long] == [2]
    assert pieces[-1].last == 3 and pieces[-1].upto == len(data)


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert whole(opened(b"a\xff\xfe\x00b\r\n\xc3\xbc and more\n").pieces()) == ["a\ufffd\ufffd\ufffdb\r", "ü and more"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04 ", "is packed by zip; unpack it first"),
        (b"\x7fELF\x02\x01\x01\x00", "is no text"),
        ("GET / é\n".encode("utf-16"), "is UTF-16: make it UTF-8 first"),
        ("GET / é\n".encode("utf-16-be"), "is UTF-16: make it UTF-8 first"),
    ],
)
def test_what_is_no_log_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(NoLog, match=says):
        opened(data * 10)


@pytest.mark.parametrize("packed", [gzip.compress(TEXT), zstandard.compress(TEXT), bz2.compress(TEXT), lzma.compress(TEXT)])
def test_what_comes_before_a_damage_is_kept(packed: bytes) -> None:
    log, found = opened(packed[: len(packed) // 2]), list[str]()
    with pytest.raises(NoLog, match="damaged or cut off after line"):
        for piece in log.pieces():
            found += piece.lines
    assert found == LINES[: len(found)]


@pytest.mark.parametrize("packed", [pack(bytes(60_000_000)) for pack in (gzip.compress, zstandard.compress, bz2.compress, lzma.compress)])
def test_a_bomb_takes_little_memory(packed: bytes) -> None:
    tracemalloc.start()
    assert len(whole(opened(packed, 100_000).pieces())) <= 1
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 40_000_000
