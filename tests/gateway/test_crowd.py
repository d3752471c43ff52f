import pytest

from footfall.gateway.crowd import Crowd

PROXIED = {b"x-forwarded-for": b"88.198.1.7"}

# (address, headers, hits), and the share
CROWDS = {
    "too few": ([("172.17.0.1", {}, 19)], None),
    "one container": ([("172.17.0.1", {}, 20)], 1.0),
    "a container and others": ([("10.0.0.1", {}, 19), ("88.198.1.7", {}, 1)], 0.95),
    "people": ([(f"88.198.1.{number}", {}, 1) for number in range(30)], 0.0),
    "one of the internet": ([("88.198.1.7", {}, 30)], 0.0),
    "an office": ([(f"10.0.0.{number}", {}, 5) for number in range(10)], 0.1),
    "a trial at home": ([("127.0.0.1", {}, 100)], 0.0),
    "a trial at home by IPv6": ([("::1", {}, 100)], 0.0),
    "a proxy of this machine": ([("127.0.0.1", PROXIED, 100)], 1.0),
    "a proxy of this machine, and a trial": ([("127.0.0.1", PROXIED, 60), ("127.0.0.1", {}, 40)], 1.0),
    "no address": ([("", {}, 100)], 0.0),
}


@pytest.mark.parametrize(("hits", "share"), CROWDS.values(), ids=CROWDS)
def test_share(hits: list[tuple[str, dict[bytes, bytes], int]], share: float | None) -> None:
    crowd = Crowd()
    for address, headers, times in hits:
        for _ in range(times):
            crowd.saw(address, headers, address)
    assert crowd.share() == share


def test_what_a_trusted_proxy_tells_is_no_sign_of_one_that_is_not() -> None:
    crowd = Crowd()
    for _ in range(30):
        crowd.saw("127.0.0.1", PROXIED, "10.0.0.1")
    assert crowd.share() == 0.0


def test_it_is_of_the_latest_hits() -> None:
    crowd = Crowd()
    for _ in range(300):
        crowd.saw("10.0.0.1", {}, "10.0.0.1")
    assert crowd.share() == 1.0
    assert crowd.share() is None
