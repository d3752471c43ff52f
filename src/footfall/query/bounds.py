"""How many rows of a report are held at once, and how many of a day are kept."""

from dataclasses import dataclass

MOST_GROUPS = 500_000
MOST_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """A report of more than `groups` rows is ordered and cut in SQL.

    A roll-up has the first `values` of a day and dimension, and the rest as one.
    """

    groups: int = MOST_GROUPS
    values: int = MOST_VALUES


BOUNDS = Bounds()
