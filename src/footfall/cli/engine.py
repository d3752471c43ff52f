"""`footfall engine`: the process that counts and answers."""

import logging
import os
import signal
import socket
import threading
from contextlib import suppress
from typing import Any

import uvicorn

from footfall import compose
from footfall.cli.child import DRAIN, end_with_parent, most_files
from footfall.control.server import Control
from footfall.gateway.head import Bounded
from footfall.processor.worker import Worker
from footfall.registry.port import RegistryBroken
from footfall.settings import Settings
from footfall.store.port import StoreBroken
from footfall.stream.port import StreamBroken
from footfall.telemetry import start_logging

EXPECTED = (RegistryBroken, StreamBroken, StoreBroken, OSError)
GRACE_SECONDS = 5
NICE = 5
"""Counting may wait for collecting, not the other way round."""

log = logging.getLogger(__name__)


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Count and answer until told to stop; then count what is left on the stream."""
    start_logging(settings.log_level)
    end_with_parent()
    most_files()
    asked: threading.Event = given["asked"]
    if os.environ.get(DRAIN):
        asked.set()
    os.nice(NICE)
    engine = compose.engine(settings)
    stop, failed = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=_work, args=(engine.worker, stop, failed), name="worker"),
        threading.Thread(target=engine.upkeep.run, args=(stop,), name="upkeep"),
    ]
    for thread in threads:
        thread.start()
    try:
        if not asked.is_set():
            _answer(engine.application, compose.engine_socket(settings))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        engine.facts.close()
        engine.rollups.close()
    return 1 if failed.is_set() else 0


def _answer(application: Control, path: str) -> None:
    """Serve the API on a socket that nobody else may use, until told to stop."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        os.chmod(path, 0o600)
        config = uvicorn.Config(
            application,
            loop="uvloop",
            http=Bounded,
            ws="none",
            lifespan="on",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            log_config=None,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listening])


def _work(worker: Worker, stop: threading.Event, failed: threading.Event) -> None:
    """A worker that fails takes the process along: a fresh one starts from what is committed."""
    try:
        worker.run(stop)
    except Exception:
        log.exception("the engine stops, to be started again")
        failed.set()
        os.kill(os.getpid(), signal.SIGTERM)
