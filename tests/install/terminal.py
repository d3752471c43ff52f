"""A terminal on a machine that has Footfall where docs have it.

Commands typed, and what they say.
"""

import signal
import subprocess
import sys
from collections.abc import Callable

from tests.install.container import ROOT, Container
from tests.install.recipe import REPOSITORY
from tests.patience import SECONDS, wait_until

PROGRAM = f"""#!/bin/sh
PYTHONPATH={REPOSITORY}/src exec {sys.executable} -m footfall "$@"
"""
PLACES = ("/usr/local/sbin/footfall", "/srv/.venv/bin/footfall", "/opt/footfall/bin/footfall")
PATH = "/usr/local/sbin:/usr/sbin:/usr/bin:/bin"
SERVER = "http://127.0.0.1:8000"
READY = ("/readyz", "/api/sites")


class Terminal:
    """Types commands in /srv; one server at a time runs beside."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._container = Container()
        self._server: subprocess.Popen[str] | None = None
        self.variables = {"PATH": PATH, "HOME": "/root", **variables}
        for place in PLACES:
            self.write(place, PROGRAM)
            (self._container.root / place.lstrip("/")).chmod(0o755)

    def write(self, path: str, text: str) -> None:
        """Put a file there."""
        there = self._container.root / path.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text)

    def run(self, line: str) -> str:
        """Type a command and wait for its end, which must be good; what it says."""
        done = subprocess.run(
            self._typed(line),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
        )
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    def serve(self, line: str) -> None:
        """Type what goes on running, and wait until it takes hits and answers."""
        command = self._typed(f"exec {line}")
        self._server = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True)
        wait_until(self._answers, lambda: f"{line} is not ready")

    def interrupt(self, line: str, until: Callable[[], bool], status: int) -> None:
        """Type what goes on by itself, and press Ctrl-C when something has come about."""
        with subprocess.Popen(self._typed(f"exec {line}"), stdin=subprocess.DEVNULL) as running:
            wait_until(lambda: until() or running.poll() is not None)
            running.send_signal(signal.SIGINT)
            assert running.wait(SECONDS) == status

    def stop(self) -> None:
        """End the server."""
        if self._server:
            self._server.terminate()
            assert self._server.wait(SECONDS) == 0
            self._server = None

    def end(self) -> None:
        """All of it goes."""
        self._container.end()

    def _answers(self) -> bool:
        assert self._server and self._server.poll() is None, "the server ended"
        asked = " && ".join(f"curl --silent --fail {SERVER}{path}" for path in READY)
        return subprocess.run(self._typed(asked), capture_output=True).returncode == 0

    def _typed(self, line: str) -> list[str]:
        pairs = [f"{name}={value}" for name, value in self.variables.items()]
        there = [*self._container.inside(), "--net", "chroot", ROOT]
        shell = ["/bin/bash", "-o", "pipefail", "-c", line]
        return [*there, "/usr/bin/env", "-i", "-C", "/srv", *pairs, *shell]
