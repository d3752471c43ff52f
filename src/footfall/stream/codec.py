"""Records as bytes: a leading byte tells hits from tallies, MessagePack does the rest."""

import msgspec

from footfall.domain.event import Hit, Tally

HIT, TALLY = b"h", b"t"

_encode = msgspec.msgpack.Encoder().encode
_decode_hit = msgspec.msgpack.Decoder(Hit).decode
_decode_tally = msgspec.msgpack.Decoder(Tally).decode


REASON_BYTES, KEPT_BYTES = 200, 1_800
"""Of a record that is no hit, however much its sender made of it."""


class Unreadable(Exception):
    """A record that nobody can make a hit of; its text says why.

    `kept` is what may be kept of it: nothing that tells who sent it. Both are cut.
    """

    def __init__(self, reason: str, kept: bytes = b"") -> None:
        super().__init__(reason.encode("ascii", "backslashreplace")[:REASON_BYTES].decode())
        self.kept = kept[:KEPT_BYTES]


def encode(record: Hit | Tally) -> bytes:
    """The bytes of a record."""
    return (HIT if isinstance(record, Hit) else TALLY) + _encode(record)


def decode(data: bytes) -> Hit | Tally:
    """The record in some bytes; raises `Unreadable`."""
    try:
        if data[:1] == HIT:
            return _decode_hit(data[1:])
        if data[:1] == TALLY:
            return _decode_tally(data[1:])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unreadable(str(exc)) from exc
    raise Unreadable(f"unknown kind of record {data[:1]!r}")
