"""`footfall serve`: starts gateways and engine and starts again whichever dies."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from footfall.cli.child import (
    DRAIN,
    LISTEN_FD,
    METRICS,
    PARENT_FD,
    REFUSED,
    own_counters_folder,
    socket_of_systemd,
)
from footfall.keeping import owner
from footfall.settings import BadSettings, Settings, environment

EXPECTED = (OSError,)
TICK_SECONDS = 0.05
FIRST_PAUSE, LONGEST_PAUSE, GOOD_LIFE = 0.1, 5.0, 10.0
GATEWAY_GRACE, ENGINE_GRACE, ASK_AGAIN = 20.0, 300.0, 1.0


@dataclass(slots=True)
class Child:
    """A process that is kept alive."""

    command: str
    environment: dict[str, str]
    inherited: tuple[int, ...]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    again_at: float = 0.0
    status: int | None = field(default=None)

    def tend(self) -> None:
        """Start it when it is not running and its pause is over."""
        if self.process is not None:
            self.status = self.process.poll()
            if self.status is None:
                return
            lived = monotonic() - self.started
            self.pause = FIRST_PAUSE if lived > GOOD_LIFE else min(self.pause * 2, LONGEST_PAUSE)
            self.again_at = monotonic() + self.pause
            print(
                f"footfall: the {self.command} ended with status {self.status}; starting it again",
                file=sys.stderr,
                flush=True,
            )
            self.process = None
        if monotonic() >= self.again_at:
            self.started = monotonic()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "footfall", self.command],
                env=self.environment,
                pass_fds=self.inherited,
                stdin=subprocess.DEVNULL,
            )

    def end(self, grace_seconds: float) -> None:
        """Let it finish, at most so long; ask again, since one that is starting may not hear it."""
        if self.process is None:
            return
        until = monotonic() + grace_seconds
        while self.process.poll() is None:
            if monotonic() > until:
                self.process.kill()
            else:
                self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(ASK_AGAIN)


def run(settings: Settings, _: dict[str, Any]) -> int:
    """Run until told to stop; then let everything acknowledged be counted."""
    _need_files(settings)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner.check(settings.data)  # in between somebody else may have made it
    listening = socket_of_systemd() or _listen(settings)
    watched, _held = os.pipe()
    counters = own_counters_folder(settings.data)
    common = {
        **os.environ,
        **environment(settings),
        METRICS: str(counters),
        PARENT_FD: str(watched),
    }
    handle = listening.fileno()
    of_gateway = {**common, LISTEN_FD: str(handle)}
    gateways = [Child("gateway", of_gateway, (handle, watched)) for _ in range(settings.workers)]
    engine = Child("engine", common, (watched,))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _announce(settings, listening.getsockname()[1], stop)
    status = _tend([*gateways, engine], stop)
    listening.close()
    _end(gateways)
    drained = _drain(engine)
    shutil.rmtree(counters, ignore_errors=True)
    return status or drained


def _need_files(settings: Settings) -> None:
    names = ("stream", "registry", "salts")
    alone = [f"--{name}" for name in names if getattr(settings, name).startswith("memory:")]
    if alone:
        raise BadSettings(
            f"{' and '.join(alone)} must name a file here,"
            " since gateways and engine share no memory"
        )


def _end(gateways: list[Child]) -> None:
    """Have all gateways finish at the same time."""
    for gateway in gateways:
        if gateway.process:
            with suppress(ProcessLookupError):
                gateway.process.send_signal(signal.SIGTERM)
    for gateway in gateways:
        gateway.end(GATEWAY_GRACE)


def _tend(children: list[Child], stop: threading.Event) -> int:
    while not stop.wait(TICK_SECONDS):
        for child in children:
            child.tend()
            if child.status == REFUSED:
                return 1
    return 0


def _drain(engine: Child) -> int:
    """See that nothing acknowledged is left on the stream; the status to end with."""
    engine.end(ENGINE_GRACE)
    if engine.process is not None and engine.process.returncode == 0:
        return 0
    # It was not running, or ended before it could count: one more does that and no more.
    last = Child("engine", {**engine.environment, DRAIN: "1"}, engine.inherited)
    last.tend()
    assert last.process is not None
    try:
        return 1 if last.process.wait(ENGINE_GRACE) else 0
    except subprocess.TimeoutExpired:
        last.process.kill()
        return 1


def _listen(settings: Settings) -> socket.socket:
    kind = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(kind, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as exc:
        raise OSError(
            f"cannot listen on {settings.host} port {settings.port}: {exc.strerror};"
            " choose another with --port"
        ) from exc
    listening.listen(4096)
    return listening


def _announce(settings: Settings, port: int, stop: threading.Event) -> None:
    """Say where everything is, as soon as it answers."""
    threading.Thread(target=_wait_and_say, args=(settings, port, stop), daemon=True).start()


def _wait_and_say(settings: Settings, port: int, stop: threading.Event) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    while not stop.wait(0.05):
        if all(_answers(host, port, path) for path in ("/readyz", "/api/sites")):
            break
    else:
        return
    name = f"[{host}]" if ":" in host else host
    root = f"http://{name}:{port}/"
    print(f"Dashboard: {root}", flush=True)
    if settings.demo:
        print(f"Website: {root}example/", flush=True)


def _answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
