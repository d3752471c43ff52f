"""What the server says of the events of a batch."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

WISHES = ("dnt", "gpc", "prefetch")
EXCLUDED = "excluded_"
BOT = "bot"


class Waiting(NamedTuple):
    """An event as JSON without its closing brace, and its moment by the monotonic clock."""

    id: str
    text: str
    moment: float


def rejected(body: bytes, batch: Sequence[Waiting]) -> Iterator[tuple[Waiting, str]]:
    """Yield the events that were not taken, each with the reason."""
    for event, told in _listed(body, "rejected", batch):
        yield event, str(told.get("reason", "it is not said why"))


def ignored(body: bytes, batch: Sequence[Waiting]) -> Iterator[tuple[Waiting, str]]:
    """Yield the fields that were cut or left out, each with its event."""
    for event, told in _listed(body, "ignored", batch):
        for field in told.get("fields", ()):
            yield event, str(field)


def is_wished(reason: str, event: Waiting) -> bool:
    """Return whether an event is left out since its visitor or the site's owner want it so.

    A robot is where the event names the visitor's browser; else it is the program that sent it.
    """
    if reason == BOT:
        return '"user_agent":' in event.text
    return reason in WISHES or reason.startswith(EXCLUDED)


def _listed(
    body: bytes, name: str, batch: Sequence[Waiting]
) -> Iterator[tuple[Waiting, dict[str, Any]]]:
    try:
        listed = json.loads(body).get(name, ())
    except (ValueError, AttributeError):
        return
    if not isinstance(listed, list):
        return
    for each in listed:
        index = each.get("index") if isinstance(each, dict) else None
        if isinstance(index, int) and 0 <= index < len(batch):
            yield batch[index], each
