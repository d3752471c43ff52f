"""A report as it is asked for: which metrics of what, over which period, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from footfall.domain.period import NotAPeriod, Period, Step, resolve

Direction = Literal["asc", "desc"]

METRICS = ("visitors", "visits", "pageviews", "events", "views_per_visit", "bounce_rate", "visit_duration")

TIME_STEPS: dict[str, Step] = {f"time:{step}": step for step in ("minute", "hour", "day", "week", "month", "year")}
EVENT_DIMENSIONS = ("event:page", "event:hostname")
VISIT_DIMENSIONS = tuple(
    f"visit:{name}"
    for name in (
        "entry_page", "exit_page", "source", "referrer", "channel",
        "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term",
        "country", "region", "city", "device", "browser", "browser_version", "os", "os_version", "screen", "language",
    )
)  # fmt: skip
DIMENSIONS = ("time", *TIME_STEPS, *EVENT_DIMENSIONS, *VISIT_DIMENSIONS)

MOST_ROWS = 10_000
MOST_DIMENSIONS = 4
MOST_BUCKETS = 20_000
FIELDS = {"site_id", "metrics", "date_range", "dimensions", "filters", "order_by", "include", "pagination"}
INCLUDES = {"time_labels", "total_rows"}


class Wrong(ValueError):
    """A query that cannot be answered: which field is wrong, and what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")


@dataclass(frozen=True, slots=True)
class Report:
    """A valid question. `order_by` pairs a metric or dimension with a direction."""

    site: str
    metrics: tuple[str, ...]
    period: Period
    dimensions: tuple[str, ...] = ()
    order_by: tuple[tuple[str, Direction], ...] = ()
    limit: int = MOST_ROWS
    offset: int = 0
    time_labels: bool = False
    total_rows: bool = False

    @property
    def time(self) -> tuple[str, Step] | None:
        """The dimension of time and its bucket, if there is one."""
        for name in self.dimensions:
            if name == "time" or name in TIME_STEPS:
                return name, TIME_STEPS.get(name, self.period.step)
        return None


def parse(query: Mapping[str, Any], now: datetime, zone: str, earliest: date | None) -> Report:
    """The report that a query's body asks for; raises `Wrong`."""
    unknown = sorted(set(query) - FIELDS)
    if unknown:
        raise Wrong(unknown[0], f"is not a field of a query; there are {', '.join(sorted(FIELDS))}")
    if query.get("filters"):
        raise Wrong("filters", "are not supported by this version yet; leave them out")
    metrics = _names("metrics", query.get("metrics"), METRICS)
    if not metrics:
        raise Wrong("metrics", f"needs at least one of {', '.join(METRICS)}")
    dimensions = _names("dimensions", query.get("dimensions", []), DIMENSIONS)
    if len(dimensions) > MOST_DIMENSIONS or sum(name.startswith("time") for name in dimensions) > 1:
        raise Wrong("dimensions", f"may be at most {MOST_DIMENSIONS}, only one of them of time")
    try:
        period = resolve(query.get("date_range"), now, zone, earliest)
    except NotAPeriod as exc:
        raise Wrong("date_range", str(exc)) from None
    limit, offset = _pagination(query.get("pagination", {}))
    include = _include(query.get("include", {}))
    report = Report(
        str(query.get("site_id")), metrics, period, dimensions, _order(query.get("order_by"), metrics, dimensions),
        limit, offset, include.get("time_labels", False), include.get("total_rows", False),
    )  # fmt: skip
    _affordable(report)
    return report


def _names(field: str, value: object, known: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Wrong(field, f"must be a list of names, of {', '.join(known)}")
    for name in value:
        if name not in known:
            raise Wrong(field, f"has no {name[:60]!r}; there are {', '.join(known)}")
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
    order: list[tuple[str, Direction]] = []
    for pair in value:
        if not (isinstance(pair, list) and len(pair) == 2 and pair[1] in ("asc", "desc") and isinstance(pair[0], str)):
            raise Wrong("order_by", 'must be a list of pairs such as ["visitors", "desc"]')
        if pair[0] not in (*metrics, *dimensions):
            raise Wrong("order_by", f"may only name the query's own metrics and dimensions, not {pair[0][:60]!r}")
        order.append((pair[0], pair[1]))
    return tuple(order)


def _pagination(value: object) -> tuple[int, int]:
    if not isinstance(value, dict) or set(value) - {"limit", "offset"}:
        raise Wrong("pagination", "must be an object with limit and offset")
    limit, offset = value.get("limit", MOST_ROWS), value.get("offset", 0)
    if type(limit) is not int or not 1 <= limit <= MOST_ROWS:
        raise Wrong("pagination.limit", f"must be a whole number from 1 to {MOST_ROWS}")
    if type(offset) is not int or not 0 <= offset < 2**53:
        raise Wrong("pagination.offset", "must be a whole number from 0")
    return limit, offset


def _include(value: object) -> dict[str, bool]:
    if not isinstance(value, dict) or not all(isinstance(wanted, bool) for wanted in value.values()):
        raise Wrong("include", f"must be an object of true or false, of {', '.join(sorted(INCLUDES))}")
    unknown = sorted(set(value) - INCLUDES)
    if unknown:
        raise Wrong("include", f"has no {str(unknown[0])[:60]!r} in this version; there are {', '.join(sorted(INCLUDES))}")
    return value


def _affordable(report: Report) -> None:
    if report.time_labels and report.time is None:
        raise Wrong("include.time_labels", "needs a dimension of time")
    if report.time:
        days = (report.period.last - report.period.first).days + 1
        each = {"minute": 1440, "hour": 24}.get(report.time[1], 1)
        if days * each > MOST_BUCKETS:
            raise Wrong("dimensions", f"would make more than {MOST_BUCKETS:,} buckets; ask for a shorter period or a coarser step")
