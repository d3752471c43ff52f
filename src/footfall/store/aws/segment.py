"""What one commit adds to an hour of a site, as bytes: events column by column, and counts of drops."""

from collections.abc import Sequence
from itertools import repeat
from typing import Any

import msgspec
import zstandard

from footfall.domain.event import Event, Hit, Position, Tally
from footfall.store.port import Bad, StoreBroken

LEVEL = 9


class _Segment(msgspec.Struct, array_like=True):
    count: int
    columns: list[list[Any]]
    tallies: list[Tally]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Segment).decode
_decode_bad = msgspec.msgpack.Decoder(list[tuple[str, str, str, bytes]]).decode


def pack(events: Sequence[Event], tallies: Sequence[Tally]) -> bytes:
    """The bytes. Sequence numbers go as text: Kinesis counts beyond what MessagePack can write."""
    rows = [(*event.hit, event.source, event.channel, event.position.shard, str(event.position.sequence)) for event in events]
    columns = [list(column[:1] if len(set(column)) == 1 else column) for column in zip(*rows, strict=True)]
    if any(not 0 <= tally.hits < 2**63 for tally in tallies):
        raise StoreBroken("a count is beyond what can be stored")
    return zstandard.compress(_encode(_Segment(len(events), columns, list(tallies))), LEVEL)


def unpack(data: bytes) -> tuple[list[Event], list[Tally]]:
    """What was packed. An older version's hits may lack the fields at the end."""
    segment = _decode(zstandard.decompress(data))
    columns = [repeat(column[0], segment.count) if len(column) == 1 else column for column in segment.columns]
    events = [
        Event(Hit(*row[: len(row) - 4]), row[-4], row[-3], Position(row[-2], int(row[-1])))
        for row in zip(*columns, strict=True)
    ]  # fmt: skip
    return events, segment.tallies


def pack_bad(bad: Sequence[Bad]) -> bytes:
    """Records that nobody could read."""
    return zstandard.compress(_encode([(each.position.shard, str(each.position.sequence), each.reason, each.kept) for each in bad]), LEVEL)


def unpack_bad(data: bytes) -> list[Bad]:
    """What was packed."""
    return [Bad(Position(shard, int(sequence)), reason, kept) for shard, sequence, reason, kept in _decode_bad(zstandard.decompress(data))]
