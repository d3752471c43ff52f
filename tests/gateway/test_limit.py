"""What one address, one network and one key may send: floods are refused, nobody else is."""

import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from footfall.gateway.limit import BURST_SECONDS, KEY_SHARE, MOST, NETWORK_SHARE, Buckets, Load, RateLimit
from tests.patience import wait_until
from tests.server import Server, footfall

NOW = 1_796_000_000_000_000
SECOND = 1_000_000
ONE = Load(1, 500)
RATE = 5
BURST = RATE * BURST_SECONDS
SITE, OTHER = "example.com", "other.example"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(limit: RateLimit, address: str, count: int, load: Load = ONE) -> int:
    """How many of so many attempts are taken."""
    return sum(limit.refused(address, load) is None for _ in range(count))


def test_an_address_has_a_burst_and_then_its_rate(clock):
    limit = RateLimit(RATE, clock)
    assert taken(limit, "81.2.3.4", 10 * BURST) == BURST
    assert taken(limit, "81.2.3.5", BURST) == BURST
    found = []
    for _ in range(10):
        clock.now += SECOND
        found.append(taken(limit, "81.2.3.4", 100))
    assert found == [RATE] * 10
    clock.now += 1_000 * SECOND
    assert taken(limit, "81.2.3.4", 10 * BURST) == BURST


def test_a_clock_that_goes_back_gives_and_takes_nothing_for_long(clock):
    limit = RateLimit(RATE, clock)
    taken(limit, "81.2.3.4", BURST // 2)
    clock.now -= 3_600 * SECOND
    assert taken(limit, "81.2.3.5", BURST) == BURST
    clock.now += 3_600 * SECOND
    assert taken(limit, "81.2.3.4", BURST) == BURST // 2


def test_an_address_of_ipv6_is_its_64_and_a_48_has_more(clock):
    limit = RateLimit(RATE, clock)
    assert sum(taken(limit, f"2a01:4f8:1:1::{number:x}", 1) for number in range(3 * BURST)) == BURST
    whole = sum(taken(limit, f"2a01:4f8:2:{number:x}::1", BURST) for number in range(3 * NETWORK_SHARE))
    assert whole == NETWORK_SHARE * BURST
    assert limit.refused("2a01:4f8:2:ffff::1", ONE) == "network"
    assert limit.refused("2a01:4f8:3:ffff::1", ONE) is None


def test_one_who_floods_does_not_use_up_his_network(clock):
    limit = RateLimit(RATE, clock)
    taken(limit, "2a01:4f8:2:1::1", 100 * BURST)
    assert taken(limit, "2a01:4f8:2:2::1", BURST) == BURST


def test_large_hits_count_more(clock):
    limit = RateLimit(RATE, clock)
    large = Load(1, 64 * 1024)
    assert large.pieces == 16 and Load(1, 4_096).pieces == Load(1, 0).pieces == 1
    assert taken(limit, "81.2.3.4", BURST, large) == BURST // 16


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "172.17.0.1", "fd00::1", "", "81.2.3.9"])
def test_some_are_not_limited(clock, address):
    limit = RateLimit(RATE, clock, lambda each: each == "81.2.3.9")
    assert taken(limit, address, 10 * BURST) == 10 * BURST


def test_it_may_be_switched_off(clock):
    limit = RateLimit(0, clock)
    assert taken(limit, "81.2.3.4", 10_000) == 10_000
    assert limit.refused("81.2.3.4", Load(10**9, 0), b"Bearer x") is None


def test_a_key_is_apart_from_its_address(clock):
    limit = RateLimit(RATE, clock)
    taken(limit, "81.2.3.4", 10 * BURST)
    batch = Load(500, 100_000)
    found = [limit.refused("81.2.3.4", batch, b"Bearer one") for _ in range(100)]
    assert found.count(None) == KEY_SHARE * BURST // 500
    assert found[-1] == "key"
    assert limit.refused("81.2.3.4", batch, b"Bearer two") is None
    assert limit.refused("81.2.3.4", ONE) == "address"


@pytest.mark.parametrize("many", [50_000, pytest.param(500_000, marks=pytest.mark.torture)])
def test_very_many_addresses_take_bounded_room_and_spare_nobody_who_floods(clock, many):
    """A provider's /32 has 65,536 networks of 65,536 addresses."""
    limit = RateLimit(RATE, clock)
    taken(limit, "81.2.3.4", 10 * BURST)
    tracemalloc.start()
    for number in range(many):
        limit.refused(f"2a01:4f8:{number >> 4:x}:{number & 15:x}::1", ONE)
        if number % (MOST // 2) == 0:
            clock.now += SECOND // RATE
            assert taken(limit, "81.2.3.4", 10) <= 1
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(len(bucket._full_at) + len(bucket._before) for bucket in limit._buckets) <= 4 * (MOST + 1)
    assert held < 16_000_000, f"{held:,} bytes"


def test_who_is_forgotten_was_long_unseen(clock):
    buckets = Buckets(RATE, most=10)
    for number in range(100):
        assert buckets.takes(b"always", 1, clock.now)
        assert buckets.takes(b"%d" % number, 1, clock.now)
    assert not buckets.takes(b"always", 1, clock.now)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("limited") / "data"
    for site in (SITE, OTHER):
        footfall("site", "add", site, "--public", data=data)
    running = Server(data, "--trusted-proxy", "127.0.0.1", "--rate-limit", str(RATE))
    yield running
    assert "Traceback" not in running.log
    assert running.stop() == 0


def sent(server: Server, address: str, count: int, path: str = "/v1/track", **more: Any) -> Counter[int]:
    """The answers to so many hits from an address."""
    headers = {"x-forwarded-for": address, **more.pop("headers", {})}
    found: Counter[int] = Counter()
    for number in range(count):
        body = {"url": f"https://{SITE}/{number}", **more}
        answer = server.client.post(path, json=body, headers=headers)
        found[answer.status_code] += 1
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "Retry-After" in answer.headers["access-control-expose-headers"]
    return found


def refused(server: Server) -> dict[str, float]:
    pattern = r'footfall_refused_total\{limit="(\w+)"\} ([0-9.e+]+)'
    found = re.findall(pattern, server.client.get("/metrics").text)
    return {limit: float(count) for limit, count in found}


@pytest.mark.slow
def test_a_flood_is_refused_and_shown_and_others_are_not(server: Server) -> None:
    found = sent(server, "81.2.3.4", 3 * BURST)
    assert found.keys() == {202, 429} and found[202] >= BURST
    assert sent(server, "81.2.3.5", BURST) == {202: BURST}
    wait_until(lambda: refused(server).get("hits_of_address", 0) >= found[429])
    assert refused(server)["hits_of_address"] == found[429]
    assert server.wait_for_total(SITE, found[202] + BURST) == found[202] + BURST


@pytest.mark.slow
def test_pixels_are_hits_too(server: Server) -> None:
    headers = {"x-forwarded-for": "81.2.3.9"}
    asked = {"u": f"https://{SITE}/", "w": OTHER}
    found = [server.client.get("/v1/track.gif", params=asked, headers=headers).status_code for _ in range(2 * BURST)]
    assert set(found) == {200, 429} and found.count(200) >= BURST


@pytest.mark.slow
def test_who_shows_a_wrong_key_is_limited_by_his_address(server: Server) -> None:
    wrong = {"authorization": "Bearer nothing"}
    assert sent(server, "81.2.3.6", 2 * BURST, headers=wrong).keys() == {401, 429}
    assert sent(server, "81.2.3.7", 1, "/v1/batch", headers=wrong) == {401: 1}


@pytest.mark.slow
def test_each_event_of_a_batch_counts(server: Server) -> None:
    added = footfall("key", "add", "--site", OTHER, "--scope", "events:write", data=server.data)
    key = added.splitlines()[-1]
    events = [{"url": f"https://{OTHER}/", "ip": "81.2.3.4"}] * 500
    headers = {"authorization": f"Bearer {key}", "x-forwarded-for": "81.2.3.8"}
    wait_until(lambda: server.client.post("/v1/batch", json=[], headers=headers).status_code == 202)
    found: Counter[int] = Counter()
    while 429 not in found:
        answer = server.client.post("/v1/batch", json=events, headers=headers)
        found[answer.status_code] += 1
        assert sum(found.values()) < 100
    assert found[202] >= KEY_SHARE * BURST // 500 - 1
    assert int(answer.headers["retry-after"]) > 0
    assert sent(server, "81.2.3.8", 1) == {202: 1}
    wait_until(lambda: refused(server).get("hits_of_key") == 1)


@pytest.mark.slow
def test_what_meets_other_limits_is_shown_too(server: Server) -> None:
    before = refused(server).get("target", 0)
    assert server.client.get("/" + "x" * 9_000).status_code == 414
    wait_until(lambda: refused(server).get("target", 0) == before + 1)
