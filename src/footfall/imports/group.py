"""Pieces of logs that are made into events together."""

from collections.abc import Sequence
from typing import NamedTuple

from footfall.imports.bundle import Bundle
from footfall.imports.columns import Columns
from footfall.imports.format import Format
from footfall.imports.guess import failing, sample_of
from footfall.imports.reading import Log, Piece

SMALL_BYTES = 100_000


class Read(NamedTuple):
    """A piece of a log on its way: its lines that are not known yet, its bytes, and where it ends in the file.

    Without a `format` it is that of the log before, if its lines fit that.
    """

    log: Log
    piece: Piece
    bundle: Bundle
    format: Format | None
    size: int
    end: int


def is_small(log: Log, piece: Piece, size: int) -> bool:
    """Whether a log may be looked at with others: to look at each costs more than to read it."""
    header = any(line.startswith("#") for line in piece.lines)
    return log.format is None and size <= SMALL_BYTES and not header


def of_one_format(
    reads: Sequence[Read],
    format_: Format,
    columns: Columns,
) -> tuple[list[Read], list[Read]]:
    """Return what is of a format, and what else there is."""

    def fit(several: Sequence[Read]) -> bool:
        lines = [line for read in several for line in sample_of(read.piece)]
        return columns.sample(lines, format_) == len(lines)

    unsure = [read for read in reads if read.format is None]
    gone = {unsure[place].log.place for place in failing(unsure, fit)}
    of_it: list[Read] = []
    others: list[Read] = []
    for read in reads:
        is_of_it = read.format in (None, format_) and read.log.place not in gone
        (of_it if is_of_it else others).append(read)
    return of_it, others
