"""Which format the lines of a log are of."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from footfall.imports.columns import Columns
from footfall.imports.fields import HEADER
from footfall.imports.format import (
    GROWING,
    NAMES,
    OTHERS,
    PATTERNS,
    Format,
    NoFormat,
    misfit,
    named,
    of_fields,
)
from footfall.imports.prefix import prefixes_of
from footfall.imports.reading import Log, Piece
from footfall.imports.records import RECORDS

T = TypeVar("T")

SAMPLE_LINES = 200
SURE = 0.9
"""A format that fits so many of some lines is taken without trying others."""

LISTED = ("lighttpd", "ingress-nginx")
"""Formats that are taken only when they are named: others fit the same lines."""

LOOSE = ("combined", "vhost", "common")
"""Formats that are tried once more, with all that an expression for a whole line allows for."""

TEXTS = tuple(name for name in (*PATTERNS, *OTHERS, *GROWING) if name not in LISTED)


def format_of(log: Log, piece: Piece, wanted: Format | None, columns: Columns) -> Format:
    """Return the format asked for, else what the log's first lines are of; raise `NoFormat`.

    A W3C log's is that of the last header before the piece.
    """
    sample = piece.lines[:SAMPLE_LINES]
    if log.format is None and wanted:
        log.format = fitted(wanted, sample, piece.lines, columns, log.name)
    elif log.format is None and not log.fields:
        log.format = guessed(sample, columns, log.name)
    found: Format = log.format or named("w3c")
    return _after_header(log, piece, found) if found.header else found


def _after_header(log: Log, piece: Piece, format_: Format) -> Format:
    found = of_fields(log.fields) if log.fields else format_
    headers = [line for line in piece.lines if line.startswith(HEADER)]
    for header in dict.fromkeys(headers):
        of_fields(header)
    first = next((line for line in piece.lines if not _is_comment(line)), HEADER)
    if not found.sql and not first.startswith(HEADER):
        raise NoFormat(f"{log.name} has no line '#Fields:' before its first, which a log of IIS or CloudFront has")
    log.fields = headers[-1] if headers else log.fields
    return found


def _is_comment(line: str) -> bool:
    return not line.strip() or (line.startswith("#") and not line.startswith(HEADER))


def guessed(lines: Sequence[str], columns: Columns, name: str) -> Format:
    """Return the format that fits most of some lines; raise `NoFormat`."""
    told = [line for line in lines if line.strip()]
    if any(line.startswith(HEADER) for line in told):
        return named("w3c")
    most, best = 0, None
    for stripped in prefixes_of(told):
        for each in _candidates(columns.stripped(told, stripped)):
            format_ = replace(named(each), stripped=stripped)
            fitting = columns.sample(told, format_)
            if fitting > SURE * len(told):
                return format_
            if fitting > most:
                most, best = fitting, format_
    if best is None or 2 * most <= len(told):
        best = _loosely(told, columns)
    if best is None:
        raise NoFormat(f"{name} is in none of the formats {', '.join(NAMES)}: say what it is by --format, as a name or as the pattern of your server's configuration")
    return best


def _loosely(lines: Sequence[str], columns: Columns) -> Format | None:
    """Return the format that fits most of some lines with spaces in the names of users."""
    for each in map(named, LOOSE):
        if 2 * columns.sample(lines, replace(each, sql=each.retry)) > len(lines):
            return each
    return None


def _candidates(lines: Sequence[str]) -> Sequence[str]:
    objects = sum(1 for line in lines if line.startswith("{"))
    return tuple(RECORDS) if 2 * objects > len(lines) else TEXTS


def fitted(format_: Format, lines: Sequence[str], more: Sequence[str], columns: Columns, name: str) -> Format:
    """Return a format that was asked for, with what stands before its lines in this log.

    Raises `NoFormat` where none of `more` lines fits either, which says where the first stops.
    """
    told = [line for line in lines if line.strip()]
    if not told or format_.header:
        return format_
    ways = [replace(format_, stripped=stripped) for stripped in prefixes_of(told)]
    for way in ways:
        if columns.sample(told, way):
            return way
    for way in ways:
        if way.retry and columns.sample(told, replace(way, sql=way.retry)):
            return way
    if len(more) > len(lines):  # a server's configuration may have changed within a log
        return fitted(format_, more, more, columns, name)
    raise NoFormat(f"{name}: {misfit(format_, lines)}; none of its first {len(told):,} lines fits")


def sample_of(piece: Piece) -> list[str]:
    """Return the first lines of a piece in which there is something."""
    return [line for line in piece.lines[:SAMPLE_LINES] if line.strip()]


def failing(several: Sequence[T], fit: Callable[[Sequence[T]], bool]) -> list[int]:
    """Return the places of those that do not fit, asking of many at once."""
    if not several or fit(several):
        return []
    if len(several) == 1:
        return [0]
    half = len(several) // 2
    later = failing(several[half:], fit)
    return [*failing(several[:half], fit), *(half + place for place in later)]
