"""From sums to the figures of a report: its rows, in order, page by page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from footfall.domain.report import Report
from footfall.query.catalogue import catalogue
from footfall.query.metric import Column, Metric, Relation, Source
from footfall.query.partial import Key, Partial
from footfall.query.question import kept_dimensions

Row = tuple[Key, list[Any]]
"""The values of the dimensions, and of the metrics."""

Ask = Callable[[Source], tuple[Partial, tuple[str, ...]]]
"""The sums that a source comes to, and the aggregates that they are."""


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a report."""

    report: Report
    keys: Sequence[Key]
    columns: Mapping[str, Column]

    def page(self) -> list[Row]:
        """The rows asked for: as ordered, then by the dimensions, so that equal rows do not change places."""
        wanted = self._first(self.report.offset + self.report.limit)
        return [self._row(index) for index in wanted[self.report.offset :]]

    def rows(self) -> dict[Key, list[Any]]:
        """Every row by its dimensions."""
        return dict(self._row(index) for index in range(len(self.keys)))

    def _row(self, index: int) -> Row:
        return self.keys[index], [_plain(self.columns[name][index]) for name in self.report.metrics]

    def _first(self, number: int) -> list[int]:
        """The first so many rows. Names are only compared among those that the leading metric leaves in question."""
        found = np.arange(len(self.keys))
        order = self.report.order_by
        if order and order[0][0] in self.columns and number < len(found):
            leading = _sortable(self.columns[order[0][0]], order[0][1])
            found = found[leading <= np.partition(leading, number - 1)[number - 1]]
        indices: list[int] = found.tolist()
        indices.sort(key=self.keys.__getitem__)
        for name, direction in reversed(order):
            if name in self.columns:
                places = _sortable(self.columns[name], direction)
                indices.sort(key=lambda index: float(places[index]))
            else:
                position = self.report.dimensions.index(name)
                indices.sort(key=lambda index: self.keys[index][position], reverse=direction == "desc")
        return indices[:number]


def table(report: Report, ask: Ask) -> Table:
    """The rows of a report: those in which something of what is asked was counted, or its only one."""
    metrics = [catalogue()[name] for name in report.metrics]
    index: dict[Key, int] = {}
    for source in presence(report):
        for key in ask(source)[0].keys:
            index.setdefault(key, len(index))
    keys = list(index) if report.dimensions else [()]
    return Table(report, keys, {metric.name: metric.value(_sums(metric, report, keys, ask)) for metric in metrics})


def presence(report: Report) -> Sequence[Source]:
    """The sources of which one must have counted something for a row to be shown."""
    found = {source for name in report.metrics for source in catalogue()[name].presence}
    return sorted(found, key=lambda source: source.name)


def _sums(metric: Metric, report: Report, keys: Sequence[Key], ask: Ask) -> Mapping[str, Column]:
    found: dict[str, Column] = {}
    for name, each in metric.sums.items():
        partial, aggregates = ask(each.source)
        column = partial.sums[aggregates.index(each.sql)]
        kept = kept_dimensions(each.source, report)
        own = keys if len(kept) == len(report.dimensions) else [tuple(key[place] for place in kept) for key in keys]
        found[name] = _by_currency(partial.keys, column, own) if each.source.relation is Relation.REVENUE else _aligned(partial.keys, column, own)
    return found


def _aligned(keys: Sequence[Key], column: Column, wanted: Sequence[Key]) -> Column:
    """The column in the order wanted, 0 where there is nothing."""
    if keys == wanted:
        return column
    index = {key: place for place, key in enumerate(keys)}
    places = np.array([index.get(key, -1) for key in wanted], dtype=np.intp)
    return np.append(column, 0)[places]


def _by_currency(keys: Sequence[Key], column: Column, wanted: Sequence[Key]) -> Column:
    amounts: dict[Key, dict[str, int]] = {}
    for key, value in zip(keys, column, strict=True):
        amounts.setdefault(key[:-1], {})[key[-1]] = int(value)
    found = np.empty(len(wanted), dtype=object)
    for place, key in enumerate(wanted):
        found[place] = amounts.get(key, {})
    return found


def _sortable(column: Column, direction: str) -> Column:
    """What sorts ascending as was asked, nothing last."""
    if column.dtype == object:
        column = np.array([np.nan if value is None else max(each["value"] for each in (value if isinstance(value, list) else [value])) for value in column])
    values = column.astype(np.float64)
    return np.where(np.isnan(values), np.inf, -values if direction == "desc" else values)


def _plain(value: Any) -> Any:
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    return value
