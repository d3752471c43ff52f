"""The function that is the gateway behind CloudFront: the same application.

Every answer waits for the stream.
"""

import asyncio
from collections.abc import Mapping
from hmac import compare_digest
from time import monotonic
from typing import Any

from mangum import Mangum

from footfall.gateway.http import Gateway
from footfall.gateway.wire import Patience, Receive, Scope, Send, respond_json

REFRESH_SECONDS = 1.0
SECRET, VIEWER = "x-footfall-origin", "x-footfall-viewer"


class Elsewhere:
    """Reports are asked of another function. See `http.Forward`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send, patience: Patience) -> int:
        """Answer that there is nothing."""
        return await respond_json(send, 404, {"error": "reports are not answered here"})

    async def close(self) -> None:
        """Nothing is open."""


class Collect:
    """Answers requests that carry `secret`, which only CloudFront knows.

    What comes past it is refused, so that its word on the client's address can be believed.
    """

    def __init__(self, gateway: Gateway, secret: str) -> None:
        self._gateway = gateway
        self._secret = secret
        self._refreshed = monotonic()
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._answer = Mangum(gateway, lifespan="off")

    async def _open(self) -> None:
        self._gateway.open()

    def __call__(self, event: dict[str, Any], context: Any) -> Mapping[str, Any]:
        """Answer a request; drops are on the stream before the sandbox is put to sleep."""
        headers = event.get("headers", {})
        if not compare_digest(headers.get(SECRET, "").encode(), self._secret.encode()):
            return {
                "statusCode": 403,
                "headers": {"content-type": "text/plain"},
                "body": "Use the address of the distribution.\n",
            }
        if monotonic() - self._refreshed > REFRESH_SECONDS:
            self._gateway.collector.snapshot.refresh()
            self._gateway.collector.snapshot.refresh_salts()
            self._refreshed = monotonic()
        if viewer := headers.get(VIEWER):
            event["requestContext"]["http"]["sourceIp"] = viewer
        answer: Mapping[str, Any] = self._answer(event, context)
        self._loop.run_until_complete(self._gateway.collector.flush())
        return answer
