"""The client with a task."""

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Self, Unpack

import httpx

from footfall.client.outbox import TIMEOUT_SECONDS, Details, Outbox, Waiting, endpoint, headers, written
from footfall.client.synchronous import CLOSE_SECONDS

log = logging.getLogger("footfall.client")


class AsyncClient:
    """As `Client`, on one event loop; must be closed, best by `async with`."""

    def __init__(self, url: str, key: str) -> None:
        self._url = endpoint(url)
        self._http = httpx.AsyncClient(headers=headers(key), timeout=TIMEOUT_SECONDS)
        self._outbox = Outbox()
        self._task: asyncio.Task[None] | None = None
        self._wake, self._hurry, self._sent = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._sent.set()

    def track(self, url: str, event: str | None = None, **details: Unpack[Details]) -> str:
        """Count an event, or without one a page view; its id. Returns at once: sending comes later, as often as it takes."""
        found = self._outbox.add(url, event, **details)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="footfall-client")
        self._sent.clear()
        self._wake.set()
        if self._outbox.ready:
            self._hurry.set()
        return found

    @property
    def lost(self) -> int:
        """How many events will never be sent; the log says why."""
        return self._outbox.lost

    async def flush(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Send now what waits; whether all of it was taken within the time."""
        if not self._sent.is_set():
            self._hurry.set()
        try:
            await asyncio.wait_for(self._sent.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Send what waits and end; whether all of it was taken within the time."""
        done = await self.flush(seconds)
        if not done:
            log.error("%d event(s) lost: the program ends", len(self._outbox))
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._http.aclose()
        return done

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._outbox.pause)
            self._hurry.clear()
            while (batch := self._outbox.batch()) and await self._send(batch):
                pass
            if not self._outbox:
                self._wake.clear()
                self._sent.set()

    async def _send(self, batch: list[Waiting]) -> bool:
        try:
            answer = await self._http.post(self._url, content=written(batch))
        except httpx.HTTPError as exc:
            log.warning("%d event(s) are sent again later: %s", len(batch), exc)
            return self._outbox.settle(batch, None, {}, b"")
        return self._outbox.settle(batch, answer.status_code, answer.headers, answer.content)
