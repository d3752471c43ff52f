"""Commands on the engine's socket, which only its user may open; all other requests go on to the API."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import msgspec

from footfall.control.port import MARK, PREFIX, Commands, Refusal
from footfall.registry.port import RegistryBroken
from footfall.store.port import StoreBroken

AT_ONCE = 2
"""Commands have threads of their own: a long one keeps nobody else waiting."""

Application = Callable[[Any, Any, Any], Awaitable[None]]

log = logging.getLogger(__name__)


class Control:
    """An ASGI application before another: `POST /control/NAME` with a JSON object of arguments."""

    def __init__(self, commands: Commands, application: Application) -> None:
        self._commands = commands
        self._application = application
        self._threads = ThreadPoolExecutor(AT_ONCE, "command")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 200 with the result, 400 or 503 with a sentence."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX) or MARK.encode() not in dict(scope["headers"]):
            await self._application(scope, receive, send)
            return
        status, answer = await self._run(scope["path"].removeprefix(PREFIX), await _body(receive))
        content = msgspec.json.encode(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _run(self, name: str, body: bytes) -> tuple[int, Any]:
        command = self._commands.get(name)
        if command is None:
            return 400, f"this server knows no command {name!r}: it is of another version, start it again"
        try:
            return 200, await asyncio.get_running_loop().run_in_executor(self._threads, partial(command, **msgspec.json.decode(body)))
        except Refusal as exc:
            return 400, str(exc)
        except (StoreBroken, RegistryBroken, OSError) as exc:
            return 503, str(exc)
        except Exception:
            log.exception("command %s failed", name)
            return 500, f"the command {name} failed; the log of the server says why"


async def _body(receive: Any) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
