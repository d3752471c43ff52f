"""Copies files, as a program of its own that imports nothing of Footfall, to start fast.

A process that closes a file gives up all locks that it has on it, so the owner must not copy.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

AT_ONCE = 64 * 1024 * 1024


def duplicate(files: Sequence[tuple[str, str]]) -> None:
    """Copy each file to a new path, in another process; raises `OSError`."""
    arguments = [part for pair in files for part in pair]
    done = subprocess.run(
        [sys.executable, "-I", "-S", __file__, *arguments],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        number, reason = 0, f"copying ended with status {done.returncode}: {done.stderr[-200:]}"
        if done.stderr.strip().isdecimal() and int(done.stderr):
            number = int(done.stderr)
            reason = os.strerror(number)
        raise OSError(number, reason, files[0][1])


def _copy(source: str, target: str) -> None:
    with open(source, "rb") as old, open(target, "xb") as new:
        left = os.fstat(old.fileno()).st_size
        while left > 0:
            left -= _some(old.fileno(), new.fileno(), min(left, AT_ONCE)) or left


def _some(old: int, new: int, count: int) -> int:
    """By the file system where it can: some share the bytes until one copy changes."""
    try:
        return os.copy_file_range(old, new, count)
    except OSError as exc:
        if exc.errno not in (18, 22, 38, 95):  # not across these file systems, not here at all
            raise
        return os.sendfile(new, old, None, count)


if __name__ == "__main__":
    os.umask(0o077)
    try:
        for pair in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
            _copy(*pair)
    except OSError as exc:
        sys.exit(f"{exc.errno}")
