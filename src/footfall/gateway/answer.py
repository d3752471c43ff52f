"""What the door says to a hit, whatever protocol it came by."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from footfall.domain.reason import Reason
from footfall.gateway.sighting import Invalid


class Answer(NamedTuple):
    """A status of HTTP, and the reason of a drop, the fault of bad input, or what else there is to say.

    `ignored` names the fields of a hit that were cut or left out.
    """

    status: int
    dropped: Reason | None = None
    fault: Invalid | None = None
    said: object = None
    ignored: tuple[str, ...] = ()


Reply = Callable[[Answer], None]
"""Called once, on the event loop, when the answer is known."""

ACCEPTED = Answer(202)
UNAUTHORISED = Answer(401)
TOO_MANY = Answer(429)
FAILED = Answer(500)
UNAVAILABLE = Answer(503)

SENTENCES = {
    401: "the API key is not known, or does not allow this",
    408: "the request came too slowly",
    429: "too many hits from this address; send again later",
    500: "the hit could not be read, by a fault of the server's; its log says where",
    503: "the hit could not be stored; send it again later",
}
RETRY_SECONDS = 5
IGNORED_BYTES = 1_000
"""Of a header; some proxies refuse answers whose headers have 4 KB."""


def body_of(answer: Answer) -> object:
    """What to say in JSON; None where nothing need be said."""
    if answer.fault is not None:
        return {"errors": {answer.fault.field: [answer.fault.message]}}
    sentence = SENTENCES.get(answer.status)
    return {"error": sentence} if sentence else answer.said


def headers_of(answer: Answer) -> list[tuple[bytes, bytes]]:
    """What to say in headers."""
    found = []
    if answer.dropped:
        found.append((b"x-footfall-dropped", answer.dropped.encode()))
    if answer.ignored:
        found.append((b"x-footfall-ignored", _listed(answer.ignored)))
    if answer.status in (429, 503):
        found.append((b"retry-after", b"%d" % RETRY_SECONDS))
    return found


def _listed(names: Sequence[str]) -> bytes:
    """Return names with commas, as many as a header may hold."""
    found = ""
    for name in names:
        longer = f"{found}, {name}" if found else name
        if len(longer) > IGNORED_BYTES:
            break
        found = longer
    return found.encode("ascii", "replace")
