"""What `stream.port` promises, on every adapter."""

from tests.stream.conftest import Ends


def test_what_is_appended_is_read_in_order_with_positions_that_grow(ends: Ends) -> None:
    writer, reader = ends.writer(), ends.reader()
    writer.append([b"a", b"b"])
    writer.append([b"c", b""])
    records = reader.read(100).records
    assert [record.data for record in records] == [b"a", b"b", b"c", b""]
    sequences = [record.position.sequence for record in records]
    assert (sequences, len(set(sequences))) == (sorted(sequences), 4)
    assert len({record.position.shard for record in records}) == 1


def test_reading_again_gives_the_same_until_it_is_discarded(ends: Ends) -> None:
    writer, reader = ends.writer(), ends.reader()
    writer.append([b"a"])
    first = reader.read(100)
    assert reader.read(100) == first
    writer.append([b"b"])
    reader.discard(first.through)
    again = reader.read(100)
    assert [record.data for record in again.records] == [b"b"]
    assert again.received is not None
    assert first.received is not None
    assert again.received >= first.received > 0
    reader.discard(first.through)  # that was before
    assert reader.read(100) == again


def test_an_empty_stream_gives_nothing(ends: Ends) -> None:
    reader = ends.reader()
    chunk = reader.read(100)
    assert (list(chunk.records), chunk.received) == ([], None)
    reader.discard(chunk.through)


def test_a_group_of_none_adds_none(ends: Ends) -> None:
    writer, reader = ends.writer(), ends.reader()
    writer.append([])
    writer.append([b"a"])
    assert [record.data for record in reader.read(100).records] == [b"a"]


def test_a_read_is_limited_to_about_so_many(ends: Ends) -> None:
    writer, reader = ends.writer(), ends.reader()
    wanted = [b"%d" % number for number in range(30)]
    for start in range(0, 30, 3):
        writer.append(wanted[start : start + 3])
    found: list[bytes] = []
    while (chunk := reader.read(4)).records:
        assert min(4, 30 - len(found)) <= len(chunk.records) <= 6
        found += [record.data for record in chunk.records]
        reader.discard(chunk.through)
    assert found == wanted


def test_writers_side_by_side_lose_nothing(ends: Ends) -> None:
    writers = [ends.writer() for _ in range(4)]
    for number in range(100):
        writers[number % 4].append([b"%d" % number])
    assert sorted(int(record.data) for record in ends.reader().read(1_000).records) == list(
        range(100)
    )
