"""What the door without code puts on the stream: a request, wrapped by a template of API Gateway and read by nobody before the processor.

The names and values of its query, its headers and its body are in base64, since the template's own ways of quoting make no valid JSON.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from urllib.parse import urlencode

import msgspec

from footfall.domain.event import Hit, Tally
from footfall.gateway.callers import Callers, Headers
from footfall.gateway.collect import Door, Dropped, NeedsSalt, collect
from footfall.gateway.directory import Snapshot
from footfall.gateway.protocols import own
from footfall.gateway.sighting import Invalid, Sighting
from footfall.stream.codec import Unreadable, decode

BEGINS = b"{"
"""What the gateway itself puts on the stream never begins so."""


class Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """A request: `at` is when it came, in milliseconds, and `id` what API Gateway calls it, which no client can choose."""

    v: int
    door: str
    at: int
    id: str
    ip: str
    headers: dict[str, str]
    query: list[tuple[str, str]]
    body: str


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
            return decode(data)
        envelope = _opened(data)
        minted = blake2b(envelope.id.encode(), digest_size=16)
        try:
            found = self._found(envelope, minted.hexdigest())
        except (Invalid, binascii.Error) as exc:
            raise Unreadable(str(exc), _without_address(envelope)) from exc
        if isinstance(found, Dropped):
            return Tally(found.site, found.day, found.reason, 1, int.from_bytes(minted.digest()[:8]))
        return found

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
    """What is kept of a request that is no hit: nothing that tells who sent it."""
    return msgspec.json.encode({"door": envelope.door, "at": envelope.at, "id": envelope.id, "query": envelope.query, "body": envelope.body})


def _opened(data: bytes) -> Envelope:
    try:
        envelope = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unreadable(f"the envelope is broken: {exc}") from exc
    if envelope.v != 1 or envelope.door not in ("track", "pixel"):
        raise Unreadable(f"no envelope of version 1, but {envelope.v}, of door {envelope.door[:20]!r}")
    if not 0 < envelope.at < 2**43:
        raise Unreadable("the envelope has no time")
    return envelope


def _headers(wrapped: Mapping[str, str]) -> Headers:
    """Those that the request had. An empty one says as little as one that is missing."""
    return [(name.encode(), b64decode(value, validate=True)) for name, value in wrapped.items() if value]


def _sighting(envelope: Envelope, by_name: Mapping[bytes, bytes]) -> Sighting:
    if envelope.door == "pixel":
        pairs = [(b64decode(name, validate=True), b64decode(value, validate=True)) for name, value in envelope.query]
        return own.from_query(urlencode(pairs).encode(), by_name.get(b"referer", b"").decode("utf-8", "replace"))
    body = b64decode(envelope.body, validate=True)
    if len(body) > own.TRACK_BYTES:
        raise Invalid("body", f"must have at most {own.TRACK_BYTES:,} bytes")
    return own.from_json(body)
