"""The original's API: page views per URL by `YEAR:2017` to `MINUTE:2017-08-25T13:33`."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import Any, NamedTuple

from footfall.domain.page import canonical, readable
from footfall.domain.site import Site
from footfall.query.answer import version
from footfall.query.bounds import MOST_GROUPS
from footfall.query.limit import Limit
from footfall.query.rollup import TooCostly
from footfall.query.views import DAY, HOUR, LOCAL, SELECT, URL, Counts, Step, add, kept, taken
from footfall.store.port import NO_DAYS, Facts, Reading, Rollups, StoreBroken

STEPS = ("YEAR", "MONTH", "DATE", "HOUR", "MINUTE")
PARSED = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M")
SHAPES = (r"\d{4}", r"\d{4}-\d\d", r"\d{4}-\d\d-\d\d", r"\d{4}-\d\d-\d\dT\d\d", r"\d{4}-\d\d-\d\dT\d\d:\d\d")
EXAMPLES = "YEAR:2017, MONTH:2017-08, DATE:2017-08-25, HOUR:2017-08-25T13, MINUTE:2017-08-25T13:33"

WITHIN = f"list_contains($days, day) AND {LOCAL} >= $start AND {LOCAL} < $end AND ($url IS NULL OR {URL} IN ($url, $shown))"
DAYS = "SELECT day, version, coalesce(trimmed, false) FROM days WHERE site = ? AND day BETWEEN ? AND ? ORDER BY day"

Row = Mapping[str, Any]

log = logging.getLogger(__name__)


class NotADate(ValueError):
    """What was given is no date of the original's; the text says what would be."""


class Original:
    """The two calls, from facts and, of days that are over, roll-ups. Both raise `NotADate` and, here and when they are answered, `TooCostly` and `GoneAway`."""

    def __init__(self, facts: Facts, rollups: Rollups | None = None) -> None:
        self._facts = facts
        self._rollups = rollups

    def ranking(self, site: Site, date: str, limit: Limit | None = None) -> AbstractContextManager["Views"]:
        """Page views and latest title per URL, most viewed first."""
        index, start, end = _span(date)
        step = {"HOUR": HOUR, "MINUTE": None}.get(STEPS[index], DAY)
        return self._views(site, Asked("''", None, start, end, step, lambda _, hour: "" if step is DAY or hour == f"{start:%H}" else None), _ranked, limit)

    def series(self, site: Site, date: str, url: str | None, limit: Limit | None = None) -> AbstractContextManager["Views"]:
        """Page views per URL, or of one, a step finer than the date asked for."""
        index, start, end = _span(date)
        finer = min(index + 1, len(STEPS) - 1)
        form = f"{STEPS[finer]}:{PARSED[finer]}"
        step = {"MONTH": DAY, "DATE": DAY, "HOUR": HOUR}.get(STEPS[finer])
        named = None if url is None else canonical(url)
        asked = Asked(f"strftime({LOCAL}, '{form}')", named, start, end, step, lambda day, hour: f"{datetime(day.year, day.month, day.day, int(hour or 0)):{form}}")
        return self._views(site, asked, _in_time, limit)

    @contextmanager
    def _views(self, site: Site, asked: "Asked", rows: "Rows", limit: Limit | None) -> Iterator["Views"]:
        near = asked.start.date(), (asked.end - timedelta(microseconds=1)).date()
        with self._facts.reading(site.id) as reading, (limit or Limit()).over(reading):
            days = {day: (version, gone) for day, version, gone in reading.rows(DAYS, [site.id, *near], NO_DAYS)}
            yield Views(site.id, asked, rows, days, reading, self._rollups)


class Asked(NamedTuple):
    """What is counted: under which label, in SQL, and of which URL or all; from when to when; by which step roll-ups tell it, and the label of what these tell of a day and an hour."""

    label: str
    url: str | None
    start: datetime
    end: datetime
    step: Step | None
    label_of: Callable[[date, str], str | None]


class Views:
    """A call at one moment."""

    def __init__(self, site: str, asked: Asked, rows: "Rows", days: Mapping[date, tuple[int, bool]], reading: Reading, rollups: Rollups | None) -> None:
        self._site = site
        self._asked = asked
        self._rows = rows
        self._days = days
        self._reading = reading
        self._rollups = rollups

    @cached_property
    def _kept(self) -> Mapping[date, Counts]:
        if self._rollups is None or self._asked.step is None:
            return {}
        try:
            return kept(self._rollups, self._asked.step, self._site, self._days)
        except StoreBroken as exc:
            log.error("%s; page views are counted from facts", exc)
            return {}

    @property
    def left_out(self) -> int:
        """Days whose facts are gone, and which are not counted."""
        return sum(gone and day not in self._kept for day, (_, gone) in self._days.items())

    @property
    def tag(self) -> str:
        """Equal for equal answers: it names the call and the versions of all days asked about."""
        return version(self._site, self._asked[:4], self._rows.__name__, sorted(self._days.items()), self.left_out)

    def answer(self) -> list[Row]:
        """The rows."""
        counts = Counts()
        for day, held in self._kept.items():
            url = self._asked.url
            some = held if url is None else {key: count for key, count in held.items() if key[1] == url}
            add(counts, some, partial(self._asked.label_of, day))
            _check(counts)
        lacking = sorted(day for day, (_, gone) in self._days.items() if not gone and day not in self._kept)
        if lacking:
            shown = self._asked.url and readable(self._asked.url)
            given = {"site": self._site, "shown": shown, "days": lacking, "first": lacking[0], "last": lacking[-1], "most": MOST_GROUPS + 1, **self._asked._asdict()}
            sql = SELECT.format(label=self._asked.label, where=WITHIN)
            add(counts, taken(self._reading.rows(sql, {name: value for name, value in given.items() if f"${name}" in sql}, (lacking[0], lacking[-1]))))
        _check(counts)
        return self._rows(counts)


Rows = Callable[[Counts], list[Row]]


def _ranked(counts: Counts) -> list[Row]:
    return [{"name": count.name, "url": url, "value": count.value} for (_, url), count in sorted(counts.items(), key=lambda each: (-each[1].value, each[0][1]))]


def _in_time(counts: Counts) -> list[Row]:
    return [{"date": label, "url": url, "value": count.value} for (label, url), count in sorted(counts.items())]


def _check(counts: Counts) -> None:
    if len(counts) > MOST_GROUPS:
        raise TooCostly(f"the answer has more than {MOST_GROUPS:,} rows; ask for a shorter date or, of a series, one url")


def _span(date: str) -> tuple[int, datetime, datetime]:
    """The step of a date, and the local span that it names, its end excluded."""
    name, _, text = date.partition(":")
    if name not in STEPS or not re.fullmatch(SHAPES[STEPS.index(name)], text, re.ASCII):
        raise NotADate(f"date must be one of {EXAMPLES}")
    index = STEPS.index(name)
    try:
        start = datetime.strptime(text, PARSED[index])
        if name == "YEAR":
            return index, start, start.replace(year=start.year + 1)
        if name == "MONTH":
            return index, start, (start + timedelta(days=32)).replace(day=1)
        step = {"DATE": timedelta(days=1), "HOUR": timedelta(hours=1), "MINUTE": timedelta(minutes=1)}[name]
        return index, start, start + step
    except (ValueError, OverflowError):
        raise NotADate(f"date names no time there is; it must be one of {EXAMPLES}") from None
