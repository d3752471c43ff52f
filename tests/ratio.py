"""Ratios of processor time within one run, which do not depend on a machine's speed or load."""

from collections.abc import Callable
from time import process_time

ROUNDS = 5


def times_as_long(
    work: Callable[[], object],
    plain: Callable[[], object],
    rounds: int = ROUNDS,
) -> float:
    """Return how many times as much processor time `work` takes as `plain`, by the best of each."""
    pairs = [(_took(work), _took(plain)) for _ in range(rounds)]
    return min(first for first, _ in pairs) / min(second for _, second in pairs)


def _took(work: Callable[[], object]) -> float:
    started = process_time()
    work()
    return process_time() - started
