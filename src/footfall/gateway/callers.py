"""Who sends a request: the address behind proxies, and the key that it shows."""

from collections.abc import Mapping, Sequence

from footfall.domain.address import address_key, bare_address, inside
from footfall.domain.hint import Hints
from footfall.domain.identity import hash64
from footfall.gateway.directory import Snapshot
from footfall.gateway.sighting import Caller, Sighting
from footfall.registry.port import Key, Scope

Headers = Sequence[tuple[bytes, bytes]]
BLANK = " \t\"'"
HINTS = (
    b"sec-ch-ua",
    b"sec-ch-ua-mobile",
    b"sec-ch-ua-platform",
    b"sec-ch-ua-platform-version",
)
HINT_BYTES = 500
UNTOLD = ("", "unix:")
"""What stands between two commas where there is nothing, or a socket of the proxy's own machine."""


MOST_HOPS = 50
"""Of the addresses that proxies name those nearest to us are read; no request passes so many."""


class Callers:
    """Reads callers out of the headers of requests, whose names are in lower case."""

    def __init__(self, snapshot: Snapshot, trusted_proxies: Sequence[str]) -> None:
        self._snapshot = snapshot
        self._trusts = inside(tuple(trusted_proxies)) if trusted_proxies else None
        self.unreadable = 0
        """Requests whose address could not be read since this was last set to 0."""

    def caller(self, sighting: Sighting, by_name: Mapping[bytes, bytes], address: str) -> Caller | None:
        """Return the caller; None when it shows a key that is not known or does not allow this."""
        key = None
        if b"authorization" in by_name:
            key = self._key_of(sighting, by_name[b"authorization"])
            if key is None:
                return None
        return Caller(
            address,
            by_name.get(b"user-agent", b"").decode("latin-1"),
            by_name.get(b"sec-gpc") == b"1",
            by_name.get(b"dnt") == b"1",
            b"prefetch" in by_name.get(b"sec-purpose", b"") or b"prefetch" in by_name.get(b"purpose", b""),
            key is not None,
            hints_of(by_name),
            key.number if key else 0,
        )

    def key(self, authorization: bytes) -> Key | None:
        """The key that a header shows, if it may write events."""
        key = self._snapshot.keys.key(authorization.decode("latin-1"))
        return key if key and Scope.EVENTS_WRITE in key.scopes else None

    def address(self, by_name: Mapping[bytes, bytes], headers: Headers, peer: str) -> str:
        """Return the client's bare address: the peer's, or what trusted proxies say of it.

        What they say is read from the right. Where they cannot name the client, it is the nearest
        to it that they name.
        """
        nearest = bare_address(peer)
        if nearest is None:
            self.unreadable += 1
            return peer
        if self._trusts is None or b"x-forwarded-for" not in by_name or not self._trusts(nearest):
            return nearest
        lists = [value for name, value in headers if name == b"x-forwarded-for"]
        texts = b",".join(lists).decode("latin-1").rsplit(",", MOST_HOPS)
        for text in reversed(texts[-MOST_HOPS:]):
            if text.strip(BLANK) in UNTOLD:
                continue
            bare = bare_address(text)
            if bare is None:
                self.unreadable += 1
                return nearest
            nearest = bare
            if not self._trusts(bare):
                break
        return nearest

    def pseudonym(self, headers: Headers, peer: str) -> bytes:
        """Return what tells a caller from others, but not who it is; nothing where that is unknown."""
        address = address_key(self.address(dict(headers), headers, peer))
        salts = self._snapshot.salts
        if not address or not salts:
            return b""
        newest = salts[max(salts)]
        return b"%016x" % hash64(address, key=newest.secret)

    def _key_of(self, sighting: Sighting, authorization: bytes) -> Key | None:
        """Return the key that allows the hit to set its time; the site is the key's where none is named."""
        key = self.key(authorization)
        if key is None:
            return None
        if sighting.website is None:
            sighting.website = key.site
        site = self._snapshot.sites.find(sighting.website, "")
        return key if site is not None and site.id == key.site else None


def hints_of(by_name: Mapping[bytes, bytes]) -> Hints | None:
    """Return what the browser says by itself beside its user agent."""
    if b"sec-ch-ua" not in by_name and b"sec-ch-ua-platform" not in by_name:
        return None
    return Hints._make([by_name.get(name, b"")[:HINT_BYTES].decode("latin-1") for name in HINTS])
