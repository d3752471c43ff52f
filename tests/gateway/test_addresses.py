"""Visitors behind a trusted proxy, however it writes their addresses; a server from its start to its doctor."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import wait_until
from tests.server import FOOTFALL, Server, footfall

pytestmark = pytest.mark.slow
SITE = "shop.test"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("addresses") / "data"
    footfall("site", "add", SITE, "--public", "--exclude-address", "88.198.2.0/24", data=folder)
    return folder


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Server]:
    running = Server(data, "--trusted-proxy", "127.0.0.1,10.0.0.0/8", "--rate-limit", "5")
    yield running
    assert "Traceback" not in running.log
    assert running.stop() == 0


def view(server: Server, page: str, *forwarded: str) -> tuple[int, str | None]:
    headers = [("x-forwarded-for", value) for value in forwarded]
    answer = server.client.post("/v1/track", json={"url": f"https://{SITE}{page}"}, headers=headers)
    return answer.status_code, answer.headers.get("x-footfall-dropped")


def people(server: Server, page: str) -> dict[str, tuple[int, int]]:
    """Return visitors and page views of a page by country."""
    asked = ["is", "event:page", [page]]
    rows = server.query(SITE, ["visitors", "pageviews"], dimensions=["visit:country"], filters=[asked])
    return {row["dimensions"][0]: tuple(row["metrics"]) for row in rows}


# what proxies write, and the visitors by country
SEEN = {
    "ports": ([f"88.198.1.{number}:{51_000 + number}" for number in range(20)], {"DE": (20, 20)}),
    "one with many ports": ([f"88.198.1.50:{number}" for number in range(4)], {"DE": (1, 4)}),
    "brackets": ([f"[2a01:4f8:0:{number}::1]:443" for number in (1, 2, 3)], {"DE": (3, 3)}),
    "hops with ports": ([f"88.198.1.{number}, 10.0.0.2:443" for number in (60, 61)], {"DE": (2, 2)}),
    "commas": (["88.198.1.70,", ", 88.198.1.71 ,", "88.198.1.72, ,"], {"DE": (3, 3)}),
    "quotes": (['"88.198.1.73"', '"[2a01:4f8:0:9::1]:1"'], {"DE": (2, 2)}),
    "private": (["172.17.0.1", "192.168.0.1", "::ffff:172.17.0.2"], {"(not set)": (3, 3)}),
    "carriers": (["100.64.0.1", "169.254.1.1"], {"(not set)": (2, 2)}),
    "unknown": (["unknown", "unknown", "_hidden"], {"(not set)": (1, 3)}),
}  # fmt: skip


@pytest.mark.parametrize(("forwarded", "wanted"), SEEN.values(), ids=SEEN)
def test_visitors_behind_a_proxy(server: Server, request: pytest.FixtureRequest, forwarded: list[str], wanted: dict[str, tuple[int, int]]) -> None:
    page = "/" + re.sub(r"\W+", "-", request.node.callspec.id)
    for value in forwarded:
        assert view(server, page, value) == (202, None)
    wait_until(lambda: people(server, page) == wanted)
    assert people(server, page) == wanted


def test_several_headers_are_one_list(server: Server) -> None:
    assert view(server, "/several", "81.2.69.160", "88.198.1.80:1", "10.0.0.3") == (202, None)
    wait_until(lambda: people(server, "/several") == {"DE": (1, 1)})


def test_exclusions_see_the_bare_address(server: Server) -> None:
    for value in ("88.198.2.9", "88.198.2.9:51000", "::ffff:88.198.2.9", "[::ffff:88.198.2.9]:1"):
        assert view(server, "/excluded", value) == (202, "excluded_address")


def test_the_limit_sees_the_bare_address(server: Server) -> None:
    statuses = [view(server, "/limit", f"88.198.1.90:{number}")[0] for number in range(160)]
    assert statuses.count(429) > 20


def doctor(data: Path, server: Server) -> str:
    port = server.url.rpartition(":")[2]
    command = [*FOOTFALL, "doctor", "--data", str(data), "--port", port]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def test_the_doctor_names_what_could_not_be_read(data: Path, server: Server) -> None:
    assert view(server, "/doctor", "unknown") == (202, None)
    wait_until(lambda: "address_unreadable" in doctor(data, server))
    assert "is your proxy trusted" not in doctor(data, server)


def test_the_doctor_asks_for_a_proxy_that_is_not_trusted(tmp_path: Path) -> None:
    footfall("site", "add", SITE, "--public", data=tmp_path / "data")
    server = Server(tmp_path / "data")
    try:
        for _ in range(60):
            view(server, "/")
        server.wait_for_total(SITE, 60)
        assert "is your proxy trusted" not in doctor(tmp_path / "data", server)  # somebody tries it
        for number in range(240):
            view(server, "/", f"88.198.1.{number}")
        wait_until(lambda: "is your proxy trusted" in doctor(tmp_path / "data", server))
    finally:
        server.stop()
