"""From a request to a number, door to door, through real processes."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from footfall.cli.child import counters_folder
from tests.patience import wait_for, wait_until
from tests.server import Server, footfall, free_port

pytestmark = pytest.mark.slow
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("spine") / "data"
    footfall("site", "add", "example.com", "--id", "public", "--public", "--exclude-page", "/admin*", data=data)
    footfall("site", "add", "secret.example", data=data)
    running = Server(data, "--trusted-proxy", "127.0.0.1", "--workers", "2")
    yield running
    running.stop()


def test_a_site_added_while_running_is_known_without_a_restart(server: Server) -> None:
    body = {"url": "https://new.example/"}
    assert server.client.post("/v1/track", json=body).headers["x-footfall-dropped"] == "unknown_site"
    footfall("site", "add", "new.example", "--public", data=server.data)
    wait_until(
        lambda: "x-footfall-dropped" not in server.client.post("/v1/track", json=body).headers,
    )


def test_an_acknowledged_hit_is_in_a_report_before_another_comes(server: Server) -> None:
    """How soon, the benchmarks measure: here the machine may be busy."""
    for number in range(5):
        page = f"/seen/{number}"
        hit = {"url": f"https://example.com{page}", "website": "public"}
        server.client.post("/v1/track", json=hit).raise_for_status()
        wait_until(partial(seen, server, page))


def seen(server: Server, page: str) -> bool:
    rows = server.query("public", ["pageviews"], dimensions=["event:page"])
    return [page] in [row["dimensions"] for row in rows]


def test_drops_are_counted_by_reason_and_shown_to_the_owner(server: Server) -> None:
    for page, agent in (("/", ROBOT), ("/", ROBOT), ("/admin/x", None)):
        headers = {"user-agent": agent} if agent else {}
        answer = server.client.post("/v1/track", json={"url": f"https://example.com{page}", "website": "public"}, headers=headers)
        assert answer.status_code == 202
        assert answer.headers["x-footfall-dropped"] == ("bot" if agent else "excluded_page")
    wanted = [{"reason": "bot", "hits": 2}, {"reason": "excluded_page", "hits": 1}]
    assert wait_for(lambda: dropped(server), wanted) == wanted


def dropped(server: Server) -> list[dict[str, object]]:
    asked = {"site_id": "public"}
    answer = server.client.get("/api/v1/stats/dropped", params=asked)
    results: list[dict[str, object]] = answer.json()["results"]
    return results


def test_private_sites_need_a_key_of_their_own(server: Server) -> None:
    key = footfall("key", "add", "--site", "secret.example", "--scope", "stats:read", data=server.data).splitlines()[-1]
    write = footfall("key", "add", "--site", "secret.example", "--scope", "events:write", data=server.data).splitlines()[-1]
    query = {"site_id": "secret.example", "metrics": ["visitors"], "date_range": "day"}

    def status(**headers: str) -> int:
        return server.client.post("/api/v2/query", json=query, headers=headers).status_code

    assert status() == 401
    assert status(authorization="Bearer nonsense") == 401
    assert status(authorization=f"Bearer {write}") == 401
    assert status(authorization=f"Bearer {key}") == 200
    assert server.client.get("/v1/ranking", params={"website": "secret.example", "date": "YEAR:2026"}).status_code == 401
    assert server.client.get("/v1/ranking", params={"website": "public", "date": "YEAR:2026"}).status_code == 200
    assert server.client.post("/api/v2/query", json={**query, "site_id": "nowhere"}).status_code == 401
    listed = server.client.get("/api/sites").json()["sites"]
    assert "secret.example" not in [site["id"] for site in listed]
    footfall("key", "revoke", key, data=server.data)
    assert status(authorization=f"Bearer {key}") == 401


def test_the_original_snippets_work_across_origins(server: Server) -> None:
    preflight = server.client.options(
        "/v1/track", headers={"origin": "https://example.com", "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "content-type" in preflight.headers["access-control-allow-headers"]
    for body in ({"url": "https://example.com/one", "name": "One"}, {"date": 1503668000123, "name": "Two", "url": "https://example.com/two", "website": "public"}):
        answer = server.client.post("/v1/track", json=body, headers={"origin": "https://example.com"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (202, "*")
    server.wait_until_counted()
    year = server.client.get("/v1/ranking", params={"website": "public", "date": "YEAR:2026"}).json()
    assert {"name": "Two", "url": "https://example.com/two", "value": 1} in year
    assert all(set(row) == {"name", "url", "value"} for row in year)


def test_too_many_hits_from_one_address_are_answered_429(tmp_path: Path) -> None:
    footfall("site", "add", "example.com", data=tmp_path / "data")
    server = Server(tmp_path / "data", "--rate-limit", "1", "--trusted-proxy", "127.0.0.1")
    try:
        answers = [server.client.post("/v1/track", json={"url": "https://example.com/"}, headers={"x-forwarded-for": "81.2.3.4"}) for _ in range(30)]
        assert {answer.status_code for answer in answers} == {202, 429}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in answers if answer.status_code == 429)
        assert server.client.post("/v1/track", json={"url": "https://example.com/"}, headers={"x-forwarded-for": "81.2.3.5"}).status_code == 202
    finally:
        server.stop()


def test_a_stream_at_its_limit_answers_503_and_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    footfall("site", "add", "example.com", "--public", data=data)
    gateway = Server(data, "--stream-limit", "100KB", command="gateway", port=free_port())
    gateway.wait_until_ready("/readyz")
    statuses: list[int] = []
    while 503 not in statuses and len(statuses) < 5_000:
        answer = gateway.client.post("/v1/track", json={"url": f"https://example.com/{len(statuses)}"})
        statuses.append(answer.status_code)
    assert int(answer.headers["retry-after"]) > 0
    assert gateway.client.get("/livez").status_code == 200
    gateway.stop()
    server = Server(data)
    try:
        assert server.wait_for_total("example.com", statuses.count(202)) == statuses.count(202) > 50
        assert server.client.post("/v1/track", json={"url": "https://example.com/again"}).status_code == 202
    finally:
        server.stop()


def test_metrics_add_up_over_all_processes(server: Server) -> None:
    before = metrics(server)
    for number in range(20):
        server.client.post("/v1/track", json={"url": f"https://example.com/metrics/{number}", "website": "public"}).raise_for_status()
    server.wait_until_counted()
    wanted = before.get("footfall_events_total", 0) + 20
    wait_until(lambda: metrics(server).get("footfall_events_total", 0) >= wanted)
    after = metrics(server)
    assert after["footfall_hits_total"] - before.get("footfall_hits_total", 0) >= 20
    assert after["footfall_events_total"] - before.get("footfall_events_total", 0) == 20


def metrics(server: Server) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in server.client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def counters(server: Server) -> Path:
    shared = counters_folder(server.data)
    with suppress(OSError):
        shared.rmdir()  # made by asking for its name
    return shared.with_name(f"{shared.name}-{server.process.pid}")


def test_a_server_that_ends_leaves_the_next_one_s_counters_alone(tmp_path: Path) -> None:
    """Its engine holds the facts to the end, so that the next server's waits; meanwhile that one's gateways collect."""
    footfall("site", "add", "example.com", data=tmp_path / "data")
    first = Server(tmp_path / "data")
    second = Server(tmp_path / "data", port=free_port())
    try:
        second.wait_until_ready("/readyz", "/metrics")
        assert second.client.post("/v1/track", json={"url": "https://example.com/"}).status_code == 202
        first.stop()
        assert metrics(second)["footfall_hits_total"] == 1
        second.wait_until_ready()
        log, folder = second.log, counters(second)
    finally:
        first.stop()
        second.stop()
    assert "No such file" not in log and not folder.exists()


def test_counters_of_a_killed_server_are_removed_by_the_next(tmp_path: Path) -> None:
    killed = Server(tmp_path / "data")
    left = counters(killed)
    killed.process.kill()
    assert killed.stop() < 0
    assert left.exists()
    server = Server(tmp_path / "data")
    assert not left.exists()
    server.stop()


def test_counters_lie_in_one_folder_that_goes_with_the_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for _ in range(2):
        server = Server(data)
        folder = counters(server)
        assert list(folder.glob("*.db"))
        server.kill("gateway")
        server.wait_until_ready()
        assert server.stop() == 0
        assert not folder.exists()
