"""The rule of very many values by brute force, over what the oracle saw; shares no code with the product.

Of a day that was cut, whatever is not among its first values counts for the rest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.oracle import Seen, Visit
from tests.query.reckoning import Key, Look, Question, look

REST = "(the rest)"


@dataclass(frozen=True)
class CutQuestion(Question):
    """A question by one dimension and perhaps time, of days some of which have only their first values."""

    firsts: Mapping[int, "First"] = field(default_factory=dict)

    def keys(self, seen: Look, moment: Seen) -> set[Key]:
        """The rows that an event belongs in, or the rest of its day."""
        found = super().keys(seen, moment)
        first = self.firsts.get(moment.day)
        if first is None:
            return found
        places = [place for place, name in enumerate(self.dimensions) if not name.startswith("time:")]
        return {tuple(_told(text, place in places, first) for place, text in enumerate(key)) for key in found}


def _told(text: str, of_values: bool, first: "First") -> str:
    return REST if of_values and text not in first.values else text


@dataclass(frozen=True)
class First:
    """The values of a day that have rows of their own, and how many events the last of them has."""

    values: frozenset[str]
    bound: int


def firsts(visits: Sequence[Visit], dimension: str, days: Sequence[date], most: int) -> dict[int, First]:
    """Days that have more values than so many, and their first: by events, visits, and name."""
    found = {}
    for day in days:
        number = (day - date(1970, 1, 1)).days
        events, began = Counter[str](), Counter[str]()
        for visit in visits:
            texts = [(event, text) for event in visit.acts for text in look(visit, event).texts(dimension, ())]
            events.update(text for event, text in texts if event.day == number)
            if visit.start.day == number:
                began.update({text for event, text in texts if _counts(event, dimension)})
        order = sorted({*events, *began}, key=lambda text: (-events[text], -began[text], text))
        if len(order) > most:
            kept = order[:most]
            found[number] = First(frozenset(kept), events[kept[-1]])
    return found


def _counts(event: Seen, dimension: str) -> bool:
    """Whether a visit is one of a value for an event: of pages only by its page views."""
    return dimension != "event:page" or event.kind == "pageview"


def bound(key: Key, dimensions: Sequence[str], cut: Mapping[int, First], inside: Sequence[date]) -> tuple[int, int]:
    """On how many days a row was not kept, and how many events these had at most."""
    days = bounds = 0
    for day in inside:
        first = cut.get((day - date(1970, 1, 1)).days)
        if first is not None and _in_time(key, dimensions, day) and not first.values & set(key):
            days, bounds = days + 1, bounds + first.bound
    return days, bounds


def _in_time(key: Key, dimensions: Sequence[str], day: date) -> bool:
    starts = {"time:day": day, "time:week": day - timedelta(day.weekday()), "time:month": day.replace(day=1)}
    return all(text == str(starts[name]) for name, text in zip(dimensions, key, strict=True) if name in starts)
