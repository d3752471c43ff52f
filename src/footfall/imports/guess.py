"""Which format the lines of a log are of."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from footfall.imports.columns import Columns
from footfall.imports.format import NAMES, PATTERNS, Format, NoFormat, named, of_fields
from footfall.imports.reading import Log, Piece

SAMPLE_LINES = 200
W3C_HEADER = "#Fields:"

T = TypeVar("T")


def format_of(log: Log, piece: Piece, wanted: Format | None, columns: Columns) -> Format:
    """The format asked for, else what the log's first lines are of; a header tells the fields from then on."""
    found = wanted or log.format
    if found is None or found.header:
        headers = {line for line in piece.lines if line.startswith(W3C_HEADER)}
        if len(headers) > 1 or (log.fields and headers - {log.fields} and not piece.lines[0].startswith("#")):
            raise NoFormat(f"{log.name} changes its fields between the lines {piece.first:,} and {piece.last:,}: split it there")
        log.fields = next(iter(headers), log.fields)
        if log.fields:
            found = of_fields(log.fields)
    if found is None:
        found = guessed(piece.lines[:SAMPLE_LINES], columns, log.name)
    if found.header and not found.sql:
        raise NoFormat(f"{log.name} has no line '#Fields:' before its first, which a log of IIS or CloudFront has")
    if wanted is None:
        log.format = found
    return found


def guessed(lines: Sequence[str], columns: Columns, name: str) -> Format:
    """The format that fits most of some lines; raises `NoFormat`."""
    told = [line for line in lines if line.strip()]
    if any(line.startswith(W3C_HEADER) for line in told):
        return named("w3c")
    fitting = [(columns.sample(told, named(each)), -place, each) for place, each in enumerate(("caddy", *PATTERNS))] if told else []
    most, _, best = max(fitting, default=(0, 0, ""))
    if not told or 2 * most <= len(told):
        raise NoFormat(f"{name} is in none of the formats {', '.join(NAMES)}: say what it is by --format, as a name or as the pattern of your server's configuration")
    return named(best)


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
