"""What a store of facts promises."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from footfall.domain.event import Event, Position, Tally
from footfall.store.importing import Import, Returned

if TYPE_CHECKING:
    import numpy as np


class Bad(NamedTuple):
    """A record that nobody could read: where it lay, why, and what may be kept of it."""

    position: Position
    reason: str
    kept: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction adds: events, tallies of the door, and how far each shard has come.

    Events and tallies whose shard has come further already are left out by the store's caller.
    `firsts` are the lowest sequence numbers in it, by shard; where one is missing it is the mark.
    A store may set the `bad` records aside.
    """

    events: Sequence[Event] = ()
    tallies: Sequence[Tally] = ()
    marks: Mapping[str, int] = field(default_factory=dict)
    firsts: Mapping[str, int] = field(default_factory=dict)
    bad: Sequence[Bad] = ()


class Applied(NamedTuple):
    """What came of a batch."""

    counted: int
    copies: int


class Outrun(Exception):
    """Another has applied some of a batch already, which changed nothing: `marks` tell how far those shards have come."""

    def __init__(self, marks: Mapping[str, int]) -> None:
        super().__init__(f"already applied: {dict(marks)}")
        self.marks = marks


class Unfit(Exception):
    """A batch that the store will never take, and that changed nothing; some of its records may do."""


class TooLarge(Unfit):
    """A batch that does not fit into one transaction, and changed nothing; half of it may."""


class StoreBroken(Exception):
    """The store cannot be used now; the transaction that was under way changed nothing."""


class Interrupted(Exception):
    """A reading was told to stop."""


class NoMemory(Exception):
    """A reading needs more memory than the store may use."""


Stretch = tuple[date, date]
"""The days from the first to the second, both included; none when the second is before the first."""

NO_DAYS: Stretch = (date.max, date.min)


class Reading(Protocol):
    """The relations `events`, `visits`, `drops`, `days` as they were at one moment.

    Its methods may raise `StoreBroken`, `Interrupted` and `NoMemory`. Where `near` is given, events,
    visits and drops of other days may be missing, and are not fetched from far away for nothing.
    """

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = (), near: Stretch | None = None) -> Sequence[tuple[Any, ...]]:
        """The rows that a statement gives."""

    def columns(self, sql: str, parameters: Mapping[str, Any], near: Stretch | None = None) -> Mapping[str, "np.ndarray[Any, Any]"]:
        """The same, as columns."""

    def interrupt(self) -> None:
        """Have what is under way, and all that follows, raise `Interrupted`; any thread may say so."""


class Facts(Protocol):
    """Events, visits, marks and counts of drops."""

    def marks(self) -> Mapping[str, int]:
        """How far each shard has been applied: its highest sequence number."""

    def apply(self, batch: Batch) -> Applied:
        """Add a batch in one transaction: all of it, marks included, or nothing.

        Copies are left out, the visits of all touched visitors folded anew, and the days
        changed are marked. The order in which batches come makes no difference. Where several
        processes write, one may be `Outrun`. Raises `Unfit` for what it will never take, and
        `StoreBroken` where it does not answer.
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

    def reading(self, site: str | None = None) -> AbstractContextManager[Reading]:
        """A look at one moment, beside `apply`; any thread may take one. Where a site is given, other sites may be missing."""

    def close(self) -> None:
        """Give up the store; all that was applied stays."""


class Trimming(Facts, Protocol):
    """Facts of which old ones can be deleted."""

    def trim(self, site: str, days: Mapping[date, int]) -> Sequence[date]:
        """Delete the facts of settled days that are still of the versions given; the days trimmed by this call.

        Visits stay as long as events of later days belong to them.
        """


class Compacting(Trimming, Protocol):
    """Facts that nobody owns, so that somebody has to fold for good what was applied."""

    def due(self, alive: frozenset[int], today: int) -> Sequence[str]:
        """The sites to be tidied now; the days are those of `settle`."""

    def alone(self, site: str, seconds: float) -> AbstractContextManager[bool]:
        """Whether nobody else is within this context for a site, or has been for longer than the seconds they named: two would do the same work."""

    def tidy(self, site: str, alive: frozenset[int], today: int, applied_up_to: int, enough: Callable[[], bool] = lambda: False) -> Sequence[int]:
        """Write files that hold all that was applied of a site, and settle as `settle` does; the days settled.

        Any number may do so at once, and may be stopped at any time; of two that meet one raises
        `StoreBroken`. Where much is to be done it stops once it is `enough`: what was written stays.
        """

    def last_trimmed(self, site: str) -> date | None:
        """The last day whose facts are gone."""

    def older(self, site: str, before: date) -> bool:
        """Whether there are settled facts of days before one."""


class Late(Facts, Protocol):
    """Facts that know which records of a shard were applied, for those who have some left over."""

    def applied(self, shard: str, first: int, last: int) -> Sequence[tuple[int, int]]:
        """The ranges of sequence numbers that were applied of a shard in the last eight days, both ends included, as far as they touch what lies from `first` to `last`."""

    def apply_late(self, batch: Batch, late: Sequence[Position]) -> None:
        """Apply what records came to that their shards have gone past, whatever the batch's marks: all of it in one transaction, or nothing.

        Raises `Outrun` where one of them was applied before, or somebody does the same just now, and `Unfit`.
        """


class OwnFacts(Trimming, Protocol):
    """Facts that one process has for itself. One thread writes at a time."""

    def load(self, sql: str, parameters: Mapping[str, Any]) -> int:
        """Add in one transaction the events that a SELECT gives in the columns of `facts.STAGED`, as `apply` adds a batch.

        For more events than pass through Python in good time. Returns how many count; copies are left out.
        """

    def take_in(self, sql: str, parameters: Mapping[str, Any], part: Import) -> Sequence[int]:
        """Load events of an import with its notes, in one transaction; `import` is their file's place.

        Returns the places of those files that another import has noted as far already: nothing
        of them is added. What this import has added before is not added again.
        """

    def take_back(self, site: str, imports: Sequence[int]) -> Returned:
        """Delete what some numbered files of a site brought, in one transaction, as if it had never come.

        The sums of days whose facts are deleted stay as they are.
        """

    def still(self) -> AbstractContextManager[Sequence[str]]:
        """Have nothing change for as long as the context lasts; gives the files that hold all of it, the first of them the main one.

        Only another process may open them: one that closes a file gives up its locks.
        """


class Rollups(Protocol):
    """Packed sums by site, question and day, each with the version of the day that it was taken of.

    They can be made again from facts, but for those of days whose facts are gone. Every method may raise `StoreBroken`.
    """

    def get(self, site: str, question: bytes, first: date, last: date) -> Mapping[date, tuple[int, bytes]]:
        """Those of a question, both days included."""

    def put(
        self,
        site: str,
        question: bytes,
        days: Mapping[date, tuple[int, bytes]],
        *,
        on_demand: bool = False,
    ) -> None:
        """Keep or replace some; those made on demand only while the site's budget has room."""

    def versions(self, site: str, question: bytes, first: date, last: date) -> Mapping[date, int]:
        """Of which versions those of a question are, both days included."""

    def sync(self) -> None:
        """Return when all that was put is safe from a crash."""

    def forget(self, standing: Collection[tuple[str, bytes]], before: date, last_trimmed: Callable[[str], date | None]) -> None:
        """Drop what was neither got nor put since a day, but the standing questions (with their sites).

        Of a site whose budget is nearly full, the oldest that were made on demand go too. What is
        up to the day up to which a site's facts are gone stays: it cannot be made again.
        """

    def every(self, site: str, days: Collection[date]) -> Iterator[tuple[bytes, date, bytes]]:
        """All of some days: question, day and sums, to be taken elsewhere; this is no use of a question."""

    def clear(self, site: str, standing: Mapping[date, int] | None = None) -> None:
        """Drop all of a site; with days and their versions, of these days what is of another version."""

    def close(self) -> None:
        """Give them up."""
