"""A site: what its owner configured, and its local time."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from footfall.domain.event import DAY_US
from footfall.domain.goal import Goal, goal_problems

SITE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
DOMAIN = re.compile(r"(?:\*\.)?(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|\[[0-9a-f:.]+\]")
COUNTRY = re.compile(r"[A-Z]{2}")
LEAST_RETENTION = 30
"""Days. A day must have settled, and its late hits have come, before it is deleted."""

QUARTER_US = 900_000_000
"""Most clocks change only at multiples of a quarter of an hour of UTC, and none twice within one."""


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What the owner does not want counted.

    `pages` are globs, `addresses` CIDR ranges, `referrers` hosts whose links are spam, and what
    lies below them.
    """

    addresses: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    hostnames: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    referrers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone by name, in force from an instant (microseconds) on."""

    name: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """A website that is counted. `zones` is in order of `since`; the first began at 0.

    A domain may begin with `*.`, which means every subdomain. With `only_hosts`, pages of other
    hosts do not count. Referrers of `ignored_referrers` (hosts, `*.` likewise) are no source. With
    `merge_slashes`, `/about/` and `//about` are `/about`. With `revenue_needs_key`, revenue counts
    only of hits that came with a key of the site. Facts older than `retention_days` are
    deleted, their roll-ups stay; None keeps them for ever. `first_id` is the id that it was made
    with, where it has another since.
    """

    id: str
    domains: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    zones: tuple[Zone, ...] = (Zone("UTC"),)
    public: bool = False
    honours_dnt: bool = False
    honours_gpc: bool = True
    exclusions: Exclusions = field(default_factory=Exclusions)
    goals: tuple[Goal, ...] = ()
    retention_days: int | None = None
    only_hosts: bool = False
    ignored_referrers: tuple[str, ...] = ()
    merge_slashes: bool = False
    revenue_needs_key: bool = False
    first_id: str = ""

    @property
    def root(self) -> str:
        """What the numbers of its visitors and events are made of, whatever it is called."""
        return self.first_id or self.id

    def zone_at(self, time_us: int) -> str:
        """The name of the zone in force at an instant."""
        if len(self.zones) == 1:
            return self.zones[0].name
        return next(zone.name for zone in reversed(self.zones) if zone.since <= time_us or not zone.since)


def problems(site: Site) -> list[str]:
    """What is wrong with a site, as sentences; empty when it can be stored."""
    found = []
    wrong = [name for name in site.domains if not DOMAIN.fullmatch(name)]
    if not SITE_ID.fullmatch(site.id) and site.id not in wrong:  # the domain is the id unless one is given: once is enough
        found.append(f"site id {site.id!r} must be 1 to 63 letters, digits, dots, dashes or underscores")
    if not site.domains:
        found.append("a site needs at least one domain")
    found += [f"{name!r} is not a domain (give a host name such as example.com)" for name in wrong]
    found += [f"{name!r} is not a host whose links are ignored (give one such as checkout.example.com)" for name in site.ignored_referrers if not DOMAIN.fullmatch(name)]
    spam = (name for name in site.exclusions.referrers if not DOMAIN.fullmatch(name))
    found += [f"{name!r} is not a host of spam (give one such as spam.example)" for name in spam]
    found += [f"{alias!r} is not an alias: 1 to 200 printable characters" for alias in site.aliases if not (0 < len(alias) <= 200 and alias.isprintable())]
    zones = available_timezones()
    found += [f"{zone.name!r} is not a time zone (try Europe/Berlin)" for zone in site.zones if zone.name not in zones]
    found += [f"{each!r} is not an address or range such as 192.0.2.0/24" for each in site.exclusions.addresses if not _is_network(each)]
    found += goal_problems(site.goals)
    if site.retention_days is not None and not LEAST_RETENTION <= site.retention_days <= 36_500:
        found.append(f"facts must be kept for {LEAST_RETENTION} days at least, or for ever (0)")
    return found + [f"{each!r} is not a country's two letters, such as DE" for each in site.exclusions.countries if not COUNTRY.fullmatch(each)]


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def clash(site: Site, others: Iterable[Site]) -> str | None:
    """The sentence that says which name of this site another site already has, if any."""
    mine = _names(site)
    for other in others:
        if other.id == site.id:
            continue
        for name in sorted(mine & _names(other)):
            return f"{name!r} already belongs to site {other.id!r}"
    return None


def _names(site: Site) -> set[str]:
    return {site.id, site.root, *site.domains, *site.aliases}


def with_zone(site: Site, name: str, now_us: int) -> tuple[Zone, ...]:
    """The site's zones after a change asked for now: it takes effect at its next local midnight."""
    current = site.zone_at(now_us)
    if name == current:
        return tuple(zone for zone in site.zones if zone.since <= now_us)
    today = local_date(now_us, current)
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), ZoneInfo(current))
    since = int(midnight.timestamp()) * 1_000_000
    return (*(zone for zone in site.zones if zone.since <= now_us), Zone(name, since))


def utc_offset(time_us: int, zone: str) -> int:
    """Seconds that a zone is ahead of UTC at an instant."""
    moment = datetime.fromtimestamp(time_us // 1_000_000, UTC).astimezone(ZoneInfo(zone))
    offset = moment.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def local_day(time_us: int, offset_seconds: int) -> int:
    """Days since 1970 of an instant on a clock that is so many seconds ahead of UTC."""
    return (time_us + offset_seconds * 1_000_000) // DAY_US


def local_date(time_us: int, zone: str) -> date:
    """The calendar date of an instant in a zone."""
    return day_date(local_day(time_us, utc_offset(time_us, zone)))


def day_date(day: int) -> date:
    """The calendar date of a day number."""
    return date(1970, 1, 1) + timedelta(days=day)


def date_day(day: date) -> int:
    """The day number of a calendar date."""
    return (day - date(1970, 1, 1)).days


class Quarter(NamedTuple):
    """Seconds that a zone is ahead of UTC within a quarter of an hour.

    They are `before` until the instant `change`, then `after`.
    """

    before: int
    change: int
    after: int

    def at(self, time_us: int) -> int:
        """Return the offset at an instant of this quarter."""
        return self.before if time_us < self.change else self.after


def quarter_of(time_us: int, zone: str) -> Quarter:
    """Return the offsets of a zone within the quarter of an hour around an instant."""
    start = time_us // QUARTER_US * QUARTER_US
    change = start + QUARTER_US
    before, after = utc_offset(start, zone), utc_offset(change - 1, zone)
    same = start  # the last instant known to have the offset of before
    while before != after and change - same > 1:
        middle = (same + change) // 2
        if utc_offset(middle, zone) == before:
            same = middle
        else:
            change = middle
    return Quarter(before, change, after)


class Offsets:
    """Remembers offsets by quarter of an hour: converting takes longer than all else of a hit."""

    def __init__(self, room: int = 20_000) -> None:
        self._known: dict[tuple[str, int], Quarter] = {}
        self._room = room

    def at(self, time_us: int, zone: str) -> int:
        """As `utc_offset`."""
        known = self._known.get((zone, time_us // QUARTER_US)) or self.around(time_us, zone)
        return known.before if time_us < known.change else known.after

    def around(self, time_us: int, zone: str) -> Quarter:
        """As `quarter_of`."""
        key = (zone, time_us // QUARTER_US)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._room:
                self._known.clear()
            known = self._known[key] = quarter_of(time_us, zone)
        return known
