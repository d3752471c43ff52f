"""Spans of time that reports speak of, in a site's own zone."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Literal
from zoneinfo import ZoneInfo

Step = Literal["minute", "hour", "day", "week", "month", "year"]

DAYS = {"7d": 7, "28d": 28, "30d": 30, "91d": 91}
MONTHS = {"month": 1, "6mo": 6, "12mo": 12}
NAMES = ("realtime", "day", "24h", *DAYS, *MONTHS, "year", "all")
STEPS: dict[str, Step] = {"realtime": "minute", "day": "hour", "24h": "hour", "month": "day", "6mo": "month", "12mo": "month", "year": "month"}
"""The bucket that `time` means for a period by name, also on the first day of a month or year."""

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T")
FIRST_DAY = date(1969, 12, 31)
"""Where `all` begins at the earliest: the beginning of 1970 in UTC, as the west reads it."""

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
LABELS = {"minute": "%Y-%m-%d %H:%M:00", "hour": "%Y-%m-%d %H:00:00"}


class NotAPeriod(ValueError):
    """What was given is no period; the text says what would be."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole local days, both ends included, or a half-open span of instants when `since` is set.

    `name` is the period as asked for, or `custom`.
    """

    name: str
    first: date
    last: date
    since: datetime | None = None
    until: datetime | None = None

    @property
    def step(self) -> Step:
        """The bucket that the dimension `time` means for this period."""
        if self.name in STEPS:
            return STEPS[self.name]
        days = (self.last - self.first).days + 1
        if days == 1 or (self.since and self.until and self.until - self.since <= 2 * DAY):
            return "hour"
        return "day" if days <= 92 else "month"


def resolve(value: object, now: datetime, zone: str, earliest: date | None) -> Period:
    """The period that a query's `date_range` names, at an instant, in a zone.

    `earliest` is the site's first day with facts, where `all` begins. The present day is part
    of every period that counts back from it. Raises `NotAPeriod`.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    if isinstance(value, str):
        return _named(value, now, zone, today, earliest)
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(each, str) for each in value):
        return _custom(str(value[0]), str(value[1]), zone)
    raise NotAPeriod(f"must be one of {', '.join(NAMES)}, or a list of two ISO dates or two instants")


def _named(name: str, now: datetime, zone: str, today: date, earliest: date | None) -> Period:
    next_minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if name == "realtime":
        return _span(name, now - timedelta(minutes=30), next_minute, zone)
    if name == "24h":
        return _span(name, now - DAY, next_minute, zone)
    if name == "day":
        return Period(name, today, today)
    if name in DAYS:
        return Period(name, today - (DAYS[name] - 1) * DAY, today)
    if name in MONTHS:
        return Period(name, _months_back(today, MONTHS[name] - 1), today)
    if name == "year":
        return Period(name, today.replace(month=1, day=1), today)
    if name == "all":
        return Period(name, max(FIRST_DAY, min(earliest or today, today)), today)
    raise NotAPeriod(f"must be one of {', '.join(NAMES)}, or a list of two ISO dates or two instants, not {name[:40]!r}")


def _span(name: str, since: datetime, until: datetime, zone: str) -> Period:
    local = ZoneInfo(zone)
    last = until - timedelta(microseconds=1)
    return Period(name, since.astimezone(local).date(), last.astimezone(local).date(), since.astimezone(UTC), until.astimezone(UTC))


def _custom(start: str, end: str, zone: str) -> Period:
    try:
        if MOMENT.match(start) and MOMENT.match(end):
            since, until = _moment(start, zone), _moment(end, zone)
            if since >= until:
                raise NotAPeriod("must end after it begins")
            return _span("custom", since, until, zone)
        if not (DATE.fullmatch(start) and DATE.fullmatch(end)):
            raise ValueError
        first, last = date.fromisoformat(start), date.fromisoformat(end)
    except (ValueError, OverflowError) as exc:
        if isinstance(exc, NotAPeriod):
            raise
        raise NotAPeriod("must be two ISO dates such as 2024-09-01, or two instants such as 2024-09-01T12:00:00+02:00") from None
    if first > last:
        raise NotAPeriod("must not end before it begins")
    if not (first.year >= 1970 and last.year < 2200):
        raise NotAPeriod("must lie between 1970 and 2199")
    return Period("custom", first, last)


def _moment(text: str, zone: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if not 1970 <= moment.year < 2200:
        raise NotAPeriod("must lie between 1970 and 2199")
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def compared(period: Period, mode: str, custom: Period | None, match_weekday: bool, zone: str) -> Period:
    """The period to compare with: `previous_period`, `year_over_year`, or the `custom` one given.

    Matching moves its start to the same weekday: of the previous period to the nearest that
    does not overlap, else to the nearest.
    """
    if custom:
        if not match_weekday:
            return custom
        if period.since or custom.since:
            raise NotAPeriod("must be two dates, as the report's must, where days of the week are to match")
        return _earlier(period, period.first - custom.first, zone, weeks=round)
    if mode == "previous_period":
        length = period.until - period.since if period.since and period.until else period.last - period.first + DAY
        return _earlier(period, length, zone, weeks=ceil if match_weekday else None)
    if period.since or match_weekday:
        return _earlier(period, period.first - _year_before(period.first), zone, weeks=round if match_weekday else None)
    return Period(period.name, _year_before(period.first), _year_before(period.last))


def _earlier(period: Period, back: timedelta, zone: str, weeks: Callable[[float], int] | None) -> Period:
    if weeks:
        back = weeks(back / WEEK) * WEEK
    if period.since and period.until:
        return _span(period.name, period.since - back, period.until - back, zone)
    return Period(period.name, period.first - back, period.last - back)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _months_back(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def labels(period: Period, step: Step, zone: str) -> list[str]:
    """The label of every bucket of a period, in order; a bucket of hours that occurs twice has one."""
    if step in LABELS:
        return _clock_labels(period, step, zone)
    day, found = bucket(period.first, step), []
    while day <= period.last:
        found.append(day.isoformat())
        day = bucket(day + timedelta(days={"day": 1, "week": 7, "month": 32, "year": 366}[step]), step)
    return found


def bucket(day: date, step: Step) -> date:
    """The first day of the day, week, month or year that a day lies in."""
    if step == "week":
        return day - timedelta(days=day.weekday())
    if step == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if step == "year" else day


def _clock_labels(period: Period, step: Step, zone: str) -> list[str]:
    local = ZoneInfo(zone)
    start = period.since or datetime.combine(period.first, datetime.min.time(), local).astimezone(UTC)
    end = period.until or datetime.combine(period.last + DAY, datetime.min.time(), local).astimezone(UTC)
    width = timedelta(minutes=15 if step == "hour" else 1)
    moment = start - (start - datetime(1970, 1, 1, tzinfo=UTC)) % width
    found: dict[str, None] = {}
    while moment < end:  # by quarters of an hour, since some zones stand 30 or 45 minutes off
        found[moment.astimezone(local).strftime(LABELS[step])] = None
        moment += width
    return list(found)
