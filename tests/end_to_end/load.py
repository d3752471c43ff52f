"""Senders of numbered hits that note which were acknowledged."""

import http.client
import json
import threading
import uuid
from dataclasses import dataclass, field
from random import Random
from time import sleep
from urllib.parse import urlsplit

from tests.patience import SECONDS, wait_until
from tests.server import BROWSER


@dataclass
class Sender(threading.Thread):
    """Sends hits over one connection until told to stop; each to a page of its own.

    `repeat` sends a hit whose answer was lost again under the same id, and now and then one that
    was acknowledged.
    """

    url: str
    site: str
    name_prefix: str
    repeat: bool = False
    acknowledged: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    refused: int = 0
    most: int = 1_000_000

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._stop_sending = threading.Event()
        self._random = Random(self.name_prefix)
        self._connection: http.client.HTTPConnection | None = None

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        number = 0
        while not self._stop_sending.is_set() and number < self.most:
            number += 1
            page, event_id = f"/{self.name_prefix}/{number}", str(uuid.UUID(int=self._random.getrandbits(128)))
            for _ in range(200 if self.repeat else 1):
                status = self._send(page, event_id)
                if status == 202:
                    self.acknowledged.add(page)
                    self.unanswered.discard(page)
                    break
                if status is None:
                    self.unanswered.add(page)
                else:
                    self.refused += 1
                if self._stop_sending.is_set():
                    break
                sleep(0.02)
            if self.repeat and number % 7 == 0 and page in self.acknowledged:
                self._send(page, event_id)
        self._hang_up()

    def _send(self, page: str, event_id: str) -> int | None:
        """The status of the answer; None when there was none."""
        body = {"url": f"https://example.com{page}", "website": self.site, **({"id": event_id} if self.repeat else {})}
        headers = {"user-agent": BROWSER, "content-type": "text/plain", "x-forwarded-for": f"81.2.{hash(page) % 250}.{len(page)}"}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=SECONDS)
            self._connection.request("POST", "/v1/track", json.dumps(body), headers)
            answer = self._connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            self._hang_up()
            sleep(0.01)
            return None

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def wait_for(self, count: int) -> None:
        """Until so many more hits were acknowledged."""
        wanted = len(self.acknowledged) + count
        wait_until(lambda: len(self.acknowledged) >= wanted)

    def finish(self) -> None:
        """Stop and wait."""
        self._stop_sending.set()
        self.join(SECONDS)
