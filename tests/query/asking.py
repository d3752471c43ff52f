"""Asking the product and the oracle the same question."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from footfall.domain.report import METRICS
from footfall.query.answer import Answers
from footfall.store.duckdb import DuckdbFacts
from tests import oracle
from tests.oracle import DAY, Key, Seen
from tests.store.relations import filled
from tests.traffic import SITE, Act, at, crowd, made

Rows = dict[Key, dict[str, Any]]


@dataclass
class Told:
    """A store with the traffic of all sites, and what the oracle saw of it."""

    acts: Sequence[Act]
    seen: Sequence[Seen] = field(init=False)
    facts: DuckdbFacts = field(init=False)

    def __post_init__(self) -> None:
        records = made(self.acts, one_shard=True)
        self.seen, self.facts = [each.seen for each in records], filled(records)

    def ask(self, site: str, now: int, **query: Any) -> dict[str, Any]:
        """The product's answer."""
        return Answers(self.facts, lambda: now).query(SITE[site], {"site_id": site, **query})

    def rows(self, site: str, now: int, dimensions: Sequence[str], date_range: object) -> Rows:
        """The product's answer with every metric, by the dimensions' values."""
        answer = self.ask(site, now, metrics=list(METRICS), dimensions=list(dimensions), date_range=date_range)
        found = {tuple(row["dimensions"]): dict(zip(METRICS, row["metrics"], strict=True)) for row in answer["results"]}
        assert len(found) == len(answer["results"]), "a row twice"
        return found

    def expected(self, site: str, dimensions: Sequence[str], inside: Callable[[Seen], bool]) -> Rows:
        return oracle.report(self.seen, site, dimensions, inside)


def days(first: str, last: str) -> Callable[[Seen], bool]:
    """What happened on local days, both included."""
    low, high = (int((date.fromisoformat(day) - date(1970, 1, 1)).days) for day in (first, last))
    return lambda event: low <= event.day <= high


def instants(since: str, until: str) -> Callable[[Seen], bool]:
    """What happened from an instant until before another."""
    low, high = (int(datetime.fromisoformat(moment).timestamp() * 1_000_000) for moment in (since, until))
    return lambda event: low <= event.time < high


def last(now: int, span: int) -> Callable[[Seen], bool]:
    """What happened in the microseconds before now."""
    return lambda event: event.time >= now - span


ZONES = {"berlin": "Europe/Berlin", "kathmandu": "Asia/Kathmandu", "coast": "America/Los_Angeles", "moved": "Europe/Berlin"}
FIRST = {"berlin": "2026-03-28", "kathmandu": "2026-06-29", "coast": "2026-10-31", "moved": "2026-06-10"}
"""Where the traffic of each site begins; it lasts three days."""


def told() -> Told:
    """Three days of traffic on four sites: over a day of 23 hours, the turn of a month, a day of 25 hours, a move."""
    acts = [act for seed, (site, first) in enumerate(FIRST.items()) for act in crowd(seed, date.fromisoformat(first), 3, 70, site)]
    return Told([*acts, Act(at("2026-06-30 12:00"), site="berlin2")])


def now_of(site: str) -> int:
    """Half past three in the afternoon of the third day."""
    return at(f"{FIRST[site]} 15:30", ZONES[site]) + 2 * DAY
