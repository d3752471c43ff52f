"""Whether most hits come from one private address, as they do behind a proxy that is not trusted."""

from collections import Counter
from collections.abc import Mapping

from footfall.domain.address import is_global, is_loopback

LEAST_HITS = 20
ENOUGH_HITS = 200
FORWARDING = frozenset((b"x-forwarded-for", b"x-real-ip", b"forwarded"))


class Crowd:
    """The latest hits by address, in memory only, until there are enough of them."""

    def __init__(self) -> None:
        self._hits: Counter[str] = Counter()
        self._passed_on: Counter[str] = Counter()

    def saw(self, address: str, by_name: Mapping[bytes, bytes], peer: str) -> None:
        """Count a hit."""
        self._hits[address] += 1
        if address == peer and not by_name.keys().isdisjoint(FORWARDING):
            self._passed_on[address] += 1

    def share(self) -> float | None:
        """Return the share of the private address that most hits came from; None of too few hits.

        This machine's own address is what somebody has who tries Footfall at home. It counts as
        private only where a proxy has passed most of its hits on.
        """
        hits = self._hits.total()
        if hits < LEAST_HITS:
            return None
        ((address, most),) = self._hits.most_common(1)
        at_home = is_loopback(address) and 2 * self._passed_on[address] < most
        private = address != "" and not is_global(address) and not at_home
        if hits >= ENOUGH_HITS:
            self._hits.clear()
            self._passed_on.clear()
        return most / hits if private else 0.0
