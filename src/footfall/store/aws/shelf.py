"""What took some effort to make, kept for those who ask for the same again."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

MOST_SECONDS = 300.0

T = TypeVar("T")


@dataclass(slots=True)
class _Held(Generic[T]):
    key: object
    thing: T
    made: float
    users: int = 0
    standing: bool = True
    ended: bool = False


class Shelf(Generic[T]):
    """Holds `most` things by name; `end` is called of each when it has left the shelf and nobody uses it. Any thread may use it."""

    def __init__(self, most: int, end: Callable[[T], None]) -> None:
        self._most = most
        self._end = end
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Held[T]] = OrderedDict()

    @contextmanager
    def use(self, name: str, key: object, make: Callable[[], T]) -> Iterator[T]:
        """The thing of this name, made anew where it was made of another key, or long ago."""
        held = self._taken(name, key)
        if held is None:
            held = _Held(key, make(), monotonic(), users=1)
            self._put(name, held)
        try:
            yield held.thing
        finally:
            with self._lock:
                held.users -= 1
            self._end_unused([held])

    def clear(self) -> None:
        """Take everything off the shelf."""
        with self._lock:
            gone = list(self._held.values())
            self._held.clear()
        self._end_unused(gone, leaving=True)

    def _taken(self, name: str, key: object) -> _Held[T] | None:
        with self._lock:
            held = self._held.get(name)
            if held is None or held.key != key or monotonic() - held.made > MOST_SECONDS:
                return None
            self._held.move_to_end(name)
            held.users += 1
            return held

    def _put(self, name: str, held: _Held[T]) -> None:
        with self._lock:
            gone = [self._held.pop(name)] if name in self._held else []
            self._held[name] = held
            while len(self._held) > self._most:
                gone.append(self._held.popitem(last=False)[1])
        self._end_unused(gone, leaving=True)

    def _end_unused(self, some: "list[_Held[T]]", *, leaving: bool = False) -> None:
        with self._lock:
            for each in some:
                each.standing = each.standing and not leaving
            ended = [each for each in some if not (each.standing or each.users or each.ended)]
            for each in ended:
                each.ended = True
        for each in ended:
            self._end(each.thing)
