"""Records as bytes: a leading byte tells hits from tallies, MessagePack does the rest."""

import msgspec

from footfall.domain.event import Hit, Tally

HIT, TALLY = b"h", b"t"

_encode = msgspec.msgpack.Encoder().encode
_decode_hit = msgspec.msgpack.Decoder(Hit).decode
_decode_tally = msgspec.msgpack.Decoder(Tally).decode


class Unreadable(Exception):
    """A record that nobody can make a hit of; its text says why. `kept` is what may be kept of it: nothing that tells who sent it."""

    def __init__(self, reason: str, kept: bytes = b"") -> None:
        super().__init__(reason)
        self.kept = kept


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
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise Unreadable(str(exc)) from exc
    raise Unreadable(f"unknown kind of record {data[:1]!r}")
