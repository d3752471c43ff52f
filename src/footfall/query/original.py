"""The original's API: page views per URL by `YEAR:2017` to `MINUTE:2017-08-25T13:33`."""

import re
from datetime import datetime, timedelta
from typing import Any

from footfall.domain.site import Site
from footfall.store.port import Facts

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


LEFT_OUT = "SELECT count(*) FROM days WHERE site = ? AND day BETWEEN ? AND ? AND trimmed"


class NotADate(ValueError):
    """What was given is no date of the original's; the text says what would be."""


class Original:
    """The two calls, from facts."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def ranking(self, site: Site, date: str) -> list[dict[str, Any]]:
        """Page views and latest title per URL, most viewed first; raises `NotADate`."""
        _, start, end = _span(date)
        rows = self._facts.rows(RANKING, [site.id, start.date(), end.date(), start, end])
        return [{"name": name, "url": url, "value": value} for name, url, value in rows]

    def series(self, site: Site, date: str, url: str | None) -> list[dict[str, Any]]:
        """Page views per URL, or of one, a step finer than the date asked for; raises `NotADate`."""
        index, start, end = _span(date)
        finer = min(index + 1, len(STEPS) - 1)
        asked = [f"{STEPS[finer]}:{PARSED[finer]}", site.id, start.date(), end.date(), start, end]
        rows = self._facts.rows(SERIES, asked) if url is None else self._facts.rows(SERIES_OF_URL, [*asked, url])
        return [{"date": label, "url": found, "value": value} for label, found, value in rows]

    def left_out(self, site: Site, date: str) -> int:
        """Days of a date whose facts are gone, and which are counted in neither; raises `NotADate`."""
        _, start, end = _span(date)
        return int(self._facts.rows(LEFT_OUT, [site.id, start.date(), (end - timedelta(microseconds=1)).date()])[0][0])


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
