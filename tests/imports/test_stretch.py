"""Stretches of lines hold what sets of numbers would."""

from hypothesis import given
from hypothesis import strategies as st

from footfall.imports.stretch import Stretches, flat, joined, of_lines, paired, within, without

_lines = st.sets(st.integers(1, 40))


def lines(stretches: Stretches) -> set[int]:
    return {line for first, last in stretches for line in range(first, last + 1)}


@given(_lines, _lines, st.integers(1, 40), st.integers(1, 40))
def test_they_hold_what_sets_would(some: set[int], others: set[int], one: int, two: int) -> None:
    first, last = sorted((one, two))
    here, there = of_lines(some), of_lines(others)
    assert lines(here) == some
    assert lines(joined([*here, *there])) == some | others
    assert lines(without(here, there)) == some - others
    assert lines(within(here, first, last)) == some & set(range(first, last + 1))
    assert paired(flat(here)) == here
    assert joined(here) == here
