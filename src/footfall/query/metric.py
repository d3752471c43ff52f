"""What a metric is: sums that add up over days, and a formula over them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

Column = np.ndarray[Any, np.dtype[Any]]
"""A value a row: whole numbers, floats with NaN for nothing, or objects with None for nothing."""


class Relation(Enum):
    """The rows that sums are taken of, and the columns that their SQL may name."""

    EVENTS = "events"
    """Page views and custom events that happened in the period: the columns of `events`, as `e`."""

    REVENUE = "revenue"
    """Those with an amount, by currency."""

    VISITS = "visits"
    """Visits that started in the period: the columns of `visits`, as `v`."""

    ENGAGEMENT = "engagement"
    """A row a visit: `engaged` milliseconds in all and the `deepest` scroll, or null."""


class Source(Enum):
    """Which rows of a relation count for a row of the report."""

    EVENTS = Relation.EVENTS, "that pass and happened there"
    VIEWED = Relation.EVENTS, "the same, with visit:exit_page read as the page of the view"
    WHOLE = Relation.EVENTS, "of the whole report"
    AUDIENCE = Relation.EVENTS, "of the whole report, goals and properties left out"
    GROUP_AUDIENCE = Relation.EVENTS, "of the same values of the other dimensions, goals and properties left out"
    REVENUE = Relation.REVENUE, "that pass and happened there"
    VISITS = Relation.VISITS, "that contain an event that passes"
    ENTERED = Relation.VISITS, "whose first page view passes"
    LEFT = Relation.VISITS, "whose last page view passes"
    ENGAGED = Relation.ENGAGEMENT, "on pages at which an event passes"

    @property
    def relation(self) -> Relation:
        """Of what sums are taken."""
        return self.value[0]


@dataclass(frozen=True, slots=True)
class Sum:
    """An aggregate in SQL over the rows of a source: a whole number that adds up over days."""

    source: Source
    sql: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a report.

    `value` computes it, for all rows at once, from the sums by their names here. `count` says
    that a row in which nothing was counted has 0, not null; `points` that two values compare by
    their difference.
    """

    name: str
    sums: Mapping[str, Sum]
    value: Callable[[Mapping[str, Column]], Column]
    count: bool = False
    points: bool = False
    grows: bool = False

    @property
    def presence(self) -> set[Source]:
        """What must have counted something for a row to be shown."""
        happened = (Relation.EVENTS, Relation.REVENUE)
        return {Source.EVENTS if each.source.relation in happened and each.source is not Source.VIEWED else Source.VISITS for each in self.sums.values()}


def ratio(dividend: Column, divisor: Column, decimals: int) -> Column:
    """Rounded half up in whole numbers: 41 / 40 as a double lies below 1.025. Nothing over nothing is nothing."""
    unit = 10**decimals
    counted = divisor != 0
    whole = np.where(counted, divisor, 1)
    return np.where(counted, (2 * unit * dividend + whole) // (2 * whole) / unit, np.nan)
