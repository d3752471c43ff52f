"""What a process needs to know when `serve` started it: its socket, and when to end."""

import os
import signal
import socket
import threading

LISTEN_FD = "FOOTFALL_LISTEN_FD"
PARENT_FD = "FOOTFALL_PARENT_FD"
REFUSED = 2
"""Exit status that says: starting again will not help."""


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
    os.kill(os.getpid(), signal.SIGTERM)


def keep_running_after_signals() -> None:
    """Let the server catch SIGTERM and SIGINT and what follows it still run: it raises them again."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
