"""A stream of Kinesis.

What is appended is on it at least once: a call whose answer was lost is sent again, and so are
the records of a group of which others came on the stream. Hits carry their ids, so one that is
there twice counts once. The processor is handed its records by Lambda; the reader is for those
who look at the stream from elsewhere.
"""

import secrets
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import random
from time import sleep
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from footfall.domain.event import Position
from footfall.stream.port import Chunk, Record, StreamBroken, StreamFull

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import GetRecordsOutputTypeDef, PutRecordsRequestEntryTypeDef

CALL_RECORDS, CALL_BYTES = 500, 5_000_000
"""That one call may carry; partition keys count."""

READ_RECORDS = 10_000
PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.0)
THROTTLES = {
    "ProvisionedThroughputExceededException",
    "KMSThrottlingException",
    "LimitExceededException",
    "ThrottlingException",
}


class KinesisWriter:
    """See `port.Writer`. Records go to all shards evenly; each may have 1 MB."""

    def __init__(self, client: "KinesisClient", stream: str) -> None:
        self._client = client
        self._stream = stream

    def append(self, records: Sequence[bytes]) -> None:
        """See `port.Writer`."""
        if not records:
            with _translated():
                self._client.describe_stream_summary(StreamName=self._stream)
        for entries in _calls(records):
            self._put(entries)

    def _put(self, entries: "list[PutRecordsRequestEntryTypeDef]") -> None:
        """Send records until all are in: those of a call that were refused go into the next one."""
        errors: set[str] = set()
        for pause in PAUSES_SECONDS:
            with _translated():
                answer = self._client.put_records(StreamName=self._stream, Records=entries)
            results = answer["Records"]
            errors = {result["ErrorCode"] for result in results if result.get("ErrorCode")}
            if not errors:
                return
            answered = zip(entries, results, strict=True)
            entries = [entry for entry, result in answered if result.get("ErrorCode")]
            sleep(pause * random())
        reasons = ", ".join(sorted(errors))
        raise _error(errors, f"{len(entries)} records were refused again and again: {reasons}")

    def close(self) -> None:
        """See `port.Writer`; the client stays open."""


class KinesisReader:
    """See `port.Reader`. Begins after `marks`, where each shard was applied to, or at the oldest.

    A shard that came of a split or merge is read once those it came of are read to their ends.
    """

    def __init__(self, client: "KinesisClient", stream: str, marks: Mapping[str, int]) -> None:
        self._client = client
        self._stream = stream
        self._read = dict(marks)
        self._iterators: dict[str, str] = {}
        self._open: list[str] | None = None
        self._ended: set[str] = set()
        self._waiting: list[tuple[Record, int]] = []
        self._discarded = 0

    def read(self, limit: int) -> Chunk:
        """See `port.Reader`."""
        with _translated():
            while len(self._waiting) < limit and self._fetch(limit):
                pass
        found = self._waiting[:limit]
        through = self._discarded + len(found) if found else 0
        oldest = min((arrived for _, arrived in found), default=None)
        return Chunk([record for record, _ in found], through, oldest)

    def discard(self, through: int) -> None:
        """See `port.Reader`; for others they stay on the stream as long as it keeps all records."""
        count = max(through - self._discarded, 0)
        del self._waiting[:count]
        self._discarded += count

    def close(self) -> None:
        """See `port.Reader`; the client stays open."""

    def _fetch(self, limit: int) -> bool:
        """Take what each open shard gives at once; whether there may be more."""
        if self._open is None:
            self._open = self._list_open()
        more = False
        for shard in self._open:
            answer = self._get(shard, limit)
            for each in answer["Records"]:
                position = Position(shard, int(each["SequenceNumber"]))
                arrived = int(each["ApproximateArrivalTimestamp"].timestamp() * 1e6)
                self._waiting.append((Record(position, each["Data"]), arrived))
                self._read[shard] = position.sequence
            following = answer.get("NextShardIterator")
            if following:
                self._iterators[shard] = following
            else:
                self._ended.add(shard)
            more |= bool(answer["Records"]) or bool(answer["MillisBehindLatest"]) or not following
        if self._ended.intersection(self._open):
            self._open = None
        return more

    def _list_open(self) -> list[str]:
        """The shards that may be read now. Those that are too old to be listed have ended."""
        pages = self._client.get_paginator("list_shards").paginate(StreamName=self._stream)
        shards: list[Any] = [shard for page in pages for shard in page["Shards"]]
        unread = {shard["ShardId"] for shard in shards} - self._ended
        ready = []
        for shard in shards:
            parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")}
            if shard["ShardId"] in unread and not unread & parents:
                ready.append(shard["ShardId"])
        return ready

    def _get(self, shard: str, limit: int) -> "GetRecordsOutputTypeDef":
        count = min(limit, READ_RECORDS)
        iterator = self._iterators.pop(shard, None)
        if iterator:
            try:
                return self._client.get_records(ShardIterator=iterator, Limit=count)
            except self._client.exceptions.ExpiredIteratorException:
                pass  # it was not used for five minutes
        return self._client.get_records(ShardIterator=self._iterator(shard), Limit=count)

    def _iterator(self, shard: str) -> str:
        where: Any = {"ShardIteratorType": "TRIM_HORIZON"}
        if shard in self._read:
            where = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": str(self._read[shard]),
            }
        answer = self._client.get_shard_iterator(StreamName=self._stream, ShardId=shard, **where)
        return answer["ShardIterator"]


def delivered(event: Mapping[str, Any], stream: str) -> list[Record]:
    """Return the records in an event by which Lambda hands on what is on a stream.

    Their shards are named with the stream (`name_of`).
    """
    return [_delivered(each, stream) for each in event["Records"]]


def _delivered(each: Mapping[str, Any], stream: str) -> Record:
    shard = each["eventID"].partition(":")[0]
    position = Position(f"{stream}/{shard}", int(each["kinesis"]["sequenceNumber"]))
    return Record(position, b64decode(each["kinesis"]["data"]))


def name_of(client: "KinesisClient", stream: str) -> str:
    """Return what names a stream for good; raise `StreamBroken`.

    One that was deleted and made again counts its records from the beginning.
    """
    with _translated():
        answer = client.describe_stream_summary(StreamName=stream)
    made = answer["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    return f"{stream}@{int(made.timestamp())}"


def _calls(records: Sequence[bytes]) -> "Iterator[list[PutRecordsRequestEntryTypeDef]]":
    """Records in groups that one call may carry, each with a partition key of its own."""
    entries: list[PutRecordsRequestEntryTypeDef] = []
    size = 0
    for record in records:
        entry: PutRecordsRequestEntryTypeDef = {
            "Data": record,
            "PartitionKey": secrets.token_hex(8),
        }
        length = len(record) + len(entry["PartitionKey"])
        if len(entries) == CALL_RECORDS or (entries and size + length > CALL_BYTES):
            yield entries
            entries, size = [], 0
        entries.append(entry)
        size += length
    if entries:
        yield entries


@contextmanager
def _translated() -> Iterator[None]:
    """Errors as those of the port."""
    try:
        yield
    except ClientError as exc:
        raise _error({exc.response["Error"]["Code"]}, str(exc)) from exc
    except BotoCoreError as exc:
        raise StreamBroken(str(exc)) from exc


def _error(codes: set[str], text: str) -> StreamFull | StreamBroken:
    return StreamFull(text) if codes <= THROTTLES else StreamBroken(text)
