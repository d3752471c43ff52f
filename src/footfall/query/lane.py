"""Lanes of reports: how many are made at once, how many wait, and whose turn is next."""

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Busy(Exception):
    """Others are being answered; the text says when to come again."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose report it is. `keyed` callers show a key of the site; no address is that of nobody."""

    site: str = ""
    keyed: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """Reports made at once and waiting, together and of one site or address."""

    at_once: int
    waiting: int
    of_site: int
    of_address: int
    waiting_of_one: int


@dataclass(eq=False, slots=True)
class Ticket(Generic[T]):
    """A place in a lane."""

    shares: dict[Hashable, int]
    work: Callable[[], T]
    job: Future[T] = field(default_factory=Future)


class Lane:
    """Makes reports in threads of its own. Nobody gets more than a share while it is busy."""

    def __init__(self, size: Size, name: str) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(size.at_once, name)
        self._waiting: list[Ticket[Any]] = []
        self._running: set[Ticket[Any]] = set()
        self._made: Counter[Hashable] = Counter()

    def enter(self, caller: Caller, work: Callable[[], T]) -> Future[T]:
        """Return what will hold the report, and can be cancelled; raises `Busy`."""
        ticket = Ticket(dict(self._shares(caller)), work)
        with self._lock:
            self._check(ticket)
            self._waiting.append(ticket)
            self._begin()
        ticket.job.add_done_callback(lambda _: self._leave(ticket))
        return ticket.job

    def _shares(self, caller: Caller) -> Iterator[tuple[Hashable, int]]:
        """Of what the caller has a share, and how many may be made at once of it."""
        yield ("site", caller.site), self._size.of_site
        if caller.address and not caller.keyed:
            yield ("address", caller.address), self._size.of_address

    def _check(self, ticket: Ticket[T]) -> None:
        waiting = Counter(share for each in self._waiting for share in each.shares)
        if len(self._waiting) >= self._size.waiting:
            raise Busy("too many reports are being made just now; try again in a moment")
        if any(waiting[share] >= self._size.waiting_of_one for share in ticket.shares):
            raise Busy("too many reports of this site are being made just now; try again in a moment")

    def _leave(self, ticket: Ticket[T]) -> None:
        with self._lock:
            if ticket in self._running:
                self._running.discard(ticket)
                self._made.subtract(ticket.shares.keys())
                self._made += Counter()  # forgets whom nothing is made for
            elif ticket in self._waiting:
                self._waiting.remove(ticket)
            self._begin()

    def _begin(self) -> None:
        """Begin what may be, those first for whom least is being made."""
        while len(self._running) < self._size.at_once:
            able = [each for each in self._waiting if self._may_begin(each)]
            if not able:
                return
            ticket = min(able, key=lambda each: max(self._made[share] for share in each.shares))
            self._waiting.remove(ticket)
            self._running.add(ticket)
            self._made.update(ticket.shares.keys())
            self._threads.submit(_make, ticket)

    def _may_begin(self, ticket: Ticket[T]) -> bool:
        return all(self._made[share] < most for share, most in ticket.shares.items())


def _make(ticket: Ticket[T]) -> None:
    if not ticket.job.set_running_or_notify_cancel():
        return
    try:
        found = ticket.work()
    except BaseException as exc:
        ticket.job.set_exception(exc)
    else:
        ticket.job.set_result(found)
