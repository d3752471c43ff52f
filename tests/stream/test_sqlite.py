"""What only a file can show.

Whole commits, positions from one, a shard for every opening, and how much it holds.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall.stream.port import StreamFull
from footfall.stream.sqlite import MEMORY, SqliteStream
from tests.stream.conftest import LIMIT


@pytest.fixture(params=["memory", "sqlite"])
def stream(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStream]:
    opened: dict[str, Callable[[], str]] = {
        "memory": lambda: MEMORY,
        "sqlite": lambda: str(tmp_path / "stream.db"),
    }
    found = SqliteStream(opened[request.param](), LIMIT)
    yield found
    found.close()


def test_positions_begin_at_one(stream: SqliteStream) -> None:
    stream.append([b"a", b"b"])
    stream.append([b"c"])
    assert [record.position.sequence for record in stream.read(100).records] == [1, 2, 3]


def test_a_read_gives_whole_commits(stream: SqliteStream) -> None:
    for start in range(0, 30, 3):
        stream.append([b"%d" % number for number in range(start, start + 3)])
    assert [record.data for record in stream.read(4).records] == [
        b"0",
        b"1",
        b"2",
        b"3",
        b"4",
        b"5",
    ]


def test_a_full_stream_refuses_and_keeps_what_it_has(stream: SqliteStream) -> None:
    accepted = 0
    with pytest.raises(StreamFull):
        for _ in range(100):
            stream.append([bytes(20_000)])
            accepted += 1
    assert 30 < accepted < 60
    seen = 0
    while (chunk := stream.read(10)).records:
        seen += len(chunk.records)
        stream.discard(chunk.through)
    assert seen == accepted
    stream.append([b"room again"])
    assert [record.data for record in stream.read(10).records] == [b"room again"]


def test_every_opening_begins_a_shard_of_its_own(tmp_path: Path) -> None:
    path = str(tmp_path / "stream.db")
    shards: set[str] = set()
    for _ in range(3):
        stream = SqliteStream(path, LIMIT)
        stream.append([b"x"])
        shards.update(record.position.shard for record in stream.read(100).records)
        stream.close()
    assert len(shards) == 3


def test_the_default_limit_holds_two_million_hits(tmp_path: Path) -> None:
    """By the size of a rich hit, in groups as a busy gateway makes them."""
    path = tmp_path / "stream.db"
    stream = SqliteStream(str(path), 10**9)
    hit = bytes(400)
    for _ in range(50):
        stream.append([hit] * 100)
    stream.close()
    assert 2_000_000 * path.stat().st_size / 5_000 < 10**9
