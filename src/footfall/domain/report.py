"""A report as it is asked for: which metrics of what, over which period, in which order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from footfall.domain.dimension import DIMENSIONS, GOAL, TIME_STEPS, is_property, is_time
from footfall.domain.filter import EVERYTHING, And, parse_filters, tests
from footfall.domain.period import NotAPeriod, Period, Step, compared, resolve
from footfall.domain.wrong import Wrong

Direction = Literal["asc", "desc"]

MOST_ROWS = 10_000
MOST_DIMENSIONS = 4
MOST_BUCKETS = 20_000
BUCKETS_A_DAY = {"minute": 1440, "hour": 24}
"""Of the steps that a long period has too many of; of the others it never has."""

FIELDS = ("site_id", "metrics", "date_range", "dimensions", "filters", "order_by", "include", "pagination")
INCLUDES = ("comparisons", "imports", "time_labels", "total_rows")
NEED_GOAL = ("conversion_rate", "group_conversion_rate")


@dataclass(frozen=True, slots=True)
class Report:
    """A valid question. `order_by` pairs a metric or dimension with a direction."""

    site: str
    metrics: tuple[str, ...]
    period: Period
    dimensions: tuple[str, ...] = ()
    filters: And = EVERYTHING
    order_by: tuple[tuple[str, Direction], ...] = ()
    limit: int = MOST_ROWS
    offset: int = 0
    time_labels: bool = False
    total_rows: bool = False
    imports: bool = False
    compared: Period | None = None

    @property
    def time(self) -> tuple[str, Step] | None:
        """The dimension of time and its bucket, if there is one."""
        for name in self.dimensions:
            if is_time(name):
                return name, TIME_STEPS.get(name, self.period.step)
        return None


def parse(query: Mapping[str, Any], now: datetime, zone: str, earliest: date | None, known: Collection[str]) -> Report:
    """The report that a query's body asks for, of the metrics `known`; raises `Wrong`."""
    unknown = sorted(set(query) - set(FIELDS))
    if unknown:
        raise Wrong(unknown[0][:60], f"is not a field of a query; there are {', '.join(FIELDS)}")
    metrics = _names("metrics", query.get("metrics"), known)
    if not metrics:
        raise Wrong("metrics", f"needs at least one of {', '.join(known)}")
    dimensions = _names("dimensions", query.get("dimensions", []), DIMENSIONS)
    if len(dimensions) > MOST_DIMENSIONS or sum(map(is_time, dimensions)) > 1:
        raise Wrong("dimensions", f"may be at most {MOST_DIMENSIONS}, only one of them of time")
    filters = parse_filters(query.get("filters", []))
    period = _period(query.get("date_range"), now, zone, earliest)
    limit, offset = _pagination(query.get("pagination", {}))
    include = _include(query.get("include", {}))
    report = Report(
        str(query.get("site_id")), metrics, period, dimensions, filters, _order(query.get("order_by"), metrics, dimensions),
        limit, offset, include.get("time_labels", False), include.get("total_rows", False), include.get("imports", False),
        _comparison(include.get("comparisons"), period, now, zone),
    )  # fmt: skip
    _sensible(report)
    return report


def _period(value: object, now: datetime, zone: str, earliest: date | None) -> Period:
    try:
        return resolve(value, now, zone, earliest)
    except NotAPeriod as exc:
        raise Wrong("date_range", str(exc)) from None


def _names(field: str, value: object, known: Collection[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Wrong(field, f"must be a list of names, of {', '.join(known)}")
    for name in value:
        if name not in known and not (field == "dimensions" and is_property(name)):
            raise Wrong(field, f"has no {name[:60]!r}; there are {', '.join(known)}{' and event:props:KEY' if field == 'dimensions' else ''}")
    if len(set(value)) < len(value):
        raise Wrong(field, "names something twice")
    return tuple(value)


def _order(value: object, metrics: tuple[str, ...], dimensions: tuple[str, ...]) -> tuple[tuple[str, Direction], ...]:
    """By default time ascending, then the first metric descending."""
    if value is None:
        times: list[tuple[str, Direction]] = [(name, "asc") for name in dimensions if name.startswith("time")]
        return (*times, (metrics[0], "desc"))
    if not isinstance(value, list):
        raise Wrong("order_by", 'must be a list of pairs such as ["visitors", "desc"]')
    order: dict[str, Direction] = {}
    known = {*metrics, *dimensions}
    for pair in value:
        if not (isinstance(pair, list) and len(pair) == 2 and pair[1] in ("asc", "desc") and isinstance(pair[0], str)):
            raise Wrong("order_by", 'must be a list of pairs such as ["visitors", "desc"]')
        if pair[0] not in known:
            raise Wrong("order_by", f"may only name the query's own metrics and dimensions, not {pair[0][:60]!r}")
        order.setdefault(pair[0], pair[1])  # named again it could order nothing more
    return tuple(order.items())


def _pagination(value: object) -> tuple[int, int]:
    if not isinstance(value, dict) or set(value) - {"limit", "offset"}:
        raise Wrong("pagination", "must be an object with limit and offset")
    limit, offset = value.get("limit", MOST_ROWS), value.get("offset", 0)
    if type(limit) is not int or not 1 <= limit <= MOST_ROWS:
        raise Wrong("pagination.limit", f"must be a whole number from 1 to {MOST_ROWS}")
    if type(offset) is not int or not 0 <= offset < 2**53:
        raise Wrong("pagination.offset", "must be a whole number from 0")
    return limit, offset


def _include(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong("include", f"must be an object with any of {', '.join(INCLUDES)}")
    unknown = sorted(set(value) - set(INCLUDES))
    if unknown:
        raise Wrong("include", f"has no {str(unknown[0])[:60]!r}; there are {', '.join(INCLUDES)}")
    for name in ("imports", "time_labels", "total_rows"):
        if not isinstance(value.get(name, False), bool):
            raise Wrong(f"include.{name}", "must be true or false")
    return value


def _comparison(value: object, period: Period, now: datetime, zone: str) -> Period | None:
    if value is None:
        return None
    field = "include.comparisons"
    if not isinstance(value, dict) or set(value) - {"mode", "date_range", "match_day_of_week"}:
        raise Wrong(field, 'must be an object such as {"mode": "previous_period"}')
    matched = value.get("match_day_of_week", False)
    if not isinstance(matched, bool):
        raise Wrong(f"{field}.match_day_of_week", "must be true or false")
    mode = value.get("mode")
    if mode not in ("previous_period", "year_over_year", "custom"):
        raise Wrong(f"{field}.mode", "must be previous_period, year_over_year or custom")
    if ("date_range" in value) != (mode == "custom"):
        raise Wrong(f"{field}.date_range", "goes with mode custom, and only with it: a list of two ISO dates")
    given = value.get("date_range")
    if mode == "custom" and not isinstance(given, list):
        raise Wrong(f"{field}.date_range", "must be a list of two ISO dates")
    try:
        custom = resolve(given, now, zone, None) if mode == "custom" else None
        return compared(period, mode, custom, matched, zone)
    except NotAPeriod as exc:
        raise Wrong(f"{field}.date_range", str(exc)) from None


def _sensible(report: Report) -> None:
    if report.time_labels and report.time is None:
        raise Wrong("include.time_labels", "needs a dimension of time")
    speaks = GOAL in report.dimensions or any(test.dimension == GOAL for test in tests(report.filters, inside_done=True))
    for name in NEED_GOAL:
        if name in report.metrics and not speaks:
            raise Wrong("metrics", f'{name} needs a goal: the dimension event:goal, or a filter such as ["is", "event:goal", ["Signup"]]')
    if report.time:
        _check_buckets(report.time[1], "dimensions", report.period)
        if report.compared:
            _check_buckets(report.time[1], "include.comparisons", report.compared)


def _check_buckets(step: Step, field: str, period: Period) -> None:
    a_day = BUCKETS_A_DAY.get(step)
    if a_day is None:
        return
    longest = MOST_BUCKETS // a_day
    if (period.last - period.first).days + 1 > longest:
        raise Wrong(
            field,
            f"would make more than {MOST_BUCKETS:,} buckets of {step}s; ask for {longest} days at most, or for a longer step such as time:day",
        )
