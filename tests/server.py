"""A real `footfall serve` for tests: its processes, its address, and ways to end them."""

import atexit
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx

from tests.patience import SECONDS, wait_until

PORTS = range(20_000, 32_000)
"""Below those that connections get (net.ipv4.ip_local_port_range)."""

_PORTS: Iterator[int] = cycle([*PORTS[os.getpid() % len(PORTS) :], *PORTS[: os.getpid() % len(PORTS)]])
FOOTFALL = [sys.executable, "-m", "footfall"]
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"


def footfall(*arguments: str, data: Path) -> str:
    """Run a command to its end; its standard output."""
    done = subprocess.run([*FOOTFALL, *arguments, "--data", str(data)], capture_output=True, text=True, timeout=SECONDS, check=True)
    return done.stdout


class Server:
    """`footfall serve` on a free port. Its log is in `log`."""

    def __init__(self, data: Path, *flags: str, command: str = "serve", port: int = 0, variables: dict[str, str] | None = None, prepared: Callable[[], None] | None = None) -> None:
        self.data = data
        self.lines: list[str] = []
        self._listening: threading.Thread | None = None
        handle, name = tempfile.mkstemp(prefix=f"footfall-{command}-", suffix=".log")
        self._log = Path(name)
        self.process = subprocess.Popen(
            [*FOOTFALL, command, "--data", str(data), "--port", str(port), *flags],
            stdout=subprocess.PIPE, stderr=handle, text=True, stdin=subprocess.DEVNULL, env=variables, preexec_fn=prepared,
        )  # fmt: skip
        os.close(handle)
        atexit.register(self.process.kill)  # a test that fails may not come to its end
        self.url = f"http://127.0.0.1:{port}" if port else self._announced()
        self.client = httpx.Client(base_url=self.url, timeout=SECONDS, headers={"user-agent": BROWSER})

    def _announced(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line.startswith("Dashboard: "):
                self._listening = threading.Thread(target=self._listen, daemon=True)
                self._listening.start()
                return line.removeprefix("Dashboard: ").strip().rstrip("/")
        raise AssertionError(f"the server ended before it was ready: {self.log}")

    def _listen(self) -> None:
        assert self.process.stdout is not None
        self.lines += [line.strip() for line in self.process.stdout]

    @property
    def log(self) -> str:
        """What it wrote to standard error so far."""
        return self._log.read_text()

    def pids(self, command: str) -> list[int]:
        """The processes of a command below this one."""
        found = []
        for pid in _children(self.process.pid):
            arguments = _arguments(pid)
            if command in arguments:
                found.append(pid)
        return found

    def kill(self, command: str) -> None:
        """SIGKILL to the processes of a command."""
        for pid in self.pids(command):
            os.kill(pid, signal.SIGKILL)

    def stop(self, seconds: float = SECONDS) -> int:
        """SIGTERM, and wait; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        if self._listening:
            self._listening.join()
        if self.process.stdout:
            self.process.stdout.close()
        self.client.close()
        self._log.unlink(missing_ok=True)
        return status

    def query(self, site: str, metrics: list[str], date_range: Any = "all", **more: Any) -> list[dict[str, Any]]:
        """The results of a query."""
        answer = self.client.post("/api/v2/query", json={"site_id": site, "metrics": metrics, "date_range": date_range, **more})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def total(self, site: str, metric: str = "pageviews") -> int:
        """One number of a site, of all its days."""
        value: int = self.query(site, [metric])[0]["metrics"][0]
        return value

    def wait_for_total(self, site: str, wanted: int, metric: str = "pageviews") -> int:
        """The number once it has reached what is wanted, or what it is when patience ends."""
        seen = -1

        def reached() -> bool:
            nonlocal seen
            with suppress(AssertionError, httpx.HTTPError):
                seen = self.total(site, metric)
            return seen >= wanted

        with suppress(AssertionError):
            wait_until(reached)
        return seen

    def wait_until_counted(self) -> None:
        """Until nothing waits on the stream: what will be counted of all so far has been."""
        wait_until(lambda: waiting(self.data) == 0, lambda: self.log)

    def wait_until_known(self, url: str) -> None:
        """Until the gateway has heard of the site of a page; asks as a robot, which is not counted."""
        hit, robot = {"url": url}, {"user-agent": "curl/8.0"}

        def known() -> bool:
            answer = self.client.post("/v1/track", json=hit, headers=robot)
            return answer.headers["x-footfall-dropped"] != "unknown_site"

        wait_until(known, lambda: self.log)

    def wait_until_ready(self, *paths: str) -> None:
        """Until gateway and engine answer, or only what is named does."""
        wanted = paths or ("/readyz", "/api/sites")

        def ready() -> bool:
            with suppress(httpx.HTTPError):
                return all(self.client.get(path).status_code == 200 for path in wanted)
            return False

        wait_until(ready, lambda: f"not ready in time: {self.log}")


def waiting(data: Path) -> int:
    """How many appended pieces wait on the stream of a data folder."""
    address = f"file:{data}/stream.db?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM frames").fetchone()
    return int(count)


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to nobody by itself meanwhile."""
    for port in islice(_PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def _children(pid: int) -> Iterator[int]:
    try:
        yield from map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    except OSError:
        return


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
