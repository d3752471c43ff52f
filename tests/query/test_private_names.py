"""Nobody learns whether a private site exists: it is answered as one that does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from footfall.query.openapi import CALLS
from footfall.registry.port import Scope
from tests.query.test_http import Server as Api
from tests.query.test_http import server
from tests.server import Server, footfall

__all__ = ["server"]

NAMES = ("coast", "nobody")
"""A private site, and one that does not exist, whose names are equally long where they are told."""

PLAUSIBLE = (
    "/api/v2/query",
    "/api/v1/stats/realtime/visitors",
    "/api/v1/stats/aggregate",
    "/api/v1/stats/timeseries",
    "/api/v1/stats/breakdown",
)
BODIES: dict[str, dict[str, Any]] = {
    "/api/v2/query": {"metrics": ["visitors"], "date_range": "7d"},
    "/api/sites/{site_id}/goals": {"page": "/b"},
    "/api/sites/{site_id}": {"id": "other-name"},
    "/api/sites/{site_id}/erase": {"date_range": "all"},
    "/api/sites/{site_id}/merge": {"into": "berlin", "into_key": "ff_x"},
}
NAMED = [call for call in CALLS if call != ("get", "/api/sites")]
IDS = [f"{method.upper()} {path}" for method, path in NAMED]
WRITING = {
    **dict.fromkeys([("post", "/api/sites/{site_id}/goals"), ("delete", "/api/sites/{site_id}/goals")], Scope.SITES_WRITE),
    **{(method, path): Scope.SITES_ERASE for method, path in NAMED if "/sites/" in path and "goals" not in path},
}


def target(path: str, name: str) -> str:
    """The address of a call about a site."""
    filled = path.replace("{site_id}", name).replace("{number}", "1")
    if "{" in path:
        return f"{filled}?name=x" if path.endswith("goals") else filled
    if path == "/api/v2/query":
        return filled
    if path.startswith("/api"):
        return f"{filled}?site_id={name}" + ("&property=event:page" if path.endswith("breakdown") else "")
    return f"{filled}?website={name}&date=YEAR:2026"


def body(method: str, path: str, name: str) -> Any:
    """What goes with it."""
    if method not in ("post", "patch"):
        return None
    return BODIES[path] | ({"site_id": name} if path == "/api/v2/query" else {})


def told(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """All that an answer tells but the time of day."""
    return answer.status_code, {**answer.headers, "date": ""}, answer.content


@pytest.mark.parametrize(("method", "path"), NAMED, ids=IDS)
@pytest.mark.parametrize("shown", ["no key", "a wrong key", "no bearer", "too small a scope", "another site's key"])
def test_a_private_site_is_answered_as_none(server: Api, method: str, path: str, shown: str) -> None:
    scope = WRITING.get((method, path), Scope.STATS_READ)
    small = Scope.EVENTS_WRITE
    key = {
        "no key": None,
        "a wrong key": "Bearer ff_nobody",
        "no bearer": f"Basic {server.keys['coast', scope]}",
        "too small a scope": f"Bearer {server.keys['berlin', small]}",
        "another site's key": f"Bearer {server.keys['berlin', scope]}",
    }[shown]
    headers = {"Authorization": key} if key else {}
    answers = [told(server.client.request(method, target(path, name), json=body(method, path, name), headers=headers)) for name in NAMES]
    assert answers[0] == answers[1]
    known = shown == "another site's key" and path not in PLAUSIBLE
    assert answers[0][0] == (404 if known else 401)


def test_the_second_site_of_a_merger_is_as_unknown(server: Api) -> None:
    own = {"Authorization": f"Bearer {server.keys['berlin', Scope.SITES_ERASE]}"}
    for key, status in (("ff_nobody", 401), (server.keys["berlin", Scope.SITES_ERASE], 404)):
        answers = [told(server.client.post("/api/sites/berlin/merge", json={"into": name, "into_key": key}, headers=own)) for name in NAMES]
        assert answers[0] == answers[1]
        assert answers[0][0] == status


@pytest.mark.parametrize("name", ["", " ", "coast ", "COAST", "coast.example", "WWW.coast.example", "..", "a" * 300, "é", "\x00", "*"])
def test_no_spelling_of_a_name_tells_more(server: Api, name: str) -> None:
    query = body("post", "/api/v2/query", "nobody")
    unknown = told(server.client.post("/api/v2/query", json=query))
    assert told(server.client.post("/api/v2/query", json=query | {"site_id": name})) == unknown


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data: Path = tmp_path_factory.mktemp("private")
    footfall("site", "add", "coast.example", "--id", "coast", data=data)
    found = Server(data)
    found.wait_until_ready()
    yield found
    found.stop()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
def test_every_method_of_every_path_says_the_same_through_the_gateway(running: Server, method: str) -> None:
    for path in sorted({path for _, path in NAMED}):
        for headers in ({}, {"authorization": "Bearer ff_x"}, {"origin": "https://a.example", "access-control-request-method": "POST"}):
            answers = [told(running.client.request(method, target(path, name), headers=headers)) for name in NAMES]
            assert answers[0] == answers[1], path


@pytest.mark.slow
def test_the_page_of_a_site_is_the_same_for_all(running: Server) -> None:
    pages = [running.client.get("/", params={"site": name}) for name in NAMES]
    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].content == pages[1].content
