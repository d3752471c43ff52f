"""What a store of facts promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from footfall.domain.event import Event, Tally


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction adds: events, tallies of the door, and how far each shard has come.

    Events and tallies whose shard has come further already are left out by the store's caller.
    """

    events: Sequence[Event] = ()
    tallies: Sequence[Tally] = ()
    marks: Mapping[str, int] = field(default_factory=dict)


class Applied(NamedTuple):
    """What came of a batch."""

    counted: int
    copies: int


class StoreBroken(Exception):
    """The store cannot be used now; the transaction that was under way changed nothing."""


class Facts(Protocol):
    """Events, visits, marks and counts of drops. One process writes, one thread at a time."""

    def marks(self) -> Mapping[str, int]:
        """How far each shard has been applied: its highest sequence number."""

    def apply(self, batch: Batch) -> Applied:
        """Add a batch in one transaction: all of it, marks included, or nothing.

        Copies are left out, the visits of all touched visitors folded anew, and the days
        changed are marked. The order in which batches come makes no difference.
        """

    def settle(self, alive: frozenset[int], today: int, applied_up_to: int) -> Sequence[int]:
        """Erase the links into days whose salt is gone and what is kept of old ids.

        `alive` are the days that have a salt, `today` the latest day begun anywhere,
        `applied_up_to` the moment up to which all accepted hits are applied (microseconds).
        Returns the days settled by this call.
        """

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """The rows that a report's SQL gives over the relations `events`, `visits`, `drops`, `days`.

        Any thread may call it, beside `apply`.
        """

    def close(self) -> None:
        """Give up the store; all that was applied stays."""
