"""What a browser is told that asks before it sends: any header is allowed."""

import re
from collections.abc import Mapping

from footfall.gateway.wire import Headers

METHODS = b"POST, GET, OPTIONS"
USUAL = b"content-type, authorization"
TOKEN = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
NAMES_BYTES = 2_000
ASKED = b"access-control-request-headers"
NEAR = b"access-control-request-private-network"


def preflight(by_name: Mapping[bytes, bytes]) -> Headers:
    """Return the headers of the answer to a preflight.

    Pages with monitoring send headers of its own along with every request; a hit that may not have
    them is not sent. Nothing depends on them.
    """
    found = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", _names(by_name.get(ASKED, b"")) or USUAL),
        (b"access-control-max-age", b"86400"),
        (b"vary", ASKED + b", " + NEAR),
    ]
    if by_name.get(NEAR) == b"true":
        found.append((b"access-control-allow-private-network", b"true"))
    return found


def _names(asked: bytes) -> bytes:
    """Return the names that were asked for, as many as an answer may hold."""
    names = [name.strip() for name in asked.split(b",")]
    found = b""
    for name in names:
        longer = found + b", " + name if found else name
        if len(longer) > NAMES_BYTES:
            break
        if TOKEN.fullmatch(name):
            found = longer
    return found.lower()
