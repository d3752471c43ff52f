"""The original's API: page views per URL by `YEAR:2017` to `MINUTE:2017-08-25T13:33`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from footfall.domain.site import Site
from footfall.query.answer import version
from footfall.query.compiler import MOST_GROUPS
from footfall.query.limit import Limit
from footfall.query.rollup import TooCostly
from footfall.store.port import NO_DAYS, Facts, Reading, Stretch

STEPS = ("YEAR", "MONTH", "DATE", "HOUR", "MINUTE")
PARSED = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M")
SHAPES = (r"\d{4}", r"\d{4}-\d\d", r"\d{4}-\d\d-\d\d", r"\d{4}-\d\d-\d\dT\d\d", r"\d{4}-\d\d-\d\dT\d\d:\d\d")
EXAMPLES = "YEAR:2017, MONTH:2017-08, DATE:2017-08-25, HOUR:2017-08-25T13, MINUTE:2017-08-25T13:33"

LOCAL = "time + to_seconds(utc_offset)"
URL = "scheme || '://' || hostname || CASE WHEN port IS NULL THEN '' ELSE ':' || port END || page"
PAGEVIEWS = f"FROM events WHERE site = ? AND kind = 'pageview' AND day BETWEEN ? AND ? AND {LOCAL} >= ? AND {LOCAL} < ?"

RANKING = f"""
SELECT coalesce(arg_max(title, (time, id)) FILTER (title IS NOT NULL), ''), {URL} AS url, count(*) AS value
{PAGEVIEWS} GROUP BY url ORDER BY value DESC, url
"""
SERIES = f"SELECT strftime({LOCAL}, ?) AS date, {URL} AS url, count(*) AS value {PAGEVIEWS} GROUP BY ALL ORDER BY date, url"
SERIES_OF_URL = f"SELECT strftime({LOCAL}, ?) AS date, {URL} AS url, count(*) AS value {PAGEVIEWS} AND {URL} = ? GROUP BY ALL ORDER BY date"
DAYS = "SELECT day, version, trimmed FROM days WHERE site = ? AND day BETWEEN ? AND ? ORDER BY day"

Row = Mapping[str, Any]


class NotADate(ValueError):
    """What was given is no date of the original's; the text says what would be."""


class Original:
    """The two calls, from facts. Both raise `NotADate` and, here and when they are answered, `TooCostly` and `GoneAway`."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def ranking(self, site: Site, date: str, limit: Limit | None = None) -> AbstractContextManager["Views"]:
        """Page views and latest title per URL, most viewed first."""
        _, start, end = _span(date)
        parameters = [site.id, start.date(), end.date(), start, end]
        return self._views(site, (start, end), limit, RANKING, parameters, ("name", "url", "value"))

    def series(self, site: Site, date: str, url: str | None, limit: Limit | None = None) -> AbstractContextManager["Views"]:
        """Page views per URL, or of one, a step finer than the date asked for."""
        index, start, end = _span(date)
        finer = min(index + 1, len(STEPS) - 1)
        asked = [f"{STEPS[finer]}:{PARSED[finer]}", site.id, start.date(), end.date(), start, end]
        sql, parameters = (SERIES, asked) if url is None else (SERIES_OF_URL, [*asked, url])
        return self._views(site, (start, end), limit, sql, parameters, ("date", "url", "value"))

    @contextmanager
    def _views(self, site: Site, span: tuple[datetime, datetime], limit: Limit | None, sql: str, parameters: list[Any], fields: Sequence[str]) -> Iterator["Views"]:
        near = span[0].date(), (span[1] - timedelta(microseconds=1)).date()
        with self._facts.reading(site.id) as reading, (limit or Limit()).over(reading):
            days = reading.rows(DAYS, [site.id, *near], NO_DAYS)
            yield Views(reading, days, sql, parameters, fields, near)


@dataclass(frozen=True, slots=True)
class Views:
    """A call at one moment."""

    reading: Reading
    days: Sequence[tuple[Any, ...]]
    sql: str
    parameters: Sequence[Any]
    fields: Sequence[str]
    near: Stretch

    @property
    def left_out(self) -> int:
        """Days whose facts are gone, and which are not counted."""
        return sum(trimmed for _, _, trimmed in self.days)

    @property
    def tag(self) -> str:
        """Equal for equal answers: it names the call and the versions of all days asked about."""
        return version(self.sql, self.parameters, self.days)

    def answer(self) -> list[Row]:
        """The rows."""
        rows = self.reading.rows(f"{self.sql} LIMIT {MOST_GROUPS + 1}", self.parameters, self.near)
        if len(rows) > MOST_GROUPS:
            raise TooCostly(f"the answer has more than {MOST_GROUPS:,} rows; ask for a shorter date or, of a series, one url")
        return [dict(zip(self.fields, row, strict=True)) for row in rows]


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
