"""What has been imported of files, known by digests of their beginnings."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from footfall.imports.reading import Log
from footfall.imports.stretch import Stretch, joined, paired

THIS = 0
"""The number of what is being imported now, which has none yet."""

Row = tuple[str, int, int, Sequence[int] | None, int | None]


class Noted(NamedTuple):
    """Lines of a file that an import took, and its number; None for one that has none."""

    lines: int
    took: Sequence[Stretch]
    number: int | None


class Known(NamedTuple):
    """Which lines of a file are imported, and how many it had when it was imported last."""

    stretches: Sequence[Stretch] = ()
    lines: int = 0


class Memory:
    """Notes of one site."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._notes: dict[int, dict[bytes, list[Noted]]] = {}
        for digest, upto, lines, took, number in rows:
            stretches = [(1, lines)] if took is None else paired(took)
            self.add(bytes.fromhex(digest), upto, Noted(lines, stretches, number))

    def add(self, digest: bytes, upto: int, noted: Noted) -> None:
        """Remember lines of a file of which so many bytes have this digest."""
        self._notes.setdefault(upto, {}).setdefault(digest, []).append(noted)

    def resume(self, log: Log) -> Known:
        """Pass over the beginning of a log that is known as a whole; what is known of all of it."""
        met = log.matches(self._notes)
        notes = [noted for upto, digest in met for noted in self._notes[upto][digest]]
        known = joined(stretch for noted in notes for stretch in noted.took)
        whole = known[0][1] if known and known[0][0] == 1 else 0
        ends = [upto for upto, digest in met if self._lines(upto, digest) <= whole]
        if ends:
            log.pass_over(max(ends))
        return Known(known, max((noted.lines for noted in notes), default=0))

    def _lines(self, upto: int, digest: bytes) -> int:
        return max(noted.lines for noted in self._notes[upto][digest])

    def numbers(self, log: Log) -> set[int | None]:
        """Return the numbers by which what is known of a log was imported."""
        met = log.matches(self._notes)
        return {noted.number for upto, digest in met for noted in self._notes[upto][digest]}

    def forget(self, numbers: Iterable[int | None]) -> None:
        """Forget what was imported by some numbers."""
        gone = set(numbers)
        for upto, digests in list(self._notes.items()):
            left = {digest: [noted for noted in notes if noted.number not in gone] for digest, notes in digests.items()}
            self._notes[upto] = {digest: notes for digest, notes in left.items() if notes}
