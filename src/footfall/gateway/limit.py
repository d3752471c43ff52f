"""A limit on how many hits one address may send, in fixed windows of a second."""

from collections.abc import Callable


class RateLimit:
    """Allows so many hits a second from an address; 0 allows any number."""

    def __init__(self, per_second: int, now: Callable[[], int]) -> None:
        self._per_second = per_second
        self._now = now
        self._second = 0
        self._seen: dict[str, int] = {}

    def allows(self, address: str) -> bool:
        """Whether this address may send one more hit now; counts it."""
        if not self._per_second:
            return True
        second = self._now() // 1_000_000
        if second != self._second:
            self._second, self._seen = second, {}
        count = self._seen[address] = self._seen.get(address, 0) + 1
        return count <= self._per_second
