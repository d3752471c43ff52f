"""Plausible's older Stats API v1, translated to reports."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from footfall.domain.dimension import EVENT_DIMENSIONS, GOAL, VISIT_DIMENSIONS, is_property
from footfall.domain.filter import MOST_CONDITIONS, MOST_VALUES
from footfall.domain.period import DAYS, MONTHS, resolve
from footfall.domain.report import MOST_ROWS, NEED_GOAL
from footfall.domain.site import Site
from footfall.domain.wrong import Wrong
from footfall.query.answer import Answers, Asked
from footfall.query.catalogue import catalogue
from footfall.query.limit import Limit

PERIODS = ("day", *DAYS, *MONTHS, "year", "all", "custom")
INTERVALS = {"date": "time:day", **{step: f"time:{step}" for step in ("minute", "hour", "day", "week", "month")}}
MOST_PER_PAGE = 1_000
LAST_PAGE = 2**40
MARKS = ("left_out", "other", "at_least")
COMMON = ("site_id", "period", "date", "metrics", "filters", "with_imported")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
OPERATOR = re.compile("==|!=")
EXAMPLE = "visit:source==Google|Bing;event:page!=/blog/*"
ESCAPED = re.compile(r"\\([|;*])")
PER_ROW = {"conversion_rate": "group_conversion_rate"}
"""What Plausible calls so in rows: of the visitors of the same bucket or group, not of the whole period."""


class Stats:
    """The three calls, of reports. Parameters are texts, as they are in a URL."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    @contextmanager
    def asked(self, call: str, site: Site, given: Mapping[str, str], limit: Limit | None = None) -> Iterator["Figures"]:
        """A call understood, at one moment; raises `Wrong` and, here and when it is answered, `TooCostly` and `GoneAway`.

        What is wrong with a field of the report is said of the parameter that it came from.
        """
        wanted, names = CALLS[call](site, given)
        try:
            with self._answers.asked(site, wanted.query, limit) as asked:
                yield Figures(asked, wanted)
        except Wrong as exc:
            field, _, sentence = str(exc).partition(" ")
            raise Wrong({"date_range": "date", **names}.get(field, field), sentence) from None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call as a report. `metrics` are those asked for, by the names that they have in the report."""

    query: dict[str, Any]
    metrics: Mapping[str, str]
    shape: Callable[["Wanted", Mapping[str, Any]], Any]

    def named(self, values: Sequence[Any]) -> dict[str, Any]:
        """The figures of a row by the metrics asked for."""
        found = dict(zip(self.query["metrics"], values, strict=True))
        return {asked: found[name] for asked, name in self.metrics.items()}


@dataclass(frozen=True, slots=True)
class Figures:
    """A call at one moment."""

    asked: Asked
    wanted: Wanted

    @property
    def tag(self) -> str:
        """Equal for equal answers."""
        return self.asked.tag

    def answer(self) -> dict[str, Any]:
        """The results, and if any are, which days are missing from them and which rows are not exact."""
        answer = self.asked.answer()
        results = self.wanted.shape(self.wanted, answer)
        meta = {name: answer["meta"][name] for name in MARKS if name in answer["meta"]}
        return {"results": results} | ({"meta": meta} if meta else {})


Call = tuple[Wanted, Mapping[str, str]]
"""With it, from which parameters the report's fields came that are called otherwise."""


def _aggregate(site: Site, given: Mapping[str, str]) -> Call:
    """One figure a metric, with `compare=previous_period` also its change."""
    query, metrics = _query(site, given, {}, "compare")
    comparison = given.get("compare")
    if comparison not in (None, "previous_period"):
        raise Wrong("compare", "can only be previous_period")
    include = {"include": {"comparisons": {"mode": comparison}}} if comparison else {}
    return Wanted(query | include, metrics, _figures), {}


def _figures(wanted: Wanted, answer: Mapping[str, Any]) -> dict[str, Any]:
    row = answer["results"][0]
    results = {metric: {"value": value} for metric, value in wanted.named(row["metrics"]).items()}
    for metric, change in wanted.named(row["comparison"]["change"]).items() if "comparison" in row else ():
        results[metric]["change"] = change
    return results


def _timeseries(site: Site, given: Mapping[str, str]) -> Call:
    """A row for every bucket of time, also for those in which nothing happened."""
    interval = given.get("interval")
    if interval is not None and interval not in INTERVALS:
        raise Wrong("interval", f"must be one of {', '.join(INTERVALS)}")
    # Plausible gives days for a custom period of any length, and clients count on it.
    step = INTERVALS[interval] if interval else "time:day" if given.get("period") == "custom" else "time"
    query, metrics = _query(site, given, PER_ROW, "interval")
    include = {"time_labels": True, "total_rows": True}
    wanted = Wanted(query | {"dimensions": [step], "include": include}, metrics, _buckets)
    return wanted, {"dimensions": "interval"}


def _buckets(wanted: Wanted, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    buckets = answer["meta"]["time_labels"]
    if answer["meta"]["total_rows"] > MOST_ROWS:
        raise Wrong("interval", f"has more than {MOST_ROWS:,} buckets with figures; ask for a shorter period or a longer interval")
    found = {row["dimensions"][0]: row["metrics"] for row in answer["results"]}
    nothing = [0 if catalogue()[metric].count else 0.0 if metric in NEED_GOAL else None for metric in wanted.query["metrics"]]
    return [{"date": bucket, **wanted.named(found.get(bucket, nothing))} for bucket in buckets]


def _breakdown(site: Site, given: Mapping[str, str]) -> Call:
    """A row for every value of a property, a page at a time."""
    name = given.get("property")
    if name is None or not _is_dimension(name):
        raise Wrong("property", f"must be one of {_dimensions()}")
    if name.split(":")[-1] in given.get("metrics", "visitors").split(","):
        raise Wrong("property", "has the name of a metric that is asked for too; leave that out, or use /api/v2/query")
    size, page = _number(given, "limit", 100, MOST_PER_PAGE), _number(given, "page", 1, LAST_PAGE)
    query, metrics = _query(site, given, PER_ROW, "property", "limit", "page")
    return Wanted(query | {"dimensions": [name], "pagination": {"limit": size, "offset": (page - 1) * size}}, metrics, _rows), {"dimensions": "property"}


def _rows(wanted: Wanted, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    name = wanted.query["dimensions"][0]
    key = name.split(":", 2)[2] if is_property(name) else name.partition(":")[2]
    return [{key: row["dimensions"][0], **wanted.named(row["metrics"])} for row in answer["results"]]


def _query(site: Site, given: Mapping[str, str], instead: Mapping[str, str], *own: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The report that the parameters common to all calls ask for, and its metrics by the names asked for.

    `own` are the parameters that this call has besides, `instead` the metrics that stand for others in it.
    """
    known = (*COMMON, *own)
    for name in given:
        if name not in known:
            raise Wrong(name[:60], f"is no parameter of this call; there are {', '.join(known)}")
    if given.get("with_imported") not in (None, "true", "false"):
        raise Wrong("with_imported", "must be true or false")
    names = [name.strip() for name in given.get("metrics", "visitors").split(",")]
    if len(set(names)) < len(names):
        raise Wrong("metrics", "names something twice")
    filters = conditions(given.get("filters", ""), {goal.name for goal in site.goals})
    of_goals = GOAL in (given.get("property"), *(dimension for _, dimension, _ in filters))
    for name in names:
        if name in NEED_GOAL and not of_goals:
            raise Wrong("metrics", f"{name} needs a goal: property=event:goal in a breakdown, or a filter such as event:goal==Signup")
    metrics = {name: instead.get(name, name) for name in names}
    period = _date_range(given.get("period", "30d"), given.get("date"))
    return {"metrics": list(dict.fromkeys(metrics.values())), "date_range": period, "filters": filters}, metrics


def _date_range(period: str, day: str | None) -> str | list[str]:
    """The period that ends with a day; months and years are the calendar's, to their end. `all` does not ask for the day."""
    if period not in PERIODS:
        raise Wrong("period", f"must be one of {', '.join(PERIODS)}")
    if period == "custom":
        return _two_dates(day)
    if day is None or period == "all":
        return period
    last = _date(day, "must be a day such as 2024-09-30")
    first = resolve(period, datetime(last.year, last.month, last.day, tzinfo=UTC), "UTC", None).first
    if period in MONTHS:
        last = (last.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    elif period == "year":
        last = last.replace(month=12, day=31)
    return [first.isoformat(), last.isoformat()]


def _two_dates(days: str | None) -> list[str]:
    wanted = "must be two days such as 2024-09-01,2024-09-30 where period is custom"
    ends = (days or "").split(",")
    if len(ends) != 2:
        raise Wrong("date", wanted)
    return [_date(end.strip(), wanted).isoformat() for end in ends]


def _date(text: str, wanted: str) -> date:
    try:
        day = date.fromisoformat(text) if ISO_DATE.fullmatch(text) else date.min
    except ValueError:
        day = date.min
    if not 1970 <= day.year < 2200:
        raise Wrong("date", f"{wanted}, from 1970 to 2199")
    return day


def _number(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = given.get(name, str(default))
    if not re.fullmatch(r"[1-9][0-9]{0,12}", text) or int(text) > most:
        raise Wrong(name, f"must be a whole number from 1 to {most}")
    return int(text)


def conditions(text: str, goals: set[str]) -> list[list[Any]]:
    """Filters from conditions joined by `;`, all of which must hold; raises `Wrong`."""
    several = [each for each in _split(";", text) if each.strip()]
    if len(several) > MOST_CONDITIONS:
        raise Wrong("filters", f"may hold {MOST_CONDITIONS} conditions at most")
    return [_condition(each, goals) for each in several]


def _condition(text: str, goals: set[str]) -> list[Any]:
    """One of `==` and `!=`, with values joined by `|`. A goal whose name has an asterisk in it is asked for by its name."""
    found = OPERATOR.search(text)
    if found is None:
        raise Wrong("filters", f"cannot be read at {text.strip()[:60]!r}; they are written like {EXAMPLE}")
    name, operator, values = text[: found.start()].strip(), found.group(), [each.strip() for each in _split("|", text[found.end() :])]
    if not _is_dimension(name):
        raise Wrong("filters", f"have no {name[:60]!r}; there are {_dimensions()}")
    if len(values) > MOST_VALUES:
        raise Wrong("filters", f"may hold {MOST_VALUES:,} values in a condition at most")
    negated = "_not" if operator == "!=" else ""
    if any(_split("*", each)[1:] for each in values) and not (name == GOAL and set(values) <= goals):
        return [f"matches{negated}", name, [_expression(each) for each in values]]
    return [f"is{negated}", name, [_unescaped(each) for each in values]]


def _split(separator: str, text: str) -> list[str]:
    """The parts between separators that no backslash stands before."""
    return re.split(rf"(?<!\\){re.escape(separator)}", text)


def _unescaped(text: str) -> str:
    return ESCAPED.sub(r"\1", text)


def _expression(text: str) -> str:
    """The RE2 expression of a text in which `*` stands for any characters."""
    return f"(?s)^{'.*'.join(re.escape(_unescaped(part)) for part in _split('*', text))}$"


def _is_dimension(name: str) -> bool:
    return name in EVENT_DIMENSIONS or name in VISIT_DIMENSIONS or is_property(name)


def _dimensions() -> str:
    return ", ".join((*EVENT_DIMENSIONS, "event:props:KEY", *VISIT_DIMENSIONS))


CALLS: Mapping[str, Callable[[Site, Mapping[str, str]], Call]] = {"aggregate": _aggregate, "timeseries": _timeseries, "breakdown": _breakdown}
