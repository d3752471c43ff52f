"""Which peers are proxies of the owner's, whose word on the client's address is taken."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network


def trust_in(proxies: Sequence[str]) -> Callable[[str], bool]:
    """Whether an address lies within one of the ranges; what is no address does not."""
    networks = [ip_network(each, strict=False) for each in proxies]

    @lru_cache(maxsize=4_096)
    def trusts(address: str) -> bool:
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        plain = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(plain in network for network in networks)

    return trusts
