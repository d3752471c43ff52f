"""What a process needs to know when `serve` started it: its socket, and when to end."""

import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
import threading
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from time import sleep

from footfall.keeping.owner import own

LISTEN_FD = "FOOTFALL_LISTEN_FD"
PARENT_FD = "FOOTFALL_PARENT_FD"
FIRST_OF_SYSTEMD = 3
DRAIN = "FOOTFALL_DRAIN"
METRICS = "PROMETHEUS_MULTIPROC_DIR"
REFUSED = 2
"""Exit status that says: starting again will not help."""

SHARED_MEMORY = "/dev/shm"


def inherited_socket() -> socket.socket | None:
    """The listening socket handed down by `serve`."""
    number = os.environ.get(LISTEN_FD)
    return socket.socket(fileno=int(number)) if number else None


def socket_of_systemd() -> socket.socket | None:
    """Return the listening socket that systemd keeps for us.

    It stays while we are started anew, so that nobody is refused meanwhile.
    """
    told = [os.environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")]
    if told[:2] != [str(os.getpid()), "1"]:
        return None
    return socket.socket(fileno=FIRST_OF_SYSTEMD)


def end_with_parent() -> None:
    """Stop gracefully when `serve` is gone, however it went: its end of the pipe closes then."""
    number = os.environ.get(PARENT_FD)
    if number:
        threading.Thread(target=_wait, args=(int(number),), daemon=True).start()


def _wait(number: int) -> None:
    os.read(number, 1)
    while True:  # one that comes while the server is starting may go unheard
        os.kill(os.getpid(), signal.SIGTERM)
        sleep(1.0)


def most_files() -> int:
    """Let this process open as many files as the system allows; return how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else sys.maxsize


def asked_to_stop() -> threading.Event:
    """Set by SIGTERM and SIGINT from now on, beside what the server makes of them."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    return asked


def counters_folder(data: Path) -> Path:
    """Return where processes of a data folder that no `serve` started put their counters.

    It lies in memory, since writing to a mapped file on a full disk kills. Raises `NotOurs` where
    somebody else has made one of that name, as everybody may in memory that is shared.
    """
    return own(_counters(data))


def own_counters_folder(data: Path) -> Path:
    """Make a new folder for this process and those that it starts; remove those left by ended ones.

    It is nobody else's: another `serve` of the same data folder may still be ending, and removes
    its own then.
    """
    shared = _counters(data)
    for old in shared.parent.glob(f"{shared.name}-*"):
        number = old.name.removeprefix(f"{shared.name}-").partition("-")[0]
        if number.isdecimal() and _is_ours(old) and not _runs(int(number)):
            shutil.rmtree(old, ignore_errors=True)
    folder = shared.with_name(f"{shared.name}-{os.getpid()}")
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:  # somebody else's, who guessed the number
        return Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    return folder


def _is_ours(path: Path) -> bool:
    with suppress(OSError):
        return path.lstat().st_uid == os.geteuid()
    return False


def _counters(data: Path) -> Path:
    root = SHARED_MEMORY if os.path.isdir(SHARED_MEMORY) else tempfile.gettempdir()
    digest = blake2b(os.fsencode(data.absolute()), digest_size=8).hexdigest()
    return Path(root) / f"footfall-metrics-{os.getuid()}-{digest}"


def _runs(pid: int) -> bool:
    """Return whether another process has this number.

    By chance it may be one that is none of ours: then a small folder stays for a while.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return pid != os.getpid()
