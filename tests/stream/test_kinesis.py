"""What only Kinesis can show.

Shards that split and merge, calls that go through in part, and a network that fails.
"""

import json
import random
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from footfall.stream.kinesis import PAUSES_SECONDS, KinesisReader, KinesisWriter, delivered, name_of
from footfall.stream.port import Reader, Record, StreamBroken, StreamFull
from tests.aws import fault
from tests.aws.fault import Call, Fault, Network
from tests.aws.kinesis import Kinesis, client

pytestmark = pytest.mark.slow

FAULTS = [fault.throttle, fault.fail, fault.cut, fault.lose]
Far = Callable[..., tuple[KinesisWriter, Network]]


@pytest.fixture
def far(kinesis: Kinesis) -> Iterator[Far]:
    """Opens a writer to a stream over a network that fails, as planned or as chosen for a call."""
    with ExitStack() as stack:

        def make(
            stream: str, choose: Callable[[str], Fault] | None = None
        ) -> tuple[KinesisWriter, Network]:
            network = stack.enter_context(fault.network(kinesis.url, choose))
            remote = client(network.url)
            stack.callback(remote.close)
            return KinesisWriter(remote, stream), network

        yield make


def drained(reader: Reader, limit: int = 1_000) -> list[Record]:
    """All that a reader gives until it gives nothing."""
    found: list[Record] = []
    while (chunk := reader.read(limit)).records:
        found += chunk.records
        reader.discard(chunk.through)
    return found


def texts(records: Sequence[Record]) -> list[bytes]:
    return [record.data for record in records]


def numbered(first: int, count: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


def split_and_merged(kinesis: Kinesis) -> str:
    """A stream with 50 records in each age of its shards: first, after a split, after a merge."""
    stream = kinesis.stream()
    writer = KinesisWriter(kinesis.client, stream)
    writer.append(numbered(0, 50))
    kinesis.split(stream, "shardId-000000000000")
    writer.append(numbered(50, 50))
    kinesis.merge(stream, "shardId-000000000001", "shardId-000000000002")
    writer.append(numbered(100, 50))
    return stream


def test_records_go_to_all_shards_evenly(kinesis: Kinesis) -> None:
    stream = kinesis.stream(4)
    KinesisWriter(kinesis.client, stream).append(numbered(0, 2_000))
    found = drained(KinesisReader(kinesis.client, stream, {}))
    assert sorted(texts(found)) == sorted(numbered(0, 2_000))
    by_shard = Counter(record.position.shard for record in found)
    assert len(by_shard) == 4
    assert min(by_shard.values()) > 400


def test_a_group_is_sent_in_calls_that_kinesis_takes(kinesis: Kinesis, far: Far) -> None:
    sent: list[tuple[int, int]] = []

    def noted(call: Call) -> None:
        records = json.loads(call.sent)["Records"]
        sent.append(
            (
                len(records),
                sum(len(each["Data"]) * 3 // 4 + len(each["PartitionKey"]) for each in records),
            )
        )
        if sent[-1][1] < 1_000_000:
            fault.none(call)
        else:  # the emulator takes seconds over so much
            call.answer(
                200,
                {},
                json.dumps(
                    {
                        "FailedRecordCount": 0,
                        "Records": [{"SequenceNumber": "1", "ShardId": "-"}] * len(records),
                    }
                ).encode(),
            )

    stream = kinesis.stream()
    writer, _ = far(stream, lambda _: noted)
    writer.append(numbered(0, 1_001))
    assert [count for count, _ in sent] == [500, 500, 1]
    assert sorted(texts(drained(KinesisReader(kinesis.client, stream, {})))) == sorted(
        numbered(0, 1_001)
    )
    sent.clear()
    writer.append([*[bytes(990_000)] * 11, b"x"])
    assert [count for count, _ in sent] == [5, 5, 2]
    assert max(size for _, size in sent) <= 5_000_000


def test_shards_are_read_in_the_order_of_their_lineage(kinesis: Kinesis) -> None:
    stream = split_and_merged(kinesis)
    for limit in (7, 1_000):
        found = drained(KinesisReader(kinesis.client, stream, {}), limit)
        generations = [int(text) // 50 for text in texts(found)]
        assert generations == [0] * 50 + [1] * 50 + [2] * 50
        assert sorted(texts(found)) == sorted(numbered(0, 150))
        for shard in {record.position.shard for record in found}:
            sequences = [
                record.position.sequence for record in found if record.position.shard == shard
            ]
            assert sequences == sorted(set(sequences))
            assert {len(str(each)) for each in sequences} == {56}


def test_a_reader_follows_a_split_that_comes_while_it_reads(kinesis: Kinesis) -> None:
    stream = kinesis.stream()
    writer, reader = (
        KinesisWriter(kinesis.client, stream),
        KinesisReader(kinesis.client, stream, {}),
    )
    writer.append(numbered(0, 20))
    assert texts(drained(reader)) == numbered(0, 20)
    writer.append(numbered(20, 20))
    kinesis.split(stream, "shardId-000000000000")
    writer.append(numbered(40, 20))
    found = drained(reader)
    assert texts(found)[:20] == numbered(20, 20)
    assert sorted(texts(found)) == numbered(20, 40)


@pytest.mark.parametrize("applied", [0, 30, 70, 130])
def test_a_reader_goes_on_after_marks(kinesis: Kinesis, applied: int) -> None:
    stream = split_and_merged(kinesis)
    found = drained(KinesisReader(kinesis.client, stream, {}))
    marks = {record.position.shard: record.position.sequence for record in found[:applied]}
    assert drained(KinesisReader(kinesis.client, stream, marks)) == found[applied:]


def test_an_iterator_that_is_too_old_is_made_anew(kinesis: Kinesis, far: Far) -> None:
    stream = kinesis.stream()
    _, network = far(stream)
    remote = client(network.url)
    reader = KinesisReader(remote, stream, {})
    KinesisWriter(kinesis.client, stream).append(numbered(0, 10))
    assert texts(drained(reader)) == numbered(0, 10)
    network.faults["GetRecords"] = [lambda call: call.refuse(400, "ExpiredIteratorException")]
    KinesisWriter(kinesis.client, stream).append(numbered(10, 10))
    assert texts(drained(reader)) == numbered(10, 10)
    remote.close()


def test_a_reader_that_fails_gives_all_when_it_works_again(kinesis: Kinesis, far: Far) -> None:
    stream = kinesis.stream(2)
    KinesisWriter(kinesis.client, stream).append(numbered(0, 100))
    _, network = far(stream)
    remote = client(network.url)
    reader = KinesisReader(remote, stream, {})
    # The first shard answers, the second does not.
    network.faults["GetRecords"] = [fault.none, *[fault.cut] * 3]
    with pytest.raises(StreamBroken):
        reader.read(1_000)
    found = drained(reader)
    assert sorted(texts(found)) == sorted(numbered(0, 100))
    remote.close()


def test_what_lambda_hands_on_is_what_a_reader_reads(kinesis: Kinesis) -> None:
    stream = kinesis.stream(2)
    KinesisWriter(kinesis.client, stream).append([b"", b"\x00\xff", *numbered(0, 20)])
    found = drained(KinesisReader(kinesis.client, stream, {}))
    event = {
        "Records": [
            {
                "eventSource": "aws:kinesis",
                "eventID": f"{position.shard}:{position.sequence}",
                "eventSourceARN": f"arn:aws:kinesis:eu-central-1:000000000000:stream/{stream}",
                "kinesis": {
                    "sequenceNumber": str(position.sequence),
                    "partitionKey": "1",
                    "data": b64encode(data).decode(),
                    "approximateArrivalTimestamp": 1.5,
                },
            }
            for position, data in found
        ]
    }
    name = name_of(kinesis.client, stream)
    assert delivered(event, name) == [
        each._replace(position=each.position._replace(shard=f"{name}/{each.position.shard}"))
        for each in found
    ]


@pytest.mark.parametrize("what", [*FAULTS, fault.halve], ids=lambda what: what.__name__)
def test_a_call_that_fails_once_is_made_up_for(kinesis: Kinesis, far: Far, what: Fault) -> None:
    stream = kinesis.stream(2)
    writer, network = far(stream)
    network.faults["PutRecords"] = [what]
    writer.append(numbered(0, 20))
    found = Counter(texts(drained(KinesisReader(kinesis.client, stream, {}))))
    assert set(found) == set(numbered(0, 20))
    assert set(found.values()) == ({2} if what is fault.lose else {1})
    assert network.seen[what.__name__] == 1


def test_what_was_refused_is_sent_until_it_is_in(kinesis: Kinesis, far: Far) -> None:
    stream = kinesis.stream()
    writer, network = far(stream)
    network.faults["PutRecords"] = [fault.halve] * 3
    writer.append(numbered(0, 100))
    assert sorted(texts(drained(KinesisReader(kinesis.client, stream, {})))) == sorted(
        numbered(0, 100)
    )
    assert network.seen == {"halve": 3, "none": 1}


@pytest.mark.parametrize(
    ("what", "error"),
    [
        (fault.throttle, StreamFull),
        (fault.halve, StreamFull),
        (fault.fail, StreamBroken),
        (fault.cut, StreamBroken),
        (fault.lose, StreamBroken),
    ],
    ids=lambda value: value.__name__,
)
def test_what_always_fails_is_told_as_what_it_is(
    kinesis: Kinesis, far: Far, what: Fault, error: type[Exception]
) -> None:
    writer, network = far(kinesis.stream(), lambda _: what)
    with pytest.raises(error):
        writer.append(numbered(0, 1_000))
    assert network.seen[what.__name__] == (len(PAUSES_SECONDS) if what is fault.halve else 3)


def test_a_stream_that_is_not_there_is_broken(kinesis: Kinesis) -> None:
    with pytest.raises(StreamBroken, match="ResourceNotFound"):
        KinesisWriter(kinesis.client, "none").append([b"a"])
    with pytest.raises(StreamBroken, match="ResourceNotFound"):
        KinesisWriter(kinesis.client, "none").append([])
    with pytest.raises(StreamBroken, match="ResourceNotFound"):
        KinesisReader(kinesis.client, "none", {}).read(1)


def test_amid_all_faults_nothing_that_was_acknowledged_is_lost(kinesis: Kinesis, far: Far) -> None:
    stream = kinesis.stream(2)
    chance = random.Random(7)
    writer, network = far(
        stream, lambda _: chance.choice([fault.none] * 4 + [fault.halve] * 2 + FAULTS)
    )

    def tried(number: int) -> Sequence[bytes]:
        group = numbered(number * 10, 10)
        try:
            writer.append(group)
        except (StreamFull, StreamBroken):
            return ()
        return group

    with ThreadPoolExecutor(16) as pool:
        acknowledged = [text for group in pool.map(tried, range(48)) for text in group]
    found = set(texts(drained(KinesisReader(kinesis.client, stream, {}))))
    assert found <= set(numbered(0, 480))
    assert found >= set(acknowledged)
    assert len(acknowledged) > 200
    assert min(network.seen[what.__name__] for what in [*FAULTS, fault.halve]) >= 1
