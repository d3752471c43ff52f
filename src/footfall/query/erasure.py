"""Erasing facts of a site, for the owner of the data folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unicodedata import normalize

from footfall.control.port import InvalidArgument, Refusal
from footfall.domain.dimension import GOAL
from footfall.domain.filter import And, Test, parse_filters, tests
from footfall.domain.period import NotAPeriod, Period, resolve
from footfall.domain.site import Site
from footfall.domain.wrong import Wrong
from footfall.query import stats
from footfall.query.answer import check_expressions
from footfall.query.condition import Conditions, Place, needs_visit
from footfall.registry.port import Registry
from footfall.store.port import NO_DAYS, Reading, Rollups
from footfall.store.removal import DayErased, Forgetting

EARLIEST = "SELECT min(day), max(day) FROM days WHERE site = $site"
GONE = "SELECT day FROM days WHERE site = $site AND day BETWEEN $first AND $last AND trimmed ORDER BY day"
VERSIONS = "SELECT day, version FROM days WHERE site = $site AND day BETWEEN $first AND $last"
COUNT = """
SELECT day, count(*), count(DISTINCT visit) FROM events
WHERE site = $site AND (id, time) IN ({chosen}) GROUP BY day ORDER BY day
"""
REACH = timedelta(days=5)
"""Days to either side that change along with a day: a visit across midnight is of both."""

OF_NO_VERSION = -1
SHOWN_GOALS = 20


class OnlySums(Refusal):
    """The facts of some days are gone; `what` is the fact without the advice."""

    def __init__(self, gone: Sequence[date]) -> None:
        days = f"the facts of {len(gone)} of these days are gone, {gone[0]} to {gone[-1]}"
        self.what = f"{days}, and their sums tell of no single event"
        advice = "erase all sums of these days too (--with-sums), or name a later --period"
        super().__init__(f"{self.what}: {advice}")


@dataclass(frozen=True, slots=True)
class Erase:
    """The command `erase`: the events of a site in a period that pass filters."""

    facts: Forgetting
    rollups: Rollups
    registry: Registry
    now: Callable[[], int]

    def __call__(
        self,
        site: str,
        period: str | list[str],
        filters: Sequence[Any] = (),
        conditions: Sequence[str] = (),
        with_sums: bool = False,
        dry: bool = True,
    ) -> dict[str, Any]:
        """Return what would be erased, day by day, or what was; raises `Refusal`.

        Of days whose facts are gone only their sums are left, which tell of no single event: they
        are refused, or with `with_sums` all sums of these days are erased.
        """
        chosen = self._chosen(known(self.registry, site), period, filters, conditions)
        gone = self._gone(chosen)
        if dry:
            days = self._told(chosen)
        elif gone and not with_sums:
            raise OnlySums(gone)
        else:
            days = self.facts.erase(site, chosen.sql, chosen.parameters)
            self._clear(chosen, days, gone)
        return {
            "site": site,
            "days": [[str(each.day), each.events, each.visits] for each in days],
            "gone": [str(day) for day in gone],
            "erased": not dry,
        }

    def _chosen(
        self,
        site: Site,
        period: str | list[str],
        filters: Sequence[Any],
        conditions: Sequence[str],
    ) -> "Chosen":
        now_us = self.now()
        zone, moment = site.zone_at(now_us), datetime.fromtimestamp(now_us / 1e6, UTC)
        with self.facts.reading(site.id) as reading:
            earliest, latest = reading.rows(EARLIEST, {"site": site.id}, NO_DAYS)[0]
        try:
            goals = {goal.name for goal in site.goals}
            more = [each for text in conditions for each in stats.conditions(text, goals)]
            span = resolve(period, moment, zone, earliest)
            wanted = parse_filters([*filters, *more])
            with self.facts.reading(site.id) as reading:
                check_expressions(wanted, reading)
                check_goals(wanted, site, reading)
        except NotAPeriod as exc:
            raise InvalidArgument(f"--period {exc}") from None
        except Wrong as exc:
            raise InvalidArgument(str(exc)) from None
        if period == "all":  # what is dated in the future too
            last = max(span.last, latest or span.last)
            span = Period("custom", min(span.first, earliest or span.first), last)
        return select(site, span, wanted)

    def _told(self, chosen: "Chosen") -> Sequence[DayErased]:
        with self.facts.reading(chosen.site.id) as reading:
            sql = COUNT.format(chosen=chosen.sql)
            parameters = {**chosen.parameters, "site": chosen.site.id}
            return [DayErased(*row) for row in reading.rows(sql, parameters)]

    def _gone(self, chosen: "Chosen") -> list[date]:
        span = {"site": chosen.site.id, "first": chosen.period.first, "last": chosen.period.last}
        with self.facts.reading(chosen.site.id) as reading:
            return [day for (day,) in reading.rows(GONE, span, NO_DAYS)]

    def _clear(self, chosen: "Chosen", told: Sequence[DayErased], gone: Sequence[date]) -> None:
        """Drop the sums of days that have changed; they are made again of what is left."""
        site = chosen.site.id
        days = [each.day for each in told] + list(gone)
        if not days:
            return
        if gone:
            self.facts.forget_gone(site, chosen.period.first, chosen.period.last)
        first, last = min(days) - REACH, max(days) + REACH
        with self.facts.reading(site) as reading:
            span = {"site": site, "first": first, "last": last}
            versions = dict(reading.rows(VERSIONS, span, NO_DAYS))
        self.rollups.clear(site, {**dict.fromkeys(days, OF_NO_VERSION), **versions})
        self.rollups.sync()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The events of a site in a period that pass filters, as a SELECT of their id and time."""

    site: Site
    period: Period
    sql: str
    parameters: Mapping[str, Any]


def select(site: Site, period: Period, filters: And) -> Chosen:
    """Choose events."""
    conditions = Conditions(site.id, site.goals, (period.first - REACH, period.last + REACH))
    bind, joined = conditions.bind, needs_visit(filters)
    terms = [f"e.site = {bind(site.id)}"]
    if period.since and period.until:
        since, until = (each.replace(tzinfo=None) for each in (period.since, period.until))
        terms.append(f"e.time >= {bind(since)} AND e.time < {bind(until)}")
    else:
        terms.append(f"e.day BETWEEN {bind(period.first)} AND {bind(period.last)}")
    terms.append(conditions.passes(filters, Place(event=True, visit=joined)))
    join = f" LEFT{conditions.visits_beside()}" if joined else ""
    sql = f"SELECT e.id, e.time FROM events e{join} WHERE {' AND '.join(terms)}"
    return Chosen(site, period, sql, conditions.parameters)


def check_goals(filters: And, site: Site, reading: Reading) -> None:
    """Raise `Wrong` where a value of a condition on goals means none: to lack it is to be erased."""
    of_goals = (each for each in tests(filters, inside_done=True) if each.dimension == GOAL)
    for test in of_goals:
        for spellings in _values(test):
            if not _means_a_goal(replace(test, values=spellings), site, reading):
                raise Wrong("filters", f"name the goal {spellings[0][:60]!r}, {_instead(site)}")


def _values(test: Test) -> Sequence[tuple[str, ...]]:
    """Return each value of a condition as it was given, with its other spellings."""
    found: dict[str, tuple[str, ...]] = {}
    for value in test.values:
        as_one = normalize("NFC", value)
        found[as_one] = (*found.get(as_one, ()), value)
    return list(found.values())


def _means_a_goal(test: Test, site: Site, reading: Reading) -> bool:
    names = {goal.name for goal in site.goals}
    if not test.operator.startswith("matches") and not names.isdisjoint(test.values):
        return True  # without a statement for each of very many values
    conditions = Conditions(site.id, site.goals, NO_DAYS)
    meant = " OR ".join(conditions.names(test, goal) for goal in site.goals)
    if not meant:
        return False
    return bool(reading.rows(f"SELECT {meant}", conditions.parameters, NO_DAYS)[0][0])


def _instead(site: Site) -> str:
    if not site.goals:
        return f"but site {site.id!r} has no goals"
    names = ", ".join(goal.name[:60] for goal in site.goals[:SHOWN_GOALS])
    more = f" and {len(site.goals) - SHOWN_GOALS} more" if len(site.goals) > SHOWN_GOALS else ""
    return f"which site {site.id!r} does not have; it has {names}{more}"


def known(registry: Registry, site_id: str) -> Site:
    """Return the site of an id; raises `Refusal`."""
    found = next((each for each in registry.sites() if each.id == site_id), None)
    if found is None:
        raise Refusal(f"there is no site {site_id!r}; 'footfall site list' shows all")
    return found
