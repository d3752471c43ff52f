"""An address as proxies, batches and logs write it, made bare."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_FORWARDED = re.compile(r'(?:[^"]*;)?\s*for\s*=\s*"?(?P<node>[^";]*)', re.I)
_BRACKETED = re.compile(r"\[(?P<address>[^\]]*)\](?::\d{0,5})?")
_WITH_PORT = re.compile(r"(?:::ffff:)?(?P<address>[0-9.]+):\d{0,5}", re.I)
_WHOLE = re.compile(r"(?P<address>(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}):\d{1,5}", re.I)
"""IPv6 in full with a port, which needs no brackets to be told apart."""

_AROUND = " \t\r\n\"',;"
_REMEMBERED = 8_192
"""Texts of which the address is known, in memory only: parsing one takes as long as a hit."""

_MAPPED_BITS = 96


@lru_cache(maxsize=_REMEMBERED)
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


def is_loopback(address: str) -> bool:
    """Return whether a bare address is this machine's own."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def address_key(address: str) -> bytes:
    """Return the bytes that make an address one visitor: IPv4 whole, IPv6 its /64, else none."""
    packed = _packed(address)
    return packed if len(packed) == 4 else packed[:8]


def within(address: str, ranges: Iterable[str]) -> bool:
    """Return whether an address lies in any of the ranges."""
    return inside(tuple(ranges))(address)


@lru_cache(maxsize=256)
def inside(ranges: tuple[str, ...]) -> Callable[[str], bool]:
    """Return the test whether an address lies in any of the ranges; what is none does not.

    It compares numbers, which takes a tenth of the time of `ipaddress`.
    """
    masks: dict[int, list[tuple[int, int]]] = {0: [], 4: [], 16: []}
    for each in ranges:
        length, mask, network = _range(each)
        masks[length].append((mask, network))

    def holds(address: str) -> bool:
        packed = _packed(address)
        number = int.from_bytes(packed, "big")
        for mask, network in masks[len(packed)]:
            if number & mask == network:
                return True
        return False

    return holds


def _range(text: str) -> tuple[int, int, int]:
    """Return a range as the length of its addresses, its mask and its first number."""
    network = ip_network(text, strict=False)
    first = network.network_address
    if isinstance(network, IPv6Network) and isinstance(first, IPv6Address):
        mapped = first.ipv4_mapped
        if mapped is not None and network.prefixlen >= _MAPPED_BITS:
            network = ip_network((mapped, network.prefixlen - _MAPPED_BITS))
    mask, number = int(network.netmask), int(network.network_address)
    return network.max_prefixlen // 8, mask, number


@lru_cache(maxsize=_REMEMBERED)
def _packed(text: str) -> bytes:
    parsed = _parsed(text)
    return b"" if parsed is None else parsed.packed


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    bare = text.strip(_AROUND)
    if forwarded := _FORWARDED.match(bare):
        bare = forwarded["node"].strip(_AROUND)
    match = _BRACKETED.fullmatch(bare) or _WITH_PORT.fullmatch(bare) or _WHOLE.fullmatch(bare)
    if match:
        bare = match["address"]
    try:
        parsed = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
