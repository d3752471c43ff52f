"""The client for event loops."""

import asyncio
from types import TracebackType
from typing import Self, Unpack

from footfall.client.outbox import Details
from footfall.client.synchronous import CLOSE_SECONDS, Client


class AsyncClient:
    """Does as `Client`, whose thread sends here too; waiting holds up no event loop."""

    def __init__(self, url: str, key: str) -> None:
        self._client = Client(url, key)

    def track(self, url: str, event: str | None = None, **details: Unpack[Details]) -> str:
        """See `Client`."""
        return self._client.track(url, event, **details)

    @property
    def lost(self) -> int:
        """See `Client`."""
        return self._client.lost

    async def flush(self, seconds: float = CLOSE_SECONDS) -> bool:
        """See `Client`."""
        return await asyncio.to_thread(self._client.flush, seconds)

    async def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """See `Client`."""
        return await asyncio.to_thread(self._client.close, seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
