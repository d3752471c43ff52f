"""From a report to SQL with parameters, over the relations `events` and `visits`.

A report joins two parts on its dimensions: what happened in the period, counted from events,
and what became of the visits that started in it, counted from visits. A dimension of events
(the page) attributes a visit to every value that one of its page views has, and a bounce to
the page that the visit entered by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from footfall.domain.period import Step
from footfall.domain.report import EVENT_DIMENSIONS, Report

NOT_SET = "'(not set)'"
DIRECT = "'Direct / None'"
SPILL_DAYS = 2
"""A visit lasts a day at most, so what it saw lies within this of its start."""

FORMATS: dict[Step, str] = {"minute": "%Y-%m-%d %H:%M:00", "hour": "%Y-%m-%d %H:00:00"}

# What of a visit only its own row tells; all else stands beside its events.
ONLY_OF_VISITS = ("exit_page", "screen", "language")
# The columns that a dimension of visits has beside events; those not named are called the same.
BESIDE_EVENTS = {name: f"visit_{name}" for name in ("source", "referrer", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", *ONLY_OF_VISITS)}
MISSING = {"source": DIRECT, "referrer": DIRECT}


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL and its parameters. Rows are the dimensions, then the metrics, then the total of rows."""

    sql: str
    parameters: Sequence[Any]


EVENT_METRICS = {
    "visitors": "count(DISTINCT visitor)",
    "pageviews": "count(*) FILTER (kind = 'pageview')",
    "events": "count(*)",
}
VISIT_COUNTS = {
    "visits": "count(*)",
    "bounces": "count(*) FILTER (pageviews = 1 AND interactions = 0)",
    "microseconds": "sum(epoch_us(last) - epoch_us(start))",
}


def _ratio(dividend: str, divisor: str, decimals: int) -> str:
    """Rounded half up in whole numbers: 41 / 40 as a double lies below 1.025. Nothing over nothing is null."""
    unit = 10**decimals
    return f"(2 * {unit} * {dividend} + {divisor}) // nullif(2 * {divisor}, 0) / {unit}"


RESULTS = {
    "visitors": "coalesce(e.visitors, 0)",
    "visits": "coalesce(v.visits, 0)",
    "pageviews": "coalesce(e.pageviews, 0)",
    "events": "coalesce(e.events, 0)",
    "views_per_visit": _ratio("coalesce(e.pageviews, 0)", "v.visits", 2),
    "bounce_rate": _ratio("100 * b.bounces", "b.visits", 1),
    "visit_duration": _ratio("v.microseconds", "(1000000 * v.visits)", 1),
}


def compiled(report: Report) -> Compiled:
    """The SQL of a report."""
    keys = [f"d{index}" for index in range(len(report.dimensions))]
    paged = any(name in EVENT_DIMENSIONS for name in report.dimensions)
    parameters: list[Any] = []
    parts = [f"e AS ({_events(report, parameters)})", f"v AS ({_visits(report, parameters, paged)})"]
    parts.append(f"b AS ({_entries(report, parameters)})" if paged else "b AS (FROM v)")
    shown = [f"coalesce({', '.join(f'{part}.{key}' for part in 'evb')}) AS {key}" for key in keys]
    joins = "".join(_join(keys, before, part) for before, part in (("e", "v"), ("ev", "b")))
    wanted = [f"{RESULTS[name]} AS m{index}" for index, name in enumerate(report.metrics)]
    # Who neither was there nor began a visit has no row, unless the row is the only one.
    present = " WHERE e.events > 0 OR v.visits > 0" if keys else ""
    sql = f"WITH {', '.join(parts)} SELECT {', '.join([*shown, *wanted])}, count(*) OVER () AS total FROM e{joins}{present}{_order(report)} LIMIT ? OFFSET ?"
    return Compiled(sql, [*parameters, report.limit, report.offset])


def _events(report: Report, parameters: list[Any]) -> str:
    """What happened in the period; few dimensions need the row of the visit that it belongs to."""
    join = ""
    if needed := [f"{name} AS {BESIDE_EVENTS[name]}" for name in ONLY_OF_VISITS if f"visit:{name}" in report.dimensions]:
        parameters += [report.site, *_days(report, before=SPILL_DAYS)]
        join = f" LEFT JOIN (SELECT visit, {', '.join(needed)} FROM visits WHERE site = ? AND day BETWEEN ? AND ?) USING (visit)"
    keys = [_key(report, name, beside_events=True) for name in report.dimensions]
    counts = [f"{sql} AS {name}" for name, sql in EVENT_METRICS.items()]
    where = _within(report, "time", parameters)
    return f"SELECT {_list(keys, counts)} FROM events{join} WHERE {where} AND kind <> 'engagement'{_group(keys)}"


def _visits(report: Report, parameters: list[Any], paged: bool) -> str:
    """The visits that started in the period; with a page, once for every page they saw."""
    counts = [f"{sql} AS {name}" for name, sql in VISIT_COUNTS.items()]
    if not paged:
        keys = [_key(report, name, beside_events=False) for name in report.dimensions]
        return f"SELECT {_list(keys, counts)} FROM visits WHERE {_within(report, 'start', parameters)}{_group(keys)}"
    columns = sorted({name.removeprefix("event:") for name in report.dimensions if name in EVENT_DIMENSIONS})
    parameters += [report.site, *_days(report, after=SPILL_DAYS)]
    seen = f"SELECT DISTINCT visit, {', '.join(f'{column} AS seen_{column}' for column in columns)} FROM events WHERE site = ? AND day BETWEEN ? AND ? AND kind = 'pageview' AND visit IS NOT NULL"
    keys = [f"seen_{name.removeprefix('event:')}" if name in EVENT_DIMENSIONS else _key(report, name, beside_events=False) for name in report.dimensions]
    return f"SELECT {_list(keys, counts)} FROM ({seen}) JOIN visits USING (visit) WHERE {_within(report, 'start', parameters)}{_group(keys)}"


def _entries(report: Report, parameters: list[Any]) -> str:
    """Bounces belong to the page that the visit entered by."""
    entered = {"event:page": "entry_page", "event:hostname": "hostname"}
    keys = [entered.get(name) or _key(report, name, beside_events=False) for name in report.dimensions]
    counts = [f"{VISIT_COUNTS[name]} AS {name}" for name in ("visits", "bounces")]
    return f"SELECT {_list(keys, counts)} FROM visits WHERE {_within(report, 'start', parameters)} AND entry_page IS NOT NULL{_group(keys)}"


def _key(report: Report, name: str, *, beside_events: bool) -> str:
    """The expression of a dimension, never null."""
    if report.time and name == report.time[0]:
        return _bucket(report.time[1], "time" if beside_events else "start")
    column = name.partition(":")[2]
    missing = MISSING.get(column, NOT_SET)
    return f"coalesce({BESIDE_EVENTS.get(column, column) if beside_events else column}, {missing})"


def _bucket(step: Step, column: str) -> str:
    if step == "day":
        return "CAST(day AS VARCHAR)"
    if step in FORMATS:
        return f"strftime({column} + to_seconds(utc_offset), '{FORMATS[step]}')"
    return f"CAST(CAST(date_trunc('{step}', day) AS DATE) AS VARCHAR)"


def _within(report: Report, column: str, parameters: list[Any]) -> str:
    parameters.append(report.site)
    period = report.period
    parameters += [period.first, period.last]
    if period.since is None:
        return "site = ? AND day BETWEEN ? AND ?"
    # Local days differ from the zone of today where the zone was changed: a day to either side.
    parameters += [period.since.replace(tzinfo=None), period.until.replace(tzinfo=None) if period.until else None]
    return f"site = ? AND day BETWEEN CAST(? AS DATE) - 2 AND CAST(? AS DATE) + 2 AND {column} >= ? AND {column} < ?"


def _days(report: Report, before: int = 0, after: int = 0) -> list[Any]:
    spare = 2 if report.period.since else 0
    return [report.period.first - timedelta(days=before + spare), report.period.last + timedelta(days=after + spare)]


def _list(keys: Sequence[str], counts: Sequence[str]) -> str:
    return ", ".join([*(f"{key} AS d{index}" for index, key in enumerate(keys)), *counts])


def _group(keys: Sequence[str]) -> str:
    return f" GROUP BY {', '.join(f'd{index}' for index in range(len(keys)))}" if keys else ""


def _join(keys: Sequence[str], before: str, part: str) -> str:
    if not keys:
        return f" CROSS JOIN {part}"
    same = " AND ".join(f"coalesce({', '.join(f'{each}.{key}' for each in before)}) = {part}.{key}" for key in keys)
    return f" FULL JOIN {part} ON {same}"


def _order(report: Report) -> str:
    """As asked, then by the dimensions, so that equal rows do not change places between two calls."""
    named = {name: f"d{index}" for index, name in enumerate(report.dimensions)} | {name: f"m{index}" for index, name in enumerate(report.metrics)}
    terms = [f"{named[name]} {direction} NULLS LAST" for name, direction in report.order_by]
    terms += [f"d{index}" for index in range(len(report.dimensions))]
    return f" ORDER BY {', '.join(terms)}" if report.dimensions else ""
