"""`footfall engine`: the process that counts and answers."""

import logging
import os
import signal
import threading
from contextlib import suppress
from typing import Any

import uvicorn

from footfall import compose
from footfall.cli.child import end_with_parent, keep_running_after_signals
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


def run(settings: Settings, _: dict[str, Any]) -> int:
    """Count and answer until told to stop; then count what is left on the stream."""
    start_logging(settings.log_level)
    end_with_parent()
    keep_running_after_signals()
    os.nice(NICE)
    worker, application, facts = compose.engine(settings)
    stop, failed = threading.Event(), threading.Event()
    thread = threading.Thread(target=_work, args=(worker, stop, failed), name="worker")
    thread.start()
    socket = compose.engine_socket(settings)
    with suppress(FileNotFoundError):
        os.unlink(socket)
    config = uvicorn.Config(
        application, uds=socket, loop="uvloop", http="httptools", ws="none", lifespan="on",
        access_log=False, server_header=False, proxy_headers=False, log_config=None, timeout_graceful_shutdown=GRACE_SECONDS,
    )  # fmt: skip
    try:
        uvicorn.Server(config).run()
    finally:
        stop.set()
        thread.join()
        facts.close()
    return 1 if failed.is_set() else 0


def _work(worker: Worker, stop: threading.Event, failed: threading.Event) -> None:
    """A worker that fails takes the process along: a fresh one starts from what is committed."""
    try:
        worker.run(stop)
    except Exception:
        log.exception("the engine stops, to be started again")
        failed.set()
        os.kill(os.getpid(), signal.SIGTERM)
