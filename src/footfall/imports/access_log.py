"""Importing access logs: from files to parts, and from parts to facts."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import NamedTuple

from footfall.control.client import Owner
from footfall.imports.bundle import place_of, together, unknown
from footfall.imports.columns import Columns, Made, Reject
from footfall.imports.first import Line
from footfall.imports.format import Format, NoFormat
from footfall.imports.group import Read, is_small, of_one_format
from footfall.imports.guess import format_of
from footfall.imports.memory import THIS, Known, Memory, Noted
from footfall.imports.reading import LEAST_BYTES, Log, NoLog, Piece
from footfall.imports.tally import UNFIT, Since, Tally, by_file
from footfall.store.importing import Note, Outcome

EVENTS_AT_ONCE = 200_000
"""So many are written once by the store, fewer twice: into its log, then into its columns."""

PARTS_AT_ONCE = 32
"""Where few lines are page views, how far a log is read is noted this often."""


class Making(NamedTuple):
    """A part that is being made of some pieces."""

    path: Path | None
    reads: Sequence[Read]
    made: Future[Made]


@dataclass(slots=True)
class Part:
    """Files of events, with what is to be noted of the logs that they are of."""

    paths: list[Path]
    sinces: list[Since]
    notes: list[Note]
    outcomes: list[Outcome]
    replaces: list[int]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to import: into which site, called what, in which format if one is named.

    With `again`, what was imported of a file before is taken back by the first part of it.
    """

    site: str
    source: str
    format: Format | None = None
    again: bool = False
    events_at_once: int = EVENTS_AT_ONCE


@dataclass(slots=True)
class Importer:
    """Imports logs into one site; a context, within which `take` may be called for any number of them.

    `makers` make events of lines side by side; `owner` gives commands to the owner of the facts.
    Parts lie in the folder `exchange` until they are applied; without one nothing is. `rejected`
    is called with each faulty line, `progress` with a log and how many bytes of its file were read.
    """

    plan: Plan
    makers: Sequence[Columns]
    owner: Owner
    exchange: Path | None
    now: Callable[[], int]
    rejected: Callable[[str, Reject], None]
    progress: Callable[[str, int], None]
    tally: Tally = field(default_factory=Tally)
    problems: list[str] = field(default_factory=list)
    token: str = field(default_factory=lambda: token_hex(8))
    _memory: Memory = field(default_factory=Memory)
    _since: dict[int, Since] = field(default_factory=dict)
    _replaces: dict[int, list[int]] = field(default_factory=dict)
    _lines_before: dict[int, int] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)
    _made: int = 0
    _waiting: list[Read] = field(default_factory=list)
    _making: deque[Making] = field(default_factory=deque)
    _paths: list[Path] = field(default_factory=list)
    _events: int = 0
    _parts: int = 0
    _applied: Future[None] | None = None
    _threads: ExitStack = field(default_factory=ExitStack)
    _pool: ThreadPoolExecutor = field(init=False)
    _applying: ThreadPoolExecutor = field(init=False)

    def __enter__(self) -> "Importer":
        if self.exchange:
            self._memory = Memory(self.owner("imported", site=self.plan.site))
        self._pool = self._threads.enter_context(ThreadPoolExecutor(len(self.makers)))
        self._applying = self._threads.enter_context(ThreadPoolExecutor(1))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.close()

    def begin(self, log: Log) -> None:
        """Go to the first line of a log that is not imported yet; raises `NoLog`."""
        log.place = next(self._numbers)
        known = Known()
        if log.seekable:
            if self.plan.again:
                self._replaces[log.place] = self._to_be_taken_back(log)
            known = self._memory.resume(log)
        self.tally.before += log.lines
        self._lines_before[log.place] = known.lines
        self._since[log.place] = Since(log.place, log.name, known.stretches)

    def take(self, log: Log, *, growing: bool = False) -> None:
        """Import what is left of a log. Raises `NoLog`, `NoFormat`, and what the owner raises.

        Only `finish` has all of it committed. Of a log that is `growing` a last line without its
        end is left for the next call, and one note is kept for all calls.
        """
        upto = log.upto
        for piece in log.pieces(complete=not growing):
            format_ = None
            together_with_others = self._waiting and is_small(log, piece, log.upto - upto)
            if growing or not together_with_others:
                format_ = self._format(log, piece)
            bundle = unknown(log.place, piece, self._since[log.place].known)
            self.tally.before += len(piece.lines) - len(bundle.lines)
            self.tally.once_more += bundle.upto(self._lines_before[log.place])
            self._add(Read(log, piece, bundle, format_, log.upto - upto, log.read))
            upto = log.upto
        if growing:
            self._drain(growing=True)
        elif log.upto:
            everything = Noted(log.lines, [(1, log.lines)], THIS)
            self._memory.add(log.digest, log.upto, everything)

    def first_lines(self, log: Log, most: int) -> list[Line]:
        """Return the first lines of a log as they would be read; nothing else comes of it."""
        piece = next(log.pieces(), None)
        if piece is None:
            return []
        maker = self.makers[0]
        format_ = format_of(log, piece, self.plan.format, maker)
        whole = unknown(0, piece, ())
        first = whole._replace(lines=whole.lines[:most], names=whole.names[:most])
        maker.make(first, format_, self.now(), None)
        return maker.first_lines()

    def finish(self) -> None:
        """Have everything committed. Files of which no line counted are not, nor remembered."""
        self._drain(growing=False)
        for since in self._since.values():
            self.tally.add(since)
        self._since.clear()

    def _to_be_taken_back(self, log: Log) -> list[int]:
        numbers = self._memory.numbers(log) - {THIS}
        if None in numbers:
            raise NoLog(f"{log.name} was imported by a version that did not number its imports: it cannot be taken back")
        self._memory.forget(numbers)
        return sorted(number for number in numbers if number is not None)

    def _format(self, log: Log, piece: Piece) -> Format:
        return format_of(log, piece, self.plan.format, self._free)

    @property
    def _free(self) -> Columns:
        """The maker that is at work on nothing."""
        return self.makers[self._made % len(self.makers)]

    def _add(self, read: Read) -> None:
        """Small pieces of one format are made together."""
        if self._waiting and read.format and self._waiting[0].format != read.format:
            self._make()
        self._waiting.append(read)
        if sum(each.size for each in self._waiting) >= LEAST_BYTES:
            self._make()

    def _make(self) -> None:
        """Have a maker make a part of what waits, and hand over what was made before."""
        while self._waiting:
            format_ = self._waiting[0].format
            assert format_, "the first of those that wait is always looked at"
            reads, others = of_one_format(self._waiting, format_, self._free)
            self._waiting = []
            path = None
            if self.exchange:
                path = self.exchange / f"import-{self.token}-{self._made}.parquet"
            bundle = together([each.bundle for each in reads])
            making = self._pool.submit(self._free.make, bundle, format_, self.now(), path)
            self._made += 1
            self._making.append(Making(path, reads, making))
            self._gather(len(self.makers) - 1)
            if self._parts >= PARTS_AT_ONCE or self._events >= self.plan.events_at_once:
                self._hand_over(growing=False)
            self._waiting = self._with_formats(others)

    def _with_formats(self, reads: Sequence[Read]) -> list[Read]:
        """Return those whose own lines tell a format."""
        found = []
        for read in reads:
            try:
                format_ = read.format or self._format(read.log, read.piece)
                found.append(read._replace(format=format_))
            except NoFormat as exc:
                self.problems.append(str(exc))
        return found

    def _gather(self, most: int) -> None:
        """Wait until no more than so many parts are being made.

        Whatever fails or interrupts this, nothing behind it is handed over, so that no note passes
        over lines.
        """
        while len(self._making) > most:
            path, reads, making = self._making[0]
            try:
                made = making.result()
                self._count(reads, made)
                self._events += sum(made.events.values())
                if path:
                    self._paths.append(path)
            except NoLog as exc:  # these lines are not remembered
                self.problems.append(f"{reads[0].log.name}: {exc}")
            self._making.popleft()
            self._parts += 1
            for each in reads:
                self.progress(each.log.name, each.end)

    def _count(self, reads: Sequence[Read], made: Made) -> None:
        for read in reads:
            since, piece = self._since[read.log.place], read.piece
            since.read.append((piece.first, piece.last))
            since.digest, since.upto, since.last = piece.digest, piece.upto, piece.last
            since.lines += len(read.bundle.lines)
        for place, events in made.events.items():
            self._since[place].page_views += events
        for place, came in by_file(made.outcomes).items():
            self._since[place].came += came
        for name, reason in made.rejects:
            place, line = place_of(name)
            if reason in UNFIT:
                self._since[place].unfit.append(line)
            self.rejected(self._since[place].name, Reject(line, reason))
        for reason, name in made.examples.items():
            place, line = place_of(name)
            self.tally.examples.setdefault(reason, (self._since[place].name, line))

    def _drain(self, *, growing: bool) -> None:
        self._make()
        self._gather(0)
        self._hand_over(growing=growing)
        self._wait()

    def _wait(self) -> None:
        if self._applied:
            self._applied.result()
            self._applied = None

    def _hand_over(self, *, growing: bool) -> None:
        """Have the parts applied while the next are made: each of the two takes about as long."""
        self._wait()
        due = [since for since in self._since.values() if since.to_be_noted]
        if due:
            part = Part(
                paths=self._paths,
                sinces=due,
                notes=[since.note(growing=growing) for since in due],
                outcomes=[each for since in due for each in since.outcomes()],
                replaces=[n for since in due for n in self._replaces.pop(since.place, [])],
            )
            self._applied = self._applying.submit(self._apply, part)
            for since in due:
                self._memory.add(since.digest, since.upto, Noted(since.last, since.took, THIS))
                self._since[since.place] = since.next(growing=growing)
        else:
            _remove(self._paths)
        self._paths, self._parts, self._events = [], 0, 0

    def _apply(self, part: Part) -> None:
        """Hand parts to the owner, in one transaction with how far logs are imported by them."""
        if self.exchange:
            known = self.owner(
                "take_in",
                site=self.plan.site,
                token=self.token,
                source=self.plan.source,
                parts=[path.name for path in part.paths],
                notes=[_as_json(note) for note in part.notes],
                outcomes=[list(each) for each in part.outcomes],
                replaces=part.replaces,
            )
        else:
            known = []
        for since in part.sinces:
            if since.place in known:
                self.tally.before += since.lines
            else:
                self.tally.add(since)
        _remove(part.paths)


def _as_json(note: Note) -> list[object]:
    file, name, digest, upto, lines, took, instead = note
    return [file, name, digest.hex(), upto, lines, took, instead.hex()]


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink()
