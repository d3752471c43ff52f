"""Importing access logs: from files to parts, and from parts to facts."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from footfall.control.client import Owner
from footfall.imports.columns import Columns, Made, Reject
from footfall.imports.format import NAMES, PATTERNS, Format, NoFormat, named, of_fields
from footfall.imports.reading import Known, Log, Piece

SAMPLE_LINES = 200
EVENTS_AT_ONCE = 200_000
"""So many are written once by the store, fewer twice: into its log, then into its columns."""

W3C_HEADER = "#Fields:"


@dataclass(slots=True)
class Tally:
    """What came of one or several logs."""

    lines: int = 0
    before: int = 0
    events: int = 0
    others: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    rejected: int = 0


@dataclass(slots=True)
class Importer:
    """Imports logs into one site.

    `makers` make events of pieces side by side; `owner` gives commands to the owner of the facts; parts lie in the folder `exchange` until they
    are applied. `rejected` is told each faulty line, `progress` how far a log is read, in bytes of its file.
    """

    site: str
    makers: Sequence[Columns]
    owner: Owner
    exchange: Path
    now: Callable[[], int]
    format: Format | None
    rejected: Callable[[str, Reject], None]
    progress: Callable[[Log], None]

    def known(self) -> Known:
        """How far logs have been imported already."""
        found: dict[int, set[bytes]] = {}
        for digest, upto in self.owner("imported", site=self.site):
            found.setdefault(upto, set()).add(bytes.fromhex(digest))
        return found

    def take(self, log: Log, tally: Tally, *, growing: bool = False) -> None:
        """Import what is left of a log. Raises `NoLog`, `NoFormat`, and what the owner raises.

        Of a log that is `growing` a last line without its end is left for the next call, and one note
        is kept for all calls.
        """
        pending: deque[tuple[Path, Piece, Future[Made]]] = deque()
        made: list[tuple[Path, Piece, Made]] = []
        waiting: list[Future[None]] = []

        def settle(most_pending: int, most_events: int) -> None:
            while len(pending) > most_pending:
                path, piece, making = pending.popleft()
                made.append((path, piece, making.result()))
                self._count(log, piece, made[-1][2], tally)
            if made and sum(each.events for _, _, each in made) >= most_events:
                self._finish(waiting)
                waiting.append(applying.submit(self._apply, log, list(made), growing))
                made.clear()
            self.progress(log)

        # Each maker has a piece of its own in hand, while parts made before are applied: each of the two takes about as long.
        with ThreadPoolExecutor(len(self.makers)) as makers, ThreadPoolExecutor(1) as applying:
            try:
                for number, piece in enumerate(log.pieces(complete=not growing)):
                    path, maker = self.exchange / f"import-{number}.parquet", self.makers[number % len(self.makers)]
                    pending.append((path, piece, makers.submit(maker.make, piece, self._format(log, piece), self.now(), path)))
                    settle(len(self.makers) - 1, EVENTS_AT_ONCE)
            finally:
                settle(0, 0)
                self._finish(waiting)

    def _finish(self, waiting: list[Future[None]]) -> None:
        while waiting:
            waiting.pop(0).result()

    def _apply(self, log: Log, made: Sequence[tuple[Path, Piece, Made]], growing: bool) -> None:
        """Hand parts to the owner, in one transaction with how far the log is imported by them."""
        last = made[-1][1]
        taken = (self.site, last.digest.hex(), last.upto, last.last, log.taken.hex() if growing else "")
        tallies = [tuple(tally) for _, _, each in made for tally in each.tallies]
        self.owner("take_in", parts=[path.name for path, _, _ in made], taken=taken, tallies=tallies)
        log.taken = last.digest
        for path, _, _ in made:
            path.unlink()

    def _count(self, log: Log, piece: Piece, made: Made, tally: Tally) -> None:
        tally.lines += len(piece.lines)
        tally.events += made.events
        tally.others += made.others
        tally.rejected += len(made.rejects)
        for each in made.tallies:
            tally.dropped[each.reason] += each.hits
        for reject in made.rejects:
            self.rejected(log.name, reject)

    def _format(self, log: Log, piece: Piece) -> Format:
        """The format asked for, else what the first lines are of; a header tells the fields from then on."""
        if self.format is None:
            self.format = guessed(piece.lines[:SAMPLE_LINES], self.makers[0], log.name)
        if self.format.header:
            header = next((line for line in reversed(piece.lines) if line.startswith(W3C_HEADER)), None)
            if header:
                self.format = of_fields(header)
            if not self.format.sql:
                raise NoFormat(f"{log.name} has no line '#Fields:' before its first, which a log of IIS or CloudFront has")
        return self.format


def guessed(lines: Sequence[str], columns: Columns, name: str) -> Format:
    """The format that fits most of some lines; raises `NoFormat`."""
    told = [line for line in lines if line.strip()]
    if any(line.startswith(W3C_HEADER) for line in told):
        return named("w3c")
    fitting = [(columns.sample(told, named(each)), -place, each) for place, each in enumerate(("caddy", *PATTERNS))] if told else []
    most, _, best = max(fitting, default=(0, 0, ""))
    if not told or 2 * most <= len(told):
        raise NoFormat(f"{name} is in none of the formats {', '.join(NAMES)}: say what it is by --format, as a name or as the pattern of your server's configuration")
    return named(best)
