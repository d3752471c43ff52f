"""What flows: hits as the gateway accepts them, events as the store keeps them."""

from typing import Literal, NamedTuple

Kind = Literal["pageview", "custom", "engagement"]

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
MAX_AGE_US = DAY_US
"""A client may hold a hit back for a day at most (its retry queue)."""

COPY_WINDOW_US = 48 * HOUR_US
"""Of copies that arrive within this span of the first to arrive, one counts."""


class Position(NamedTuple):
    """Where a record lies on the stream; never reused."""

    shard: str
    sequence: int


class Hit(NamedTuple):
    """What the gateway accepted, as it lies on the stream: no address, no user agent.

    A named tuple and not a dataclass: one is made for every request, and a frozen dataclass
    of this width takes ten times as long to make. Fields are only ever added at the end, with
    a default, so that a newer engine reads what an older gateway wrote.

    Times are microseconds since 1970; `day` counts local days since 1970; `utc_offset` is in
    seconds; `engaged` in milliseconds; `id`, `visitor`, `prev` and `page_view` are unsigned
    64-bit hashes. `key_id` is one of the API key that it came with, None for a stranger's.
    """

    site: str
    id: int
    kind: Kind
    received: int
    time: int
    day: int
    utc_offset: int
    visitor: int
    prev: int | None
    scheme: str
    hostname: str
    port: int | None
    page: str
    title: str | None = None
    name: str | None = None
    props: str | None = None
    currency: str | None = None
    amount: float | None = None
    interactive: bool = True
    page_view: int | None = None
    engaged: int = 0
    scroll: int | None = None
    referrer: str | None = None
    tag: str | None = None
    click: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_term: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    browser: str | None = None
    browser_version: str | None = None
    os: str | None = None
    os_version: str | None = None
    device: str | None = None
    screen: str | None = None
    language: str | None = None
    key_id: int | None = None


class Event(NamedTuple):
    """A hit with its source and channel and its place on the stream, ready to be stored."""

    hit: Hit
    source: str | None
    channel: str
    position: Position


class Tally(NamedTuple):
    """So many hits of one site and local day that the door dropped for one reason.

    Of tallies with one `id`, an unsigned 64-bit number, one counts, since one may come on the
    stream twice; 0 is none.
    """

    site: str
    day: int
    reason: str
    hits: int
    id: int = 0
