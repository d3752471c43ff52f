"""Puts a command's file under its own name, once it is whole, and over nothing unless asked."""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EXDEV
from pathlib import Path
from time import time
from typing import Any

from footfall.control.port import Refusal
from footfall.settings import BadSettings

STDOUT = "-"
FOLDER = "archive-"
FILE = ".footfall-"
"""How the names begin of what is under way."""

DAY_SECONDS = 86_400


@contextmanager
def written(output: str, folder: Path, *, force: bool) -> Iterator[str]:
    """The path of a new file in `folder`, that only its user may read, to write to.

    At the end it takes the name `output`, or goes to standard output (`-`); after an error
    nothing of it is left. Raises `Refusal` where the name is taken.
    """
    if output != STDOUT:
        check(output, force=force)
    folder.mkdir(parents=True, exist_ok=True)
    # With mode 0600.
    handle, path = tempfile.mkstemp(prefix=FILE, suffix=".part", dir=folder.absolute())
    os.close(handle)
    try:
        yield path
        if output == STDOUT:
            _print(path)
        else:
            _publish(path, output, force=force)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)


def tidied(exchange: Path) -> Path:
    """Return the folder, made where it is missing.

    What commands that were killed left there a day ago or more is removed.
    """
    exchange.mkdir(parents=True, exist_ok=True)
    for left in (*exchange.glob(f"{FOLDER}*"), *exchange.glob(f"{FILE}*")):
        with suppress(FileNotFoundError):  # another command may tidy up too
            if time() - left.stat().st_mtime > DAY_SECONDS:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
    return exchange


def check(output: str, *, force: bool) -> None:
    """Raise `Refusal` where nothing can be written, before any work is done."""
    folder = os.path.dirname(os.path.abspath(output))
    if not os.path.isdir(folder):
        raise Refusal(f"there is no folder {folder!r} to write to")
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(output).st_mode):
            raise Refusal(
                f"{output!r} is not a file; give the name of one, or - for standard output"
            )
        if not force:
            raise Refusal(_taken(output))


def check_bom(given: Mapping[str, Any], form: str) -> None:
    """Raise `BadSettings` where a byte order mark is wanted of what has none."""
    if given["bom"] and form != "csv":
        raise BadSettings(
            f"--bom goes with CSV only, not with {form}:"
            " give --format csv, or a file whose name ends in .csv",
        )


def _taken(output: str) -> str:
    return f"{output!r} is there already; --force writes over it"


def _publish(path: str, output: str, *, force: bool) -> None:
    os.chmod(path, 0o600)
    try:
        _rename(path, output, force=force)
    except OSError as exc:
        if exc.errno != EXDEV:  # only within a file system a name can be changed
            raise
        with written(output, Path(os.path.abspath(output)).parent, force=force) as near:
            shutil.copyfile(path, near)


def _rename(path: str, output: str, *, force: bool) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    if not force:
        try:
            os.link(path, output)  # fails where somebody took the name meanwhile
            return
        except FileExistsError:
            raise Refusal(_taken(output)) from None
        except OSError as exc:
            if exc.errno == EXDEV:
                raise
            check(output, force=False)  # some file systems have no links
    os.replace(path, output)


def _print(path: str) -> None:
    sys.stdout.flush()
    with open(path, "rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer, 1 << 20)
    sys.stdout.buffer.flush()
