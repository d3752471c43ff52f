"""Files of a bucket that are kept in a folder."""

import gc
from pathlib import Path

import pytest

from footfall.store.aws.cache import Cache
from footfall.store.port import Interrupted, NoMemory
from tests.aws.emulators import Aws
from tests.end_to_end.test_exactly_once import small_disk

__all__ = ["small_disk"]

pytestmark = pytest.mark.slow
MEGABYTE = 1_000_000
FILE_BYTES = 12 * MEGABYTE
"""Of which the small disk takes three."""


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")  # the SDK leaves a download that could not be written to the collector
def test_what_does_not_fit_is_refused_and_leaves_room_for_what_does(aws: Aws, small_disk: Path) -> None:
    bucket = aws.bucket()
    files = [(f"day{number}", aws.s3.put_object(Bucket=bucket, Key=f"day{number}", Body=bytes(FILE_BYTES))["VersionId"]) for number in range(8)]
    cache = Cache(aws.s3, bucket, small_disk, 10 * FILE_BYTES)
    for _ in range(2):
        with pytest.raises(NoMemory):
            cache.paths(files)
    for some in (files[:3], files[3:6], files[5:]):
        assert [Path(path).stat().st_size for path in cache.paths(some)] == [FILE_BYTES] * 3
    gc.collect()


def test_who_stops_waits_for_no_further_file(aws: Aws, tmp_path: Path) -> None:
    bucket, asked = aws.bucket(), list[int]()
    files = [(f"day{number}", aws.s3.put_object(Bucket=bucket, Key=f"day{number}", Body=b"x")["VersionId"]) for number in range(40)]

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > 10

    cache = Cache(aws.s3, bucket, tmp_path, MEGABYTE)
    with pytest.raises(Interrupted):
        cache.paths(files, stopped)
    assert len(list(tmp_path.iterdir())) <= 10
    assert len(cache.paths(files)) == 40


def test_what_was_written_here_is_not_fetched(aws: Aws, tmp_path: Path) -> None:
    cache = Cache(aws.s3, "no-such-bucket", tmp_path / "cache", MEGABYTE)
    cache.folder.mkdir()
    file = tmp_path / "file"
    file.write_bytes(b"written")
    cache.keep("day", "1", file)
    file.unlink()
    (found,) = cache.paths([("day", "1")])
    assert Path(found).read_bytes() == b"written"
    cache.drop("day", "1")
    assert not list(cache.folder.iterdir())
