"""Sums over many days: from the roll-ups of those that have not changed, from facts for the rest."""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np

from footfall.domain.dimension import GOAL, TIME_STEPS, WHOLE_DAYS
from footfall.domain.page import readable
from footfall.domain.period import Period, bucket
from footfall.domain.spelling import PATHS
from footfall.query import cut
from footfall.query.bounds import BOUNDS, Bounds
from footfall.query.compiler import Span, compiled
from footfall.query.metric import Column
from footfall.query.partial import REST, Marks, Partial, by_day, merged, packed, partial, unpacked
from footfall.query.question import Question
from footfall.store.port import NO_DAYS, Reading, Rollups, StoreBroken

REMEMBERED_ROWS = 200_000
REMEMBERED_FAILURES = 100
REMEMBERED_STRANGE = 10_000
"""Questions of strangers, of which a megabyte is remembered until the process ends."""

KEPT_ROWS = 50_000
"""A day of more rows is computed again rather than kept, unless its report is a standard one."""

DAYS_AT_ONCE = 92
"""What is taken of facts comes by day, so a year may be many more rows than the report has."""

DAYS = "SELECT day, version, trimmed FROM days WHERE site = $site AND day BETWEEN $first AND $last"

log = logging.getLogger(__name__)

Days = Mapping[date, int]
"""Days with facts and their versions."""


class TooCostly(Exception):
    """What was asked takes more than a question may; its text says what would take less."""


class TooMany(TooCostly):
    """The report has more rows than can be held at once."""

    def __init__(self, most: int) -> None:
        advice = "ask for a shorter period, fewer dimensions or a filter"
        super().__init__(f"the report has more than {most:,} rows; {advice}")


@dataclass(slots=True)
class Look:
    """One moment of a site's facts: its days' versions, those whose facts are gone, and which of them had to be left out."""

    reading: Reading
    today: date
    days: Days
    trimmed: Collection[date]
    left_out: set[date] = field(default_factory=set)
    stranger: bool = False
    """Whether the question is of somebody without a key of the site, whose sums are kept only the second time."""


def look(reading: Reading, site: str, period: Period, today: date) -> Look:
    """What is to be known of a period before its sums are taken."""
    rows = reading.rows(DAYS, {"site": site, "first": period.first, "last": period.last}, NO_DAYS)
    return Look(reading, today, {day: version for day, version, _ in rows}, {day for day, _, gone in rows if gone})


class Sums:
    """Answers questions; remembers what it merged of days that are over."""

    def __init__(self, rollups: Rollups | None, bounds: Bounds = BOUNDS) -> None:
        self._rollups = rollups
        self._bounds = bounds
        self._lock = threading.Lock()
        self._merged: OrderedDict[Any, Partial] = OrderedDict()
        self._too_many: deque[Any] = deque(maxlen=REMEMBERED_FAILURES)
        self._once: OrderedDict[bytes, None] = OrderedDict()

    def over(self, question: Question, period: Period, at: Look) -> Partial:
        """The sums of a period; raises `TooCostly`."""
        if period.since or "time:minute" in question.dimensions:
            at.left_out.update(at.trimmed)
            span = Span(period.first, period.last, None, sorted(at.trimmed), period.since, period.until)
            columns = self._columns(question, span, at, days=False)
            return self._total([partial(columns, question.width)], question)
        return self._remembered(question, at.days, at, self._of_whole_days)

    def gone(self, question: Question, period: Period, at: Look) -> Partial:
        """What is kept of the days of a period whose facts are gone; raises `TooCostly`."""
        if not at.trimmed:
            return merged([], len(question.sums))
        if period.since or "time:minute" in question.dimensions:
            at.left_out.update(at.trimmed)
            return merged([], len(question.sums))
        days = {day: version for day, version in at.days.items() if day in at.trimmed}
        return self._of_some(question, days, at)

    def _of_whole_days(self, question: Question, days: Days, at: Look) -> Partial:
        """Of those that are over, which rarely change, and of those that are not."""
        ended = {day: version for day, version in days.items() if day < at.today}
        begun = {day: version for day, version in days.items() if day >= at.today}
        parts = (self._remembered(question, some, at, self._of_some) for some in (ended, begun) if some)
        return self._total(parts, question)

    def roll_up(self, group: Sequence[Question], at: Look) -> set[date]:
        """Keep the sums of all days that are over and whose facts are there.

        The group is of questions by the same dimensions. Returns the days of which it keeps
        only the first values. Raises `StoreBroken`, `NoMemory` and `TooCostly`.
        """
        days = {day: version for day, version in at.days.items() if day < at.today and day not in at.trimmed}
        if not days or not self._rollups:
            return set()
        lacking: dict[Question, frozenset[date]] = {}
        large: set[date] = set()
        most = self._bounds.values if cut.can_be_cut(group[0]) else self._bounds.groups
        for question in group:
            own = {one: self._lacking(one, days) for one in question.kept_as}
            lacking |= own
            for one, parts in self._taken(own, days, at, large):
                large |= {day for day, part in parts.items() if len(part.keys) > most}
                self._keep(one, days, parts, most)
        # Those that have a roll-up come first: as long as one lacks it, the day is cut again.
        ordered = sorted(group, key=lambda one: len(large & lacking.get(one, frozenset())))
        return {day for day in sorted(large) if self._cut(ordered, day, days[day], at)}

    def _lacking(self, question: Question, days: Days) -> frozenset[date]:
        """Return the days of which a question has no roll-up that holds."""
        if not self._rollups:
            return frozenset(days)
        kept = self._rollups.versions(question.site, question.key, min(days), max(days))
        return frozenset(day for day, version in days.items() if kept.get(day) != version)

    def _cut(self, group: Sequence[Question], day: date, version: int, at: Look) -> bool:
        """Keep the first values of a day, the same of all questions."""
        if not self._rollups:
            return False
        found = cut.first(group, day, at.reading, self._bounds.values)
        for one, part in zip(group, cut.taken(group, day, at.reading, found), strict=True):
            self._rollups.put(one.site, one.key, {day: (version, packed(part))})
        return not found.all

    def _remembered(self, question: Question, days: Days, at: Look, compute: Callable[[Question, Days, Look], Partial]) -> Partial:
        name = (question, compute.__name__, tuple(sorted(days.items())))
        with self._lock:
            if found := self._merged.get(name):
                self._merged.move_to_end(name)
                return found
            if name in self._too_many:
                raise TooMany(self._bounds.groups)
        try:
            total = compute(question, days, at)
        except TooMany:
            self._too_many.append(name)
            raise
        if not at.left_out:
            self._remember(name, total)
        return total

    def _of_some(self, question: Question, days: Days, at: Look) -> Partial:
        return self._total(self._parts(question, days, at), question)

    def _parts(self, question: Question, days: Days, at: Look) -> Iterator[Partial]:
        """Of each day and goal."""
        lacking = {}
        cut_short: set[tuple[Question, date]] = set()
        for one in question.kept_as:
            held = set()
            for day, data in self._kept(one, days, at).items():
                part = unpacked(data)
                if part.marks is None or day in at.trimmed:
                    held.add(day)
                    yield _shown(part, question, day, at)
                else:
                    cut_short.add((one, day))
            gone = {day for day in days if day in at.trimmed and day not in held}
            at.left_out.update(gone)
            lacking[one] = frozenset(days.keys() - held - gone)
        for one, parts in self._taken(lacking, days, at):
            try:
                if not at.stranger or self._asked_before(one):
                    ended = {day: version for day, version in days.items() if day < at.today and (one, day) not in cut_short}
                    self._keep(one, ended, parts, KEPT_ROWS, on_demand=True)
            except StoreBroken as exc:
                log.error("%s; a roll-up is not kept", exc)
            yield from (_labelled(part, question, day) for day, part in parts.items())

    def _kept(self, question: Question, days: Days, at: Look) -> Mapping[date, bytes]:
        """Roll-ups that still hold. Those of days whose facts are gone always do."""
        if not self._rollups:
            return {}
        try:
            kept = self._rollups.get(question.site, question.key, min(days), max(days))
        except StoreBroken as exc:
            log.error("%s; reports are made from facts", exc)
            return {}
        return {day: data for day, (version, data) in kept.items() if days.get(day) == version or day in at.trimmed}

    def _taken(
        self,
        lacking: Mapping[Question, frozenset[date]],
        days: Days,
        at: Look,
        large: set[date] | None = None,
    ) -> Iterator[tuple[Question, Mapping[date, Partial]]]:
        """What questions lack, from facts: those that lack the same days together, some days at once.

        Days of too many rows are added to `large`, or raise `TooMany`.
        """
        together: dict[frozenset[date], list[Question]] = {}
        for one, missing in lacking.items():
            if missing:
                together.setdefault(missing, []).append(one)
        for missing, ones in together.items():
            ordered = sorted(missing)
            for start in range(0, len(ordered), DAYS_AT_ONCE):
                yield from self._read(ones, ordered[start : start + DAYS_AT_ONCE], at, large)

    def _read(
        self,
        ones: Sequence[Question],
        days: Sequence[date],
        at: Look,
        large: set[date] | None,
    ) -> Iterator[tuple[Question, Mapping[date, Partial]]]:
        """Of each question and day. Days that make too many rows together are read in halves."""
        whole = replace(ones[0], listed=tuple(goal for one in ones for goal in one.listed))
        scattered = len(days) < sum(days[0] <= day <= days[-1] for day in at.days)
        columns = self._columns(whole, Span(days[0], days[-1], days if scattered else None), at, days=True)
        if _rows(columns) > self._bounds.groups:
            if len(days) == 1:
                if large is None:
                    raise TooMany(self._bounds.groups)
                large.update(days)
                return
            for half in (days[: len(days) // 2], days[len(days) // 2 :]):
                yield from self._read(ones, half, at, large)
            return
        nothing = merged([], len(whole.sums))
        for one in ones:
            own = columns
            if one.listed and len(ones) > 1:
                chosen = columns[f"d{one.dimensions.index(GOAL)}"] == one.listed[0].name
                own = {name: column[chosen] for name, column in columns.items()}
            yield one, dict.fromkeys(days, nothing) | by_day(own, one.width)

    def _keep(self, question: Question, days: Days, parts: Mapping[date, Partial], most: int, *, on_demand: bool = False) -> None:
        small = {day: (days[day], packed(part)) for day, part in parts.items() if day in days and len(part.keys) <= most}
        if self._rollups and small:
            self._rollups.put(question.site, question.key, small, on_demand=on_demand)

    def _asked_before(self, question: Question) -> bool:
        """Return whether a stranger's question came already, as far as that is remembered."""
        name = sha256(question.site.encode() + b"\0" + question.key).digest()
        with self._lock:
            known = name in self._once
            self._once[name] = None
            self._once.move_to_end(name)
            if len(self._once) > REMEMBERED_STRANGE:
                self._once.popitem(last=False)
        return known

    def _columns(self, question: Question, span: Span, at: Look, *, days: bool) -> Mapping[str, Column]:
        asked = compiled(question, span, by_day=days, most=self._bounds.groups + 1)
        return at.reading.columns(asked.sql, asked.parameters, asked.near)

    def _total(self, parts: Iterable[Partial], question: Question) -> Partial:
        """The sum of parts, of which not too many are held at once; raises `TooCostly`."""
        held: list[Partial] = []
        for part in parts:
            held.append(part)
            if sum(len(each.keys) for each in held) > 2 * self._bounds.groups:
                held = [self._checked(merged(held, len(question.sums)))]
        return self._checked(merged(held, len(question.sums)))

    def _checked(self, part: Partial) -> Partial:
        if len(part.keys) > self._bounds.groups:
            raise TooMany(self._bounds.groups)
        return part

    def _remember(self, name: Any, total: Partial) -> None:
        with self._lock:
            self._merged[name] = total
            while sum(len(each.keys) for each in self._merged.values()) > REMEMBERED_ROWS or len(self._merged) > 2_000:
                self._merged.popitem(last=False)


def _rows(columns: Mapping[str, Column]) -> int:
    return len(next(iter(columns.values())))


def _shown(part: Partial, question: Question, day: date, at: Look) -> Partial:
    """A roll-up as part of a question's answer."""
    part = _labelled(part, question, day)
    return _spelled(part, question) if day in at.trimmed else part


def _spelled(part: Partial, question: Question) -> Partial:
    """With pages as they are spelled now, also those of facts that went before they were."""
    kept = [name for name in question.dimensions if name not in WHOLE_DAYS]
    places = [place for place, name in enumerate(kept) if name in PATHS]
    if not any("%" in key[place] for place in places for key in part.keys):
        return part
    keys = [tuple(readable(text) if place in places and text != REST else text for place, text in enumerate(key)) for key in part.keys]
    nothing = merged([], len(part.sums))
    found = merged([replace(part, keys=keys), nothing], len(part.sums))
    if found.marks is None or part.marks is None:
        return found
    bounds = np.minimum(found.marks.bounds, part.marks.bounds.max())
    return replace(found, marks=Marks(np.minimum(found.marks.days, 1), bounds))


def _labelled(part: Partial, question: Question, day: date) -> Partial:
    """With the bucket that a day lies in, where the question asks for one."""
    for place, name in enumerate(question.dimensions):
        if name in WHOLE_DAYS:
            label = bucket(day, TIME_STEPS[name]).isoformat()
            return replace(part, keys=[(*key[:place], label, *key[place:]) for key in part.keys])
    return part
