"""Archives with any byte changed, and disks that cannot be read or written: a sentence each."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.__main__ import main
from footfall.imports.archive import NotAnArchive, unpack
from footfall.store.archive import MANIFEST
from tests.end_to_end.test_exactly_once import small_disk
from tests.imports.test_carrying import young
from tests.imports.test_hostile_archives import parts_of
from tests.server import footfall

__all__ = ["small_disk"]

MASKS = 4
IN_PARTS = 300
AT_ONCE = 400
MOST_AT_ONCE = 8
BOUNDARIES = (1, 0x7F, 0x80, 0xFF)
LEFT = 12_000
"""Bytes: less than the archive's parts take, and more than none."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = young("coast")
    path = place.take_out("coast", tmp_path_factory.mktemp("sound") / "site.zip")
    place.close()
    return path


@pytest.fixture
def dice() -> random.Random:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    return random.Random(seed)


def structure_of(path: Path) -> list[int]:
    """Where the bytes are that are not the contents of a part: headers, names, the directory."""
    data = path.read_bytes()
    found = set(range(len(data)))
    for contents in parts_of(data).values():
        start = data.index(contents)
        found -= set(range(start, start + len(contents)))
    return sorted(found)


def flipped(data: bytes, changes: dict[int, int]) -> bytes:
    changed = bytearray(data)
    for index, mask in changes.items():
        changed[index] ^= mask
    return bytes(changed)


def any_flips(sound: Path, dice: random.Random) -> Iterator[dict[int, int]]:
    """Yield changes: of each byte of the structure, of many others, and of some at once."""
    structure, size = structure_of(sound), sound.stat().st_size
    for index in structure:
        for mask in (0xFF, *dice.sample(range(1, 0xFF), MASKS - 1)):
            yield {index: mask}
    for index in dice.sample(range(size), IN_PARTS):
        yield {index: dice.randrange(1, 0x100)}
    for _ in range(AT_ONCE):
        start = dice.choice(structure)
        several = range(start, min(size, start + dice.randint(2, MOST_AT_ONCE)))
        yield {index: dice.choice((*BOUNDARIES, dice.randrange(1, 0x100))) for index in several}


def assert_noticed_or_equal(
    data: bytes,
    wanted: dict[str, bytes],
    folder: Path,
    what: object,
) -> None:
    """A sentence without numbers of the system, or the parts as they were."""
    (folder / "x.zip").write_bytes(data)
    parts = folder / "parts"
    parts.mkdir()
    try:
        unpack(folder / "x.zip", parts, lambda _: None)
    except NotAnArchive as exc:
        assert "Errno" not in str(exc), what
    else:
        assert {path.name: path.read_bytes() for path in parts.iterdir()} == wanted, what
    for path in parts.iterdir():
        path.unlink()
    parts.rmdir()


def test_any_flipped_bytes_are_noticed(sound: Path, dice: random.Random, tmp_path: Path) -> None:
    """Or make no difference to what comes out."""
    data = sound.read_bytes()
    wanted = parts_of(data)
    for changes in any_flips(sound, dice):
        assert_noticed_or_equal(flipped(data, changes), wanted, tmp_path, changes)


def test_any_cut_is_noticed(sound: Path, dice: random.Random, tmp_path: Path) -> None:
    data = sound.read_bytes()
    structure = dice.sample(structure_of(sound), IN_PARTS)
    for length in (*structure, *dice.sample(range(len(data)), IN_PARTS)):
        assert_noticed_or_equal(data[:length], {}, tmp_path, length)


def test_any_gap_is_noticed(sound: Path, dice: random.Random, tmp_path: Path) -> None:
    """Such as a transfer leaves that lost a piece in the middle."""
    data = sound.read_bytes()
    for _ in range(IN_PARTS):
        start, end = sorted(dice.sample(range(len(data)), 2))
        left = data[:start] + data[end:]
        assert_noticed_or_equal(left, {}, tmp_path, (start, end))


@pytest.mark.parametrize("length", [2, 22, 30, 46, 100, 5000])
def test_what_only_begins_as_a_zip_is_none(
    length: int,
    dice: random.Random,
    tmp_path: Path,
) -> None:
    for _ in range(20):
        for mark in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02"):
            data = mark + dice.randbytes(length) + b"PK\x05\x06" + dice.randbytes(18)
            assert_noticed_or_equal(data, {}, tmp_path, data)


def test_a_huge_place_in_the_directory_is_none(sound: Path, tmp_path: Path) -> None:
    """Where a file's offset no longer fits a machine's numbers."""
    data = sound.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    places = {
        "size of the directory": (end + 12, 4),
        "start of the directory": (end + 16, 4),
        "start of the first part": (data.index(b"PK\x01\x02") + 42, 4),
    }
    for place, (start, length) in places.items():
        for value in (0, 1, 1 << 31, (1 << 32) - 2, (1 << 32) - 1):
            said = value.to_bytes(length, "little")
            changed = data[:start] + said + data[start + length :]
            assert_noticed_or_equal(changed, parts_of(data), tmp_path, (place, value))


@pytest.mark.parametrize("name", ["events.parquet", "ids.parquet", MANIFEST])
def test_a_full_disk_is_no_damage(name: str, sound: Path, tmp_path: Path) -> None:
    """What cannot be written is not blamed on what is read."""
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as raised:
        unpack(sound, tmp_path, lambda _: None)
    assert raised.value.filename == str(tmp_path / name)


def test_a_folder_that_cannot_be_written_to_is_no_damage(sound: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        unpack(sound, tmp_path / "nowhere", lambda _: None)
    assert str(tmp_path / "nowhere") in raised.value.filename


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / "none", "No such file")):
        with pytest.raises(NotAnArchive, match=rf"'{path}' cannot be read: {reason}"):
            unpack(path, tmp_path, lambda _: None)


@pytest.mark.slow
def test_a_full_disk_is_called_that(
    sound: Path,
    small_disk: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """And is nothing that has to be mended by hand: with room, the same command is right."""
    data = small_disk / "data"
    footfall("site", "add", "other.example", data=data)
    assert main(["query", "--data", str(data)]) == 0  # which makes the facts
    room = os.statvfs(small_disk)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(room.f_bavail * room.f_frsize - LEFT))
    capfd.readouterr()
    assert main(["import", str(sound), "--data", str(data)]) == 1
    said = capfd.readouterr().err
    assert "the disk is full" in said and said.count("\n") == 1, said
    assert "damaged" not in said and "Errno" not in said
    filler.unlink()
    assert main(["import", str(sound), "--data", str(data)]) == 0
