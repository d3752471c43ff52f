"""Figures as people read them: numbers by thousands, times, shares, money, changes, little bars."""

from collections.abc import Sequence
from typing import Any

SHARES = (
    "bounce_rate",
    "exit_rate",
    "percentage",
    "conversion_rate",
    "group_conversion_rate",
    "scroll_depth",
)
"""In percent; their changes are in points."""

SECONDS = ("visit_duration", "time_on_page")
NOTHING = "–"
EIGHTHS = " ▏▎▍▌▋▊▉█"
STEPS = "▁▂▃▄▅▆▇█"


def figure(metric: str, value: Any) -> str:
    """A metric's value."""
    if value is None:
        return NOTHING
    if isinstance(value, dict):
        return str(value["long"])
    if isinstance(value, list):
        return " + ".join(each["long"] for each in value)
    if metric in SECONDS:
        return _time(value)
    number = f"{value:,.2f}" if metric == "views_per_visit" else f"{value:,}"
    return f"{number} %" if metric in SHARES else number


def change(metric: str, value: float | None) -> str:
    """How it changed."""
    if value is None:
        return NOTHING
    if not value:
        return "="
    unit = "pt" if metric in SHARES else "%"
    return f"{value:+,} {unit}"


def _time(seconds: float) -> str:
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{seconds:g} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def size(value: Any) -> float:
    """How long a value's bar is: of several currencies the largest amount, of nothing nothing."""
    if isinstance(value, list):
        return max(map(size, value))
    if isinstance(value, dict):
        return size(value["value"])
    return max(float(value), 0.0) if value is not None else 0.0


def bar(value: Any, largest: float, cells: int) -> str:
    """A bar in so many cells, to an eighth of one; what is not nothing shows."""
    eighths = round(size(value) / largest * cells * 8) if largest else 0
    eighths = max(eighths, 1) if size(value) else 0
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).strip()


def sparkline(values: Sequence[Any]) -> str:
    """Return a column each, the highest as high as the line."""
    sizes = list(map(size, values))
    largest = max(sizes, default=0.0) or 1.0
    return "".join(STEPS[round(each / largest * 7)] for each in sizes)


def visible(text: str) -> str:
    """Return a text from elsewhere, safe for a terminal: unprintable characters are escaped."""
    return "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()
