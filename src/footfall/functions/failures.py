"""Batches that Lambda gave up: made anonymous at once, and counted later by an operator.

Lambda writes what it gave up, addresses included, into a bucket. On arrival a function turns that
into hits as they lie on the stream of one machine, and deletes it; `redrive` reads those.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import msgspec

from footfall.domain.channel import Sources
from footfall.domain.event import HOUR_US, Hit, Position, Tally
from footfall.processor.batch import Read, attempt, batch_of
from footfall.processor.sieve import by_parts
from footfall.store.port import Late, Outrun
from footfall.stream.codec import Unreadable, decode, encode
from footfall.stream.port import Record

ANONYMOUS = "anonymous/"
YOUNG_US = HOUR_US // 3
"""An invocation that Lambda no longer waits for may commit so long after."""

KEPT_US = 7 * 24 * HOUR_US
"""The ledger keeps ranges for eight days: what is older might count twice."""

AT_ONCE = 30
"""Records in one transaction, which takes 100 items: each of another site and day is three."""

TRIES = 5
UNREADABLE = b"u"


class _Kept(msgspec.Struct):
    """A record without its sender; `data` is what `read_again` takes."""

    shard: str
    sequence: str
    data: bytes


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[_Kept]).decode
_decode_unreadable = msgspec.json.Decoder(tuple[str, bytes]).decode
_decode_batch = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(slots=True)
class Failures:
    """Makes what Lambda gave up anonymous.

    `s3` is a client, `records_of` takes an event of the stream apart, `refresh` learns of new
    sites, `read` makes hits of records.
    """

    s3: Any
    records_of: Callable[[Mapping[str, Any]], Sequence[Record]]
    refresh: Callable[[], None]
    read: Read

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Take in what an event of S3 names.

        What fails is tried again by Lambda, and is gone after two days in any case.
        """
        for each in event["Records"]:
            bucket = each["s3"]["bucket"]["name"]
            key = unquote_plus(each["s3"]["object"]["key"])
            if not key.startswith(ANONYMOUS):
                self._make_anonymous(bucket, key)

    def _make_anonymous(self, bucket: str, key: str) -> None:
        self.refresh()
        told = _decode_batch(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        kept = list(self._kept(self.records_of(_decode_batch(told["payload"]))))
        self.s3.put_object(Bucket=bucket, Key=ANONYMOUS + key, Body=_encode(kept))
        self.s3.delete_object(Bucket=bucket, Key=key)

    def _kept(self, records: Sequence[Record]) -> Iterator[_Kept]:
        """Whatever a record is, it comes out; raises only what `NOT_ANSWERING` names."""
        for record in records:
            shard, sequence = record.position
            data = attempt(partial(self._anonymous, record.data))
            if isinstance(data, Unreadable):
                data = UNREADABLE + _encode((str(data), data.kept))
            yield _Kept(shard, str(sequence), data)

    def _anonymous(self, data: bytes) -> bytes:
        return encode(self.read(data))


class Redriven(NamedTuple):
    """Numbers of records that were given up, by what came of them.

    They are counted now, known to be counted before, or left, since others were there again and
    again.
    """

    counted: int
    known: int
    left: int


def records_in(data: bytes) -> list[Record]:
    """The records of an object that was made anonymous."""
    return [Record(Position(each.shard, int(each.sequence)), each.data) for each in _decode(data)]


def read_again(data: bytes) -> Hit | Tally:
    """Return the record that was made anonymous.

    Raises `Unreadable` for what was so then, with the reason that it had.
    """
    if data[:1] == UNREADABLE:
        raise Unreadable(*_decode_unreadable(data[1:]))
    return decode(data)


def redrive(facts: Late, records: Sequence[Record], sources: Sources, now_us: int) -> Redriven:
    """Count the records that are not counted yet, each once; raise `StoreBroken`.

    May be done again, and by several at once. A record that its shard has gone past can be
    committed only by others who do this. One that it has not is applied as if it came now, and
    who comes later with it is outrun.
    """
    left = sorted(records, key=lambda record: record.position.sequence)
    counted = 0
    for _ in range(TRIES):
        left = _not_applied(facts, left)
        marks = facts.marks()
        gone_past = [record for record in left if _is_past(record, marks)]
        others = [record for record in left if not _is_past(record, marks)]
        counted += _count_all(partial(_count, facts, sources, now_us, True), gone_past)
        counted += _count_all(partial(_count, facts, sources, now_us, False), others)
        left = _not_applied(facts, left)
        if not left:
            break
    return Redriven(counted, len(records) - counted - len(left), len(left))


def _is_past(record: Record, marks: Mapping[str, int]) -> bool:
    """Return whether a record's shard has gone past it."""
    return record.position.sequence <= marks.get(record.position.shard, -1)


def _count_all(
    count: Callable[[Sequence[Record], Read], int],
    records: Sequence[Record],
) -> int:
    counted = 0
    for start in range(0, len(records), AT_ONCE):
        counted += sum(by_parts(records[start : start + AT_ONCE], read_again, count))
    return counted


def _count(
    facts: Late,
    sources: Sources,
    now_us: int,
    late: bool,
    records: Sequence[Record],
    read: Read,
) -> int:
    """Return how many records were applied: all, or none where others were there before."""
    batch = batch_of(records, {}, sources, now_us, read)
    with suppress(Outrun):
        if late:
            facts.apply_late(batch, [record.position for record in records])
        else:
            facts.apply(batch)
        return len(records)
    return 0


def _not_applied(facts: Late, records: Sequence[Record]) -> list[Record]:
    """Return the records that are in no range that was applied; they are in order of sequence."""
    sequences: dict[str, list[int]] = defaultdict(list)
    for (shard, sequence), _ in records:
        sequences[shard].append(sequence)
    ranges = {shard: facts.applied(shard, some[0], some[-1]) for shard, some in sequences.items()}
    return [each for each in records if not _is_in(ranges[each.position.shard], each)]


def _is_in(ranges: Sequence[tuple[int, int]], record: Record) -> bool:
    return any(first <= record.position.sequence <= last for first, last in ranges)
