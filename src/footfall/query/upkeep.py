"""What is done beside answering: roll-ups of days that ended, and deleting facts that are too old."""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from footfall.domain.site import Site
from footfall.query.rollup import Look, Sums, TooCostly
from footfall.query.standard import standard
from footfall.query.views import DAY, HOUR, roll_up
from footfall.store.port import NO_DAYS, Facts, NoMemory, OwnFacts, Rollups, StoreBroken, Trimming

TICK_SECONDS = 60.0
UNUSED = timedelta(days=35)
"""A month's report asked every month is not made anew each time."""

SLACK_DAYS = 3
"""Hits may be on their way when a day becomes too old."""

DAYS_AT_ONCE = 31
VIEWS = (DAY.key, HOUR.key)
MADE = b"days rolled up"
NO_DAY = date.min
"""Where what is of no day is kept."""

LAST_TRIMMED = "SELECT site, max(day) FROM days WHERE trimmed GROUP BY site"
DAYS = "SELECT day, version, settled, trimmed FROM days WHERE site = ? ORDER BY day"

EXPECTED = (StoreBroken, NoMemory, TooCostly)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RollUp:
    """Makes the roll-ups of days that ended, and keeps beside them which it made: to look at each anew costs as much as to read them all."""

    facts: Facts
    rollups: Rollups

    def __call__(self, site: Site, today: date, stop: threading.Event) -> None:
        """Make what days that ended lack: once when they end, and then as often as they change after they settled; changes between are found by who asks."""
        questions = list(standard(site))
        keys = sha256(b"".join(sorted(key for _, key in standing_of(site)))).hexdigest()
        made = self._made(site.id, keys)
        with self.facts.reading(site.id) as reading:
            due = [day for day, version, settled, trimmed in reading.rows(DAYS, [site.id], NO_DAYS) if day < today and not trimmed and made.get(str(day)) != settled * version]
        while due and not stop.is_set():
            some, due = due[:DAYS_AT_ONCE], due[DAYS_AT_ONCE:]
            with self.facts.reading(site.id) as reading:
                rows = [row for row in reading.rows(DAYS, [site.id], NO_DAYS) if row[0] in some]
                at = Look(reading, today, {day: version for day, version, _, _ in rows}, ())
                sums = Sums(self.rollups)
                for question in questions:
                    sums.roll_up(question, at)
                roll_up(self.rollups, site.id, at)
            made |= {str(day): settled * version for day, version, settled, _ in rows}
            self.rollups.put(site.id, MADE, {NO_DAY: (0, json.dumps([keys, made]).encode())})

    def _made(self, site: str, keys: str) -> dict[str, int]:
        """Days of which all of these questions' roll-ups were made, with their versions, or 0 of those that had not settled."""
        for _, data in self.rollups.get(site, MADE, NO_DAY, NO_DAY).values():
            of, made = json.loads(data)
            if of == keys:
                return dict(made)
        return {}


@dataclass(frozen=True, slots=True)
class Trim:
    """Deletes facts that are older than their site keeps them, once their roll-ups are safe."""

    facts: Trimming
    rollups: Rollups

    def __call__(self, site: Site, today: date) -> None:
        """Where the site keeps all, nothing is done."""
        before = oldest_kept(site, today)
        with self.facts.reading(site.id) as reading:
            rows = reading.rows(DAYS, [site.id], NO_DAYS)
        due = {day: version for day, version, settled, trimmed in rows if day < before and settled and not trimmed}
        if not due:
            return
        due = self._rolled_up(site, due)
        self.rollups.clear(site.id, due)  # what nobody asked for since its day changed would be believed from now on
        self.rollups.sync()
        gone = self.facts.trim(site.id, due)
        if gone:
            log.info("deleted the facts of %d days of site %s, from %s to %s; their roll-ups stay", len(gone), site.id, gone[0], gone[-1])

    def _rolled_up(self, site: Site, days: dict[date, int]) -> dict[date, int]:
        """Those of the days that every standard question has a roll-up of, of their present version."""
        for one in (one for question in standard(site) for one in question.kept_as):
            kept = self.rollups.versions(site.id, one.key, min(days), max(days))
            days = {day: version for day, version in days.items() if kept.get(day) == version}
            if not days:
                break
        return days


def oldest_kept(site: Site, today: date) -> date:
    """The first day whose facts a site keeps."""
    return date.min if site.retention_days is None else today - timedelta(days=site.retention_days + SLACK_DAYS)


def standing_of(site: Site) -> set[tuple[str, bytes]]:
    """The questions of a site, and it, whose roll-ups are kept whether anybody asks or not."""
    return {(site.id, key) for key in (MADE, *VIEWS, *(one.key for question in standard(site) for one in question.kept_as))}


@dataclass(slots=True)
class Upkeep:
    """Runs in a thread of its own. `sites` gives all sites, `now` microseconds since 1970."""

    facts: OwnFacts
    rollups: Rollups
    sites: Callable[[], Sequence[Site]]
    now: Callable[[], int]
    _roll_up: RollUp = field(init=False)
    _trim: Trim = field(init=False)

    def __post_init__(self) -> None:
        self._roll_up, self._trim = RollUp(self.facts, self.rollups), Trim(self.facts, self.rollups)

    def run(self, stop: threading.Event) -> None:
        """Tend until `stop` is set. Whatever fails is tried again."""
        while not stop.wait(TICK_SECONDS):
            try:
                self.tend(stop)
            except Exception:
                log.exception("roll-ups are tried again in a minute")

    def tend(self, stop: threading.Event) -> None:
        """Once for all sites; a site for which something fails keeps no other from its turn."""
        moment = datetime.fromtimestamp(self.now() / 1e6, UTC)
        standing: set[tuple[str, bytes]] = set()
        for site in self.sites():
            if stop.is_set():
                return
            today = moment.astimezone(ZoneInfo(site.zone_at(self.now()))).date()
            standing |= standing_of(site)
            try:
                self._roll_up(site, today, stop)
                if not stop.is_set():
                    self._trim(site, today)
            except EXPECTED as exc:
                log.error("%s; the roll-ups of site %s are tried again in a minute", exc, site.id)
        self.rollups.forget(standing, moment.date() - UNUSED, dict(self.facts.rows(LAST_TRIMMED)).get)
