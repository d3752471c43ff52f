"""Who a visitor is: a pseudonym that lives one local day of one site."""

from hashlib import blake2b
from typing import NamedTuple

from footfall.domain.event import DAY_US, HOUR_US

MIDNIGHT_US = HOUR_US // 2
"""A hit that begins this soon after midnight may belong to a visit of the day before."""

SALT_BYTES = 16


class Salt(NamedTuple):
    """The secret of one calendar date, and when it was made (microseconds)."""

    day: int
    secret: bytes
    made: int

    @property
    def destroyed_at(self) -> int:
        """The later of 48 h after the date has ended everywhere and 48 h after it was made."""
        ended_everywhere = (self.day + 1) * DAY_US + 12 * HOUR_US
        return max(ended_everywhere, self.made) + 48 * HOUR_US


def hash64(*parts: bytes, key: bytes = b"") -> int:
    """An unsigned 64-bit hash; each part is led by its length, so that no two lists collide."""
    framed = b"".join([len(part).to_bytes(4, "little") + part for part in parts])
    return int.from_bytes(blake2b(framed, key=key, digest_size=8).digest(), "little")


def visitor_id(secret: bytes, site: str, address: bytes, user_agent: bytes) -> int:
    """The visitor behind an address (IPv4: 4 bytes, IPv6: its /64, 8 bytes) and a user agent."""
    return hash64(site.encode(), address, user_agent, key=secret)


def event_key(site: str, event_id: str) -> int:
    """The 64-bit name of a client's event id within a site; UUIDs compare without case."""
    return hash64(site.encode(), event_id.lower().encode())
