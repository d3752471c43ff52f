import pytest

from footfall.domain.address import bare_address, is_global

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
    "[::ffff:88.198.1.7]:443": "88.198.1.7",
    "for=88.198.1.7": "88.198.1.7",
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
