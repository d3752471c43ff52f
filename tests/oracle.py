"""Visits as `docs/numbers.md` says them, by brute force: no SQL, no pseudonyms, no batches.

The oracle knows who people are, which the product never does: a visit is cut from everything
that one person did on a site, whatever day it was. It shares no code with the product.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
GAP = 30 * MINUTE
COPIES_WITHIN = 48 * HOUR


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that somebody did. Times in microseconds, `engaged` in milliseconds."""

    site: str
    id: int
    kind: str
    arrived: int
    position: tuple[str, int]
    time: int
    engaged: int
    who: str
    day: int
    offset: int
    page: str
    hostname: str
    interactive: bool
    traits: Mapping[str, str | None]
    """Source, referrer, channel, campaign, place and device."""
    name: str | None
    title: str | None
    props: Mapping[str, str]
    currency: str | None
    amount: Decimal | None
    scroll: int | None
    key: int | None = None

    @property
    def sender(self) -> tuple[object, ...]:
        """Whoever shows a key, else somebody on one day: nobody is known for longer."""
        return (self.who, self.day) if self.key is None else (self.key,)

    @property
    def beginning(self) -> int:
        return self.time - self.engaged * 1000

    @property
    def order(self) -> tuple[int, int, int]:
        return self.beginning, self.time, self.id


@dataclass(frozen=True, slots=True)
class Visit:
    """A part of a run that has at least one page view or custom event."""

    events: Sequence[Seen]

    @property
    def acts(self) -> list[Seen]:
        return [event for event in self.events if event.kind != "engagement"]

    @property
    def start(self) -> Seen:
        return self.acts[0]

    @property
    def last(self) -> int:
        return max(event.time for event in self.events)

    @property
    def pageviews(self) -> list[Seen]:
        return [event for event in self.events if event.kind == "pageview"]

    @property
    def engagements(self) -> list[Seen]:
        return [event for event in self.events if event.kind == "engagement"]

    @property
    def interactions(self) -> int:
        return sum(event.kind == "custom" and event.interactive for event in self.events)

    @property
    def entry(self) -> Seen | None:
        return next(iter(self.pageviews), None)

    @property
    def exit(self) -> Seen | None:
        return self.pageviews[-1] if self.pageviews else None

    @property
    def entry_page(self) -> str | None:
        return self.entry.page if self.entry else None

    @property
    def exit_page(self) -> str | None:
        return self.exit.page if self.exit else None

    @property
    def bounced(self) -> bool:
        return len(self.pageviews) == 1 and self.interactions == 0


def counted(seen: Iterable[Seen]) -> list[Seen]:
    """Of copies that arrive within 48 h of the first to arrive one counts."""
    kept: list[Seen] = []
    by_arrival = sorted(seen, key=lambda each: (each.site, each.id, each.arrived))
    for _, same in groupby(by_arrival, key=lambda each: (each.site, each.id)):
        windows: list[list[Seen]] = []
        for each in same:
            if windows and each.arrived <= windows[-1][0].arrived + COPIES_WITHIN:
                windows[-1].append(each)
            else:
                windows.append([each])
        kept += [_counting(window) for window in windows]
    return kept


def _counting(copies: Sequence[Seen]) -> Seen:
    """The earliest of one sender: of those with a key, if any has one, the first to arrive."""
    keyed = [each for each in copies if each.key is not None]
    first = min(keyed or copies, key=lambda each: (each.arrived, each.position))
    own = [each for each in copies if each.sender == first.sender]
    return min(own, key=lambda each: (each.time, each.position))


def visits(events: Iterable[Seen]) -> list[Visit]:
    """All visits of all people on all sites."""
    people: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for event in events:
        people[event.site, event.who].append(event)
    return [Visit(part) for each in people.values() for run in _runs(each) for part in _parts(run) if any(event.kind != "engagement" for event in part)]


def _runs(events: Iterable[Seen]) -> list[list[Seen]]:
    runs: list[list[Seen]] = []
    for event in sorted(events, key=lambda each: each.order):
        if runs and event.beginning <= max(each.time for each in runs[-1]) + GAP:
            runs[-1].append(event)
        else:
            runs.append([event])
    return runs


def _parts(run: Sequence[Seen]) -> list[list[Seen]]:
    parts: dict[int, list[Seen]] = defaultdict(list)
    for event in run:
        parts[(event.beginning - run[0].beginning) // DAY].append(event)
    return list(parts.values())


def bucket(time: int, offset: int, step: str) -> str:
    """The label of the minute, hour ... year of a time, on a clock so many seconds ahead of UTC."""
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time, seconds=offset)
    if step in ("minute", "hour"):
        return local.strftime("%Y-%m-%d %H:%M:00" if step == "minute" else "%Y-%m-%d %H:00:00")
    day = local.date()
    if step == "week":
        day -= timedelta(days=day.weekday())
    return str(day.replace(day=1) if step == "month" else day.replace(month=1, day=1) if step == "year" else day)
