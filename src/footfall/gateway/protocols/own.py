"""Footfall's own protocol, the original's included: `/v1/track`, `/v1/track.gif` and `/v1/batch`."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec

from footfall.domain.address import bare_address
from footfall.domain.event import Kind
from footfall.gateway.sighting import LANGUAGE, TITLE_LENGTH, UUID, Invalid, Sighting, clean

TRACK_BYTES = 64 * 1024
URL_BYTES = 2_000
EVENT_LENGTH = 120
BATCH_EVENTS = 500
PROPS, PROP_KEY_BYTES, PROP_VALUE_BYTES = 30, 300, 2_000
ENGAGED_MS = 86_400_000
FAR_MS = 10**15
"""Further from 1970 than any clock; integers in JSON may be too large to compute with."""

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
CURRENCY = re.compile(r"[A-Za-z]{3}")
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""A transparent GIF of one pixel, 43 bytes."""

TRUE = ("1", "true")
"""How a query says yes."""

Number = int | float
Text = str | None
T = TypeVar("T")


class Track(msgspec.Struct, gc=False):
    """The body as it comes: each field by its long or its short name, the long one first."""

    url: Text = None
    u: Text = None
    name: Text = None
    n: Text = None
    event: Text = None
    e: Text = None
    website: Text = None
    w: Text = None
    date: Any = None
    d: Any = None
    referrer: Text = None
    r: Text = None
    props: dict[str, Any] | None = None
    p: dict[str, Any] | None = None
    revenue: dict[str, Any] | None = None
    money: dict[str, Any] | None = msgspec.field(default=None, name="$")
    interactive: bool | None = None
    i: bool | None = None
    id: Text = None
    k: Text = None
    page: Text = None
    g: Text = None
    age: Number | None = None
    a: Number | None = None
    engaged: Number | None = None
    t: Number | None = None
    scroll: Number | None = None
    s: Number | None = None
    screen: Number | None = None
    x: Number | None = None
    language: Text = None
    l: Text = None  # noqa: E741 - the wire's own short name
    bot: Any = None
    b: Any = None
    hash: bool | None = None
    h: bool | None = None


class Keyed(Track):
    """An event of a batch: what only a key may say besides."""

    ip: Text = None
    user_agent: Text = None
    at: Any = None


class Told(NamedTuple):
    """What a batch tells of one event: whose it is besides what it is. None where it does not say."""

    sighting: Sighting
    address: str | None
    user_agent: str | None


_decode = msgspec.json.Decoder(Track).decode
_decode_keyed = msgspec.json.Decoder(Keyed).decode
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
_PATH = re.compile(r"(?P<said>.*?)(?: - at `\$(?:\.(?P<field>[^`.\[]+))?.*)?", re.S)
_LONG = {short: name for name, short in zip(Track.__struct_fields__[::2], Track.__struct_fields__[1::2], strict=True)} | {"$": "revenue"}


def from_json(body: bytes) -> Sighting:
    """A sighting from the body of `/v1/track`; raises `Invalid`."""
    return _sighting(_read(_decode, body))


def from_batch(body: bytes) -> list[Told | Invalid]:
    """Each event of a body of `/v1/batch`, or what is wrong with it; raises `Invalid` where the body as a whole is wrong."""
    if body.lstrip()[:1] == b"[":
        raws: Sequence[bytes | msgspec.Raw] = _read(_split, body)
    else:
        raws = [line for line in body.splitlines() if line.strip()]
    if len(raws) > BATCH_EVENTS:
        raise Invalid("body", f"must hold at most {BATCH_EVENTS} events")
    return [_told(raw) for raw in raws]


def _told(raw: bytes | msgspec.Raw) -> Told | Invalid:
    try:
        event = _read(_decode_keyed, raw)
        sighting = _sighting(event)
        if event.at is not None:
            sighting.time_us = _instant(event.at)
        address = None if event.ip is None else bare_address(event.ip)
        if event.ip is not None and address is None:
            raise Invalid("ip", "must be an IPv4 or IPv6 address")
        return Told(sighting, address, event.user_agent)
    except Invalid as exc:
        return exc


def _read(decode: Callable[[bytes | msgspec.Raw], T], body: bytes | msgspec.Raw) -> T:
    try:
        return decode(body)
    except msgspec.ValidationError as exc:
        match = _PATH.fullmatch(str(exc))
        field = (match and match["field"]) or "body"
        raise Invalid(_LONG.get(field, field), str(match["said"] if match else exc)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid("body", "is not valid JSON in UTF-8") from None
    except RecursionError:
        raise Invalid("body", "is nested too deeply") from None


def from_query(query: bytes, referer: str | None) -> Sighting:
    """A sighting from the pixel's query; without `u` the page is the request's `Referer`."""
    try:
        pairs = parse_qsl(query.decode("utf-8", "replace"), max_num_fields=50)
    except ValueError:
        raise Invalid("query", "has more than 50 fields") from None
    asked = dict(pairs)
    track = Track(
        url=asked.get("u") or asked.get("url") or referer,
        name=asked.get("n") or asked.get("name"),
        event=asked.get("e") or asked.get("event"),
        website=asked.get("w") or asked.get("website"),
        referrer=asked.get("r") or asked.get("referrer"),
        id=asked.get("k") or asked.get("id"),
        hash=(asked.get("h") or asked.get("hash")) in TRUE,
    )
    return _sighting(track)


def _sighting(track: Track) -> Sighting:
    event = track.event if track.event is not None else track.e
    kind, name = _kind(event) if event is not None else _PAGEVIEW
    title = None if event is not None else track.name if track.name is not None else track.n
    sighting = Sighting(
        url=_url("url", track.url if track.url is not None else track.u),
        kind=kind,
        website=(track.website if track.website is not None else track.w) or None,
        title=clean(title)[:TITLE_LENGTH] or None if title else None,
        name=name,
        referrer=_bytes_at_most("referrer", track.referrer if track.referrer is not None else track.r, URL_BYTES) or None,
    )
    _rarer(sighting, track)
    return sighting


def _rarer(sighting: Sighting, track: Track) -> None:
    """The fields that most hits lack: asking once for each is what this costs them."""
    if (event_id := track.id if track.id is not None else track.k) is not None:
        sighting.event_id = _uuid("id", event_id)
    if (page := track.page if track.page is not None else track.g) is not None:
        sighting.page_view = _uuid("page", page)
    if (props := track.props if track.props is not None else track.p) is not None:
        sighting.props = _props(props)
    if (revenue := track.revenue if track.revenue is not None else track.money) is not None:
        sighting.currency, sighting.amount = _revenue(revenue)
    if (age := track.age if track.age is not None else track.a) is not None:
        sighting.age_us = int(_between("age", age, 0, FAR_MS) * 1000)
    if (date := track.date if track.date is not None else track.d) is not None:
        sighting.time_us = _date(date)
    if (engaged := track.engaged if track.engaged is not None else track.t) is not None and sighting.kind == "engagement":
        sighting.engaged = int(_between("engaged", engaged, 0, ENGAGED_MS))
    if (scroll := track.scroll if track.scroll is not None else track.s) is not None and sighting.kind == "engagement":
        sighting.scroll = int(_between("scroll", scroll, 0, 100))
    if (screen := track.screen if track.screen is not None else track.x) is not None:
        sighting.screen = int(_between("screen", screen, 0, 100_000)) or None
    if (language := track.language if track.language is not None else track.l) is not None:
        if not LANGUAGE.fullmatch(language):
            raise Invalid("language", "must be a BCP 47 tag such as de-AT")
        sighting.language = language
    sighting.interactive = (track.interactive if track.interactive is not None else track.i) is not False
    sighting.hash_mode = bool(track.hash if track.hash is not None else track.h)
    sighting.robot = bool(track.bot if track.bot is not None else track.b)


_PAGEVIEW: tuple[Kind, str | None] = ("pageview", None)


def _kind(event: str) -> tuple[Kind, str | None]:
    name = clean(event)
    if not 0 < len(name) <= EVENT_LENGTH:
        raise Invalid("event", f"must have 1 to {EVENT_LENGTH} characters")
    if name == "engagement":
        return "engagement", None
    return _PAGEVIEW if name == "pageview" else ("custom", name)


def _url(field: str, url: str | None) -> str:
    if not url:
        raise Invalid(field, "is required: the absolute URL of the page")
    _bytes_at_most(field, url, URL_BYTES)
    return url


def _bytes_at_most(field: str, text: str | None, limit: int) -> str | None:
    # A string of ASCII has as many bytes as characters; only others need encoding to be measured.
    if text and (len(text) > limit or (not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > limit)):
        raise Invalid(field, f"must have at most {limit:,} bytes")
    return text


def _uuid(field: str, text: str) -> str:
    if not UUID.fullmatch(text):
        raise Invalid(field, "must be a UUID")
    return text.replace("-", "")


def _between(field: str, number: Number, low: float, high: float) -> Number:
    if not low <= number <= high:  # also false for NaN
        raise Invalid(field, f"must be a number from {low:g} to {high:g}")
    return number


def _date(value: Any) -> int | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(min(max(value, -FAR_MS), FAR_MS) * 1000)
    return None


def _instant(value: Any) -> int:
    """Microseconds since 1970, from milliseconds or ISO 8601; without an offset it is UTC."""
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            raise Invalid("at", "must be milliseconds since 1970 or ISO 8601") from None
        return ((instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND
    time = _date(value)
    if time is None:
        raise Invalid("at", "must be milliseconds since 1970 or ISO 8601")
    return time


def _props(props: dict[str, Any]) -> str | None:
    if len(props) > PROPS:
        raise Invalid("props", f"must have at most {PROPS} keys")
    kept = {}
    for key, value in props.items():
        _bytes_at_most("props", key, PROP_KEY_BYTES)
        if value is None:
            continue
        if not isinstance(value, str | int | float | bool):
            raise Invalid("props", "must hold texts, numbers and booleans only")
        text = value if isinstance(value, str) else _encode(value).decode()
        kept[clean(key)] = clean(_bytes_at_most("props", text, PROP_VALUE_BYTES) or "")
    return _encode(kept).decode() if kept else None


def _revenue(revenue: dict[str, Any]) -> tuple[str, float]:
    currency = revenue.get("currency")
    if not isinstance(currency, str) or not CURRENCY.fullmatch(currency):
        raise Invalid("revenue", "needs a currency of three letters, such as EUR")
    try:
        amount = float(revenue["amount"])  # a text such as "12.50" will do
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Invalid("revenue", "needs an amount, a number") from None
    if not abs(amount) < 1e12:
        raise Invalid("revenue", "needs an amount below a million millions")
    return currency.upper(), amount
