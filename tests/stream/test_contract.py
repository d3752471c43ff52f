"""What `stream.port` promises, on every adapter."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall.stream.port import Reader, StreamFull, Writer
from footfall.stream.sqlite import MEMORY, SqliteStream

LIMIT = 1_000_000
Open = Callable[[], SqliteStream]


@pytest.fixture(params=["memory", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Writer, Reader]]:
    if request.param == "memory":
        both = SqliteStream(MEMORY, LIMIT)
        yield both, both
        both.close()
        return
    writer, reader = (SqliteStream(str(tmp_path / "stream.db"), LIMIT) for _ in range(2))
    yield writer, reader
    writer.close()
    reader.close()


def test_what_is_appended_is_read_in_order_with_positions_from_one(opened: tuple[Writer, Reader]) -> None:
    writer, reader = opened
    writer.append([b"a", b"b"])
    writer.append([b"c", b""])
    records = reader.read(100).records
    assert [record.data for record in records] == [b"a", b"b", b"c", b""]
    assert [record.position.sequence for record in records] == [1, 2, 3, 4]
    assert len({record.position.shard for record in records}) == 1


def test_reading_again_gives_the_same_until_it_is_discarded(opened: tuple[Writer, Reader]) -> None:
    writer, reader = opened
    writer.append([b"a"])
    first = reader.read(100)
    assert reader.read(100) == first
    writer.append([b"b"])
    reader.discard(first.through)
    assert [record.data for record in reader.read(100).records] == [b"b"]


def test_an_empty_stream_gives_nothing(opened: tuple[Writer, Reader]) -> None:
    _, reader = opened
    chunk = reader.read(100)
    assert (chunk.records, chunk.received) == ([], None)
    reader.discard(chunk.through)


def test_a_read_is_limited_to_whole_commits(opened: tuple[Writer, Reader]) -> None:
    writer, reader = opened
    for start in range(0, 30, 3):
        writer.append([b"%d" % number for number in range(start, start + 3)])
    assert [record.data for record in reader.read(4).records] == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_a_full_stream_refuses_and_keeps_what_it_has(opened: tuple[Writer, Reader]) -> None:
    writer, reader = opened
    accepted = 0
    with pytest.raises(StreamFull):
        for _ in range(100):
            writer.append([bytes(20_000)])
            accepted += 1
    assert 30 < accepted < 60
    seen = 0
    while (chunk := reader.read(10)).records:
        seen += len(chunk.records)
        reader.discard(chunk.through)
    assert seen == accepted
    writer.append([b"room again"])
    assert [record.data for record in reader.read(10).records] == [b"room again"]


def test_every_opening_begins_a_shard_of_its_own(tmp_path: Path) -> None:
    path = str(tmp_path / "stream.db")
    shards: set[str] = set()
    for _ in range(3):
        stream = SqliteStream(path, LIMIT)
        stream.append([b"x"])
        shards.update(record.position.shard for record in stream.read(100).records)
        stream.close()
    assert len(shards) == 3


def test_writers_side_by_side_lose_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "stream.db")
    writers = [SqliteStream(path, LIMIT) for _ in range(4)]
    for number in range(100):
        writers[number % 4].append([b"%d" % number])
    assert sorted(int(record.data) for record in writers[0].read(1_000).records) == list(range(100))


def test_the_default_limit_holds_two_million_hits(tmp_path: Path) -> None:
    """By the size of a rich hit, in groups as a busy gateway makes them."""
    path = tmp_path / "stream.db"
    stream = SqliteStream(str(path), 10**9)
    hit = bytes(400)
    for _ in range(50):
        stream.append([hit] * 100)
    stream.close()
    assert 2_000_000 * path.stat().st_size / 5_000 < 10**9
