"""Which peers are proxies of the owner's, whose word on the client's address is taken."""

from collections.abc import Callable, Sequence
from ipaddress import ip_network
from socket import AF_INET, AF_INET6, inet_pton

V4_IN_V6 = bytes(10) + b"\xff\xff"


def trust_in(proxies: Sequence[str]) -> Callable[[str], bool]:
    """Whether an address lies within one of the ranges; what is no address does not.

    Compares numbers: `ipaddress` takes five microseconds an address, as long as decoding a hit.
    """
    networks = [ip_network(each, strict=False) for each in proxies]
    ranges = {length: [(int(each.netmask), int(each.network_address)) for each in networks if each.max_prefixlen == length * 8] for length in (4, 16)}

    def trusts(address: str) -> bool:
        try:
            packed = inet_pton(AF_INET6, address.partition("%")[0]) if ":" in address else inet_pton(AF_INET, address)
        except (OSError, ValueError):
            return False
        if packed.startswith(V4_IN_V6):
            packed = packed[12:]
        number = int.from_bytes(packed, "big")
        for mask, network in ranges[len(packed)]:
            if number & mask == network:
                return True
        return False

    return trusts
