"""No address and no user agent at rest; no salt after its time."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from footfall import compose
from footfall.domain.event import DAY_US
from footfall.settings import read
from tests.server import Server, footfall

SITE = "example"
ADDRESSES = ["203.0.113.201", "198.51.100.187", "2001:db8:5af3:91c2:1234:5678:9abc:def1", "81.187.93.211"]
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Quokka/77.31"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html) Wombat/5.5"


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def traces(folder: Path) -> list[tuple[str, bytes]]:
    """Where an address (as text, packed, or the /64 it lies in) or an agent stands."""
    wanted = [AGENT.encode(), b"Quokka", b"Wombat", b"81.187.", b"2001:db8"]
    for text in ADDRESSES:
        packed = ip_address(text).packed
        wanted += [text.encode(), packed, packed[:8], socket.inet_pton(socket.AF_INET6, text) if ":" in text else packed[::-1]]
    return [(path.name, needle) for path, content in files(folder) for needle in wanted if needle in content]


@pytest.mark.slow
def test_neither_address_nor_agent_is_found_in_any_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    footfall("site", "add", "example.com", "--id", SITE, "--public", "--exclude-address", "198.51.100.0/24", data=data)
    server = Server(data, "--trusted-proxy", "127.0.0.1", "--log-level", "debug")
    try:
        for turn in range(50):
            for address in ADDRESSES:
                body = {"url": f"https://example.com/{turn}", "website": SITE, "name": "x"}
                server.client.post("/v1/track", json=body, headers={"x-forwarded-for": address, "user-agent": ROBOT if turn % 10 == 9 else AGENT})
            assert not traces(data)
        server.client.post("/v1/track", content=b"{broken", headers={"x-forwarded-for": ADDRESSES[0], "user-agent": AGENT})
        server.client.get("/api/sites", headers={"x-forwarded-for": ADDRESSES[0], "user-agent": AGENT})
        assert server.wait_for_total(SITE, 45 * 3) == 45 * 3
        assert server.query(SITE, ["visitors"])[0]["metrics"] == [3]
        assert not traces(data)
        assert not any(word in server.client.get("/metrics").text for word in (*ADDRESSES, "Quokka"))
        assert not any(word in server.log for word in (*ADDRESSES, "Quokka", "Wombat"))
        server.kill("gateway")
        server.kill("engine")
        server.wait_until_ready()
        assert not traces(data)
    finally:
        server.stop()
    assert not traces(data)


@pytest.mark.slow
def test_a_salt_is_found_nowhere_once_its_time_is_over(tmp_path: Path) -> None:
    data = tmp_path / "data"
    footfall("site", "add", "example.com", "--id", SITE, "--public", data=data)
    server = Server(data)
    server.client.post("/v1/track", json={"url": "https://example.com/", "website": SITE})
    server.wait_for_total(SITE, 1)
    server.stop()
    settings = read({"data": str(data)}, {})
    salts = compose.open_salts(settings)
    secrets = [salt.secret for salt in salts.all()]
    salts.close()
    assert secrets and any(secrets[0] in content for _, content in files(data))
    later = compose.now() + 5 * DAY_US
    engine = compose.engine(settings, now=lambda: later)
    worker, facts = engine.worker, engine.facts
    alive = worker.tidy(None, worker.stream.read(1))
    assert alive == frozenset()
    worker.tidy(alive, worker.stream.read(1))
    assert facts.rows("SELECT settled FROM days") == [(True,)]
    found = [path.name for path, content in files(data) for secret in secrets if secret in content]
    facts.close()
    engine.rollups.close()
    worker.stream.close()
    worker.salts.close()
    assert not found
