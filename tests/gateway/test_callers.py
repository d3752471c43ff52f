"""Whose address a request is taken to come from."""

import pytest

from footfall.gateway.callers import Callers
from footfall.gateway.directory import Snapshot
from footfall.registry.sqlite import SqliteRegistry, SqliteSalts

TRUSTED = ("10.0.0.0/8", "127.0.0.1", "fd00::/8", "::ffff:192.0.2.0/120")
PROXY = "10.0.0.1"

# the peer, the values of X-Forwarded-For, the address, how many were unreadable
TOLD = {
    "a peer": ("88.198.1.7", [], "88.198.1.7", 0),
    "a peer of a socket for both kinds": ("::ffff:88.198.1.7", [], "88.198.1.7", 0),
    "a stranger's word": ("88.198.1.7", ["81.2.69.160"], "88.198.1.7", 0),
    "one": (PROXY, ["88.198.1.7"], "88.198.1.7", 0),
    "a mapped proxy": ("::ffff:10.0.0.1", ["88.198.1.7"], "88.198.1.7", 0),
    "a proxy of a mapped range": ("192.0.2.9", ["88.198.1.7"], "88.198.1.7", 0),
    "with a port": (PROXY, ["88.198.1.7:51000"], "88.198.1.7", 0),
    "IPv6": (PROXY, ["2a01:4f8::1"], "2a01:4f8::1", 0),
    "IPv6 in brackets": (PROXY, ["[2a01:4f8::1]"], "2a01:4f8::1", 0),
    "IPv6 with a port": (PROXY, ["[2a01:4f8::1]:443"], "2a01:4f8::1", 0),
    "IPv6 in full with a port": (PROXY, ["2a01:4f8:0:0:0:0:0:1:443"], "2a01:4f8::1", 0),
    "IPv6 in quotation marks": (PROXY, ['"[2a01:4f8::1]:443"'], "2a01:4f8::1", 0),
    "mapped": (PROXY, ["::ffff:88.198.1.7"], "88.198.1.7", 0),
    "a hop with a port": (PROXY, ["88.198.1.7:1, 10.0.0.2:443"], "88.198.1.7", 0),
    "a hop of IPv6 with a port": (PROXY, ["88.198.1.7, [fd00::2]:443"], "88.198.1.7", 0),
    "several headers": (PROXY, ["88.198.1.7", "10.0.0.2"], "88.198.1.7", 0),
    "forged to the left": (PROXY, ["81.2.69.160, 88.198.1.7"], "88.198.1.7", 0),
    "forged in a header before": (PROXY, ["81.2.69.160", "88.198.1.7"], "88.198.1.7", 0),
    "a comma at the end": (PROXY, ["88.198.1.7,"], "88.198.1.7", 0),
    "commas all around": (PROXY, [", ,88.198.1.7, ,"], "88.198.1.7", 0),
    "an empty header after": (PROXY, ["88.198.1.7", ""], "88.198.1.7", 0),
    "nothing": (PROXY, [""], PROXY, 0),
    "unknown": (PROXY, ["unknown"], PROXY, 1),
    "unknown before a hop": (PROXY, ["unknown, 10.0.0.2"], "10.0.0.2", 1),
    "unknown after a stranger's word": (PROXY, ["81.2.69.160, unknown"], PROXY, 1),
    "a name": (PROXY, ["visitor.example"], PROXY, 1),
    "obfuscated": (PROXY, ["_hidden"], PROXY, 1),
    "a socket of the proxy's machine": (PROXY, ["88.198.1.7, unix:"], "88.198.1.7", 0),
    "people behind trusted addresses": (PROXY, ["10.7.7.7, 10.0.0.2"], "10.7.7.7", 0),
    "a peer that is none": ("", ["88.198.1.7"], "", 1),
}  # fmt: skip


@pytest.mark.parametrize(("peer", "values", "address", "unreadable"), TOLD.values(), ids=TOLD)
def test_address(peer: str, values: list[str], address: str, unreadable: int) -> None:
    registry, salts = SqliteRegistry(":memory:"), SqliteSalts(":memory:")
    callers = Callers(Snapshot(registry, salts), TRUSTED)
    headers = [(b"x-forwarded-for", value.encode()) for value in values]
    assert callers.address(dict(headers), headers, peer) == address
    assert callers.unreadable == unreadable
    registry.close()
    salts.close()
