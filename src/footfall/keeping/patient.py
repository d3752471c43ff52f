"""What the doctor looks at, and what is said of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from footfall.keeping.port import Places


class Finding(NamedTuple):
    """How something is: what is said of it and, where it is wrong, what to do."""

    what: str
    said: str
    todo: str = ""

    @property
    def wrong(self) -> bool:
        """Whether something must be done."""
        return bool(self.todo)


Findings = Iterator[Finding]


@dataclass(frozen=True, slots=True)
class Patient:
    """A data folder and what runs on it. Times are microseconds since 1970.

    `facts` is what `health.examined` says of them, None while there are none; `unread` why they
    could not be looked at. `host` and `port` are those of the gateway, `engine` a socket's path.
    """

    data: Path
    places: Places
    stream_limit: int
    now: int
    host: str
    port: int
    engine: str
    facts: Mapping[str, Any] | None
    unread: str | None
    schema: int
    versions: Mapping[str, str]


def several(count: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def lasting(microseconds: float) -> str:
    """How long, for people."""
    seconds = microseconds / 1_000_000
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return several(int(seconds // size), unit)
    return several(int(seconds), "second")


def readable(count: float) -> str:
    """A number of bytes for people."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1_000:
            return (
                f"{count:.0f} {unit}" if unit == "bytes" or count >= 10 else f"{count:.1f} {unit}"
            )
        count /= 1_000
    return f"{count:.1f} GB"
