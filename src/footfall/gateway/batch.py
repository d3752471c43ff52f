"""What came of the events of a batch, one after the other."""

from dataclasses import dataclass, field
from typing import TypedDict

from footfall.domain.event import Hit
from footfall.gateway.collect import Dropped
from footfall.gateway.sighting import Invalid
from footfall.stream.codec import encode


class Rejected(TypedDict):
    """An event that was not taken."""

    index: int
    reason: str


class Ignored(TypedDict):
    """The fields of an event that were cut or left out."""

    index: int
    fields: list[str]


@dataclass(slots=True)
class Batch:
    """The hits of a batch, and what is said of its other events."""

    hits: list[bytes] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    def add(self, index: int, found: Hit | Dropped | Invalid, ignored: tuple[str, ...]) -> None:
        """Take what was found of an event."""
        if ignored and not isinstance(found, Invalid):
            self.ignored.append({"index": index, "fields": [*ignored]})
        if isinstance(found, Hit):
            self.hits.append(encode(found))
        elif isinstance(found, Dropped):
            self.dropped.append(found)
            self.reject(index, found.reason)
        else:
            self.reject(index, str(found))

    def reject(self, index: int, reason: str) -> None:
        """Take note of an event that is not taken."""
        self.rejected.append({"index": index, "reason": reason})

    def answer(self) -> dict[str, object]:
        """Return what is answered; what was ignored is only named where something was."""
        said: dict[str, object] = {"accepted": len(self.hits), "rejected": self.rejected}
        return {**said, "ignored": self.ignored} if self.ignored else said
