"""What the door without code puts on the stream: a request, wrapped by a template of API Gateway and read by nobody before the processor.

The names and values of its query, its headers and its body are in base64, since the template's
own ways of quoting make no valid JSON. No part may be as long as its sender likes: what is too
long is left out and named. Keys are never wrapped; who has one takes the gateway.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from urllib.parse import urlencode

import msgspec

from footfall.domain.event import Hit, Tally
from footfall.domain.reason import Reason
from footfall.gateway.callers import Callers, Headers
from footfall.gateway.collect import Door, Dropped, NeedsSalt, collect
from footfall.gateway.directory import Snapshot
from footfall.gateway.protocols import own
from footfall.gateway.sighting import Invalid, Sighting
from footfall.stream.codec import Unreadable, decode

BEGINS = b"{"
"""What the gateway itself puts on the stream never begins so."""


class Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """A request: `at` is when it came, in milliseconds, and `id` what API Gateway calls it.

    No client can choose these. `over` names what was too long to be wrapped.
    """

    v: int
    door: str
    at: int
    id: str
    ip: str
    headers: dict[str, str]
    query: list[tuple[str, str]]
    body: str
    over: str = ""


LIMITS = {
    "body": f"must have at most {own.TRACK_BYTES:,} bytes",
    "request": "must have at most 10,240 bytes of query and headers",
}
KEYS = {"authorization"}
"""What a template of an earlier version wrapped, and nobody reads."""

KEPT_PAIRS, KEPT_NAME, KEPT_VALUE, KEPT_ID = 4, 100, 200, 100
KEPT_TEXT = 1_500
"""Of a query and a body that make no hit, in base64."""

_decode = msgspec.json.Decoder(Envelope).decode


class RestDoor:
    """Turns wrapped requests into hits as the gateway does, at the time and under the id that the door gave them."""

    def __init__(self, snapshot: Snapshot, trusted_proxies: Sequence[str], door: Door) -> None:
        self._snapshot = snapshot
        self._callers = Callers(snapshot, trusted_proxies)
        self._door = door

    def read(self, data: bytes) -> Hit | Tally:
        """The hit, or that one was dropped, whichever door put it on the stream. Raises `Unreadable` for what the gateway would refuse, and `RegistryBroken`."""
        if data[:1] != BEGINS:
            return self._known(decode(data))
        envelope = _opened(data)
        minted = blake2b(envelope.id.encode(), digest_size=16)
        try:
            found = self._found(envelope, minted.hexdigest())
        except (Invalid, binascii.Error) as exc:
            raise Unreadable(str(exc), _without_address(envelope)) from exc
        if isinstance(found, Dropped):
            return Tally(found.site, found.day, found.reason, 1, int.from_bytes(minted.digest()[:8]))
        return found

    def _known(self, found: Hit | Tally) -> Hit | Tally:
        """What the gateway made of a hit; of a site that is no more only that one came."""
        site = self._snapshot.sites.find(found.site, "") if found.site else None
        if not found.site:
            return found
        if site and found.site in (site.id, *site.aliases):  # it may have been renamed since
            return found if found.site == site.id else found._replace(site=site.id)
        if isinstance(found, Tally):
            return found._replace(site="")
        return Tally("", found.day, Reason.UNKNOWN_SITE, 1, found.id)

    def _found(self, envelope: Envelope, minted: str) -> Hit | Dropped:
        headers = _headers(envelope.headers)
        by_name = dict(headers)
        sighting = _sighting(envelope, by_name)
        caller = self._callers.caller(sighting, by_name, self._callers.address(by_name, headers, envelope.ip))
        if caller is None:
            raise Invalid("authorization", "is not a key that may write events of the site")
        sighting.event_id = sighting.event_id or minted
        now = envelope.at * 1000
        while True:
            try:
                return collect(sighting, caller, now, self._snapshot.sites, self._snapshot.salts, self._door)
            except NeedsSalt as need:
                self._snapshot.make_salt(need.day, now)


def _without_address(envelope: Envelope) -> bytes:
    """What is kept of a request that is no hit: nothing that tells who sent it, and not much."""
    query = [(name[:KEPT_NAME], value[:KEPT_VALUE]) for name, value in envelope.query[:KEPT_PAIRS]]
    left = KEPT_TEXT - len(msgspec.json.encode(query))
    return msgspec.json.encode(
        {
            "door": envelope.door,
            "at": envelope.at,
            "id": envelope.id[:KEPT_ID],
            "query": query,
            "body": envelope.body[: left - left % 4],
        }
    )


def _opened(data: bytes) -> Envelope:
    try:
        envelope = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unreadable(f"the envelope is broken: {exc}") from exc
    if envelope.v != 1 or envelope.door not in ("track", "pixel"):
        raise Unreadable(f"no envelope of version 1, but {envelope.v}, of door {envelope.door[:20]!r}")
    if not 0 < envelope.at < 2**43:
        raise Unreadable("the envelope has no time")
    if envelope.over:
        wrong = LIMITS.get(envelope.over, "is too long")
        raise Unreadable(f"{envelope.over} {wrong}", _without_address(envelope))
    return envelope


def _headers(wrapped: Mapping[str, str]) -> Headers:
    """Those that the request had. An empty one says as little as one that is missing."""
    return [(name.encode(), b64decode(value, validate=True)) for name, value in wrapped.items() if value and name not in KEYS]


def _sighting(envelope: Envelope, by_name: Mapping[bytes, bytes]) -> Sighting:
    if envelope.door == "pixel":
        pairs = [(b64decode(name, validate=True), b64decode(value, validate=True)) for name, value in envelope.query]
        return own.from_query(urlencode(pairs).encode(), by_name.get(b"referer", b"").decode("utf-8", "replace"))
    body = b64decode(envelope.body, validate=True)
    if len(body) > own.TRACK_BYTES:
        raise Invalid("body", f"must have at most {own.TRACK_BYTES:,} bytes")
    return own.from_json(body)
