"""What is done beside answering: roll-ups of days that ended, and deleting facts that are too old."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from footfall.domain.site import Site
from footfall.query.bounds import BOUNDS, Bounds
from footfall.query.partial import Partial, packed
from footfall.query.question import Question
from footfall.query.rollup import Look, Sums, TooCostly
from footfall.query.standard import groups, standard
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
CUT = b"days cut short"
"""Of each such day the dimensions that have more values than are kept, as keys without sums.

An archive takes them with the sums of days, all of which have to be readable.
"""

TRIED_DAYS = 7
"""So long facts wait for sums that could not be taken."""

NO_DAY = date.min
"""Where what is of no day is kept."""

LAST_TRIMMED = "SELECT site, max(day) FROM days WHERE trimmed GROUP BY site"
DAYS = "SELECT day, version, settled, trimmed FROM days WHERE site = ? ORDER BY day"

EXPECTED = (StoreBroken, NoMemory, TooCostly)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """What is known of days whose roll-ups were made: by day as a text.

    `versions` are those of days that have all, or 0 of those that had not settled; `failed`
    are the dates on which it was tried in vain the first and the last time.
    """

    versions: dict[str, int] = field(default_factory=dict)
    failed: dict[str, Sequence[str]] = field(default_factory=dict)

    def due(self, day: date, version: int, today: date) -> bool:
        """Return whether a day of a version is to be rolled up; what cannot be is tried once a day."""
        _, last = self.failed.get(str(day), ("", ""))
        return self.versions.get(str(day)) != version and last != str(today)

    def tried(self, day: date, version: int, today: date, *, failed: bool) -> None:
        """Note that a day of a version was rolled up, or not all of it."""
        first, _ = self.failed.pop(str(day), (str(today), ""))
        if failed:
            self.failed[str(day)] = (first, str(today))
        else:
            self.versions[str(day)] = version

    def hopeless(self, day: date, today: date) -> bool:
        """Return whether a day was tried long enough."""
        first, _ = self.failed.get(str(day), (str(today), ""))
        return first <= str(today - timedelta(days=TRIED_DAYS))


@dataclass(frozen=True, slots=True)
class RollUp:
    """Makes the roll-ups of days that ended, and keeps beside them which it made: to look at each anew costs as much as to read them all."""

    facts: Facts
    rollups: Rollups
    bounds: Bounds = BOUNDS

    def __call__(self, site: Site, today: date, stop: threading.Event) -> None:
        """Make what days that ended lack: once when they end, and then as often as they change after they settled; changes between are found by who asks."""
        keys = _names(site)
        made = _made(self.rollups, site.id, keys)
        with self.facts.reading(site.id) as reading:
            rows = reading.rows(DAYS, [site.id], NO_DAYS)
        due = [day for day, version, settled, gone in rows if day < today and not gone and made.due(day, settled * version, today)]
        while due and not stop.is_set():
            some, due = due[:DAYS_AT_ONCE], due[DAYS_AT_ONCE:]
            rows, failed = self._days(site, some, today)
            for day, version, settled, _ in rows:
                made.tried(day, settled * version, today, failed=day in failed)
            told = json.dumps([keys, made.versions, made.failed]).encode()
            self.rollups.put(site.id, MADE, {NO_DAY: (0, told)})

    def _days(self, site: Site, days: Sequence[date], today: date) -> tuple[Sequence[Any], set[date]]:
        """Roll days up; return what `DAYS` tells of them, and those of which some sums cannot be taken."""
        with self.facts.reading(site.id) as reading:
            rows = [row for row in reading.rows(DAYS, [site.id], NO_DAYS) if row[0] in days]
            at = Look(reading, today, {day: version for day, version, _, _ in rows}, ())
            failed: set[date] = set()
            cut: dict[date, list[str]] = {day: [] for day in at.days}
            for group in groups(site):
                large, unmade = self._group(group, at)
                failed |= unmade
                for day in large:
                    cut[day].append(group[0].dimensions[0])
            self._note(site.id, at, cut)
            roll_up(self.rollups, site.id, at)
        return rows, failed

    def _group(self, group: Sequence[Question], at: Look) -> tuple[set[date], set[date]]:
        """Roll up questions by the same dimensions; return the days that were cut, and those that fail even alone."""
        sums = Sums(self.rollups, self.bounds)
        try:
            return sums.roll_up(group, at), set()
        except (NoMemory, TooCostly) as exc:
            if len(at.days) == 1:
                log.error("%s; the roll-ups of %s of site %s are tried again tomorrow", exc, *at.days, group[0].site)
                return set(), set(at.days)
        cut, failed = set[date](), set[date]()
        for day, version in at.days.items():
            found = self._group(group, replace(at, days={day: version}))
            cut, failed = cut | found[0], failed | found[1]
        return cut, failed

    def _note(self, site: str, at: Look, cut: Mapping[date, Sequence[str]]) -> None:
        """Keep which days have more values than are kept, and of what."""
        if not at.days:
            return
        noted = self.rollups.versions(site, CUT, min(at.days), max(at.days))
        told = {day: (at.days[day], packed(Partial([(name,) for name in dimensions], []))) for day, dimensions in cut.items() if dimensions or day in noted}
        if told:
            self.rollups.put(site, CUT, told)


def _names(site: Site) -> str:
    """Return what names the questions of a site whose roll-ups are made."""
    return sha256(b"".join(sorted(key for _, key in standing_of(site) if key != CUT))).hexdigest()


def _made(rollups: Rollups, site: str, keys: str) -> Made:
    """Return what was made of just these questions."""
    for _, data in rollups.get(site, MADE, NO_DAY, NO_DAY).values():
        of, *told = json.loads(data)
        if of == keys:
            return Made(*told)
    return Made()


@dataclass(frozen=True, slots=True)
class Trim:
    """Deletes facts that are older than their site keeps them, once their roll-ups are safe.

    What cannot be rolled up goes without, some days later.
    """

    facts: Trimming
    rollups: Rollups

    def __call__(self, site: Site, today: date) -> None:
        """Where the site keeps all, nothing is done."""
        before = oldest_kept(site, today)
        with self.facts.reading(site.id) as reading:
            rows = reading.rows(DAYS, [site.id], NO_DAYS)
        old = {day: version for day, version, settled, trimmed in rows if day < before and settled and not trimmed}
        if not old:
            return
        made = _made(self.rollups, site.id, _names(site))
        hopeless = {day: version for day, version in old.items() if made.hopeless(day, today)}
        due = self._rolled_up(site, old) | hopeless
        self.rollups.clear(site.id, due)  # what nobody asked for since its day changed would be believed from now on
        self.rollups.sync()
        gone = self.facts.trim(site.id, due)
        if gone:
            log.info("deleted the facts of %d days of site %s, from %s to %s; their roll-ups stay", len(gone), site.id, gone[0], gone[-1])
        for day in sorted(hopeless.keys() & set(gone)):
            log.warning("some sums of %s of site %s could not be taken, and are left out of reports", day, site.id)

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
    return {(site.id, key) for key in (MADE, CUT, *VIEWS, *(one.key for question in standard(site) for one in question.kept_as))}


@dataclass(slots=True)
class Upkeep:
    """Runs in a thread of its own. `sites` gives all sites, `now` microseconds since 1970."""

    facts: OwnFacts
    rollups: Rollups
    sites: Callable[[], Sequence[Site]]
    now: Callable[[], int]
    bounds: Bounds = BOUNDS
    _roll_up: RollUp = field(init=False)
    _trim: Trim = field(init=False)

    def __post_init__(self) -> None:
        self._roll_up, self._trim = RollUp(self.facts, self.rollups, self.bounds), Trim(self.facts, self.rollups)

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
