"""Stretches of numbered lines: which of a file's lines are imported."""

from collections.abc import Iterable, Sequence

Stretch = tuple[int, int]
"""The first and the last line, both included."""

Stretches = Sequence[Stretch]
"""In order, with gaps between them."""


def joined(several: Iterable[Stretch]) -> list[Stretch]:
    """Return the lines that are in any of several stretches."""
    found: list[Stretch] = []
    for first, last in sorted(several):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def without(stretches: Stretches, others: Stretches) -> list[Stretch]:
    """Return the lines of the first that are not among the second."""
    found: list[Stretch] = []
    rest = iter(others)
    other = next(rest, None)
    for first, last in stretches:
        while other and other[1] < first:
            other = next(rest, None)
        while other and other[0] <= last:
            if first < other[0]:
                found.append((first, other[0] - 1))
            first = other[1] + 1
            if other[1] > last:
                break
            other = next(rest, None)
        if first <= last:
            found.append((first, last))
    return found


def within(stretches: Stretches, first: int, last: int) -> list[Stretch]:
    """Return the lines that lie from one to another."""
    return [(max(a, first), min(b, last)) for a, b in stretches if a <= last and first <= b]


def of_lines(lines: Iterable[int]) -> list[Stretch]:
    """Return single lines as stretches."""
    return joined((line, line) for line in lines)


def flat(stretches: Stretches) -> list[int]:
    """Return the ends of all, one after the other."""
    return [end for stretch in stretches for end in stretch]


def paired(ends: Sequence[int]) -> list[Stretch]:
    """Return what `flat` made flat."""
    return list(zip(ends[::2], ends[1::2], strict=True))
