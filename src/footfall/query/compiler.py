"""From a question to SQL with parameters, over the relations `events` and `visits`.

Rows are the day (when asked for by day), the dimensions, and the sums. A visit belongs to the
day it started; every sum adds up over days, since a visitor lives one day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from footfall.domain.dimension import GOAL, TIME_STEPS, of_events
from footfall.domain.filter import tests
from footfall.domain.period import Step
from footfall.query.condition import Conditions, Place, kinds, needs_visit
from footfall.query.metric import Relation, Source
from footfall.query.question import Question
from footfall.store.port import Stretch

SPILL = timedelta(days=2)
"""A visit lasts a day at most, so what it saw lies within this of its start."""

FORMATS: dict[Step, str] = {"minute": "%Y-%m-%d %H:%M:00", "hour": "%Y-%m-%d %H:00:00"}
ENTRY = {"event:page": "v.entry_page", "event:hostname": "v.hostname"}
EXIT = {"event:page": "v.exit_page", "event:hostname": "v.exit_hostname"}
VIEW = {"visit:exit_page": "CASE WHEN e.kind = 'pageview' THEN e.page END"}


@dataclass(frozen=True, slots=True)
class Span:
    """Whole local days, both included, of which only `only` when given, and none of `without`; of these what lies between two instants when given."""

    first: date
    last: date
    only: Sequence[date] | None = None
    without: Sequence[date] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL, its parameters, and the days whose facts it takes."""

    sql: str
    parameters: Mapping[str, Any]
    near: Stretch


def compiled(
    question: Question,
    span: Span,
    *,
    by_day: bool,
    most: int | None = None,
    prefix: str = "p",
    values: Sequence[str] | None = None,
) -> Compiled:
    """The SQL of a question over a span: its rows, or the first `most`.

    `prefix` begins the names of parameters. Of a single dimension only some `values` may have
    rows of their own; all others are one then, whose key is null.
    """
    spare = SPILL if span.since else timedelta(0)
    days = (span.first - spare - SPILL, span.last + spare + SPILL)
    conditions = Conditions(question.site, question.goals, days, prefix)
    some = None if values is None else conditions.bind(list(values))
    builder = _Builder(question, span, conditions, by_day, some)
    parts = {Relation.VISITS: builder.visits, Relation.ENGAGEMENT: builder.engagement}
    sql = parts.get(question.source.relation, builder.events)()
    limit = f" LIMIT {most}" if most else ""
    return Compiled(f"{sql} GROUP BY ALL{limit}", conditions.parameters, conditions.days)


@dataclass(frozen=True, slots=True)
class _Builder:
    question: Question
    span: Span
    conditions: Conditions
    by_day: bool
    values: str | None

    def events(self) -> str:
        """What happened; few dimensions need the row of the visit that an event belongs to."""
        asked = self.question
        instead = VIEW if asked.source is Source.VIEWED else {}
        joined = needs_visit(asked.filters, asked.dimensions, instead)
        place = Place(event=True, visit=joined, instead=instead)
        where = [self._within("e", "time"), kinds(), self.conditions.passes(asked.filters, place)]
        keys = [self._time("e", "time") if name in TIME_STEPS else self._key(name, place) for name in asked.dimensions]
        if asked.source.relation is Relation.REVENUE:
            keys.append("e.currency")
            where.append("e.amount IS NOT NULL")
        join = f" LEFT{self.conditions.visits_beside()}" if joined else ""
        return self._sums("e", keys, f"events e{join}{self._goals(where)} WHERE {' AND '.join(where)}")

    def visits(self) -> str:
        """Visits that started: those which pass, or which contain an event that passes, once for every value it has."""
        asked = self.question
        instead = {Source.ENTERED: ENTRY, Source.LEFT: EXIT}.get(asked.source, {})
        visits = self._with_exit_hostname() if instead is EXIT and self._speaks_of("event:hostname") else "visits"
        where = [self._within("v", "start"), *(f"{column} IS NOT NULL" for column in instead.values() if column != "v.exit_hostname")]
        if self._speaks_of_events(instead):
            source = f"({self._seen(instead, visits)}) s JOIN {visits} v ON v.visit = s.visit"
        else:
            source = f"{visits} v"
            where.append(self.conditions.passes(asked.filters, Place(visit=True, instead=instead)))
        return self._sums("v", self._visit_keys(instead), f"{source} WHERE {' AND '.join(where)}")

    def engagement(self) -> str:
        """Time and scroll of visits that started; on the pages at which an event passes, where events are spoken of."""
        where, near = [self._within("v", "start")], self.conditions.near("g")
        of_visit = f"SELECT g.visit{{}}, sum(g.engaged) AS engaged, max(g.scroll) AS deepest FROM {{}} WHERE {near} AND g.kind = 'engagement' GROUP BY ALL"
        if self._speaks_of_events({}):
            keys = "".join(f", p.k{index}" for index, name in enumerate(self.question.dimensions) if of_events(name))
            at = "g.visit = p.visit AND g.hostname = p.hostname AND g.page = p.page"
            inner = of_visit.format(keys, f"({self._seen({}, 'visits', ('e.hostname', 'e.page'))}) p JOIN events g ON {at}")
        else:
            inner = of_visit.format("", "events g")
            where.append(self.conditions.passes(self.question.filters, Place(visit=True)))
        return self._sums("v", self._visit_keys({}), f"({inner}) s JOIN visits v ON v.visit = s.visit WHERE {' AND '.join(where)}")

    def _seen(self, instead: Mapping[str, str], visits: str, more: Sequence[str] = ()) -> str:
        """Visits with an event that passes, and the values of the dimensions of events that it has."""
        asked = self.question
        joined = bool(instead) or needs_visit(asked.filters)
        place = Place(event=True, visit=joined, instead=instead)
        where = [self.conditions.near("e"), kinds(asked.filters, *asked.dimensions), self.conditions.passes(asked.filters, place)]
        keys = [f"{self._key(name, place)} AS k{index}" for index, name in enumerate(asked.dimensions) if of_events(name) and name not in instead]
        join = self.conditions.visits_beside(visits) if joined else ""
        return f"SELECT DISTINCT {', '.join(['e.visit', *more, *keys])} FROM events e{join}{self._goals(where)} WHERE {' AND '.join(where)}"

    def _visit_keys(self, instead: Mapping[str, str]) -> list[str]:
        place = Place(visit=True, instead=instead)
        return [
            self._time("v", "start") if name in TIME_STEPS
            else f"s.k{index}" if of_events(name) and name not in instead
            else self._key(name, place)
            for index, name in enumerate(self.question.dimensions)
        ]  # fmt: skip

    def _key(self, name: str, place: Place) -> str:
        value = self.conditions.dimension(name, place)
        if self.values is None:
            return value
        own = f"SELECT unnest(CAST({self.values} AS VARCHAR[]))"
        return f"CASE WHEN {value} IN ({own}) THEN {value} END"

    def _goals(self, where: list[str]) -> str:
        """A row for every goal that an event reaches."""
        if GOAL not in self.question.dimensions:
            return ""
        where.append("g.goal IS NOT NULL")
        bind = self.conditions.bind
        reached = ", ".join(f"CASE WHEN {self.conditions.reaches(goal)} THEN {bind(goal.name)} END" for goal in self.question.listed)
        return f", unnest(CAST([{reached}] AS VARCHAR[])) AS g(goal)"

    def _with_exit_hostname(self) -> str:
        last = f"SELECT e.visit, arg_max(e.hostname, (e.time, e.id)) AS exit_hostname FROM events e WHERE {self.conditions.near('e')} AND e.kind = 'pageview' GROUP BY e.visit"
        return f"(SELECT v.*, x.exit_hostname FROM visits v JOIN ({last}) x USING (visit))"

    def _speaks_of(self, name: str) -> bool:
        return name in self.question.dimensions or any(test.dimension == name for test in tests(self.question.filters))

    def _speaks_of_events(self, instead: Mapping[str, str]) -> bool:
        spoken = {*self.question.dimensions, *(test.dimension for test in tests(self.question.filters))}
        return any(of_events(name) and name not in instead for name in spoken)

    def _sums(self, alias: str, keys: Sequence[str], source: str) -> str:
        day = [f"{alias}.day AS day"] if self.by_day else []
        shown = [f"{key} AS d{index}" for index, key in enumerate(keys)]
        whole = "VARCHAR" if self.question.source.relation is Relation.REVENUE else "BIGINT"
        sums = [f"CAST({sql} AS {whole}) AS s{index}" for index, sql in enumerate(self.question.sums)]
        return f"SELECT {', '.join([*day, *shown, *sums])} FROM {source}"

    def _time(self, alias: str, column: str) -> str:
        step = next(TIME_STEPS[name] for name in self.question.dimensions if name in TIME_STEPS)
        if step == "day":
            return f"CAST({alias}.day AS VARCHAR)"
        if step in FORMATS:
            return f"strftime({alias}.{column} + to_seconds({alias}.utc_offset), '{FORMATS[step]}')"
        return f"CAST(CAST(date_trunc('{step}', {alias}.day) AS DATE) AS VARCHAR)"

    def _within(self, alias: str, column: str) -> str:
        bind, span = self.conditions.bind, self.span
        site = f"{alias}.site = {bind(self.question.site)}"
        if span.without:
            site += f" AND {alias}.day NOT IN ({', '.join(map(bind, span.without))})"
        if span.since is None or span.until is None:
            only = f" AND {alias}.day IN ({', '.join(map(bind, span.only))})" if span.only else ""
            return f"{site} AND {alias}.day BETWEEN {bind(span.first)} AND {bind(span.last)}{only}"
        # Local days differ from the zone of today where the zone was changed: days to either side.
        days = f"{alias}.day BETWEEN {bind(span.first - SPILL)} AND {bind(span.last + SPILL)}"
        instants = [bind(each.replace(tzinfo=None)) for each in (span.since, span.until)]
        return f"{site} AND {days} AND {alias}.{column} >= {instants[0]} AND {alias}.{column} < {instants[1]}"
