"""Whose report is made next, and who is told to come again."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from footfall.query.lane import Busy, Caller, Lane, Size
from tests.patience import SECONDS, wait_until

SIZE = Size(at_once=3, waiting=8, of_site=2, of_address=1, waiting_of_one=4)


class Doing:
    """A lane whose reports end when they are let go."""

    def __init__(self, size: Size = SIZE) -> None:
        self.lane = Lane(size, "test")
        self.begun: list[str] = []
        self._gates: dict[str, threading.Event] = {}

    def enter(self, name: str, caller: Caller) -> "Future[None]":
        self._gates[name] = threading.Event()
        return self.lane.enter(caller, self._work(name))

    def _work(self, name: str) -> Callable[[], None]:
        def work() -> None:
            self.begun.append(name)
            assert self._gates[name].wait(SECONDS)

        return work

    def has_begun(self, *names: str) -> None:
        wait_until(lambda: sorted(self.begun) == sorted(names), lambda: str(self.begun))

    def end(self, *names: str) -> None:
        for name in names or tuple(self._gates):
            self._gates[name].set()


def anyone(site: str, address: str = "") -> Caller:
    return Caller(site, address=address)


def keyed(site: str) -> Caller:
    return Caller(site, keyed=True, address="office")


def test_one_address_has_its_share_and_no_more() -> None:
    doing = Doing()
    jobs = [doing.enter(f"a{number}", anyone("x", "a")) for number in range(3)]
    jobs.append(doing.enter("b", anyone("x", "b")))
    doing.has_begun("a0", "b")
    doing.end("a0")
    doing.has_begun("a0", "b", "a1")
    doing.end()
    for job in jobs:
        job.result(SECONDS)
    doing.has_begun("a0", "b", "a1", "a2")


def test_one_site_leaves_a_place_for_another() -> None:
    doing = Doing()
    for number in range(4):
        doing.enter(f"x{number}", anyone("x", f"address {number}"))
    doing.enter("y", anyone("y", "late"))
    doing.has_begun("x0", "x1", "y")
    doing.end()


def test_those_of_whom_least_is_made_go_first() -> None:
    doing = Doing(Size(at_once=2, waiting=8, of_site=2, of_address=2, waiting_of_one=8))
    for name in ("x0", "x1", "x2", "x3"):
        doing.enter(name, anyone("x"))
    doing.enter("y", anyone("y"))
    doing.end("x0")
    doing.has_begun("x0", "x1", "y")
    doing.end()


def test_callers_with_a_key_share_by_site_alone() -> None:
    doing = Doing()
    for number in range(2):
        doing.enter(f"x{number}", keyed("x"))
    doing.enter("y", keyed("y"))
    doing.has_begun("x0", "x1", "y")
    doing.end()


@pytest.mark.parametrize("site", ["x", "y"])
def test_one_address_fills_no_lane(site: str) -> None:
    doing = Doing()
    for number in range(5):
        doing.enter(f"a{number}", anyone("x", "a"))
    with pytest.raises(Busy, match="try again in a moment"):
        doing.enter("one more", anyone(site, "a"))
    doing.enter("b", anyone("y", "b"))
    doing.has_begun("a0", "b")
    doing.end()


def test_a_full_lane_takes_nobody() -> None:
    doing = Doing()
    for number in range(11):
        doing.enter(f"{number}", anyone(f"site {number}", f"address {number}"))
    with pytest.raises(Busy, match="too many reports"):
        doing.enter("one more", anyone("z", "z"))
    doing.end()


def test_who_leaves_gives_the_place_back() -> None:
    doing = Doing()
    jobs = [doing.enter(f"a{number}", anyone("x", "a")) for number in range(5)]
    for job in jobs[1:]:
        assert job.cancel()
    jobs = [doing.enter(f"b{number}", anyone("x", "a")) for number in range(4)]
    doing.end()
    for job in jobs:
        job.result(SECONDS)
    assert not set(doing.begun) & {"a1", "a2", "a3", "a4"}


def test_what_fails_gives_the_turn_on() -> None:
    doing = Doing(Size(at_once=1, waiting=1, of_site=1, of_address=1, waiting_of_one=1))

    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        doing.lane.enter(anyone("x"), fail).result(SECONDS)
    doing.end()
    job = doing.enter("next", anyone("x"))
    doing.end()
    job.result(SECONDS)
