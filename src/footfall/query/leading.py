"""Reports of more rows than can be held: ordered and cut in SQL, over facts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from footfall.domain.goal import Goal
from footfall.domain.period import Period
from footfall.domain.report import Report
from footfall.query.catalogue import catalogue
from footfall.query.compiler import Span, compiled
from footfall.query.lacks import Ask, presence
from footfall.query.metric import Relation, Source
from footfall.query.partial import REST, Key, Marks, Partial, merged, partial
from footfall.query.question import Question, kept_dimensions, question
from footfall.query.rollup import Look, Sums, TooCostly
from footfall.query.table import Page, Table, table


@dataclass(frozen=True, slots=True)
class Leading:
    """The rows of a report that lead in its order, at one moment."""

    report: Report
    goals: tuple[Goal, ...]
    sums: Sums
    period: Period
    at: Look

    def page(self) -> Page:
        """Return the rows asked for; raises `TooMany`."""
        keys, total = self._keys()
        found = self.table(keys).page()
        rows = found.rows if keys else []
        return replace(found, rows=rows, total=total if found.total is not None else None)

    def _keys(self) -> tuple[list[Key], int]:
        present = presence(self.report)
        statement = _Statement(self)
        relations = [statement.relation(self._question(source)) for source in present]
        names = _names(len(self.report.dimensions))
        joined = f"{relations[0]} q0"
        for number, relation in enumerate(relations[1:], 1):
            joined += f" FULL JOIN {relation} q{number} USING ({names})"
        sql = f"""
            WITH found AS MATERIALIZED (SELECT {names}, {self._places(present)} FROM {joined}),
            page AS (
                FROM found ORDER BY {self._order()}
                LIMIT {self.report.limit} OFFSET {self.report.offset})
            SELECT total, {names} FROM (SELECT count(*) AS total FROM found) LEFT JOIN page ON true
        """
        rows = self.at.reading.rows(sql, statement.parameters, statement.near)
        keys = [key for _, *key in rows if key[0] is not None]
        return list(map(tuple, keys)), rows[0][0]

    def _places(self, present: Sequence[Source]) -> str:
        """Return what rows are ordered by: `o0`, `o1` and so on."""
        places = []
        for index, (name, _) in enumerate(self.report.order_by):
            places.append(f"{self._place(name, present)} AS o{index}")
        return ", ".join(places) or "0 AS o"

    def _place(self, name: str, present: Sequence[Source]) -> str:
        if name in self.report.dimensions:
            return f"d{self.report.dimensions.index(name)}"
        metric = catalogue()[name]
        if not metric.count:
            counts = [each.name for each in catalogue().values() if each.count]
            advice = f"order it by {', '.join(counts)}, or ask for a filter"
            raise TooCostly(f"the report has too many rows to order it by {name}; {advice}")
        (counted,) = metric.sums.values()
        column = self._question(counted.source).sums.index(counted.sql)
        return f"coalesce(q{present.index(counted.source)}.s{column}, 0)"

    def _order(self) -> str:
        asked = [f"o{index} {way}" for index, (_, way) in enumerate(self.report.order_by)]
        return ", ".join([*asked, _names(len(self.report.dimensions))])

    def table(self, keys: Sequence[Key]) -> Table:
        """Return the rows that there are of some values of the dimensions."""
        return table(replace(self.report, offset=0), self.asking(keys))

    def asking(self, keys: Sequence[Key]) -> Ask:
        """Return how the sums of some values of the dimensions are asked for."""
        answers: dict[Question, Partial] = {}

        def ask(source: Source) -> tuple[Partial, tuple[str, ...]]:
            asked = self._question(source)
            if asked not in answers:
                answers[asked] = self._of_keys(asked, source, keys)
            return answers[asked], asked.sums

        return ask

    def _of_keys(self, asked: Question, source: Source, keys: Sequence[Key]) -> Partial:
        """Return the sums of some values of the dimensions."""
        places = kept_dimensions(source, self.report)
        if not places:
            return self.sums.over(asked, self.period, self.at)
        wanted = {tuple(key[place] for place in places) for key in keys}
        gone = self.sums.gone(asked, self.period, self.at)
        found = self._some(asked, wanted)
        return found if gone.marks is None else _with_marks(found, gone, wanted)

    def _some(self, asked: Question, wanted: Collection[Key]) -> Partial:
        if not wanted:
            return merged([], len(asked.sums))
        statement = _Statement(self)
        relation = statement.relation(asked)
        columns = list(map(list, zip(*wanted, strict=True)))
        chosen = statement.listed("VARCHAR", "d", columns)
        sql = f"FROM {relation} SEMI JOIN (SELECT {chosen}) USING ({_names(len(columns))})"
        found = self.at.reading.columns(sql, statement.parameters, statement.near)
        return partial(found, asked.width)

    def _question(self, source: Source) -> Question:
        return question(self.report, self.goals, source)


class _Statement:
    """Relations of a period's sums, and their parameters."""

    def __init__(self, of: Leading) -> None:
        self._of = of
        self.parameters: dict[str, Any] = {}
        self.near = (of.period.first, of.period.last)

    def relation(self, asked: Question) -> str:
        """Return a relation of the sums of facts, and of days whose facts are gone."""
        period, at = self._of.period, self._of.at
        without = sorted(at.trimmed)
        span = Span(period.first, period.last, None, without, period.since, period.until)
        part = compiled(asked, span, by_day=False, prefix=f"p{len(self.parameters)}_", most=None)
        self.parameters |= part.parameters
        self.near = min(self.near[0], part.near[0]), max(self.near[1], part.near[1])
        gone = _rows(self._of.sums.gone(asked, period, at))
        if not gone.keys:
            return f"({part.sql})"
        dimensions = list(map(list, zip(*gone.keys, strict=True)))
        sums = [[str(value) for value in column.tolist()] for column in gone.sums]
        kind, whole = "BIGINT", "BIGINT"
        if asked.source.relation is Relation.REVENUE:
            kind, whole = "VARCHAR", "HUGEINT"
        kept = f"{self.listed('VARCHAR', 'd', dimensions)}, {self.listed(kind, 's', sums)}"
        names = _names(asked.width)
        totals = ", ".join(f"CAST(sum(CAST(s{index} AS {whole})) AS {kind}) AS s{index}" for index in range(len(sums)))
        both = f"{part.sql} UNION ALL SELECT {kept}"
        return f"(SELECT {names}, {totals} FROM ({both}) GROUP BY {names})"

    def listed(self, kind: str, letter: str, columns: Sequence[Sequence[Any]]) -> str:
        """Return columns of values, named by a letter and their number."""
        found = []
        for index, column in enumerate(columns):
            name = f"l{len(self.parameters)}"
            self.parameters[name] = column
            found.append(f"unnest(CAST(${name} AS {kind}[])) AS {letter}{index}")
        return ", ".join(found)


def _rows(of: Partial) -> Partial:
    """Return what has rows of its own."""
    if of.marks is None:
        return of
    rows = {key for key in of.counted() if REST not in key}
    places = [place for place, key in enumerate(of.keys) if key in rows]
    return Partial([of.keys[place] for place in places], [column[places] for column in of.sums])


def _with_marks(found: Partial, gone: Partial, wanted: Collection[Key]) -> Partial:
    """Return sums with the marks and the rest of days whose facts are gone."""
    assert gone.marks is not None
    places = [place for place, key in enumerate(gone.keys) if key in wanted or REST in key]
    keys = [gone.keys[place] for place in places]
    rest = np.array([REST in key for key in keys], dtype=bool)
    sums = [np.where(rest, column[places], 0) for column in gone.sums]
    marks = Marks(gone.marks.days[places], gone.marks.bounds[places])
    return merged([found, Partial(keys, sums, marks)], len(found.sums))


def _names(number: int) -> str:
    return ", ".join(f"d{index}" for index in range(number))
