"""What the door says to a hit, whatever protocol it came by."""

from collections.abc import Callable
from typing import NamedTuple

from footfall.domain.reason import Reason
from footfall.gateway.sighting import Invalid


class Answer(NamedTuple):
    """A status of HTTP, and the reason of a drop, the fault of bad input, or what else there is to say."""

    status: int
    dropped: Reason | None = None
    fault: Invalid | None = None
    said: object = None


Reply = Callable[[Answer], None]
"""Called once, on the event loop, when the answer is known."""

ACCEPTED = Answer(202)
UNAUTHORISED = Answer(401)
TOO_MANY = Answer(429)
UNAVAILABLE = Answer(503)

SENTENCES = {
    401: "the API key is not known, or does not allow this",
    408: "the request came too slowly",
    429: "too many hits from this address; send again later",
    503: "the hit could not be stored; send it again later",
}
RETRY_SECONDS = 5


def body_of(answer: Answer) -> object:
    """What to say in JSON; None where nothing need be said."""
    if answer.fault is not None:
        return {"errors": {answer.fault.field: [answer.fault.message]}}
    sentence = SENTENCES.get(answer.status)
    return {"error": sentence} if sentence else answer.said


def headers_of(answer: Answer) -> list[tuple[bytes, bytes]]:
    """What to say in headers."""
    if answer.dropped:
        return [(b"x-footfall-dropped", answer.dropped.encode())]
    return [(b"retry-after", b"%d" % RETRY_SECONDS)] if answer.status in (429, 503) else []
