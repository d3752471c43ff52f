"""Importing access logs: from files to parts, and from parts to facts."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from footfall.control.client import Owner
from footfall.domain.event import Tally as Dropped
from footfall.imports.columns import Columns, Made, Reject
from footfall.imports.format import NAMES, PATTERNS, Format, NoFormat, named, of_fields
from footfall.imports.reading import Known, Log, NoLog, Piece
from footfall.imports.reason import LineReason

SAMPLE_LINES = 200
EVENTS_AT_ONCE = 200_000
"""So many are written once by the store, fewer twice: into its log, then into its columns."""

PARTS_AT_ONCE = 32
"""Where few lines are page views, how far a log is read is noted this often."""

W3C_HEADER = "#Fields:"


@dataclass(slots=True)
class Tally:
    """What came of one or several logs."""

    lines: int = 0
    before: int = 0
    events: int = 0
    left: Counter[LineReason] = field(default_factory=Counter)


class Part(NamedTuple):
    """A file of events, how far its log goes with it (digest, bytes, lines), and hits that were dropped."""

    path: Path
    digest: bytes
    upto: int
    lines: int
    events: int
    tallies: Sequence[Dropped]


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
    token: str = field(default_factory=lambda: token_hex(4))

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
        parts: list[Part] = []
        applied: list[Future[None]] = []
        damage: NoLog | None = None

        def gather(most_pending: int) -> None:
            while len(pending) > most_pending:
                path, piece, making = pending[0]
                made = making.result()
                pending.popleft()
                parts.append(Part(path, piece.digest, piece.upto, piece.last, made.events, made.tallies))
                self._count(log, piece, made, tally)
                self.progress(log)

        def hand_over() -> None:
            for each in applied:
                each.result()
            applied[:] = [applying.submit(self._apply, log, list(parts), growing)] if parts else []
            parts.clear()

        # Each maker has a piece of its own in hand, while parts made before are applied: each of the two takes about as long.
        # Whatever fails or interrupts this, nothing behind it is handed over, so that no note passes over lines.
        with ThreadPoolExecutor(len(self.makers)) as makers, ThreadPoolExecutor(1) as applying:
            pieces = log.pieces(complete=not growing)
            for number in count():
                try:
                    piece = next(pieces, None)
                except NoLog as exc:
                    damage, piece = exc, None
                if piece is None:
                    break
                path, maker = self.exchange / f"import-{self.token}-{number}.parquet", self.makers[number % len(self.makers)]
                pending.append((path, piece, makers.submit(maker.make, piece, self._format(log, piece), self.now(), path)))
                gather(len(self.makers) - 1)
                if len(parts) >= PARTS_AT_ONCE or sum(each.events for each in parts) >= EVENTS_AT_ONCE:
                    hand_over()
            gather(0)
            hand_over()
            hand_over()
        if damage:
            raise damage

    def _apply(self, log: Log, parts: Sequence[Part], growing: bool) -> None:
        """Hand parts to the owner, in one transaction with how far the log is imported by them."""
        last = parts[-1]
        taken = (self.site, last.digest.hex(), last.upto, last.lines, log.taken.hex() if growing else "")
        tallies = [tuple(tally) for part in parts for tally in part.tallies]
        self.owner("take_in", parts=[part.path.name for part in parts], taken=taken, tallies=tallies)
        log.taken = last.digest
        for part in parts:
            part.path.unlink()

    def _count(self, log: Log, piece: Piece, made: Made, tally: Tally) -> None:
        tally.lines += len(piece.lines)
        tally.events += made.events
        for reason, left in made.left.items():
            tally.left[reason] += left.lines
        for reject in made.rejects:
            self.rejected(log.name, reject)

    def _format(self, log: Log, piece: Piece) -> Format:
        """The format asked for, else what the log's first lines are of; a header tells the fields from then on."""
        found = self.format or log.format
        if found is None or found.header:
            headers = {line for line in piece.lines if line.startswith(W3C_HEADER)}
            if len(headers) > 1 or (log.fields and headers - {log.fields} and not piece.lines[0].startswith("#")):
                raise NoFormat(f"{log.name} changes its fields between the lines {piece.first:,} and {piece.last:,}: split it there")
            log.fields = next(iter(headers), log.fields)
            if log.fields:
                found = of_fields(log.fields)
        if found is None:
            found = guessed(piece.lines[:SAMPLE_LINES], self.makers[0], log.name)
        if found.header and not found.sql:
            raise NoFormat(f"{log.name} has no line '#Fields:' before its first, which a log of IIS or CloudFront has")
        if self.format is None:
            log.format = found
        return found


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
