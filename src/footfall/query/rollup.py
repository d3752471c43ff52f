"""Sums over many days: from the roll-ups of those that have not changed, from facts for the rest."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from footfall.domain.dimension import TIME_STEPS, WHOLE_DAYS
from footfall.domain.period import Period, bucket
from footfall.query.compiler import MOST_GROUPS, Span, compiled
from footfall.query.metric import Relation
from footfall.query.partial import Partial, by_day, merged, packed, partial, unpacked
from footfall.query.question import Question
from footfall.store.port import Reading, Rollups, StoreBroken

REMEMBERED_ROWS = 200_000
KEPT_ROWS = 50_000
"""A day of more rows is computed again rather than kept."""

DAYS = "SELECT day, version, trimmed FROM days WHERE site = $site AND day BETWEEN $first AND $last"

log = logging.getLogger(__name__)

Days = Mapping[date, int]
"""Days with facts and their versions."""


class TooCostly(Exception):
    """What was asked takes more than a question may; its text says what would take less."""


@dataclass(slots=True)
class Look:
    """One moment of a site's facts: its days' versions, those whose facts are gone, and which of them had to be left out."""

    reading: Reading
    today: date
    days: Days
    trimmed: Collection[date]
    left_out: set[date] = field(default_factory=set)


def look(reading: Reading, site: str, period: Period, today: date) -> Look:
    """What is to be known of a period before its sums are taken."""
    rows = reading.rows(DAYS, {"site": site, "first": period.first, "last": period.last})
    return Look(reading, today, {day: version for day, version, _ in rows}, {day for day, _, gone in rows if gone})


class Sums:
    """Answers questions; remembers what it merged of days that are over."""

    def __init__(self, rollups: Rollups | None) -> None:
        self._rollups = rollups
        self._lock = threading.Lock()
        self._merged: OrderedDict[Any, Partial] = OrderedDict()

    def over(self, question: Question, period: Period, at: Look) -> Partial:
        """The sums of a period; raises `TooCostly`."""
        if period.since or "time:minute" in question.dimensions:
            at.left_out.update(at.trimmed)
            span = Span(period.first, period.last, None, sorted(at.trimmed), period.since, period.until)
            return partial(self._columns(question, span, at, days=False), _width(question))
        return self._remembered(question, at.days, at, self._of_whole_days)

    def _of_whole_days(self, question: Question, days: Days, at: Look) -> Partial:
        """Of those that are over, which rarely change, and of those that are not."""
        ended = {day: version for day, version in days.items() if day < at.today}
        begun = {day: version for day, version in days.items() if day >= at.today}
        return merged([self._remembered(question, some, at, self._of_some) for some in (ended, begun) if some], len(question.sums))

    def roll_up(self, question: Question, at: Look) -> None:
        """Keep the sums of all days that are over and whose facts are there; raises `StoreBroken`."""
        days = {day: version for day, version in at.days.items() if day < at.today and day not in at.trimmed}
        if days and self._rollups:
            kept = self._rollups.versions(question.site, question.key, min(days), max(days))
            if missing := {day: version for day, version in days.items() if kept.get(day) != version}:
                self._keep(question, missing, self._taken(question, missing, at))

    def _remembered(self, question: Question, days: Days, at: Look, compute: Callable[[Question, Days, Look], Partial]) -> Partial:
        name = (question, compute.__name__, tuple(sorted(days.items())))
        with self._lock:
            if found := self._merged.get(name):
                self._merged.move_to_end(name)
                return found
        total = compute(question, days, at)
        if not at.left_out:
            self._remember(name, total)
        return total

    def _of_some(self, question: Question, days: Days, at: Look) -> Partial:
        stored = question.of_days
        parts = self._kept(stored, days, at)
        gone = {day for day in days if day in at.trimmed and day not in parts}
        at.left_out.update(gone)
        if missing := {day: version for day, version in days.items() if day not in parts and day not in gone}:
            taken = self._taken(stored, missing, at)
            parts |= taken
            try:
                self._keep(stored, {day: version for day, version in missing.items() if day < at.today}, taken)
            except StoreBroken as exc:
                log.error("%s; a roll-up is not kept", exc)
        return merged([_labelled(part, question, day) for day, part in parts.items()], len(question.sums))

    def _kept(self, question: Question, days: Days, at: Look) -> dict[date, Partial]:
        """Roll-ups that still hold. Those of days whose facts are gone always do."""
        if not self._rollups:
            return {}
        try:
            kept = self._rollups.get(question.site, question.key, min(days), max(days))
        except StoreBroken as exc:
            log.error("%s; reports are made from facts", exc)
            return {}
        return {day: unpacked(data) for day, (version, data) in kept.items() if days.get(day) == version or day in at.trimmed}

    def _taken(self, question: Question, days: Days, at: Look) -> dict[date, Partial]:
        """From facts, of each day."""
        first, last = min(days), max(days)
        scattered = len(days) < sum(first <= day <= last for day in at.days)
        columns = self._columns(question, Span(first, last, list(days) if scattered else None), at, days=True)
        nothing = merged([], len(question.sums))
        return dict.fromkeys(days, nothing) | by_day(columns, _width(question))

    def _keep(self, question: Question, days: Days, parts: Mapping[date, Partial]) -> None:
        if self._rollups and days:
            self._rollups.put(question.site, question.key, {day: (version, packed(parts[day])) for day, version in days.items() if len(parts[day].keys) <= KEPT_ROWS})

    def _columns(self, question: Question, span: Span, at: Look, *, days: bool) -> Mapping[str, Any]:
        asked = compiled(question, span, by_day=days)
        columns = at.reading.columns(asked.sql, asked.parameters)
        if len(next(iter(columns.values()))) > MOST_GROUPS:
            raise TooCostly(f"the report has more than {MOST_GROUPS:,} rows; ask for a shorter period, fewer dimensions or a filter")
        return columns

    def _remember(self, name: Any, total: Partial) -> None:
        with self._lock:
            self._merged[name] = total
            while sum(len(each.keys) for each in self._merged.values()) > REMEMBERED_ROWS or len(self._merged) > 2_000:
                self._merged.popitem(last=False)


def _width(question: Question) -> int:
    return len(question.dimensions) + (question.source.relation is Relation.REVENUE)


def _labelled(part: Partial, question: Question, day: date) -> Partial:
    """With the bucket that a day lies in, where the question asks for one."""
    for place, name in enumerate(question.dimensions):
        if name in WHOLE_DAYS:
            label = bucket(day, TIME_STEPS[name]).isoformat()
            return Partial([(*key[:place], label, *key[place:]) for key in part.keys], part.sums)
    return part
