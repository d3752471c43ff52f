"""What one commit adds to an hour of a site, as bytes: events column by column, and counts of drops."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import zstandard

from footfall.domain.event import Event, Hit, Position, Tally
from footfall.store.aws.pointer import padded
from footfall.store.port import Bad, Unfit

LEVEL = 9


class _Segment(msgspec.Struct, array_like=True):
    count: int
    columns: list[list[Any]]
    tallies: list[Tally]


class Unpacked(NamedTuple):
    """Events in the columns of `facts.STAGED`, and counts of drops."""

    columns: Mapping[str, Sequence[Any]]
    tallies: Sequence[Tally]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Segment).decode
_decode_bad = msgspec.msgpack.Decoder(list[tuple[str, str, str, bytes]]).decode


def pack(events: Sequence[Event], tallies: Sequence[Tally]) -> bytes:
    """The bytes. Sequence numbers go as text: Kinesis counts beyond what MessagePack can write."""
    rows = [(*event.hit, event.source, event.channel, event.position.shard, str(event.position.sequence)) for event in events]
    columns = [list(column[:1] if len(set(column)) == 1 else column) for column in zip(*rows, strict=True)]
    if any(not 0 <= tally.hits < 2**63 for tally in tallies):
        raise Unfit("a count is beyond what can be stored")
    return zstandard.compress(_encode(_Segment(len(events), columns, list(tallies))), LEVEL)


def unpack(data: bytes) -> Unpacked:
    """What was packed, its positions as `place` writes them, which DuckDB can hold. An older version's hits may lack the fields at the end."""
    segment = _decode(zstandard.decompress(data))
    if not segment.count:
        return Unpacked({}, segment.tallies)
    *hits, source, channel, shards, sequences = (column * segment.count if len(column) == 1 else column for column in segment.columns)
    columns = {name: [default] * segment.count for name, default in Hit._field_defaults.items()} | dict(zip(Hit._fields, hits, strict=False))
    places = [place(Position(shard, int(sequence))) for shard, sequence in zip(shards, sequences, strict=True)]
    beside: dict[str, Sequence[Any]] = {"sequence": [0] * segment.count, "import": [None] * segment.count}
    own = columns | {"source": source, "channel": channel, "shard": places}
    return Unpacked({**own, **beside}, segment.tallies)


def place(position: Position) -> str:
    """A position as text that sorts, within a shard, as the sequence does."""
    return f"{position.shard}#{padded(position.sequence)}"


def pack_bad(bad: Sequence[Bad]) -> bytes:
    """Records that nobody could read."""
    return zstandard.compress(_encode([(each.position.shard, str(each.position.sequence), each.reason, each.kept) for each in bad]), LEVEL)


def unpack_bad(data: bytes) -> list[Bad]:
    """What was packed."""
    return [Bad(Position(shard, int(sequence)), reason, kept) for shard, sequence, reason, kept in _decode_bad(zstandard.decompress(data))]
