"""A host as sites are known by it, whatever its spelling."""

import re
from functools import lru_cache

import can_ada

from footfall.domain.host import BELOW

SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//")
PORT = re.compile(r":\d*\Z")


@lru_cache(maxsize=1_024)
def host_name(text: str) -> str:
    """Return a host as URLs have it: in lower case, in ASCII, without scheme, port and last dot."""
    name = text.strip().lower()
    if scheme := SCHEME.match(name):
        name = name[scheme.end() :]
    name = PORT.sub("", name.rstrip("/")).rstrip(".")
    below = BELOW if name.startswith(BELOW) else ""
    return below + _ascii(name.removeprefix(below))


def domain_name(text: str) -> str:
    """Return a host as `host_name` does, without `www.`"""
    return host_name(text).removeprefix("www.")


def _ascii(name: str) -> str:
    # Python's own codec for this is that of 2003.
    try:
        return name if name.isascii() else str(can_ada.parse(f"https://{name}/").hostname)
    except (ValueError, TypeError):
        return name
