"""Footfall's own protocol, the original's included: `/v1/track` and `/v1/track.gif`."""

import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from footfall.domain.event import Kind
from footfall.gateway.sighting import LANGUAGE, TITLE_LENGTH, UUID, Invalid, Sighting, clean

URL_BYTES = 2_000
EVENT_LENGTH = 120
PROPS, PROP_KEY_BYTES, PROP_VALUE_BYTES = 30, 300, 2_000
ENGAGED_MS = 86_400_000
FAR_MS = 10**15
"""Further from 1970 than any clock; integers in JSON may be too large to compute with."""

CURRENCY = re.compile(r"[A-Za-z]{3}")
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""A transparent GIF of one pixel, 43 bytes."""

Number = int | float
Text = str | None


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


_decode = msgspec.json.Decoder(Track).decode
_encode = msgspec.json.Encoder().encode
_PATH = re.compile(r"(?P<said>.*?)(?: - at `\$(?:\.(?P<field>[^`.\[]+))?.*)?", re.S)
_LONG = {short: name for name, short in zip(Track.__struct_fields__[::2], Track.__struct_fields__[1::2], strict=True)} | {"$": "revenue"}


def from_json(body: bytes) -> Sighting:
    """A sighting from the body of `/v1/track`; raises `Invalid`."""
    try:
        track = _decode(body)
    except msgspec.ValidationError as exc:
        match = _PATH.fullmatch(str(exc))
        field = (match and match["field"]) or "body"
        raise Invalid(_LONG.get(field, field), str(match["said"] if match else exc)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid("body", "is not valid JSON in UTF-8") from None
    except RecursionError:
        raise Invalid("body", "is nested too deeply") from None
    return _sighting(track)


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
    )
    return _sighting(track)


def _sighting(track: Track) -> Sighting:
    event = track.event if track.event is not None else track.e
    kind, name = _kind(event)
    title = None if event is not None else _first(track.name, track.n)
    currency, amount = _revenue(_first(track.revenue, track.money))
    language = _first(track.language, track.l)
    if language is not None and not LANGUAGE.fullmatch(language):
        raise Invalid("language", "must be a BCP 47 tag such as de-AT")
    engaged = _first(track.engaged, track.t)
    scroll = _first(track.scroll, track.s)
    return Sighting(
        url=_url("url", _first(track.url, track.u)),
        kind=kind,
        website=_first(track.website, track.w) or None,
        title=clean(title)[:TITLE_LENGTH] or None if title else None,
        name=name,
        referrer=_bytes_at_most("referrer", _first(track.referrer, track.r), URL_BYTES) or None,
        props=_props(_first(track.props, track.p)),
        currency=currency,
        amount=amount,
        interactive=_first(track.interactive, track.i) is not False,
        event_id=_uuid("id", _first(track.id, track.k)),
        page_view=_uuid("page", _first(track.page, track.g)),
        age_us=int(_between("age", _first(track.age, track.a), 0, FAR_MS) * 1000),
        time_us=_date(_first(track.date, track.d)),
        engaged=int(_between("engaged", engaged, 0, ENGAGED_MS)) if kind == "engagement" else 0,
        scroll=int(_between("scroll", scroll, 0, 100)) if kind == "engagement" and scroll is not None else None,
        screen=int(_between("screen", _first(track.screen, track.x), 0, 100_000)) or None,
        language=language,
        robot=bool(_first(track.bot, track.b)),
    )


def _first(long: Any, short: Any) -> Any:
    return long if long is not None else short


def _kind(event: str | None) -> tuple[Kind, str | None]:
    if event is None:
        return "pageview", None
    name = clean(event)
    if not 0 < len(name) <= EVENT_LENGTH:
        raise Invalid("event", f"must have 1 to {EVENT_LENGTH} characters")
    if name == "engagement":
        return "engagement", None
    return ("pageview", None) if name == "pageview" else ("custom", name)


def _url(field: str, url: str | None) -> str:
    if not url:
        raise Invalid(field, "is required: the absolute URL of the page")
    _bytes_at_most(field, url, URL_BYTES)
    return url


def _bytes_at_most(field: str, text: str | None, limit: int) -> str | None:
    # A string of ASCII has as many bytes as characters; only others need encoding to be measured.
    if text and (len(text) > limit or (not text.isascii() and len(text.encode()) > limit)):
        raise Invalid(field, f"must have at most {limit:,} bytes")
    return text


def _uuid(field: str, text: str | None) -> str | None:
    if text is not None and not UUID.fullmatch(text):
        raise Invalid(field, "must be a UUID")
    return text and text.replace("-", "")


def _between(field: str, number: Number | None, low: float, high: float) -> Number:
    if number is None:
        return 0
    if not low <= number <= high:  # also false for NaN
        raise Invalid(field, f"must be a number from {low:g} to {high:g}")
    return number


def _date(value: Any) -> int | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(min(max(value, -FAR_MS), FAR_MS) * 1000)
    return None


def _props(props: dict[str, Any] | None) -> str | None:
    if not props:
        return None
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


def _revenue(revenue: dict[str, Any] | None) -> tuple[str | None, float | None]:
    if revenue is None:
        return None, None
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
