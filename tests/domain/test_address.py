import pytest

from footfall.domain.address import address_key, bare_address, inside, is_global, within

BARE = {
    "88.198.1.7": "88.198.1.7",
    " 88.198.1.7\t": "88.198.1.7",
    "88.198.1.7,": "88.198.1.7",
    "88.198.1.7:51000": "88.198.1.7",
    "88.198.1.7:": "88.198.1.7",
    '"88.198.1.7"': "88.198.1.7",
    "'88.198.1.7:80'": "88.198.1.7",
    "[88.198.1.7]": "88.198.1.7",
    "2a01:4f8::1": "2a01:4f8::1",
    "2A01:04F8:0:0::1": "2a01:4f8::1",
    "[2a01:4f8::1]": "2a01:4f8::1",
    "[2a01:4f8::1]:443": "2a01:4f8::1",
    '"[2a01:4f8::1]:443"': "2a01:4f8::1",
    "[2a01:4f8::1],": "2a01:4f8::1",
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25eth0]:8080": "fe80::1",
    "::ffff:88.198.1.7": "88.198.1.7",
    "2a01:4f8:0:0:0:0:0:1:443": "2a01:4f8::1",
    "[::ffff:88.198.1.7]:443": "88.198.1.7",
    "for=88.198.1.7": "88.198.1.7",
    "proto=https; for=88.198.1.7:443": "88.198.1.7",
    "::ffff:88.198.1.7:51000": "88.198.1.7",
    'For="[2a01:4f8::1]:4711";proto=https': "2a01:4f8::1",
}
NONE = (
    "", "-", "unknown", "_hidden", "localhost", "88.198.1", "88.198.1.300", "088.198.1.7",
    "88.198.1.7.9", "[88.198.1.7", "[]", "[]:80", "::1::2", "for=unknown", "%", "\x00",
    "88.198.1.7:port", "1.2.3.4, 5.6.7.8",
)  # fmt: skip
GLOBAL = {
    "88.198.1.7": True,
    "2a01:4f8::1": True,
    "172.17.0.1": False,
    "192.168.0.1": False,
    "10.0.0.1": False,
    "100.64.0.1": False,
    "127.0.0.1": False,
    "169.254.1.1": False,
    "::ffff:172.17.0.1": False,
    "fe80::1": False,
    "fd00::1": False,
    "::1": False,
    "unknown": False,
}


@pytest.mark.parametrize("text", BARE)
def test_bare(text: str) -> None:
    assert bare_address(text) == BARE[text]


@pytest.mark.parametrize("text", BARE)
def test_bare_stays_bare(text: str) -> None:
    assert bare_address(BARE[text]) == BARE[text]


@pytest.mark.parametrize("text", NONE)
def test_no_address(text: str) -> None:
    assert bare_address(text) is None


@pytest.mark.parametrize("text", GLOBAL)
def test_global(text: str) -> None:
    assert is_global(text) is GLOBAL[text]


@pytest.mark.parametrize("text", BARE)
def test_every_spelling_is_one_visitor_and_in_the_same_ranges(text: str) -> None:
    bare = BARE[text]
    assert address_key(text) == address_key(bare) != b""
    assert within(text, [bare])
    assert within(text, ["88.198.0.0/16", "2a01:4f8::/32", "fe80::/10"])
    assert not within(text, ["192.0.2.0/24", "2001:db8::/32"])


WITHIN = {
    "10.1.2.3": True,
    "10.1.2.3:80": True,
    "::ffff:10.1.2.3": True,
    "11.1.2.3": False,
    "192.0.2.7": True,
    "192.0.3.7": False,
    "fd00::1%eth0": True,
    "[fd00::1]:1": True,
    "fe00::1": False,
    "::1": True,
    "::2": False,
    "unknown": False,
    "": False,
}


@pytest.mark.parametrize(("text", "lies"), WITHIN.items(), ids=map(repr, WITHIN))
def test_within(text: str, lies: bool) -> None:
    ranges = ("10.9.9.9/8", "::ffff:192.0.2.0/120", "fd00::/8", "::1")
    assert inside(ranges)(text) is lies


def test_nothing_is_within_no_range() -> None:
    assert not within("10.0.0.1", ())
    assert within("10.0.0.1", ["0.0.0.0/0"])
    assert not within("fd00::1", ["0.0.0.0/0"])
