"""What came of lines: of a file since its last note, and of a whole import."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from footfall.imports.reason import LineReason
from footfall.imports.stretch import Stretch, flat, joined, of_lines, without
from footfall.store.importing import Note, Outcome

LINES = "lines"
"""Not what lines come to, but how many there were."""

UNFIT = frozenset(
    {
        LineReason.NOT_OF_THE_FORMAT,
        LineReason.NO_ADDRESS,
        LineReason.NO_TIME,
        LineReason.FUTURE,
        LineReason.BEFORE_1970,
    }
)
"""What another format may mend: such lines are not remembered as imported."""

Came = Mapping[tuple[int | None, str], int]
"""How many lines came to what; on a local day where the door counts it."""


@dataclass(slots=True)
class Since:
    """What came of a file's lines since they were noted last.

    `known` are the lines that were imported before, `noted` is the digest of the last note.
    """

    place: int
    name: str
    known: Sequence[Stretch] = ()
    noted: bytes = b""
    digest: bytes = b""
    upto: int = 0
    last: int = 0
    read: list[Stretch] = field(default_factory=list)
    unfit: list[int] = field(default_factory=list)
    lines: int = 0
    page_views: int = 0
    came: Counter[tuple[int | None, str]] = field(default_factory=Counter)

    @property
    def to_be_noted(self) -> bool:
        """Whether anything of the file counted: else another format or other switches may be tried."""
        return bool(self.digest) and (bool(self.noted) or self.page_views > 0)

    @property
    def took(self) -> list[Stretch]:
        """The lines that need not be read again."""
        return without(without(joined(self.read), of_lines(self.unfit)), self.known)

    def note(self, *, growing: bool) -> Note:
        """Return what is to be remembered; of a growing file in place of the note before."""
        return Note(
            file=self.place,
            name=self.name,
            digest=self.digest,
            upto=self.upto,
            lines=self.last,
            took=flat(self.took),
            instead=self.noted if growing else b"",
        )

    def next(self, *, growing: bool) -> "Since":
        """Return what follows the note; of a growing file the next one says all of this again."""
        following = Since(self.place, self.name, self.known, self.digest)
        if growing:
            following.read, following.unfit = joined(self.read), self.unfit
        return following

    def outcomes(self) -> list[Outcome]:
        """Return what came of the lines, but for page views."""
        left = [Outcome(self.place, day, what, count) for (day, what), count in self.came.items()]
        return [Outcome(self.place, None, LINES, self.lines), *left]


@dataclass(slots=True)
class Tally:
    """What came of an import, as it was committed.

    `before` are lines that were imported before, `once_more` those that are read anew although
    their file was: they did not fit then, or were taken back. `examples` are the first line left out for each
    reason, by file and number.
    """

    lines: int = 0
    before: int = 0
    once_more: int = 0
    events: int = 0
    left: Counter[LineReason] = field(default_factory=Counter)
    examples: dict[LineReason, tuple[str, int]] = field(default_factory=dict)

    def add(self, since: Since) -> None:
        """Add what came of a file."""
        self.lines += since.lines
        self.events += since.page_views
        for (_, reason), count in since.came.items():
            self.left[LineReason(reason)] += count

    @property
    def unfit(self) -> int:
        """How many lines did not fit the format."""
        return sum(self.left[reason] for reason in UNFIT)


def by_file(outcomes: Iterable[Outcome]) -> dict[int, Counter[tuple[int | None, str]]]:
    """Return outcomes by their file."""
    found: dict[int, Counter[tuple[int | None, str]]] = {}
    for each in outcomes:
        found.setdefault(each.file, Counter())[each.day, each.what] += each.lines
    return found
