"""Which hosts a list names, where `*.shop.example` is every host below `shop.example`."""

from collections.abc import Iterable

BELOW = "*."


def covers(names: Iterable[str], host: str) -> bool:
    """Return whether a host is one of the names, with or without `www.`, or lies below one."""
    bare = host.removeprefix("www.")
    for name in names:
        if name in (bare, host) or (name.startswith(BELOW) and host.endswith(name[1:])):
            return True
    return False
