"""Lines of one or several files that are made into events together."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from footfall.imports.reading import DIGEST_BYTES, Piece
from footfall.imports.stretch import Stretches, within

FILE_LINES = 1_000_000_000
"""A line is named by one number: its file's place times this, and its own number."""


class Bundle(NamedTuple):
    """Lines, and what names each; `long` names those that were left out for their length."""

    lines: Sequence[str]
    names: Any
    digest: bytes
    long: Sequence[int]

    def upto(self, line: int) -> int:
        """Count the lines up to one by its number, of one file."""
        return int(np.count_nonzero(self.names % FILE_LINES <= line))


def place_of(name: int) -> tuple[int, int]:
    """Return the file's place and the line's number."""
    return divmod(name, FILE_LINES)


def unknown(place: int, piece: Piece, known: Stretches) -> Bundle:
    """Return the lines of a piece that are not imported yet."""
    names = np.arange(piece.first, piece.last + 1) + place * FILE_LINES
    long = [place * FILE_LINES + line for line in piece.long]
    here = within(known, piece.first, piece.last)
    if not here:
        return Bundle(piece.lines, names, piece.digest, long)
    left = np.ones(len(piece.lines), dtype=bool)
    for first, last in here:
        left[first - piece.first : last - piece.first + 1] = False
    wanted = set(names[left].tolist())
    return Bundle(
        lines=[line for line, name in zip(piece.lines, names.tolist(), strict=True) if name in wanted],
        names=names[left],
        digest=piece.digest,
        long=[name for name in long if name in wanted],
    )


def together(several: Sequence[Bundle]) -> Bundle:
    """Return all lines as one bundle."""
    if len(several) == 1:
        return several[0]
    digest = blake2b(digest_size=DIGEST_BYTES)
    for each in several:
        digest.update(each.digest)
    return Bundle(
        lines=[line for each in several for line in each.lines],
        names=np.concatenate([each.names for each in several]),
        digest=digest.digest(),
        long=[name for each in several for name in each.long],
    )
