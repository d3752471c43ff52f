"""An address as proxies, batches and logs write it, made bare."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

_FORWARDED = re.compile(r'for\s*=\s*"?(?P<node>[^";]*)', re.I)
_BRACKETED = re.compile(r"\[(?P<address>[^\]]*)\](?::\d{0,5})?")
_WITH_PORT = re.compile(r"(?P<address>[0-9.]+):\d{0,5}")
_AROUND = " \t\r\n\"',;"


def bare_address(text: str) -> str | None:
    """Return the IPv4 or IPv6 address in a text, or None where there is none.

    Brackets, quotation marks, a port, an IPv6 zone, a comma at either end and the `for=` of
    RFC 7239 are taken off; an IPv4 address mapped into IPv6 becomes plain IPv4.
    """
    parsed = _parsed(text)
    return None if parsed is None else str(parsed)


def is_global(address: str) -> bool:
    """Return whether a bare address is one of the public internet, so that it has a country."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_global


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    bare = text.strip(_AROUND)
    if forwarded := _FORWARDED.match(bare):
        bare = forwarded["node"].strip(_AROUND)
    match = _BRACKETED.fullmatch(bare) or _WITH_PORT.fullmatch(bare)
    if match:
        bare = match["address"]
    try:
        parsed = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
