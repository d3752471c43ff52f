"""Reports as `docs/numbers.md` says them, by brute force over the oracle's visits; shares no code with the product."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import floor
from typing import Any

from footfall.domain.goal import Goal
from tests.oracle import Seen, Visit, bucket
from tests.traffic import ORIGIN_TRAITS, PLACE_TRAITS

OF_EVENTS = ("visitors", "pageviews", "events", "percentage", "conversion_rate", "group_conversion_rate", "total_revenue", "average_revenue")
OF_VISITS = ("visits", "bounce_rate", "visit_duration", "exit_rate", "time_on_page", "scroll_depth")
METRICS = (*OF_EVENTS, "views_per_visit", *OF_VISITS)
OF_GOALS = ("conversion_rate", "group_conversion_rate")
RATES = ("bounce_rate", "exit_rate", "percentage", *OF_GOALS, "scroll_depth")
COUNTS = ("visitors", "pageviews", "events", "visits")

VISIT_DIMENSIONS = tuple(f"visit:{name}" for name in (*ORIGIN_TRAITS, *PLACE_TRAITS, "screen", "language", "entry_page", "exit_page"))
EVENT_DIMENSIONS = ("event:page", "event:hostname", "event:name", "event:goal", "event:title", "event:props:plan", 'event:props:a."b', "event:props:größe")
TIME_STEPS = ("time:minute", "time:hour", "time:day", "time:week", "time:month", "time:year")
PLACES = frozenset({"event:page", "event:hostname"})
Filter = Sequence[Any]
"""As on the wire, in lists."""
Key = tuple[str, ...]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """An event of a visit as filters and dimensions see it: page and host name are those of the event `at`."""

    visit: Visit
    event: Seen
    at: Seen
    exit_page: str | None

    def texts(self, dimension: str, goals: Sequence[Goal]) -> list[str]:
        """The values of a dimension: one, but of goals none or several."""
        kind, _, name = dimension.partition(":")
        if kind == "visit":
            return [self._of_visit(name)]
        if name == "goal":
            return [goal.name for goal in goals if reached(goal, self.event)]
        if name in ("page", "hostname"):
            return [str(getattr(self.at, name))]
        if name == "name":
            return ["pageview" if self.event.kind == "pageview" else self.event.name or ""]
        if name == "title":
            return [self.event.title or "(not set)"]
        return [self.event.props.get(name.removeprefix("props:"), "(not set)")]

    def _of_visit(self, name: str) -> str:
        if name in ("entry_page", "exit_page"):
            return (self.visit.entry_page if name == "entry_page" else self.exit_page) or "(not set)"
        return self.visit.start.traits[name] or ("Direct / None" if name in ("source", "referrer") else "(not set)")


def look(visit: Visit, event: Seen, at: Seen | None = None) -> Look:
    return Look(visit, event, at or event, visit.exit_page)


def reached(goal: Goal, event: Seen) -> bool:
    """Whether an event reaches a goal."""
    if goal.page is not None:
        return event.kind == "pageview" and re.fullmatch(".*".join(re.escape(part) for part in goal.page.split("*")), event.page, re.DOTALL) is not None
    with_props = all(event.props.get(key) == text for key, text in goal.props)
    return event.kind == "custom" and event.name == goal.event and with_props and goal.currency in (None, event.currency)


def passes(filters: Filter, seen: Look, goals: Sequence[Goal]) -> bool:
    """Whether an event passes a list of filters, all of them."""
    return all(_passes(each, seen, goals) for each in filters)


def _passes(one: Filter, seen: Look, goals: Sequence[Goal]) -> bool:
    operator, what, *rest = one
    if operator in ("and", "or"):
        return (all if operator == "and" else any)(_passes(each, seen, goals) for each in what)
    if operator == "not":
        return not _passes(what, seen, goals)
    if operator in ("has_done", "has_not_done"):
        done: bool = any(_passes(what, look(seen.visit, event), goals) for event in candidates(seen.visit, spoken([what])))
        return done is (operator == "has_done")
    values, *modifier = rest
    cased = not modifier or modifier[0].get("case_sensitive", True)
    fits: bool = any(_fits(operator.removesuffix("_not"), text, each, cased) for text in seen.texts(what, goals) for each in values)
    return fits is not operator.endswith("_not")


def _fits(operator: str, text: str, value: str, cased: bool) -> bool:
    if operator == "matches":
        return re.search(value, text, 0 if cased else re.IGNORECASE) is not None
    if not cased:
        text, value = text.lower(), value.lower()
    return value in text if operator == "contains" else value == text


def spoken(filters: Filter) -> set[str]:
    """The dimensions of events that filters speak of; what a visit has done is not of events."""
    return {name for name in mentioned(filters, inside=False) if name.startswith("event:")}


def mentioned(filters: Filter, inside: bool = True) -> set[str]:
    """All dimensions in filters, also `inside` what a visit has done."""
    found: set[str] = set()
    for operator, what, *_ in filters:
        if operator in ("and", "or"):
            found |= mentioned(what, inside)
        elif operator == "not" or (operator in ("has_done", "has_not_done") and inside):
            found |= mentioned([what], inside)
        elif operator not in ("has_done", "has_not_done"):
            found.add(what)
    return found


def candidates(visit: Visit, names: set[str]) -> list[Seen]:
    """The events that are meant where these dimensions of events are spoken of."""
    return visit.pageviews if names and names <= PLACES else visit.acts


def of_goals(dimension: str) -> bool:
    return dimension == "event:goal" or dimension.startswith("event:props:")


@dataclass(frozen=True)
class Question:
    """What is asked of the visits of a site, of which `inside` tells what is in the period."""

    visits: Sequence[Visit]
    inside: Callable[[Seen], bool]
    dimensions: Sequence[str] = ()
    filters: Filter = ()
    goals: Sequence[Goal] = ()

    @property
    def spoken(self) -> set[str]:
        return spoken(self.filters) | {name for name in self.dimensions if name.startswith("event:")}

    def keys(self, seen: Look, moment: Seen) -> set[Key]:
        """The rows that an event belongs in, at the time of `moment`; none when it does not pass."""
        if not passes(self.filters, seen, self.goals):
            return set()
        return set(product(*([bucket(moment.time, moment.offset, name[5:])] if name.startswith("time:") else seen.texts(name, self.goals) for name in self.dimensions)))

    def happened(self) -> dict[Key, list[Seen]]:
        """The events of each row."""
        return _by_key((key, event) for visit in self.visits for event in visit.acts if self.inside(event) for key in self.keys(look(visit, event), event))

    def viewed(self) -> dict[Key, list[Seen]]:
        """The page views of each row, the page of each in place of the visit's exit page."""
        views = ((visit, event) for visit in self.visits for event in visit.pageviews if self.inside(event))
        return _by_key((key, event) for visit, event in views for key in self.keys(Look(visit, event, event, event.page), event))

    def began(self) -> list[Visit]:
        return [visit for visit in self.visits if self.inside(visit.start)]

    def begun(self) -> dict[Key, list["Part"]]:
        """The visits of each row, with what belongs in it of each."""
        found: dict[Key, list[Part]] = defaultdict(list)
        for visit in self.began():
            events = _by_key((key, event) for event in candidates(visit, self.spoken) for key in self.keys(look(visit, event), visit.start))
            for key, several in events.items():
                there = {(event.hostname, event.page) for event in several}
                found[key].append(Part(visit, [event for event in visit.engagements if not self.spoken or (event.hostname, event.page) in there]))
        return found

    def at_an_end(self, end: Callable[[Visit], Seen | None]) -> dict[Key, list[Visit]]:
        """The visits of each row, page and host name read as those of the page view at one end of the visit."""
        if not self.spoken & PLACES:
            return {key: [part.visit for part in parts] for key, parts in self.begun().items()}
        ends = [(visit, view) for visit in self.began() if (view := end(visit))]
        return _by_key((key, visit) for visit, view in ends for key in {key for event in visit.acts for key in self.keys(look(visit, event, view), visit.start)})


@dataclass(frozen=True, slots=True)
class Part:
    """A visit in a row, and those of its engagements that belong there."""

    visit: Visit
    engagements: Sequence[Seen]


def _by_key(pairs: Iterable[tuple[Key, Any]]) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def report(asked: Question, metrics: Sequence[str] = METRICS) -> dict[Key, Row]:
    """Some metrics of every row in which something of them is."""
    everything = _report(asked)
    shown = {key for key, (row, events, visits) in everything.items() if any(_counts_in(metric, events, visits) for metric in metrics)}
    return {key: {metric: row[metric] for metric in metrics} for key, (row, _, _) in everything.items() if key in shown or not asked.dimensions}


def _counts_in(metric: str, events: int, visits: int) -> bool:
    return bool(events if metric in OF_EVENTS else visits if metric in OF_VISITS else events or visits)


def _report(asked: Question) -> dict[Key, tuple[Row, int, int]]:
    """All metrics of all rows, and how many events and visits are in each."""
    happened, begun, viewed = asked.happened(), asked.begun(), asked.viewed()
    entered, left = asked.at_an_end(lambda visit: visit.entry), asked.at_an_end(lambda visit: visit.exit)
    plain = [each for each in asked.filters if not any(of_goals(name) for name in mentioned([each]))]
    others = [number for number, name in enumerate(asked.dimensions) if name != "event:goal"]
    all_visitors = visitors(replace(asked, dimensions=()).happened().get((), ()))
    all_plain = visitors(replace(asked, dimensions=(), filters=plain).happened().get((), ()))
    groups = replace(asked, dimensions=[asked.dimensions[number] for number in others], filters=plain).happened()

    def row(key: Key) -> Row:
        events, parts = happened.get(key, []), begun.get(key, [])
        exits = sum(visit.exit is not None for visit in left.get(key, []))
        of_events = {
            **_of_events(events),
            "percentage": ratio(100 * visitors(events), all_visitors, 1),
            "conversion_rate": ratio(100 * visitors(events), all_plain, 2),
            "group_conversion_rate": ratio(100 * visitors(events), visitors(groups.get(tuple(key[number] for number in others), ())), 2),
        }
        of_visits = {
            **_of_visits(parts),
            "views_per_visit": ratio(of_events["pageviews"], len(parts), 2),
            "bounce_rate": ratio(100 * sum(visit.bounced for visit in entered.get(key, [])), len(entered.get(key, [])), 1),
            "exit_rate": ratio(100 * exits, len(viewed.get(key, [])), 1),
        }
        return {**of_events, **of_visits}

    keys = {*happened, *begun} if asked.dimensions else {()}
    return {key: (row(key), len(happened.get(key, [])), len(begun.get(key, []))) for key in keys}


def visitors(events: Iterable[Seen]) -> int:
    return len({(event.who, event.day) for event in events})


def _of_events(events: Sequence[Seen]) -> Row:
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for event in events:
        if event.currency is not None and event.amount is not None:
            amounts[event.currency].append(event.amount)
    return {
        "visitors": visitors(events),
        "pageviews": sum(event.kind == "pageview" for event in events),
        "events": len(events),
        "total_revenue": _money({currency: ratio(Fraction(sum(each)), 1, 2) for currency, each in amounts.items()}),
        "average_revenue": _money({currency: ratio(Fraction(sum(each)), len(each), 2) for currency, each in amounts.items()}),
    }


def _money(by_currency: Mapping[str, float | None]) -> Any:
    several = [{"currency": currency, "value": by_currency[currency]} for currency in sorted(by_currency)]
    return several if len(several) > 1 else several[0] if several else None


def _of_visits(parts: Sequence[Part]) -> Row:
    scrolls = [max(told) for part in parts if (told := [event.scroll for event in part.engagements if event.scroll is not None])]
    return {
        "visits": len(parts),
        "visit_duration": ratio(Fraction(sum(part.visit.last - part.visit.start.time for part in parts), 1_000_000), len(parts), 1),
        "time_on_page": ratio(Fraction(sum(event.engaged for part in parts for event in part.engagements), 1000), len(parts), 1),
        "scroll_depth": ratio(sum(scrolls), len(scrolls), 0),
    }


def ratio(dividend: Fraction | int, divisor: int, decimals: int) -> float | None:
    """A quotient rounded half up, None where there is nothing to divide by."""
    if not divisor:
        return None
    unit = Fraction(1, 10**decimals)
    return float(floor(Fraction(dividend) / divisor / unit + Fraction(1, 2)) * unit)
