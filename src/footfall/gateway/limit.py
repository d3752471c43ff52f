"""A limit on how many hits one address (IPv6: its /64) may send, in fixed windows of a second."""

from collections.abc import Callable

from footfall.domain.address import address_key


class RateLimit:
    """Allows so many hits a second from an address; 0 allows any number."""

    def __init__(self, per_second: int, now: Callable[[], int]) -> None:
        self._per_second = per_second
        self._now = now
        self._second = 0
        self._seen: dict[bytes, int] = {}

    def allows(self, address: str) -> bool:
        """Whether this address may send one more hit now; counts it."""
        if not self._per_second:
            return True
        second = self._now() // 1_000_000
        if second != self._second:
            self._second, self._seen = second, {}
        key = address_key(address)
        count = self._seen[key] = self._seen.get(key, 0) + 1
        return count <= self._per_second
