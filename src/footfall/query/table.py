"""From sums to the figures of a report: its rows, in order, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from footfall.domain.report import Report
from footfall.query.catalogue import catalogue
from footfall.query.lacks import Ask, Lacks, aligned, lacking, presence
from footfall.query.metric import Column, Metric, Relation
from footfall.query.partial import REST, Key
from footfall.query.question import kept_dimensions

Row = tuple[Key, list[Any]]
"""The values of the dimensions, and of the metrics."""


OTHER = "(other)"
"""How the rest is called in answers; what marks it is `Page.others`."""


@dataclass(frozen=True, slots=True)
class Lack:
    """What a row may lack: on so many days it was not kept, with so many events at most."""

    days: int
    bound: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a report: how many there are in all if that is known, and which are not exact.

    `at_least` are by their number among the rows. The `others` count what has no row.
    """

    rows: Sequence[Row]
    total: int | None
    at_least: Mapping[int, Lack]
    others: Sequence[Row]
    days: int
    """Of which something has no row."""


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a report, and behind them what is known of the rest."""

    report: Report
    keys: Sequence[Key]
    columns: Mapping[str, Column]
    lacks: Lacks
    rest: Sequence[Key]
    ask: Ask

    def page(self) -> Page:
        """The rows asked for: as ordered, then by the dimensions, so that equal rows do not change places."""
        wanted = self._first(self.report.offset + self.report.limit)[self.report.offset :]
        at_least = {}
        for number, index in enumerate(wanted):
            if self.lacks.days[index]:
                at_least[number] = Lack(int(self.lacks.days[index]), int(self.lacks.bounds[index]))
        total = None if self.lacks.cut_days else len(self.keys)
        rows = [self._row(index) for index in wanted]
        return Page(rows, total, at_least, self._others(), self.lacks.cut_days)

    def lacking(self, keys: Sequence[Key]) -> set[Key]:
        """Which of some keys, also such as have no row, may lack something."""
        lacks = lacking(self.report, keys, self.ask)
        return {key for key, days in zip(keys, lacks.days, strict=True) if days}

    def rows(self) -> dict[Key, list[Any]]:
        """Every row by its dimensions."""
        return dict(self._row(index) for index in range(len(self.keys)))

    def _row(self, index: int) -> Row:
        values = [_plain(self.columns[name][index]) for name in self.report.metrics]
        if self.lacks.days[index]:
            values = [value if _grows(name) else None for name, value in zip(self.report.metrics, values, strict=True)]
        return self.keys[index], values

    def _others(self) -> list[Row]:
        """What has no row, by the dimension of time if there is one."""
        found = []
        for number, key in sorted(enumerate(self.rest), key=lambda each: each[1]):
            index = len(self.keys) + number
            values = [None if name in self.lacks.whole else _plain(self.columns[name][index]) for name in self.report.metrics]
            found.append((tuple(OTHER if text == REST else text for text in key), values))
        return found

    def _first(self, number: int) -> list[int]:
        """The first so many rows. Names are only compared among those that the leading metric leaves in question."""
        rows = len(self.keys)
        found = np.arange(rows)
        order = self.report.order_by
        if order and order[0][0] in self.columns and number < rows:
            leading = _sortable(self.columns[order[0][0]][:rows], order[0][1])
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
        for key in ask(source)[0].counted():
            index.setdefault(key, len(index))
    keys, rest = list(index), list[Key]()
    if any(ask(source)[0].marks for source in presence(report)):
        keys, rest = [key for key in index if REST not in key], [key for key in index if REST in key]
    if not report.dimensions:
        keys = [()]
    columns = {metric.name: metric.value(_sums(metric, report, [*keys, *rest], ask)) for metric in metrics}
    return Table(report, keys, columns, lacking(report, keys, ask), rest, ask)


def _sums(metric: Metric, report: Report, keys: Sequence[Key], ask: Ask) -> Mapping[str, Column]:
    found: dict[str, Column] = {}
    for name, each in metric.sums.items():
        partial, aggregates = ask(each.source)
        column = partial.sums[aggregates.index(each.sql)]
        kept = kept_dimensions(each.source, report)
        own = keys if len(kept) == len(report.dimensions) else [tuple(key[place] for place in kept) for key in keys]
        found[name] = _by_currency(partial.keys, column, own) if each.source.relation is Relation.REVENUE else aligned(partial.keys, column, own)
    return found


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


def _grows(name: str) -> bool:
    """Return whether a metric of a row that lacks days is a lower bound."""
    metric = catalogue()[name]
    return metric.count or metric.grows


def _plain(value: Any) -> Any:
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    return value
