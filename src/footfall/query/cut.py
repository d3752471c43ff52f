"""Days of very many values: the first of them, by all sources alike, and the rest as one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from footfall.domain.dimension import GOAL, is_time
from footfall.query.compiler import Span, compiled
from footfall.query.metric import Relation, Source
from footfall.query.partial import REST, Key, Partial, marked, partial
from footfall.query.question import Question
from footfall.store.port import Reading

EVERY = "count(*)"
"""The aggregate of events and of visits that values are ordered by."""

FIRST = """
WITH found AS MATERIALIZED (
    SELECT value, coalesce(e.number, 0) AS events, coalesce(v.number, 0) AS visits
    FROM {events} e FULL JOIN {visits} v USING (value))
SELECT value, events, (SELECT count(*) FROM found) FROM found
ORDER BY events DESC, visits DESC, value LIMIT {most}
"""


@dataclass(frozen=True, slots=True)
class First:
    """The values of a day that have rows of their own, and the events of the last of them."""

    values: Sequence[str]
    bound: int
    all: bool


def can_be_cut(question: Question) -> bool:
    """Return whether a question is of one dimension that may have very many values."""
    several = [name for name in question.dimensions if not is_time(name) and name != GOAL]
    return len(several) == len(question.dimensions) == 1


def first(group: Sequence[Question], day: date, reading: Reading, most: int) -> First:
    """Return the first values of what all questions of a group are by.

    Those of the most page views and custom events come first, then of the most visits, then
    by name.
    """
    parameters: dict[str, Any] = {}
    near = (day, day)
    found = []
    for source, prefix in ((Source.EVENTS, "e"), (Source.VISITS, "v")):
        question = replace(group[0], source=source)
        asked = compiled(question, Span(day, day), by_day=False, prefix=prefix)
        parameters |= asked.parameters
        near = min(near[0], asked.near[0]), max(near[1], asked.near[1])
        column = f"s{question.sums.index(EVERY)}"
        found.append(f"(SELECT d0 AS value, {column} AS number FROM ({asked.sql}))")
    sql = FIRST.format(events=found[0], visits=found[1], most=most)
    rows = reading.rows(sql, parameters, near)
    if not rows:
        return First((), 0, all=True)
    values = [value for value, _, _ in rows]
    return First(values, rows[-1][1], all=rows[0][2] <= most)


def taken(group: Sequence[Question], day: date, reading: Reading, of: First) -> Iterator[Partial]:
    """Give the sums of each question: of all first values, and of the rest as of one."""
    for question in group:
        if of.all:  # another source alone has more, which makes no rows
            asked = compiled(question, Span(day, day), by_day=False)
            yield partial(reading.columns(asked.sql, asked.parameters, asked.near), question.width)
            continue
        asked = compiled(question, Span(day, day), by_day=False, values=of.values)
        columns = reading.columns(asked.sql, asked.parameters, asked.near)
        found = partial(columns, question.width)
        keys = [tuple(REST if text is None else text for text in key) for key in found.keys]
        wanted: list[Key]
        if question.source.relation is Relation.REVENUE:  # by currency besides
            wanted = [key for key in keys if key[0] != REST]
            wanted += [key for key in keys if key[0] == REST]
        else:
            wanted = [*((value,) for value in of.values), (REST,)]
        index = {key: place for place, key in enumerate(keys)}
        places = np.array([index.get(key, -1) for key in wanted], dtype=np.intp)
        sums = [np.append(column, 0)[places] for column in found.sums]
        yield marked(Partial(wanted, sums), of.bound)
