"""Which hosts a list names, where `*.shop.example` is every host below `shop.example`."""

from collections.abc import Container
from functools import lru_cache

BELOW = "*."
REMEMBERED = 4_096


@lru_cache(maxsize=REMEMBERED)  # asked for every hit that has a referrer
def lies_below(host: str, names: Container[str]) -> bool:
    """Return whether a host is one of the names or lies below one."""
    while host:
        if host in names:
            return True
        host = host.partition(".")[2]
    return False


def covers(names: tuple[str, ...], host: str) -> bool:
    """Return whether a host is one of the names, with or without `www.`, or lies below one."""
    bare = host.removeprefix("www.")
    for name in names:
        if name in (bare, host) or (name.startswith(BELOW) and host.endswith(name[1:])):
            return True
    return False
