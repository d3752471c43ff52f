"""Giving commands to the process that owns the facts: the engine if it runs, else this one."""

import http.client
import json
import socket
from collections.abc import Callable
from time import monotonic, sleep
from types import TracebackType
from typing import Any

from footfall.control.port import MARK, PREFIX, Commands, Refusal
from footfall.store.port import StoreBroken

PATIENCE_SECONDS = 60.0
RETRY_SECONDS = 0.2


def asked(path: str, name: str, arguments: dict[str, Any]) -> Any:
    """What the engine that listens on a socket gives; raises `OSError` or `HTTPException` when none does, else as an `Owner`."""
    engine = http.client.HTTPConnection("engine")
    try:
        engine.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        engine.sock.connect(path)
        engine.request("POST", PREFIX + name, json.dumps(arguments), {MARK: "1"})
        answer = engine.getresponse()
        said = json.loads(answer.read())
    finally:
        engine.close()
    if answer.status == 503:
        raise StoreBroken(said)
    if answer.status != 200:
        raise Refusal(said)
    return said


class Owner:
    """Calls commands by name, of an engine that listens on the socket `path`. A context, at whose end what was opened is closed.

    While none does, this process opens the facts itself, by `own`, which gives
    the commands and what closes them, and keeps them until the end.
    """

    def __init__(self, path: str, own: Callable[[], tuple[Commands, Callable[[], None]]]) -> None:
        self._path = path
        self._own = own
        self._commands: Commands | None = None
        self._close: Callable[[], None] = lambda: None

    def __call__(self, name: str, **arguments: Any) -> Any:
        """What the command gives; raises `Refusal` and `StoreBroken`.

        A command whose engine ends while it runs is given again: it must not matter whether it was done already.
        """
        until = monotonic() + PATIENCE_SECONDS
        while self._commands is None:
            try:
                return asked(self._path, name, arguments)
            except (OSError, http.client.HTTPException):
                try:
                    self._commands, self._close = self._own()
                except StoreBroken:  # an engine that starts has them already
                    if monotonic() > until:
                        raise
                    sleep(RETRY_SECONDS)
        return self._commands[name](**arguments)

    def release(self) -> None:
        """Give up the facts if this process has them, until the next command."""
        self._close()
        self._commands, self._close = None, lambda: None

    def __enter__(self) -> "Owner":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()
