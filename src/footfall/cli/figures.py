"""Figures as people read them: numbers by thousands, times, shares, money, changes, little bars."""

from collections.abc import Sequence
from typing import Any

SHARES = ("bounce_rate", "exit_rate", "percentage", "conversion_rate", "group_conversion_rate", "scroll_depth")
"""In percent; their changes are in points."""

SECONDS = ("visit_duration", "time_on_page")
NOTHING = "–"
EIGHTHS = " ▏▎▍▌▋▊▉█"
STEPS = "▁▂▃▄▅▆▇█"


def figure(metric: str, value: Any) -> str:
    """A metric's value."""
    if value is None:
        return NOTHING
    if isinstance(value, dict | list):
        return " + ".join(each["long"] for each in (value if isinstance(value, list) else [value]))
    if metric in SECONDS:
        return _time(value)
    number = f"{value:,.2f}" if metric == "views_per_visit" else f"{value:,}"
    return f"{number} %" if metric in SHARES else number


def change(metric: str, value: float | None) -> str:
    """How it changed."""
    if value is None:
        return NOTHING
    return f"{value:+,}{' pt' if metric in SHARES else ' %'}" if value else "="


def _time(seconds: float) -> str:
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{seconds:g} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60:02} min"


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
    """A column each, the highest as high as the line."""
    sizes = list(map(size, values))
    largest = max(sizes, default=0.0)
    return "".join(STEPS[round(each / largest * 7)] if largest else STEPS[0] for each in sizes)


def visible(text: str) -> str:
    """A text from elsewhere, safe for a terminal: what is no printable character is written out."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
