"""What an import has to tell: how lines would be read, what came of them, and why nothing did."""

from collections.abc import Sequence

from rich.text import Text

from footfall.cli.figures import visible
from footfall.cli.table import Table
from footfall.imports.first import Line
from footfall.imports.reason import LineReason
from footfall.imports.tally import Tally

MANY = 10
"""So few lines may all be of robots, say."""

WIDTH = 160
"""Cells; the longest pages are cut."""

COLUMNS = ("line", "time", "page", "source", "country", "browser", "device", "left out")


def table(lines: Sequence[Line]) -> str:
    """Return lines as a table, without addresses and user agents."""
    shown = Table(COLUMNS, len(COLUMNS), WIDTH)
    for line in lines:
        reason = line.reason.words if line.reason else ""
        texts = [str(line.number), *(value or "" for value in line.shown), reason]
        shown.add([Text(visible(text)) for text in texts])
    return "".join(f"{text.plain}\n" for text in shown.lines()) + "\n"


def told(tally: Tally, site: str, seconds: float, *, dry: bool = False) -> str:
    """Return what came of an import as two sentences."""
    rate = tally.lines / seconds if seconds else 0
    before = _before(tally)
    what = "would import" if dry else "imported"
    views = f"{tally.events:,} page views of {tally.lines:,} lines"
    took = f"{seconds:.1f} s ({rate:,.0f} lines/s)"
    first = f"{what} {views} into {site} in {took}{before}"
    left = [_reason(tally, reason, count) for reason, count in tally.left.most_common()]
    return f"{first}\nleft out: {', '.join(left) or 'nothing'}"


def _before(tally: Tally) -> str:
    lines = tally.before + tally.once_more
    again = f", {tally.once_more:,} of which were read again" if tally.once_more else ""
    return f"; {lines:,} lines had been imported before{again}" if lines else ""


def nothing_counted(tally: Tally) -> str | None:
    """Return why none of many lines counted, or of fewer that do not fit the format; else None."""
    if tally.events or not tally.lines or tally.before >= tally.lines:
        return None
    if tally.lines < MANY and tally.unfit < tally.lines:
        return None
    reason, count = tally.left.most_common(1)[0]
    advice = "name their format by --format" if tally.unfit == tally.lines else "see 'left out'"
    return (
        f"none of {tally.lines:,} lines counted, {count:,} for '{reason.words}': {advice};"
        " nothing of them is remembered, and --dry-run shows how they are read"
    )


def _reason(tally: Tally, reason: LineReason, count: int) -> str:
    name, line = tally.examples[reason]
    return f"{count:,} {reason.words} (such as {name}, line {line:,})"
