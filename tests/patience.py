"""Patience: waiting for a state, with a limit that ends only what hangs."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

SECONDS = 120.0
PAUSE_SECONDS = 0.05
T = TypeVar("T")


def wait_until(reached: Callable[[], T], told: Callable[[], object] | None = None) -> T:
    """Return what `reached` returns once that is true; fail with what `told` returns."""
    until = monotonic() + SECONDS
    while not (found := reached()):
        assert monotonic() < until, told() if told else "the state was not reached"
        sleep(PAUSE_SECONDS)
    return found


def wait_for(asked: Callable[[], T], wanted: T) -> T:
    """Return what `asked` returns once that is as wanted, or what it is when patience ends."""
    until = monotonic() + SECONDS
    while (found := asked()) != wanted and monotonic() < until:
        sleep(PAUSE_SECONDS)
    return found
