"""From a sighting to a hit: the checks and derivations of the door, in order, without I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import getrandbits
from typing import NamedTuple

import can_ada

from footfall.domain.address import within
from footfall.domain.client import Client, screen_class
from footfall.domain.clock import corrected
from footfall.domain.event import DAY_US, MAX_AGE_US, Hit
from footfall.domain.hint import hinted
from footfall.domain.host import covers, lies_below
from footfall.domain.identity import MIDNIGHT_US, Salt, event_key, visitor_id
from footfall.domain.page import fits, merged, readable
from footfall.domain.reason import Reason
from footfall.domain.site import Offsets, Site, local_day
from footfall.gateway.fragment import fragment
from footfall.gateway.sighting import Caller, Invalid, Sighting
from footfall.gateway.tags import NO_TAGS, Tags, tags_of
from footfall.registry.directory import Directory

APP_SCHEMES = (
    "app",
    "capacitor",
    "chrome-extension",
    "file",
    "ionic",
    "moz-extension",
    "ms-appx-web",
    "safari-web-extension",
    "tauri",
    "vscode-webview",
    "wails",
)
"""Schemes of pages inside apps. Those that name no host have their scheme for it."""

SCHEMES = {f"{scheme}:" for scheme in ("http", "https", *APP_SCHEMES)}
REFERRER_SCHEMES = SCHEMES | {"android-app:"}
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
SKEW_US = 600_000_000
"""How far another machine's clock may be ahead of ours: what it says is now is now."""

EARLIEST_US = 946_684_800_000_000
"""The beginning of 2000. What is earlier was told in seconds, or by a clock that is not set."""

TOO_EARLY = "must be after 2000-01-01, in milliseconds since 1970 (not in seconds) or ISO 8601"
TOO_FAR = "must not lie more than 10 minutes in the future, in milliseconds since 1970 or ISO 8601"

LATER = tuple(Hit._field_defaults[name] for name in Hit._fields[Hit._fields.index("key_id") + 1 :])
"""What the fields that came after `key_id` are when nobody says."""

REMEMBERED = 4_096
AGENT_LENGTH = 1_000
"""Of a user agent more is not looked at, since many are remembered."""


class Place(NamedTuple):
    """What an address tells: the bytes a visitor is known by, and where it is."""

    key: bytes
    country: str | None
    region: str | None = None
    city: str | None = None


class Dropped(NamedTuple):
    """A hit that is not counted, and why."""

    reason: Reason
    site: str
    day: int


class NeedsSalt(Exception):
    """The salt of this day is not known here yet and may be made."""

    def __init__(self, day: int) -> None:
        super().__init__(day)
        self.day = day


@dataclass(frozen=True, slots=True)
class Door:
    """What the door needs to know to turn a sighting into a hit."""

    client_of: Callable[[str], Client]
    place_of: Callable[[str], Place]
    offsets: Offsets
    spammers: frozenset[str] = frozenset()
    """Hosts whose links nobody has followed."""


class Page(NamedTuple):
    """What is kept of a page's URL; `path` is readable."""

    scheme: str
    host: str
    port: int | None
    path: str
    tags: Tags | None


def collect(sighting: Sighting, caller: Caller, now_us: int, directory: Directory, salts: Mapping[int, Salt], door: Door) -> Hit | Dropped:
    """The hit that a sighting makes, or why it is dropped.

    Raises `Invalid` for a URL that is none, `NeedsSalt` when a salt must be fetched first.
    """
    page = parse_page(sighting.url, sighting.hash_mode)
    site = directory.find(sighting.website, page.host)
    time = _time(sighting, caller, now_us)
    if site is None:
        return Dropped(Reason.UNKNOWN_SITE, "", local_day(time, 0))
    if site.merge_slashes:
        page = page_of(page, site)
    if site.revenue_needs_key and sighting.currency and not caller.keyed:
        sighting.currency = sighting.amount = None
        sighting.ignored = (*sighting.ignored, "revenue")
    offset, day = _local(time, site, door.offsets)
    client = door.client_of(caller.user_agent[:AGENT_LENGTH])
    if caller.hints:
        client = _hinted(client, caller.hints)
    place = door.place_of(caller.address)
    reason = _reason(sighting, caller, now_us - time, site, page, client, place)
    referrer = referrer_of(sighting.referrer, page.host, site)
    if reason is None and referrer and is_spam(referrer, door.spammers, site.exclusions.referrers):
        reason = Reason.REFERRER_SPAM
    if reason is None and site.retention_days is not None and now_us - time > site.retention_days * DAY_US:
        reason = Reason.TOO_LATE  # facts of its day may be gone already
    if reason:
        return Dropped(reason, site.id, day)
    if sighting.time_us is not None and not caller.keyed:
        ordered = corrected(time, sighting.time_us)
        its_offset, its_day = _local(ordered, site, door.offsets)
        if its_day == day:  # a salt of another day may not be there
            time, offset = ordered, its_offset
    salt = _known(day, now_us, salts)
    if salt is None:
        _, today = _local(now_us, site, door.offsets)
        if caller.keyed or (day >= today and day not in salts):
            raise NeedsSalt(day)
        return Dropped(Reason.TOO_LATE, site.id, day)
    prior = _yesterday(sighting, time, day, site, door.offsets, caller.keyed, now_us, salts)
    agent = caller.user_agent.encode("utf-8", "surrogatepass")
    tags = page.tags
    # In the order of Hit's fields; naming each would double the time that making one takes.
    return Hit._make(
        (
            site.id,
            event_key(site.root, sighting.event_id) if sighting.event_id else getrandbits(64),
            sighting.kind,
            now_us,
            time,
            day,
            offset,
            visitor_id(salt.secret, site.root, place.key, agent),
            visitor_id(prior.secret, site.root, place.key, agent) if prior else None,
            *page[:4],
            sighting.title,
            sighting.name,
            sighting.props,
            sighting.currency,
            sighting.amount,
            sighting.interactive,
            event_key(site.root, sighting.page_view) if sighting.page_view else None,
            sighting.engaged,
            sighting.scroll,
            referrer,
            *(tags or NO_TAGS),
            *place[1:],
            *client[:5],
            screen_class(sighting.screen),
            sighting.language,
            caller.key_id if caller.keyed else None,
            *LATER,
        )
    )


_hinted = lru_cache(maxsize=REMEMBERED)(hinted)


# Pages and referrers come again and again, so both remember what they parsed, in memory only.
@lru_cache(maxsize=REMEMBERED)
def parse_page(url: str, hash_mode: bool = False) -> Page:
    """Return the parts of a page's URL, its fragment only in hash mode; raise `Invalid`."""
    try:
        parsed = can_ada.parse(url)
    except (ValueError, TypeError):  # TypeError: text that cannot be encoded, a lone surrogate
        raise Invalid("url", "must be an absolute URL such as https://example.com/page") from None
    scheme = parsed.protocol[:-1]
    if parsed.protocol not in SCHEMES or not (parsed.hostname or parsed.pathname[:1] == "/"):
        apps = ", ".join(APP_SCHEMES)
        raise Invalid("url", f"must begin with https://, http:// or an app's scheme ({apps})")
    # Where the scheme is not the web's own, the parser leaves a host's case as it is.
    host = parsed.hostname.lower().rstrip(".") or scheme
    port = int(parsed.port) if parsed.port else None
    path, search, within = parsed.pathname or "/", parsed.search, ""
    if hash_mode:
        name, within = fragment(parsed.hash)
        path += name
    tags = tags_of(search, within) if search or within else None
    return Page(scheme, host, port, readable(path), tags)


def _time(sighting: Sighting, caller: Caller, now_us: int) -> int:
    if not caller.keyed or sighting.time_us is None:
        return now_us - min(sighting.age_us, MAX_AGE_US + 1)  # what is older is dropped, so its time does not matter
    if sighting.time_us < EARLIEST_US:
        raise Invalid(sighting.time_field, TOO_EARLY)
    if sighting.time_us > now_us + SKEW_US:
        raise Invalid(sighting.time_field, TOO_FAR)
    return min(sighting.time_us, now_us)


def _local(time_us: int, site: Site, offsets: Offsets) -> tuple[int, int]:
    """Return the site's offset from UTC at a moment, and its local day."""
    offset = offsets.at(time_us, site.zone_at(time_us))
    return offset, local_day(time_us, offset)


def _reason(sighting: Sighting, caller: Caller, age_us: int, site: Site, page: Page, client: Client, place: Place) -> Reason | None:
    if client.robot or sighting.robot:
        return Reason.BOT
    if caller.prefetch:
        return Reason.PREFETCH
    if caller.dnt and site.honours_dnt:
        return Reason.DNT
    if caller.gpc and site.honours_gpc:
        return Reason.GPC
    if age_us > MAX_AGE_US and not (caller.keyed and sighting.time_us):
        return Reason.TOO_LATE
    exclusions = site.exclusions
    if exclusions.addresses and within(caller.address, exclusions.addresses):
        return Reason.EXCLUDED_ADDRESS
    if place.country in exclusions.countries:
        return Reason.EXCLUDED_COUNTRY
    return page_reason(page, site)


def page_of(page: Page, site: Site) -> Page:
    """Return a page as the site counts it."""
    return page._replace(path=merged(page.path)) if site.merge_slashes else page


def page_reason(page: Page, site: Site) -> Reason | None:
    """Return why the site does not want a page of it counted, if so."""
    exclusions = site.exclusions
    if page.host in exclusions.hostnames:
        return Reason.EXCLUDED_HOSTNAME
    if site.only_hosts and not covers(site.domains, page.host):
        return Reason.EXCLUDED_HOSTNAME
    if not exclusions.pages:
        return None
    if fits(page.path, exclusions.pages):
        return Reason.EXCLUDED_PAGE
    if site.merge_slashes and fits(page.path + "/", exclusions.pages):
        return Reason.EXCLUDED_PAGE
    return None


def _known(day: int, now_us: int, salts: Mapping[int, Salt]) -> Salt | None:
    """Return the salt of a day, unless it is over or not there: a live hit never makes one of a past date."""
    salt = salts.get(day)
    return salt if salt and now_us < salt.destroyed_at else None


def _yesterday(sighting: Sighting, time: int, day: int, site: Site, offsets: Offsets, keyed: bool, now_us: int, salts: Mapping[int, Salt]) -> Salt | None:
    """Yesterday's salt where the hit may continue a visit from before midnight."""
    before = time - sighting.engaged * 1000 - MIDNIGHT_US
    if local_day(before, offsets.at(before, site.zone_at(before))) >= day:
        return None
    salt = _known(day - 1, now_us, salts)
    if salt is None and keyed:
        raise NeedsSalt(day - 1)
    return salt


def referrer_of(referrer: str | None, host: str, site: Site) -> str | None:
    """Return host and path of the page that linked here; None where the site has it for none."""
    if not referrer:
        return None
    return _linking(referrer, host, site.domains, site.ignored_referrers)


@lru_cache(maxsize=REMEMBERED)
def is_spam(referrer: str, spammers: frozenset[str], own: tuple[str, ...]) -> bool:
    """Return whether a link's host is one of the spammers known, or of the owner's."""
    host = referrer.partition("/")[0]
    return lies_below(host, spammers) or lies_below(host, own)


@lru_cache(maxsize=REMEMBERED)
def _linking(referrer: str, host: str, own: tuple[str, ...], ignored: tuple[str, ...]) -> str | None:
    try:
        parsed = can_ada.parse(referrer)
    except (ValueError, TypeError):
        return None
    other = parsed.hostname.rstrip(".")
    if not other or parsed.protocol not in REFERRER_SCHEMES or other in LOCAL_HOSTS:
        return None
    same = other.removeprefix("www.") == host.removeprefix("www.")
    if same or covers(own, other) or covers(ignored, other):
        return None
    path = readable(parsed.pathname)
    return other if path == "/" else other + path
