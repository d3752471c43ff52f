"""`footfall gateway`: one gateway process."""

import gc
import sys
from typing import Any

import uvicorn

from footfall import compose
from footfall.cli.child import end_with_parent, inherited_socket, most_files
from footfall.gateway.shortcut import KEEP_ALIVE_SECONDS, shortcut_for
from footfall.registry.port import RegistryBroken
from footfall.settings import Settings
from footfall.stream.port import StreamBroken
from footfall.telemetry import start_logging

EXPECTED = (RegistryBroken, StreamBroken, OSError)
GRACE_SECONDS = 10
SWITCH_SECONDS = 0.0005
"""How long the event loop may keep the interpreter while the appender waits for it to commit."""


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Serve until told to stop."""
    start_logging(settings.log_level)
    end_with_parent()
    sys.setswitchinterval(SWITCH_SECONDS)
    listening = inherited_socket()
    application = compose.gateway(settings, most_files())
    gc.freeze()  # what is loaded now stays; looking through it again and again would stop the loop
    config = uvicorn.Config(
        application,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=shortcut_for(application),
        ws="none",
        lifespan="on",
        interface="asgi3",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        backlog=4096,
        timeout_keep_alive=int(KEEP_ALIVE_SECONDS),
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    if given["asked"].is_set():
        return 0
    server = uvicorn.Server(config)
    sockets = [listening] if listening else None
    server.run(sockets=sockets)
    return 0 if server.started else 1
