"""`footfall demo-data`: plausible made-up traffic, in place of the engine."""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from time import monotonic
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from footfall import compose
from footfall.domain.event import DAY_US, HOUR_US
from footfall.domain.identity import Salt
from footfall.domain.site import Site, date_day, day_date
from footfall.registry.port import Refused, RegistryBroken
from footfall.settings import BadSettings, Settings
from footfall.store import demo
from footfall.store.demo import SiteDay
from footfall.store.port import OwnFacts, StoreBroken
from footfall.stream.port import StreamBroken

EXPECTED = (Refused, RegistryBroken, StreamBroken, StoreBroken)
LIMITS = {"events": 1_000_000_000, "days": 3_660, "sites": 1_000, "seed": 2**31}
VISITS_AT_ONCE = 100_000
EVENTS_BETWEEN_SETTLING = 5_000_000
"""The ids of what was made are forgotten this often, so that the file does not grow by them."""

MADE = """
SELECT
    (SELECT count(*) FROM events WHERE list_contains(?, site)),
    (SELECT count(*) FROM visits WHERE list_contains(?, site))
"""
INTERRUPTED = 130


class Wanted(NamedTuple):
    """What to make: days since 1970, and the moment at which it ends (microseconds)."""

    events: int
    sites: int
    seed: int
    first: int
    last: int
    until: int


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Add the sites and fill their days."""
    now_us = compose.now()
    wanted = _wanted(given, now_us)
    facts = compose.open_facts(settings, alone=True)
    try:
        sites = demo.sites(wanted.sites)
        _add(settings, sites)
        started = monotonic()
        days = demo.site_days(sites, wanted.events, wanted.first, wanted.last, wanted.seed)
        _fill(settings, facts, days, wanted, now_us)
        _report(facts, wanted, monotonic() - started)
    except KeyboardInterrupt:
        print("footfall: stopped before all was made; what was made stays", file=sys.stderr)
        return INTERRUPTED
    finally:
        facts.close()
    return 0


def _add(settings: Settings, sites: Sequence[Site]) -> None:
    registry = compose.open_registry(settings)
    try:
        taken = {site.id for site in registry.sites()} & {site.id for site in sites}
        if taken:
            raise Refused(
                f"there is a site {min(taken)!r} already:"
                " give a data folder without made-up traffic"
            )
        for site in sites:
            registry.put_site(site, new=True)
    finally:
        registry.close()


def _wanted(given: dict[str, Any], now_us: int) -> Wanted:
    problems: list[str] = []
    counts = {name: _count(name, given[f"made_{name}"], problems) for name in LIMITS}
    last = _last(given["until"], now_us, problems)
    if problems:
        raise BadSettings("; ".join(problems))
    return Wanted(
        events=counts["events"],
        sites=counts["sites"],
        seed=counts["seed"],
        first=last - counts["days"] + 1,
        last=last,
        until=now_us,
    )


def _count(name: str, text: str, problems: list[str]) -> int:
    if text.isdecimal() and 1 <= int(text) <= LIMITS[name]:
        return int(text)
    problems.append(f"--{name} must be a whole number from 1 to {LIMITS[name]}")
    return 1


def _last(text: str, now_us: int, problems: list[str]) -> int:
    """The last day to fill; unless told the last that is over in every zone."""
    if not text:
        return (now_us - 12 * HOUR_US) // DAY_US - 1
    try:
        day = now_us // DAY_US if text == "today" else date_day(date.fromisoformat(text))
    except ValueError:
        problems.append("--until must be a date such as 2026-11-24, or 'today'")
        return 0
    if day > now_us // DAY_US:
        problems.append("--until must not lie in the future")
    return day


def _fill(
    settings: Settings, facts: OwnFacts, days: Sequence[SiteDay], wanted: Wanted, now_us: int
) -> None:
    settled_at = made = 0
    total = sum(day.visits for day in days) * demo.EVENTS_A_VISIT
    with _progress() as progress:
        task = progress.add_task("making events", total=total)
        for several in _portions(days):
            portion = [day._asdict() for day in several]
            values = {"seed": wanted.seed, "until": wanted.until, "days": portion}
            count = facts.load(demo.EVENTS, values)
            made += count
            progress.advance(task, count)
            if made - settled_at >= EVENTS_BETWEEN_SETTLING:
                _settle(settings, facts, now_us)
                settled_at = made
        _settle(settings, facts, now_us)


def _portions(days: Sequence[SiteDay]) -> Iterator[list[SiteDay]]:
    """The days in order, so many at once as come to so many visits."""
    portion: list[SiteDay] = []
    for day in days:
        if portion and sum(each.visits for each in portion) + day.visits > VISITS_AT_ONCE:
            yield portion
            portion = []
        portion.append(day)
    if portion:
        yield portion


def _settle(settings: Settings, facts: OwnFacts, now_us: int) -> None:
    """Settle as the engine does, but for days so young that a server would have their salts."""
    salts, reader = compose.open_salts(settings), compose.open_reader(settings)
    try:
        received = reader.read(1).received or now_us
        latest = (now_us + 14 * HOUR_US) // DAY_US
        last_days = range(latest - 5, latest + 1)
        young = {day for day in last_days if Salt(day, b"", 0).destroyed_at > now_us}
        alive = young | {salt.day for salt in salts.all()}
        facts.settle(frozenset(alive), latest, received)
    finally:
        salts.close()
        reader.close()


def _report(facts: OwnFacts, wanted: Wanted, seconds: float) -> None:
    names = [site.id for site in demo.sites(wanted.sites)]
    ((events, visits),) = facts.rows(MADE, [names, names])
    days = f"{day_date(wanted.first)} to {day_date(wanted.last)}"
    print(
        f"made {events:,} events of {visits:,} visits on {len(names)} sites,"
        f" {days}, in {seconds:.0f} s"
    )


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
