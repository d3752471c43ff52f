"""From records to a batch: what is left out, what is counted, nothing held up."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.domain.event import Position, Tally
from footfall.domain.reason import Reason
from footfall.processor.batch import batch_of
from footfall.store.port import Batch
from footfall.stream.codec import Unreadable, decode, encode
from footfall.stream.port import Record
from tests.oracle import DAY
from tests.traffic import ORIGINS, SOURCES, Act, at, made

NINE = at("2026-06-10 09:00")
TODAY = NINE // DAY
JUNK = [b"", b"h", b"t", b"x", b"h\xc1", b"hello", b"h\x90", b"t\x90", b"h\x93\x01\x02\x03", encode(Tally("s", 1, "bot", 1))[:-1], b"\xff" * 40]


def record(data: bytes, sequence: int, shard: str = "a") -> Record:
    return Record(Position(shard, sequence), data)


def hits(count: int, shard: str = "a", start: int = 1) -> list[Record]:
    return [record(each.record.data, start + number, shard) for number, each in enumerate(made(Act(NINE + number) for number in range(count)))]


def batch(records: list[Record], marks: dict[str, int] | None = None) -> Batch:
    return batch_of(records, marks or {}, SOURCES, NINE)


def test_nothing_makes_an_empty_batch() -> None:
    assert batch([]) == Batch([], [], {}, bad=[])


@pytest.mark.parametrize(
    ("marks", "events", "moved"),
    [
        pytest.param({}, 5, {"a": 3, "b": 2}, id="all are new"),
        pytest.param({"a": 2}, 3, {"a": 3, "b": 2}, id="some were applied"),
        pytest.param({"a": 3, "b": 1}, 1, {"b": 2}, id="a whole shard was"),
        pytest.param({"a": 3, "b": 9, "c": 4}, 0, {}, id="all were"),
    ],
)
def test_what_was_applied_is_left_out(marks: dict[str, int], events: int, moved: dict[str, int]) -> None:
    found = batch([*hits(3), *hits(2, "b")], marks)
    assert (len(found.events), found.marks) == (events, moved)


def test_a_record_twice_in_one_batch_is_one() -> None:
    assert len(batch([*hits(3), *hits(3)]).events) == 3


def test_shards_may_alternate() -> None:
    a, b = hits(2), hits(2, "b")
    assert [event.position for event in batch([a[0], b[0], a[1], b[1]]).events] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_what_cannot_be_read_is_counted_and_holds_up_nothing(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(junk)
    found = batch([*hits(1), record(junk, 2), *hits(1, start=3), record(junk, 4)])
    assert [event.position.sequence for event in found.events] == [1, 3]
    assert found.tallies == [Tally("", TODAY, Reason.UNREADABLE, 2)]
    assert found.marks == {"a": 4}


@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_or_unreadable(data: bytes) -> None:
    found = batch([record(data, 1)])
    assert len(found.events) + len(found.tallies) == 1


def test_tallies_of_the_door_pass() -> None:
    tally = Tally("berlin", TODAY, Reason.BOT, 7)
    assert batch([record(encode(tally), 1)]).tallies == [tally]


@pytest.mark.parametrize("came", ORIGINS)
def test_an_event_has_its_source_and_channel(came: str) -> None:
    (event,) = batch([made([Act(NINE, came=came)])[0].record]).events
    expected = ORIGINS[came][2]
    assert (event.source, event.channel) == (expected.get("source"), expected["channel"])


def test_a_newer_engine_reads_what_an_older_gateway_wrote() -> None:
    """Fields are only ever added at the end, with a default."""
    whole = made([Act(NINE)])[0].record.data
    fields = msgspec.msgpack.decode(whole[1:])
    hit = decode(b"h" + msgspec.msgpack.encode(fields[:13]))
    assert hit[:13] == tuple(fields[:13])
