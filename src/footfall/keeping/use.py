"""Who uses a data folder: most commands share it; what exchanges its files has it alone.

Locks of files tell, which end with the process that holds them, however it ends.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from footfall.keeping import exchange
from footfall.keeping.port import FACTS, REGISTRY, CannotKeep, Places

LOCK = "footfall.lock"
NOWHERE = Path("/nowhere")
OPEN_BYTE = 128
"""Of `-shm`: SQLite holds it shared for as long as a process has the file open."""


class InUse(CannotKeep):
    """Another process uses the data folder, or has it for itself."""


@contextmanager
def shared(data: Path) -> Iterator[None]:
    """Use the folder beside others. An exchange that was killed is finished first. Raises `InUse`.

    A folder that cannot hold a lock is used without one: it says itself what is wrong with it.
    One that is not there yet is made by what uses it, if at all; `alone` knows that by its files.
    """
    if not data.is_dir():
        yield
        return
    with _held(data, fcntl.LOCK_SH) as held:
        if not (held and exchange.is_pending(data)):
            yield
            return
    with _held(data, fcntl.LOCK_EX):
        if exchange.is_pending(data):
            exchange.finish(data)
    with _held(data, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(data: Path, places: Places, engine: str) -> Iterator[None]:
    """Have the folder for oneself; raises `InUse`. An exchange that was killed is finished first.

    Looks at the files too, and whether an engine listens: servers before version 0.1 share no lock.
    """
    with _held(data, fcntl.LOCK_EX) as held:
        if not held:
            raise CannotKeep(f"cannot lock the data folder {data}: it cannot be written to")
        facts, registry = places.get(FACTS, NOWHERE), places.get(REGISTRY, NOWHERE)
        registry_shm = registry.with_name(registry.name + "-shm")
        if _has_other(facts, 0) or _has_other(registry_shm, OPEN_BYTE) or _answers(engine):
            raise InUse(_in_use(data))
        if exchange.is_pending(data):
            exchange.finish(data)
        yield


@contextmanager
def _held(data: Path, kind: int) -> Iterator[bool]:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(data / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            reason = f"{data} is being restored or migrated; try again when that is done"
            if kind == fcntl.LOCK_EX:
                reason = _in_use(data)
            raise InUse(reason) from None
        except OSError:  # a file system without locks
            yield False
            return
        yield True
    finally:
        os.close(handle)


def _in_use(data: Path) -> str:
    return f"a server or another command is using {data}: stop it first"


def _has_other(path: Path, start: int) -> bool:
    """Return whether another process holds a lock on the file, or on one byte of it."""
    with suppress(FileNotFoundError):
        handle = os.open(path, os.O_RDWR)
        try:
            length = 1 if start else 0
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except OSError:
            return True
        finally:
            os.close(handle)
    return False


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine:
        return engine.connect_ex(path) == 0
