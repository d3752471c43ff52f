"""Files that are cut, replaced or overwritten while in use.

What survives counts, later hits are unaffected.
"""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from footfall.stream import repair
from footfall.stream.port import StreamBroken, StreamFull
from footfall.stream.sqlite import SqliteStream

LIMIT = 10**8


def filled(path: Path, hits: int = 3_000) -> SqliteStream:
    """A stream with hits of 300 bytes, all of them in the main file."""
    stream = SqliteStream(str(path), LIMIT)
    for start in range(0, hits, 10):
        stream.append([b"%06d" % number + bytes(294) for number in range(start, start + 10)])
    stream.close()
    return stream


def numbers(stream: SqliteStream) -> list[int]:
    """What can be read, read to the end."""
    found = []
    while (chunk := stream.read(500)).records:
        found += [int(record.data[:6]) for record in chunk.records]
        stream.discard(chunk.through)
    return found


def set_aside(path: Path) -> list[Path]:
    return [
        found
        for found in path.parent.glob("*.damaged-*")
        if not found.name.endswith(("-wal", "-shm"))
    ]


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_of_a_file_cut_short_the_rest_is_read_once(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "stream.db"
    filled(path)
    os.truncate(path, int(path.stat().st_size * keep) // 4096 * 4096)
    stream = SqliteStream(str(path), LIMIT)
    stream.append([b"999999"])
    found = numbers(stream)
    assert found[-1] == 999_999
    assert len(found) == len(set(found))
    assert len(found) > 3_000 * keep * 0.7
    assert len(set_aside(path)) == 1
    stream.append([b"888888"])
    assert numbers(stream) == [888_888]


def test_a_file_cut_while_in_use_does_not_stop_writers(tmp_path: Path) -> None:
    path = tmp_path / "stream.db"
    filled(path)
    writer, reader = SqliteStream(str(path), LIMIT), SqliteStream(str(path), LIMIT)
    writer.append([b"111111"])
    os.truncate(path, path.stat().st_size // 2)
    writer.append([b"222222"])
    found = numbers(reader)
    writer.append([b"333333"])
    found += numbers(reader)
    assert 222_222 in found and 333_333 in found
    assert len(found) == len(set(found)) and len(found) > 1_000


@pytest.mark.parametrize("junk", [b"", b"not a database at all" * 1_000], ids=["empty", "junk"])
def test_a_file_overwritten_is_begun_anew(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "stream.db"
    filled(path, 100)
    path.write_bytes(junk)
    stream = SqliteStream(str(path), LIMIT)
    stream.append([b"123456"])
    assert numbers(stream) == [123_456]


def test_a_file_replaced_by_an_older_copy_while_in_use(tmp_path: Path) -> None:
    path, copy = tmp_path / "stream.db", tmp_path / "copy.db"
    filled(path, 100)
    shutil.copy(path, copy)
    writer, reader = SqliteStream(str(path), LIMIT), SqliteStream(str(path), LIMIT)
    writer.append([b"777777"])
    before = reader.read(1_000)
    for end in ("-wal", "-shm"):
        Path(str(path) + end).unlink(missing_ok=True)
    os.replace(copy, path)
    writer.append([b"888888"])
    after = numbers(reader)
    assert after == [*range(100), 888_888]
    positions = {record.position for record in before.records}
    assert {record.position.shard for record in reader.read(1).records} <= {
        position.shard for position in positions
    }
    writer.append([b"999999"])
    assert numbers(reader) == [999_999]


def test_a_file_removed_while_in_use(tmp_path: Path) -> None:
    path = tmp_path / "stream.db"
    writer, reader = filled(path, 10), SqliteStream(str(path), LIMIT)
    writer = SqliteStream(str(path), LIMIT)
    writer.append([b"100000"])
    assert len(reader.read(100).records) == 11
    path.unlink()
    writer.append([b"200000"])
    assert numbers(reader) == [200_000]


def test_bytes_flipped_in_a_frame_lose_that_frame_only(tmp_path: Path) -> None:
    path = tmp_path / "stream.db"
    filled(path, 1_000)
    content = path.read_bytes()
    at = content.index(b"000555")
    path.write_bytes(content[:at] + b"X" + content[at + 1 :])
    stream = SqliteStream(str(path), LIMIT)
    found = numbers(stream)
    assert found == [number for number in range(1_000) if not 550 <= number < 560]
    assert len(set_aside(path)) == 1


@pytest.mark.parametrize("step", range(4))
def test_a_repair_that_was_broken_off_is_finished(
    tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off at each renaming; the next opening finds what there is and goes on."""
    path = tmp_path / "stream.db"
    filled(path, 500)
    os.truncate(path, path.stat().st_size // 2)
    calls = 0
    real_rename = os.rename

    def rename(old: str, new: str) -> None:
        nonlocal calls
        calls += 1
        if calls > step:
            raise KeyboardInterrupt
        real_rename(old, new)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        repair.repair(str(path))
    monkeypatch.undo()
    stream = SqliteStream(str(path), LIMIT)
    stream.append([b"654321"])
    found = numbers(stream)
    assert found[-1] == 654_321 and len(found) > 100 and len(found) == len(set(found))


def test_what_was_set_aside_is_removed_after_days(tmp_path: Path) -> None:
    path = tmp_path / "stream.db"
    filled(path, 500)
    os.truncate(path, path.stat().st_size // 2)
    stream = SqliteStream(str(path), LIMIT)
    numbers(stream)
    (aside,) = set_aside(path)
    os.utime(aside, (1, 1))
    SqliteStream(str(path), LIMIT).close()
    assert not aside.exists()


def test_a_folder_that_vanishes_is_a_broken_stream(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    stream = filled(folder / "stream.db", 10)
    stream = SqliteStream(str(folder / "stream.db"), LIMIT)
    stream.append([b"000001"])
    shutil.rmtree(folder)
    with pytest.raises((StreamBroken, StreamFull)):
        stream.append([b"000002"])


def test_a_foreign_table_is_no_reason_to_fail(tmp_path: Path) -> None:
    path = tmp_path / "stream.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE frames (something TEXT)")
    stream = SqliteStream(str(path), LIMIT)
    stream.append([b"123456"])
    assert numbers(stream) == [123_456]


def test_what_was_not_read_is_not_discarded(tmp_path: Path) -> None:
    """Between reading and discarding the file is repaired and written to.

    Numbers begin anew there.
    """
    path = tmp_path / "stream.db"
    filled(path, 400)
    reader, writer = SqliteStream(str(path), LIMIT), SqliteStream(str(path), LIMIT)
    chunk = reader.read(10_000)
    os.truncate(path, path.stat().st_size // 2)
    numbers_of_others = SqliteStream(str(path), LIMIT)
    numbers_of_others.read(1)
    writer.append([b"424242"])
    reader.discard(chunk.through)
    assert 424_242 in numbers(reader)


def test_a_name_that_is_no_text_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "stream.db"
    filled(path, 100)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE frames SET shard = CAST(x'fffe' AS TEXT) WHERE number = 3")
    connection.close()
    stream = SqliteStream(str(path), LIMIT)
    assert len(numbers(stream)) == 90


def test_a_repair_that_fails_is_a_broken_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "stream.db"
    filled(path, 500)
    os.truncate(path, path.stat().st_size // 2)
    stream = SqliteStream(str(path), LIMIT)

    def full(old: str, new: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(StreamBroken):
        stream.read(10)
    monkeypatch.undo()
    assert len(numbers(stream)) > 100
