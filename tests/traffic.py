"""Hits for tests, made by the product's own door, each with what the oracle should see of it."""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from footfall.domain.channel import Sources
from footfall.domain.client import Client
from footfall.domain.event import Hit, Kind, Position
from footfall.domain.goal import Goal
from footfall.domain.identity import Salt, event_key
from footfall.domain.site import Offsets, Site, Zone
from footfall.gateway.collect import Door, NeedsSalt, Place, collect
from footfall.gateway.sighting import Caller, Sighting
from footfall.processor.batch import batch_of
from footfall.registry.directory import Directory
from footfall.store.port import Facts
from footfall.stream.codec import encode
from footfall.stream.port import Record
from tests.oracle import DAY, HOUR, MINUTE, Seen


def at(local: str, zone: str = "Europe/Berlin") -> int:
    """The microseconds since 1970 of a local time such as `2026-06-10 09:30`."""
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1_000_000)


MOVED = at("2026-06-11 00:00")
GOALS = (  # one event may reach up to four of them
    Goal("Front", page="/"),
    Goal("Below /c", page="/c/*"),
    Goal("To d", page="/*d"),
    Goal("Nowhere", page="/[a]*.?"),
    Goal("Sale", event="sale"),
    Goal("Sale of a plan", event="sale", props=(("plan", "pro"),)),
    Goal("Sale in euros", event="sale", currency="EUR"),
    Goal("Sale of two", event="sale", props=(("plan", "free"), ('a."b', "x's")), currency="USD"),
    Goal("Opened", event="Öffnen"),
)
SITES = (
    Site("berlin", ("berlin.example", "shop.berlin.example"), ("old-berlin",), (Zone("Europe/Berlin"),), goals=GOALS),
    Site("berlin2", ("berlin2.example",), zones=(Zone("Europe/Berlin"),), goals=GOALS),
    Site("kathmandu", ("kathmandu.example",), zones=(Zone("Asia/Kathmandu"),), goals=GOALS),
    Site("coast", ("coast.example",), zones=(Zone("America/Los_Angeles"),), goals=GOALS),
    Site("moved", ("moved.example",), zones=(Zone("Europe/Berlin"), Zone("America/Los_Angeles", MOVED)), goals=GOALS),
)
SITE = {site.id: site for site in SITES}
PEOPLE = {  # name: address, agent, country, region, city, browser, version, system, version, device
    "ann": ("192.0.2.1", "A/1", "DE", "DE-BE", "Berlin", "Firefox", "140.0", "Linux", None, "desktop"),
    "bob": ("192.0.2.1", "B/1", "DE", "DE-BE", "Berlin", "Safari", "19.0", "iOS", "19.1", "mobile"),
    "cyd": ("2001:db8::1", "A/1", "NP", None, None, "Firefox", "140.0", "Linux", None, "desktop"),
    "dan": ("198.51.100.7", "C/1", None, None, None, None, None, None, None, "other"),
}
PLACE_TRAITS = ("country", "region", "city", "browser", "browser_version", "os", "os_version", "device")
SCREENS = {None: None, 400: "Mobile", 1920: "Desktop"}
TAGGED = "?utm_source=letter&utm_medium=email&utm_campaign=may&utm_content=top&utm_term=x&q=secret"
ORIGINS: Mapping[str, tuple[str, str | None, dict[str, str]]] = {  # name: query, referrer, what comes of them
    "direct": ("", None, {"channel": "Direct"}),
    "search": ("", "https://www.google.de/", {"source": "Google", "referrer": "www.google.de", "channel": "Organic Search"}),
    "link": ("", "https://news.example.org/a", {"source": "news.example.org", "referrer": "news.example.org/a", "channel": "Referral"}),
    "letter": (
        TAGGED,
        None,
        {"source": "letter", "channel": "Email", "utm_source": "letter", "utm_medium": "email", "utm_campaign": "may", "utm_content": "top", "utm_term": "x"},
    ),
}
ORIGIN_TRAITS = ("source", "referrer", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
SOURCES = Sources.from_table({"search": {"Google": {"hosts": ["google.*"]}}})
SALTS = {day: Salt(day, day.to_bytes(16, "big"), day * DAY) for day in range(20_000, 21_200)}


# Paths and texts in which a `LIKE`, a path into JSON or a comparison of lower case may go wrong.
PAGES = ("/", "/a", "/A", "/c/d", "/c_d")
NAMES = ("sale", "sign up", "Öffnen")
Props = tuple[tuple[str, str], ...]
PROPS: tuple[Props, ...] = ((), (("plan", "pro"),), (("plan", "Pro"), ("size", "10")), (("plan", "free"), ('a."b', "x's")), (("plan", ""), ("größe", "50 %")))
AMOUNTS = (("EUR", "12.5"), ("EUR", "0.005"), ("EUR", "0.1"), ("EUR", "0"), ("USD", "19.9999"), ("USD", "-3.0051"))


@dataclass(frozen=True, slots=True, repr=False)
class Act:
    """What somebody does, as a scenario says it: times in microseconds, `engaged` in minutes.

    `name` is that of a custom event, `revenue` a currency and an amount of at most four decimals. It reaches the door `late` after it happened. Two acts of one `id` are copies. One that is
    `keyed` comes with an API key, which may set any past time; with which, `key` says.
    """

    at: int
    who: str = "ann"
    kind: Kind = "pageview"
    page: str = "/"
    engaged: int = 0
    late: int = 0
    site: str = "berlin"
    host: int = 0
    id: int | None = None
    came: str = "direct"
    interactive: bool = True
    screen: int | None = 1920
    language: str | None = "de"
    keyed: bool = False
    key: int = 1
    name: str = "sale"
    titled: bool = True
    props: Props = ()
    revenue: tuple[str, str] | None = None
    scroll: int | None = None

    def __repr__(self) -> str:
        told = {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) != each.default}
        return f"Act({', '.join(f'{name}={said!r}' for name, said in told.items())})"


@dataclass(frozen=True, slots=True)
class Made:
    """A record on the stream, and what the oracle sees of it."""

    record: Record
    seen: Seen


def made(acts: Iterable[Act], salts: Mapping[int, Salt] | None = None, prefix: str = "s", one_shard: bool = False) -> list[Made]:
    """What comes of acts at the door, in the order given; unless told, each record is a shard of its own, so that any may come first."""
    secrets = dict(SALTS if salts is None else salts)
    places = (Position(prefix, number + 1) if one_shard else Position(f"{prefix}{number:05}", 1) for number in count())
    return [_made(act, place, secrets) for act, place in zip(acts, places, strict=False)]


def _made(act: Act, position: Position, salts: dict[int, Salt]) -> Made:
    site = SITE[act.site]
    query, referrer, origin = ORIGINS[act.came]
    host, event_id = site.domains[act.host % len(site.domains)], _uuid(act, position)
    title, name = f"Page {act.page}" if act.titled else None, act.name if act.kind == "custom" else None
    currency, amount = act.revenue or (None, None)
    scroll = act.scroll if act.kind == "engagement" else None
    sighting = Sighting(
        url=f"https://{host}{act.page}{query}", kind=act.kind, website=act.site, title=title, name=name, referrer=referrer,
        props=json.dumps(dict(act.props), ensure_ascii=False, separators=(",", ":")) if act.props else None, currency=currency, amount=float(amount) if amount else None,
        interactive=act.interactive, event_id=event_id, age_us=act.late, time_us=act.at if act.keyed else None,
        engaged=act.engaged * 60_000, scroll=scroll, screen=act.screen, language=act.language,
    )  # fmt: skip
    address, agent, *place = PEOPLE[act.who]
    hit = _through_the_door(sighting, Caller(address, agent, keyed=act.keyed, key_id=act.key), act.at + act.late, salts)
    offset = offset_at(act.at, act.site)
    traits = dict.fromkeys(ORIGIN_TRAITS) | origin | dict(zip(PLACE_TRAITS, place, strict=True)) | {"screen": SCREENS[act.screen], "language": act.language}
    seen = Seen(
        site=act.site, id=event_key(act.site, event_id), kind=act.kind, arrived=act.at + act.late, position=position, time=act.at,
        engaged=act.engaged * 60_000, who=act.who, day=(act.at + offset * 1_000_000) // DAY, offset=offset,
        page=act.page, hostname=host, interactive=act.interactive, traits=traits,
        name=name, title=title, props=dict(act.props), currency=currency, amount=Decimal(amount) if amount else None, scroll=scroll,
        key=act.key if act.keyed else None,
    )  # fmt: skip
    return Made(Record(position, encode(hit)), seen)


def _uuid(act: Act, position: Position) -> str:
    return str(UUID(int=act.id if act.id is not None else int.from_bytes(f"{position.shard}{position.sequence:08}".encode())))


def _through_the_door(sighting: Sighting, caller: Caller, now_us: int, salts: dict[int, Salt]) -> Hit:
    while True:
        try:
            hit = collect(sighting, caller, now_us, DIRECTORY, salts, DOOR)
        except NeedsSalt as need:
            salts[need.day] = Salt(need.day, b"made again".ljust(16), now_us)
            continue
        assert isinstance(hit, Hit), hit
        return hit


@cache
def offset_at(time_us: int, site: str) -> int:
    """Seconds that a site's clock is ahead of UTC."""
    zone = "America/Los_Angeles" if site == "coast" or (site == "moved" and time_us >= MOVED) else "Asia/Kathmandu" if site == "kathmandu" else "Europe/Berlin"
    offset = datetime.fromtimestamp(time_us // 1_000_000, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _place_of(address: str) -> Place:
    country, region, city = next(person[2:5] for person in PEOPLE.values() if person[0] == address)
    return Place(address.encode(), country, region, city)


def _client_of(agent: str) -> Client:
    browser, version, system, system_version, device = next(person[5:] for person in PEOPLE.values() if person[1] == agent)
    return Client(browser, version, system, system_version, device or "other", robot=False)


DIRECTORY = Directory(SITES)
DOOR = Door(_client_of, _place_of, Offsets())


def often(examples: int) -> pytest.MarkDecorator:
    """A test that takes so many `examples`, and twenty times as many under `make torture`."""
    return pytest.mark.parametrize("examples", [pytest.param(examples, id="fast"), pytest.param(20 * examples, id="torture", marks=pytest.mark.torture)])


def apply(facts: Facts, *batches: Sequence[Made]) -> None:
    """Apply batches as the engine does."""
    for batch in batches:
        found = batch_of([each.record for each in batch], facts.marks(), SOURCES, 0)
        if found.marks:
            facts.apply(found)


# Midnights: ordinary ones, those around days of 23 and 25 hours, and one at which a site moves.
MIDNIGHTS = (
    ("berlin", at("2026-06-10 00:00")),
    ("berlin", at("2026-03-29 00:00")),
    ("berlin", at("2026-03-30 00:00")),
    ("berlin", at("2026-10-25 00:00")),
    ("berlin", at("2026-10-26 00:00")),
    ("kathmandu", at("2026-06-10 00:00", "Asia/Kathmandu")),
    ("coast", at("2026-03-08 00:00", "America/Los_Angeles")),
    ("coast", at("2026-03-09 00:00", "America/Los_Angeles")),
    ("coast", at("2026-11-02 00:00", "America/Los_Angeles")),
    ("moved", MOVED),
    ("moved", at("2026-06-11 00:00", "America/Los_Angeles")),
)
_near = st.integers(-9, 9).map(lambda fives: 5 * fives)
_minutes = st.one_of(_near, _near, st.integers(-144, 144).map(lambda fives: 5 * fives))
_ids = st.one_of(st.none(), st.integers(0, 2))
_amounts = st.integers(-(10**6), 10**8).map(lambda units: str(Decimal(units) / 10**4))


@st.composite
def traffic(draw: st.DrawFn, most: int = 18) -> list[Act]:
    """What some people do within twelve hours of a midnight: close together, often at the same instant, with copies."""
    site, midnight = draw(st.sampled_from(MIDNIGHTS))
    act = st.builds(
        Act,
        at=st.builds(lambda minutes, off: midnight + minutes * MINUTE + off, _minutes, st.sampled_from((0, 0, 0, 0, -1, 1))),
        who=st.sampled_from(("ann", "ann", "bob")),
        kind=st.sampled_from(("pageview", "pageview", "custom", "engagement")),
        page=st.sampled_from(("/", "/a", "/c/d")),
        engaged=st.sampled_from((0, 5, 45, 45, 200, 800)),
        late=st.sampled_from((0, 0, MINUTE, 3 * HOUR, 23 * HOUR)),
        site=st.sampled_from((site, site, site, "berlin2")),
        host=st.integers(0, 1),
        id=_ids,
        came=st.sampled_from(tuple(ORIGINS)),
        interactive=st.booleans(),
        screen=st.sampled_from((400, 1920)),
        name=st.sampled_from(NAMES),
        titled=st.booleans(),
        props=st.sampled_from(PROPS),
        revenue=st.one_of(st.none(), st.sampled_from(AMOUNTS), st.tuples(st.sampled_from(("EUR", "USD")), _amounts)),
        scroll=st.sampled_from((None, 0, 33, 50, 100)),
        keyed=st.sampled_from((False, False, False, False, False, True)),
        key=st.sampled_from((1, 2)),
    )
    acts = draw(st.lists(act, min_size=2, max_size=most))
    return [each if each.kind == "engagement" else replace(each, engaged=0) for each in acts]


def crowd(seed: int, first: date, days: int, reads: int, site: str = "berlin") -> list[Act]:
    """Plausible visits over some days, the same for the same seed."""
    dice = random.Random(seed)
    midnight = at(f"{first} 00:00", SITE[site].zones[0].name)
    acts: list[Act] = []
    for _ in range(reads):
        person = Act(0, dice.choice(tuple(PEOPLE)), site=site, came=dice.choice(tuple(ORIGINS)), screen=dice.choice((None, 400, 1920)), language=dice.choice(("de", "en-GB", None)))
        moment = midnight + dice.randrange(days * 24 * 60) * MINUTE + dice.randrange(60_000_000)
        for _ in range(dice.choice((1, 1, 2, 3, 6))):
            kind: Kind = dice.choice(("pageview", "pageview", "pageview", "custom"))
            there = replace(person, page=dice.choice(PAGES), host=dice.randrange(2), titled=dice.random() < 0.8)
            told = replace(there, name=dice.choice(NAMES), props=dice.choice(PROPS), revenue=dice.choice((None, None, *AMOUNTS)), interactive=dice.random() < 0.5)
            acts.append(replace(told, at=moment, kind=kind, late=dice.choice((0, 0, 0, MINUTE, 20 * HOUR))))
            read = dice.choice((0, 1, 4, 45))
            moment += read * MINUTE + dice.randrange(30) * MINUTE
            if read:
                acts.append(replace(there, at=moment, kind="engagement", engaged=read, scroll=dice.choice((None, 0, 33, 50, 100))))
            moment += dice.choice((1, 1, 10, 31)) * MINUTE
    copies = [replace(act, late=act.late + MINUTE, id=number) for number, act in enumerate(acts) if number % 7 == 0]
    return [replace(act, id=number) for number, act in enumerate(acts)] + [copy for copy in copies if copy.late < DAY]
