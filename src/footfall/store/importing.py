"""What a store promises to those who import."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Note(NamedTuple):
    """Lines of a file that are imported: the file's place within its import, and its name.

    `digest` is of its first `upto` bytes (unpacked), which hold so many `lines`. `took` are the
    first and last of each stretch of lines that need not be read again. `instead` is the digest
    of an earlier note of the same import that this one takes the place of.
    """

    file: int
    name: str
    digest: bytes
    upto: int
    lines: int
    took: Sequence[int]
    instead: bytes = b""


class Outcome(NamedTuple):
    """So many lines of a file that came to one thing; on a local day where the door counts it."""

    file: int
    day: int | None
    what: str
    lines: int


@dataclass(frozen=True, slots=True)
class Import:
    """What one transaction of an import adds: notes of files and what came of their lines.

    `token` names the import, all of whose transactions have the same; `source` is what it was
    called by its user. The files numbered in `replaces` are taken back first.
    """

    site: str
    token: str
    source: str
    notes: Sequence[Note]
    outcomes: Sequence[Outcome] = ()
    replaces: Sequence[int] = ()


class Returned(NamedTuple):
    """What taking back changed: events deleted, and days whose facts had been deleted before."""

    events: int
    kept_days: int


class Adopted(NamedTuple):
    """Facts of a site in the files of a folder, and how many rows each part has.

    `disguise` is mixed into what names visitors, visits and events where they become
    another site's, so that the same facts may be here twice and never meet. `digest`,
    `size` (bytes) and `now` (microseconds) are remembered.
    """

    site: str
    folder: str
    rows: Mapping[str, int]
    disguise: int
    digest: bytes
    size: int
    now: int


class NotAdopted(Exception):
    """Facts that were not taken in, and changed nothing; its text is a sentence for the user."""


class Adopting(Protocol):
    """Taking in the facts of a site as another store wrote them (`archive`): nothing is folded, what was settled stays so."""

    def adopt(self, parts: Adopted, beside: Callable[[], None]) -> bool:
        """In one transaction, at whose end `beside` is done: should that fail, nothing has changed.

        Only where the site has no facts; else raises `NotAdopted`. False when these parts were
        taken in before, by their digest: nothing is done then.
        """
