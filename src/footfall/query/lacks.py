"""Which rows of a report may lack something, since days have more values than are kept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from footfall.domain.dimension import is_time
from footfall.domain.report import Report
from footfall.query.catalogue import catalogue
from footfall.query.metric import Column, Relation, Source
from footfall.query.partial import REST, Key, Marks, Partial
from footfall.query.question import kept_dimensions

Ask = Callable[[Source], tuple[Partial, tuple[str, ...]]]
"""The sums that a source comes to, and the aggregates that they are."""


@dataclass(frozen=True, slots=True)
class Lacks:
    """On how many days rows were not kept, and how many events they may lack.

    `cut_days` are those of whose values some have no row. The `whole` metrics are of sums
    that were not cut as others of the report were, so that nothing is known of their rest.
    """

    days: Column
    bounds: Column
    cut_days: int
    whole: frozenset[str]


def presence(report: Report) -> Sequence[Source]:
    """The sources of which one must have counted something for a row to be shown."""
    found = {source for name in report.metrics for source in catalogue()[name].presence}
    return sorted(found, key=lambda source: source.name)


def lacking(report: Report, keys: Sequence[Key], ask: Ask) -> Lacks:
    """Return what rows of a report may lack; keys may be of rows that there are not."""
    days = np.zeros(len(keys), np.int64)
    bounds = np.zeros(len(keys), np.int64)
    cut_days = 0
    uncut = []
    for source in sources(report):
        part, _ = ask(source)
        places = kept_dimensions(source, report)
        if part.marks is None:
            uncut.append(source)
            continue
        own = [tuple(key[place] for place in places) for key in keys]
        rest = [tuple(_rest(report, place, key[place]) for place in places) for key in keys]
        lacks = _less(_of(part, rest), _of(part, own))
        days, bounds = np.maximum(days, lacks.days), np.maximum(bounds, lacks.bounds)
        cut_days = max(cut_days, _cut_days(part))
    whole = frozenset(name for name in report.metrics if cut_days and _of_any(name, uncut))
    return Lacks(days, bounds, cut_days, whole)


def sources(report: Report) -> Iterator[Source]:
    """Give all sources by the report's dimensions that know which rows they have."""
    named = {each.source for name in report.metrics for each in catalogue()[name].sums.values()}
    for source in sorted({*named, *presence(report)}, key=lambda each: each.name):
        if source.relation is not Relation.REVENUE and kept_dimensions(source, report):
            yield source


def _of_any(metric: str, sources: Sequence[Source]) -> bool:
    return any(each.source in sources for each in catalogue()[metric].sums.values())


def _rest(report: Report, place: int, value: str) -> str:
    return value if is_time(report.dimensions[place]) else REST


def _of(part: Partial, keys: Sequence[Key]) -> Marks:
    marks = part.marks
    assert marks is not None
    return Marks(aligned(part.keys, marks.days, keys), aligned(part.keys, marks.bounds, keys))


def _less(all_: Marks, own: Marks) -> Marks:
    return Marks(all_.days - own.days, all_.bounds - own.bounds)


def _cut_days(part: Partial) -> int:
    assert part.marks is not None
    rest = np.array([REST in key for key in part.keys], dtype=bool)
    return int(part.marks.days[rest].sum())


def aligned(keys: Sequence[Key], column: Column, wanted: Sequence[Key]) -> Column:
    """The column in the order wanted, 0 where there is nothing."""
    if keys == wanted:
        return column
    index = {key: place for place, key in enumerate(keys)}
    places = np.array([index.get(key, -1) for key in wanted], dtype=np.intp)
    return np.append(column, 0)[places]
