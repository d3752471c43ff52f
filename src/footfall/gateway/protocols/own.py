"""Footfall's own protocol, the original's included: `/v1/track`, `/v1/track.gif` and `/v1/batch`."""

import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from footfall.domain.address import bare_address
from footfall.domain.event import Kind
from footfall.gateway.protocols import field
from footfall.gateway.protocols.body import Keyed, Track, lenient
from footfall.gateway.sighting import LANGUAGE, TITLE_LENGTH, Invalid, Sighting, clean

TRACK_BYTES = 64 * 1024
URL_BYTES = 2_000
EVENT_LENGTH = 120
BATCH_EVENTS = 500
QUERY_FIELDS = 50
ENGAGED_MS = 86_400_000
CUT_ESCAPE = re.compile(r"%[0-9A-Fa-f]?\Z")
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""A transparent GIF of one pixel, 43 bytes."""

TRUE = ("1", "true")
"""How a query says yes."""


class Told(NamedTuple):
    """What a batch tells of one event: whose it is besides what it is. None where it does not say."""

    sighting: Sighting
    address: str | None
    user_agent: str | None


_decode = msgspec.json.Decoder(Track).decode
_decode_keyed = msgspec.json.Decoder(Keyed).decode
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


def from_json(body: bytes) -> Sighting:
    """Return a sighting of the body of `/v1/track`; raise `Invalid`."""
    ignored: list[str] = []
    try:
        track = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        track = lenient(body, Track, ignored)
    return _sighting(track, ignored)


def from_batch(body: bytes) -> list[Told | Invalid]:
    """Return each event of a body of `/v1/batch`, or what is wrong with it; raise `Invalid` where the body as a whole is wrong."""
    body = body.removeprefix(BOM_UTF8)
    raws: Sequence[bytes | msgspec.Raw] = [line for line in body.splitlines() if line.strip()]
    if body.lstrip()[:1] == b"[":
        try:
            raws = _split(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Invalid("body", "is not valid JSON in UTF-8") from None
        except RecursionError:
            raise Invalid("body", "is nested too deeply") from None
    if len(raws) > BATCH_EVENTS:
        raise Invalid("body", f"must hold at most {BATCH_EVENTS} events")
    return [_told(raw) for raw in raws]


def _told(raw: bytes | msgspec.Raw) -> Told | Invalid:
    ignored: list[str] = []
    try:
        try:
            event = _decode_keyed(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            event = lenient(bytes(raw), Keyed, ignored)
        sighting = _sighting(event, ignored)
        if event.at is not None:
            sighting.time_us, sighting.time_field = _at(event.at), "at"
        address = None if event.ip is None else _address(event.ip)
        return Told(sighting, address, event.user_agent)
    except Invalid as exc:
        return exc


def _at(value: Any) -> int:
    found = field.instant(value)
    if found is None:
        raise Invalid("at", field.NO_TIME)
    return found


def _address(value: Any) -> str:
    found = bare_address(value) if isinstance(value, str) else None
    if found is None:
        raise Invalid("ip", "must be an IPv4 or IPv6 address")
    return found


def from_query(query: bytes, referer: str | None) -> Sighting:
    """Return a sighting of the pixel's query; without `u` the page is the request's `Referer`."""
    ignored: list[str] = []
    pairs = query.decode("utf-8", "replace").split("&", QUERY_FIELDS)
    if len(pairs) > QUERY_FIELDS:
        ignored.append("query")
    asked = dict(parse_qsl("&".join(pairs[:QUERY_FIELDS])))
    track = Track(
        url=asked.get("u") or asked.get("url") or _page(referer or "", ignored),
        name=asked.get("n") or asked.get("name"),
        event=asked.get("e") or asked.get("event"),
        website=asked.get("w") or asked.get("website"),
        referrer=asked.get("r") or asked.get("referrer"),
        id=asked.get("k") or asked.get("id"),
        hash=(asked.get("h") or asked.get("hash")) in TRUE,
    )
    return _sighting(track, ignored)


def _page(referer: str, ignored: list[str]) -> str:
    """Return the page that a browser names, which may be longer than a page can be."""
    short = field.cut("referrer", referer, URL_BYTES, ignored)
    return short if short == referer else CUT_ESCAPE.sub("", short)


def _sighting(track: Track, ignored: list[str]) -> Sighting:
    event = track.event if track.event is not None else track.e
    kind, name = _PAGEVIEW if event is None else _kind(event, ignored)
    sighting = Sighting(
        url=_url(track.url if track.url is not None else track.u),
        kind=kind,
        website=(track.website if track.website is not None else track.w) or None,
        name=name,
    )
    title = track.name if track.name is not None else track.n
    if title and kind == "pageview":
        short = len(title) <= TITLE_LENGTH
        told = clean(title) if short else field.shortened("name", title, TITLE_LENGTH, ignored)
        sighting.title = told or None
    if referrer := track.referrer if track.referrer is not None else track.r:
        plain = len(referrer) <= URL_BYTES and referrer.isascii()
        sighting.referrer = referrer if plain else field.cut("referrer", referrer, URL_BYTES, ignored)
    _rarer(sighting, track, ignored)
    if ignored:
        sighting.ignored = tuple(dict.fromkeys(ignored))
    return sighting


def _rarer(sighting: Sighting, track: Track, ignored: list[str]) -> None:
    """Read the fields that most hits lack: asking once for each is what this costs them.

    What is as it should be is told here, since a call for each would take as long as decoding.
    """
    if (event_id := track.id if track.id is not None else track.k) is not None:
        sighting.event_id = field.named("id", event_id, ignored)
    if (page := track.page if track.page is not None else track.g) is not None:
        sighting.page_view = field.named("page", page, ignored)
    if (props := track.props if track.props is not None else track.p) is not None:
        sighting.props = field.props(props, ignored)
    if (revenue := track.revenue if track.revenue is not None else track.money) is not None:
        sighting.currency, sighting.amount = field.revenue(revenue, ignored)
    if (age := track.age if track.age is not None else track.a) is not None:
        near = 0 <= age <= field.FAR_MS
        sighting.age_us = int(age * 1000) if near else field.microseconds("age", age, ignored)
    if (date := track.date if track.date is not None else track.d) is not None:
        sighting.time_us = field.instant(date)
        if sighting.time_us is None:
            ignored.append("date")
    if sighting.kind == "engagement":
        _reading(sighting, track, ignored)
    if (screen := track.screen if track.screen is not None else track.x) is not None:
        known = 0 < screen <= field.MOST_WIDTH
        sighting.screen = int(screen) if known else field.width("screen", screen, ignored)
    if (language := track.language if track.language is not None else track.l) is not None:
        tag = LANGUAGE.fullmatch(language)
        sighting.language = language if tag else field.language(language, ignored)
    sighting.interactive = (track.interactive if track.interactive is not None else track.i) is not False
    sighting.hash_mode = bool(track.hash if track.hash is not None else track.h)
    if bot := track.bot if track.bot is not None else track.b:
        sighting.robot = field.flag("bot", bot, ignored)


def _reading(sighting: Sighting, track: Track, ignored: list[str]) -> None:
    """Read the fields of an engagement."""
    if (engaged := track.engaged if track.engaged is not None else track.t) is not None:
        sighting.engaged = field.clipped("engaged", engaged, ENGAGED_MS, ignored) or 0
    if (scroll := track.scroll if track.scroll is not None else track.s) is not None:
        sighting.scroll = field.clipped("scroll", scroll, 100, ignored)


_PAGEVIEW: tuple[Kind, str | None] = ("pageview", None)


def _kind(event: str, ignored: list[str]) -> tuple[Kind, str | None]:
    name = field.shortened("event", event, EVENT_LENGTH, ignored)
    if name == "engagement":
        return "engagement", None
    if name and name != "pageview":
        return "custom", name
    if not name:
        ignored.append("event")
    return _PAGEVIEW


def _url(url: str | None) -> str:
    if not url:
        raise Invalid("url", "is required: the absolute URL of the page")
    if len(url) > URL_BYTES or (not url.isascii() and len(url.encode("utf-8", "surrogatepass")) > URL_BYTES):
        raise Invalid("url", f"must have at most {URL_BYTES:,} bytes")
    return url
