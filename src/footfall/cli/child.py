"""What a process needs to know when `serve` started it: its socket, and when to end."""

import os
import signal
import socket
import tempfile
import threading
from hashlib import blake2b
from pathlib import Path
from time import sleep

LISTEN_FD = "FOOTFALL_LISTEN_FD"
PARENT_FD = "FOOTFALL_PARENT_FD"
DRAIN = "FOOTFALL_DRAIN"
METRICS = "PROMETHEUS_MULTIPROC_DIR"
REFUSED = 2
"""Exit status that says: starting again will not help."""

SHARED_MEMORY = "/dev/shm"


def inherited_socket() -> socket.socket | None:
    """The listening socket handed down by `serve`."""
    number = os.environ.get(LISTEN_FD)
    return socket.socket(fileno=int(number)) if number else None


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


def asked_to_stop() -> threading.Event:
    """Set by SIGTERM and SIGINT from now on, beside what the server makes of them."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    return asked


def counters_folder(data: Path) -> Path:
    """Where all processes of a data folder put their counters; one folder for each, however often they start.

    It lies in memory, since writing to a mapped file on a full disk kills.
    """
    root = Path(SHARED_MEMORY if os.path.isdir(SHARED_MEMORY) else tempfile.gettempdir())
    name = blake2b(os.fsencode(data.absolute()), digest_size=8).hexdigest()
    folder = root / f"footfall-metrics-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
