"""Files of a bucket that keeps versions, fetched once and kept in a folder for as long as there is room."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from footfall.store.port import Interrupted, NoMemory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE = 8
IN_USE_SECONDS = 900
"""No function runs longer, so a file that was asked for before then is read by nobody."""


class Cache:
    """A version of a file never changes, so what is here is right. Any thread may use it."""

    def __init__(self, s3: "S3Client", bucket: str, folder: Path, most_bytes: int) -> None:
        self._s3 = s3
        self._bucket = bucket
        self.folder = folder
        self._most_bytes = most_bytes

    def paths(self, files: Sequence[tuple[str, str]], stopped: Callable[[], bool] = lambda: False) -> list[str]:
        """Where files, given by key and version, lie here. Raises `NoMemory` where they do not fit, `Interrupted` once it is `stopped`; what botocore raises passes through."""
        paths = [self._path(*file) for file in files]
        if sum(map(_touched, paths)) < len(paths):
            self._make_room()
            if not self._fetched(files, paths, stopped):
                for path in {*self.folder.glob("*@*")} - {*paths, *self.folder.glob("*.part*")}:
                    path.unlink(missing_ok=True)
                if not self._fetched(files, paths, stopped):
                    raise NoMemory("the files of so many days do not fit on the disk")
        return list(map(str, paths))

    def keep(self, key: str, version: str, file: Path) -> None:
        """Have a file that was written here just now, where that takes no copy."""
        with suppress(OSError):
            os.link(file, self._path(key, version))

    def drop(self, key: str, version: str) -> None:
        """Nobody here will ask for this one."""
        self._path(key, version).unlink(missing_ok=True)

    def _fetched(self, files: Sequence[tuple[str, str]], paths: Sequence[Path], stopped: Callable[[], bool]) -> bool:
        """False where the disk is too small."""

        def fetch(file: tuple[str, str], path: Path) -> None:
            if stopped():
                raise Interrupted
            if not path.exists():
                self._fetch(*file, path)

        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(fetch, files, paths))
        except OSError as exc:
            if exc.errno != ENOSPC:
                raise
            return False
        return True

    def _path(self, key: str, version: str) -> Path:
        return self.folder / f"{key}@{version}".replace("/", "-")

    def _fetch(self, key: str, version: str, path: Path) -> None:
        partly = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
        try:
            self._s3.download_file(self._bucket, key, str(partly), ExtraArgs={"VersionId": version})
            partly.rename(path)
        finally:
            partly.unlink(missing_ok=True)

    def _make_room(self) -> None:
        """Forget what was longest not asked for."""
        found = sorted(known for known in map(_known, self.folder.iterdir()) if known)
        size = sum(bytes_ for _, bytes_, _ in found)
        for used, bytes_, path in found:
            if size <= self._most_bytes or used > time() - IN_USE_SECONDS:
                return
            path.unlink(missing_ok=True)
            size -= bytes_


def _known(path: Path) -> tuple[float, int, Path] | None:
    """When a file was used, and its size; None where another thread was quicker."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime, found.st_size, path


def _touched(path: Path) -> bool:
    """Whether a file is here; then it is in use from now on."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
