"""The first lines of a log as they would be read, for somebody to look at."""

from collections.abc import Sequence
from typing import NamedTuple

from footfall.imports.reason import LineReason


class Line(NamedTuple):
    """A line by its number, without address and user agent: what a report would show, or a reason.

    What is shown are local time, page, source, country, browser and device, each if there is one.
    """

    number: int
    shown: Sequence[str | None]
    reason: LineReason | None
