"""The client: it takes events at once, and a thread sends them."""

import atexit
import logging
import os
import threading
from types import TracebackType
from typing import Self, Unpack

import httpx

from footfall.client.answers import Waiting
from footfall.client.outbox import TIMEOUT_SECONDS, Details, Outbox, endpoint, headers, written

CLOSE_SECONDS = 5.0

log = logging.getLogger("footfall.client")


class Client:
    """Sends events to the server at `url` with an API key that may write them to its site.

    May be used by any thread, and by processes that were forked: each sends its own. Closes itself
    when the program ends.
    """

    _thread: threading.Thread | None
    _lost_before: int
    _wake: threading.Event
    _hurry: threading.Event
    _sent: threading.Event

    def __init__(self, url: str, key: str) -> None:
        self._url = endpoint(url)
        self._key = key
        self._begin()
        atexit.register(self.close)

    def track(self, url: str, event: str | None = None, **details: Unpack[Details]) -> str:
        """Count an event, or without one a page view, and return its id.

        Returns at once: sending comes later, as often as it takes.
        """
        if self._process != os.getpid():
            self._begin()
        if self._closed:
            raise RuntimeError("this client is closed")
        with self._lock:
            found = self._outbox.add(url, event, **details)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="footfall-client", daemon=True
                )
                self._thread.start()
            self._sent.clear()
            self._wake.set()
            if self._outbox.ready:
                self._hurry.set()
        return found

    @property
    def lost(self) -> int:
        """How many events of this process will not be counted; the log says why."""
        return self._outbox.lost

    def flush(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Send now what waits.

        Return whether it was sent within the time, and nothing lost since the last call.
        """
        sent = self._flush(seconds)
        before = self._lost_before
        self._lost_before = self.lost
        return sent and before == self._lost_before

    def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Send what waits and end; return as `flush` does."""
        if self._process != os.getpid():
            return True  # what waits is the parent's
        done = self.flush(seconds)
        if left := len(self._outbox):
            log.error("%d event(s) lost: the program ends", left)
        self._closed = True
        self._wake.set()
        self._hurry.set()
        atexit.unregister(self.close)
        return done

    def _flush(self, seconds: float) -> bool:
        if not self._sent.is_set():
            self._hurry.set()
        return self._sent.wait(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin(self) -> None:
        """Set up what each process has of its own.

        After a fork the parent sends what waited, and locks may be held by nobody.
        """
        self._process = os.getpid()
        self._http = httpx.Client(headers=headers(self._key), timeout=TIMEOUT_SECONDS)
        self._outbox = Outbox()
        self._lost_before = 0
        self._lock = threading.Lock()
        self._thread = None
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._sent = threading.Event()
        self._sent.set()
        self._closed = False

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._hurry.wait(self._outbox.pause)
            self._hurry.clear()
            if self._closed:
                self._http.close()
                return
            while (batch := self._outbox.batch()) and self._send(batch):
                pass
            with self._lock:
                if not self._outbox:
                    self._wake.clear()
                    self._sent.set()

    def _send(self, batch: list[Waiting]) -> bool:
        try:
            answer = self._http.post(self._url, content=written(batch))
        except httpx.HTTPError as exc:
            log.warning("%d event(s) are sent again later: %s", len(batch), exc)
            return self._outbox.settle(batch, None, {}, b"")
        return self._outbox.settle(batch, answer.status_code, answer.headers, answer.content)
