"""The yardstick: the same uvicorn, answering 204 to everything and doing no work."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

START = {"type": "http.response.start", "status": 204, "headers": []}
BODY = {"type": "http.response.body", "body": b""}


async def application(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
    await send(START)
    await send(BODY)


if __name__ == "__main__":
    uvicorn.run(
        application,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        server_header=False,
        log_config=None,
        backlog=4096,
    )
