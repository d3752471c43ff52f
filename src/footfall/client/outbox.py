"""Events that wait to be sent, and what an answer means for them; no I/O."""

import json
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import TypedDict, Unpack
from uuid import uuid4

from footfall import __version__
from footfall.client import answers
from footfall.client.answers import Waiting

MOST_WAITING = 10_000
BATCH_EVENTS = 500
BATCH_BYTES = 500_000
"""Below what proxies take unless told otherwise: nginx 1 MB."""

EVENT_BYTES = 64 * 1024
GATHER_SECONDS = 1.0
"""How long the first event waits for others."""

LONGEST_PAUSE_SECONDS = 60.0
DAY_SECONDS = 86_400.0
"""How long the server takes an event for one that has just been late."""

TIMEOUT_SECONDS = 20.0
LOSSES_TOLD = 100
MOST_SAID = 1_000
ACCEPTED, INVALID, TOO_LARGE = 202, 400, 413

log = logging.getLogger("footfall.client")


class Details(TypedDict, total=False):
    """What else may be said of an event."""

    title: str | None
    """Of a page view."""

    referrer: str | None
    props: Mapping[str, str | float | bool | None] | None
    revenue: Mapping[str, str | float] | None
    """`currency` and `amount`."""

    interactive: bool
    ip: str | None
    """The visitor's address; without it and `user_agent` all events are one visitor's."""

    user_agent: str | None
    language: str | None
    at: datetime | None
    """When it was, if not now."""

    id: str | None
    """A random UUID, where the event may be told again, by another process for instance."""


class Outbox:
    """At most 10,000 events, oldest first. One thread takes from it; others may add."""

    def __init__(self) -> None:
        self._events: deque[Waiting] = deque()
        self._most = BATCH_EVENTS
        self._said: set[str] = set()
        self.pause = GATHER_SECONDS
        """Seconds to wait before the next batch."""

        self.failing = False
        """Whether the last batch was not taken."""

        self.lost = 0
        """Events that will not be counted.

        There was no room, a day has passed, or the server rejected them. What visitors or the
        site's owner wish not to be counted is none of these.
        """

    def __len__(self) -> int:
        return len(self._events)

    @property
    def ready(self) -> bool:
        """Whether waiting gains nothing: a batch is full and the server takes batches."""
        return len(self._events) >= self._most and not self.failing

    def add(self, url: str, event: str | None = None, **details: Unpack[Details]) -> str:
        """Add an event, return its id; raise `ValueError` or `TypeError` if it cannot be sent."""
        at = details.get("at")
        if at is not None and at.tzinfo is None:
            raise ValueError("at needs a time zone, such as datetime.now(UTC)")
        told = {
            "url": url,
            "event": event,
            **details,
            "id": details.get("id") or str(uuid4()),
            "at": at and at.isoformat(),
        }
        told["name"] = told.pop("title", None)
        text = json.dumps(
            {field: value for field, value in told.items() if value is not None},
            separators=(",", ":"),
        )
        if len(text) > EVENT_BYTES:
            raise ValueError(f"an event must have at most {EVENT_BYTES:,} bytes")
        if len(self._events) >= MOST_WAITING:
            self._lose(1, f"{MOST_WAITING:,} events wait already")
        else:
            self._events.append(Waiting(str(told["id"]), text[:-1], monotonic()))
        return str(told["id"])

    def batch(self) -> list[Waiting]:
        """Return the events to be sent next; they stay until `settle`."""
        now = monotonic()
        while self._events and now - self._events[0].moment > DAY_SECONDS:
            self._events.popleft()
            self._lose(1, "the server could not be reached for a day")
        found: list[Waiting] = []
        size = 0
        for event in self._events.copy():
            size += len(event.text) + 32
            if found and (len(found) == self._most or size > BATCH_BYTES):
                break
            found.append(event)
        return found

    def settle(
        self, batch: Sequence[Waiting], status: int | None, headers: Mapping[str, str], body: bytes
    ) -> bool:
        """Act on an answer, or on none (`status` None); return whether to send on at once."""
        if status == ACCEPTED:
            self._accept(batch, body)
            return True
        if status == TOO_LARGE and len(batch) > 1:
            self._most = len(batch) // 2
            return True
        said = body.decode("utf-8", "replace")[:500]
        if status in (INVALID, TOO_LARGE):
            self._forget(batch)
            self._lose(len(batch), f"the server answered {status}: {said}")
            return True
        if status is not None:
            log.warning(
                "the server answered %d to %d events; they are sent again: %s",
                status,
                len(batch),
                said,
            )
        self.failing = True
        self.pause = self._next_pause(headers.get("retry-after", ""))
        return False

    def _accept(self, batch: Sequence[Waiting], body: bytes) -> None:
        for event, reason in answers.rejected(body, batch):
            self._reject(event, reason)
        for event, field in answers.ignored(body, batch):
            self._say(f"is counted without its {field}, which is odd", event, logging.WARNING)
        self._forget(batch)
        self._most = BATCH_EVENTS
        self.pause = GATHER_SECONDS
        self.failing = False

    def _next_pause(self, asked: str) -> float:
        if asked.isdecimal() and len(asked) < 6:
            return float(asked)
        return min(self.pause * 2, LONGEST_PAUSE_SECONDS)

    def _reject(self, event: Waiting, reason: str) -> None:
        wished = answers.is_wished(reason, event)
        if not wished:
            self.lost += 1
        level = logging.DEBUG if wished else logging.WARNING
        self._say(f"is not counted: {reason}", event, level)

    def _say(self, what: str, event: Waiting, level: int) -> None:
        """Log what became of an event, where nothing of the kind was logged before."""
        if what not in self._said and len(self._said) < MOST_SAID:
            self._said.add(what)
            log.log(level, "event %s %s", event.id, what)

    def _forget(self, batch: Sequence[Waiting]) -> None:
        for _ in batch:
            self._events.popleft()

    def _lose(self, count: int, reason: str) -> None:
        before = self.lost
        self.lost += count
        # Told one by one they would fill the log.
        if before == 0 or before // LOSSES_TOLD != self.lost // LOSSES_TOLD:
            log.error("%d event(s) lost so far: %s", self.lost, reason)


def written(batch: Sequence[Waiting]) -> bytes:
    """Return the body of a batch: an event a line, each with its age."""
    now = monotonic()
    lines = [f'{event.text},"age":{int((now - event.moment) * 1000)}}}' for event in batch]
    return "\n".join(lines).encode()


def headers(key: str) -> dict[str, str]:
    """The headers of a batch."""
    return {
        "authorization": f"Bearer {key}",
        "content-type": "application/x-ndjson",
        "user-agent": f"footfall-client/{__version__}",
    }


def endpoint(url: str) -> str:
    """Return where batches go, on the server at `url`."""
    return url.rstrip("/") + "/v1/batch"
