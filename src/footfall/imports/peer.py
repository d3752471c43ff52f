"""Who made a request, as logs write it: an address, a list of them, or a host's name."""

import re
from typing import NamedTuple

from footfall.domain.address import bare_address, is_global

_HOST_FIRST = re.compile(r"(?P<host>[^\s:\[\]]*[g-zG-Z.][^\s:\[\]]*):\d{1,5}[: ]\s*(?P<rest>\S.*)")
_NAME = re.compile(r"(?=.{1,253}$)(?=.*[a-z])[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.I)
_NOBODY = {"unknown", "unix", "null", "none", "nil"}


class Peer(NamedTuple):
    """An address, or the name of a host where the log has names; `host` is the site's, if written."""

    address: str
    host: str | None = None


def peer_of(text: str) -> Peer | None:
    """Return who a text speaks of, or None where that cannot be read.

    Of several the last that is of the public internet counts, which the nearest proxy saw, else
    the last of all. `host:port:` before an address is the site's.
    """
    single = bare_address(text)
    if single is not None:
        return Peer(single)
    if led := _HOST_FIRST.fullmatch(text):
        bare = _address(led["rest"])
        return None if bare is None else Peer(bare, led["host"])
    address = _address(text)
    return None if address is None else Peer(address)


def _address(text: str) -> str | None:
    parts = text.split(",")
    found = [bare for part in parts if (bare := bare_address(part)) is not None]
    public = [bare for bare in found if is_global(bare)]
    if found:
        return (public or found)[-1]
    name = parts[-1].strip().lower()
    return name if _NAME.fullmatch(name) and name not in _NOBODY else None
