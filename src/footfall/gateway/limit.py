"""How much one address, one network and one key may send: buckets that fill again, of which a bounded number is remembered."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from footfall.domain.address import address_key, is_global

BURST_SECONDS = 20
"""So many seconds' hits may come at once: a lecture opens one page, a tab sends what it kept."""

PIECE_BYTES = 4_096
"""A hit counts once for each piece of this size that it begins. Most have 500 bytes, so bytes have no rate of their own."""

NETWORK_SHARE = 8
"""What a /48 may send, in shares of an address: it is one office's, or many telephones'."""

KEY_SHARE = 50
"""What a key may send, in shares of an address: it sends for all visitors of its site, and its owner gave it."""

NETWORK_BYTES = 6
ADDRESS_BYTES = 8
MOST = 10_000


class Load(NamedTuple):
    """What somebody wants to send: so many hits of so many bytes together."""

    hits: int
    size: int

    @property
    def pieces(self) -> int:
        """As how many it counts."""
        return max(self.hits, -(-self.size // PIECE_BYTES))


class Buckets:
    """A bucket for each key, which a second fills by `per_second`.

    Those that were used longest ago are forgotten, and with them only that somebody used them:
    one who has many addresses takes the room of others, never their right to send.
    """

    def __init__(self, per_second: float, most: int = MOST) -> None:
        self._each_us = 1e6 / per_second
        self._most = most
        self._full_at: dict[bytes, float] = {}
        """When each will be full again, of those used lately; of others in `_before`."""
        self._before: dict[bytes, float] = {}

    def takes(self, key: bytes, pieces: int, now_us: int) -> bool:
        """Take from a bucket, if enough is in it."""
        full_at = self._full_at.get(key)
        if full_at is None:
            full_at = self._before.get(key, 0.0)
        full_at = max(full_at, now_us) + pieces * self._each_us
        if full_at - now_us > BURST_SECONDS * 1e6:
            return False
        self._full_at[key] = full_at
        if len(self._full_at) > self._most:
            self._before, self._full_at = self._full_at, {}
        return True


class RateLimit:
    """Allows an address (IPv6: its /64) so many hits a second for long; 0 allows any number.

    What is no address of the public internet is not limited: it is a proxy's that is not
    trusted, this machine's own, or of people in the same house. Nor is one that is `trusted`.
    """

    def __init__(
        self,
        per_second: int,
        now: Callable[[], int],
        trusted: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._now = now
        self._buckets = [Buckets(per_second * share) for share in (1, NETWORK_SHARE, KEY_SHARE) if per_second]
        self._spared = lru_cache(maxsize=1_024)(lambda address: trusted(address) or not is_global(address))

    def refused(self, address: str, load: Load, shown: bytes | None = None) -> str | None:
        """Return by whose limit an address may not send this now; takes it where it may.

        `shown` is a key that holds: then its limit counts, and not the address's.
        """
        if not self._buckets:
            return None
        now_us, pieces = self._now(), load.pieces
        addresses, networks, keys = self._buckets
        if shown is not None:
            return None if keys.takes(shown, pieces, now_us) else "key"
        key = address_key(address)
        reason = None
        if not addresses.takes(key, pieces, now_us):
            reason = "address"
        elif len(key) == ADDRESS_BYTES and not networks.takes(key[:NETWORK_BYTES], pieces, now_us):
            reason = "network"
        return None if reason is None or self._spared(address) else reason
