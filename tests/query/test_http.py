"""What the reading API does around its answers: versions, limits, who may ask and change what."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest
from litestar.testing import TestClient

from footfall.domain.site import Site
from footfall.query.access import Access
from footfall.query.answer import Answers
from footfall.query.http import application
from footfall.query.limit import GoneAway, Limit
from footfall.query.original import Original
from footfall.query.rollup import TooCostly
from footfall.registry.key import mint
from footfall.registry.port import Scope
from footfall.registry.sqlite import SqliteRegistry
from footfall.store.duckdb import DuckdbFacts
from tests.store.relations import empty
from tests.traffic import SITE, Act, apply, at, made

NOON = at("2026-06-10 12:00")
QUERY: dict[str, Any] = {"site_id": "berlin", "metrics": ["pageviews"], "date_range": "7d"}
SLOW = "SELECT count(*) FROM range(100000) a, range(100000) b WHERE (a.range * b.range) % 7 = 3"


class Server:
    """The API over a registry with two sites: one open to all, one not."""

    def __init__(self) -> None:
        self.facts: DuckdbFacts = empty()
        self.now = NOON
        registry = SqliteRegistry(":memory:")
        registry.put_site(Site("berlin", SITE["berlin"].domains, zones=SITE["berlin"].zones, public=True), new=True)
        registry.put_site(Site("coast", SITE["coast"].domains), new=True)
        self.keys = {}
        for site in ("berlin", "coast"):
            for scope in Scope:
                self.keys[site, scope], key = mint(site, (scope,), NOON)
                registry.put_key(key)
        apply(self.facts, made([Act(NOON - 60_000_000), Act(NOON, page="/a"), Act(NOON, "bob", site="coast")]))
        self.client = TestClient(application(Access(registry, lambda: self.now), Answers(self.facts, lambda: self.now), Original(self.facts)))

    def call(self, method: str, path: str, body: Any = None, site: str = "", scope: Scope = Scope.STATS_READ, **headers: str) -> Any:
        if site:
            headers["Authorization"] = f"Bearer {self.keys[site, scope]}"
        return self.client.request(method, path, json=body, headers=headers)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server()
    with found.client:
        yield found
    found.facts.close()


def test_an_answer_has_a_version_and_is_not_sent_again_while_it_holds(server: Server) -> None:
    first = server.call("POST", "/api/v2/query", QUERY)
    tag = first.headers["etag"]
    again = server.call("POST", "/api/v2/query", QUERY, **{"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for other in ({"metrics": ["visits"]}, {"date_range": "day"}, {"filters": [["is", "event:page", ["/"]]]}, {"pagination": {"limit": 1}}):
        answer = server.call("POST", "/api/v2/query", QUERY | other, **{"If-None-Match": tag})
        assert answer.status_code == 200 and answer.headers["etag"] != tag
    apply(server.facts, made([Act(NOON - 1, site="coast")], prefix="o"))
    assert server.call("POST", "/api/v2/query", QUERY, **{"If-None-Match": tag}).status_code == 304, "another site's hit"
    apply(server.facts, made([Act(NOON - 86_400_000_000 * 30)], prefix="e"))
    assert server.call("POST", "/api/v2/query", QUERY, **{"If-None-Match": tag}).status_code == 304, "a hit outside the period"
    apply(server.facts, made([Act(NOON - 1)], prefix="m"))
    answer = server.call("POST", "/api/v2/query", QUERY, **{"If-None-Match": tag})
    assert answer.status_code == 200 and answer.json()["results"][0]["metrics"] == [first.json()["results"][0]["metrics"][0] + 1]


def test_a_new_day_has_a_new_version(server: Server) -> None:
    tag = server.call("POST", "/api/v2/query", QUERY).headers["etag"]
    server.now += 86_400_000_000
    assert server.call("POST", "/api/v2/query", QUERY, **{"If-None-Match": tag}).status_code == 200
    server.now = NOON


def test_goals_are_added_used_and_removed(server: Server) -> None:
    goals, write = "/api/sites/berlin/goals", Scope.SITES_WRITE
    made_ = server.call("POST", goals, {"page": "/a*"}, "berlin", write)
    assert (made_.status_code, made_.json()) == (201, {"name": "Visit /a*", "page": "/a*", "event": None, "props": {}, "currency": None})
    assert server.call("POST", goals, {"event": "Buy", "props": {"plan": "pro"}, "currency": "EUR", "name": "Pro"}, "berlin", write).status_code == 201
    assert [goal["name"] for goal in server.call("GET", goals).json()["goals"]] == ["Visit /a*", "Pro"]
    asked = QUERY | {"metrics": ["visitors", "conversion_rate"], "dimensions": ["event:goal"]}
    assert server.call("POST", "/api/v2/query", asked).json()["results"] == [{"dimensions": ["Visit /a*"], "metrics": [1, 100.0]}]
    assert server.call("DELETE", f"{goals}?name=Visit%20/a*", None, "berlin", write).status_code == 204
    assert server.call("DELETE", f"{goals}?name=Pro", None, "berlin", write).status_code == 204
    assert server.call("GET", goals).json() == {"goals": []}
    assert server.call("POST", "/api/v2/query", asked).json()["results"] == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param({}, "needs either a page or an event", id="nothing"),
        pytest.param({"page": "/a", "event": "b"}, "needs either a page or an event", id="both"),
        pytest.param({"page": "a"}, "needs a page such as", id="no path"),
        pytest.param({"page": "/a", "currency": "EUR"}, "properties and currency go with an event", id="a page with currency"),
        pytest.param({"event": "a", "currency": "euro"}, "three letters", id="no currency"),
        pytest.param({"event": "a", "props": {"k": 1}}, "props", id="a number as property"),
        pytest.param({"event": "a", "props": {str(n): "x" for n in range(4)}}, "3 properties", id="too many properties"),
        pytest.param({"event": "x" * 121}, "120", id="too long"),
        pytest.param({"event": "a", "colour": "red"}, "colour", id="an unknown field"),
        pytest.param([], "", id="no object"),
    ],
)
def test_a_wrong_goal_changes_nothing(server: Server, body: Any, says: str) -> None:
    answer = server.call("POST", "/api/sites/berlin/goals", body, "berlin", Scope.SITES_WRITE)
    assert answer.status_code == 400 and says in answer.json()["error"], answer.text
    assert server.call("GET", "/api/sites/berlin/goals").json() == {"goals": []}


@pytest.mark.parametrize(("site", "scope"), [("", Scope.STATS_READ), ("berlin", Scope.STATS_READ), ("berlin", Scope.EVENTS_WRITE), ("coast", Scope.SITES_WRITE)])
def test_changing_goals_takes_the_site_s_own_key(server: Server, site: str, scope: Scope) -> None:
    for method, path, body in (("POST", "/api/sites/berlin/goals", {"page": "/b"}), ("DELETE", "/api/sites/berlin/goals?name=x", None)):
        answer = server.call(method, path, body, site, scope)
        assert answer.status_code == 401 and "sites:write" in answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    ["/api/sites/coast/goals", "/api/v1/stats/aggregate?site_id=coast", "/api/v1/stats/timeseries?site_id=coast", "/api/v1/stats/breakdown?site_id=coast&property=event:page"],
)
def test_a_private_site_shows_nothing_to_strangers(server: Server, path: str) -> None:
    assert server.call("GET", path).status_code == 401
    assert server.call("GET", path, site="berlin").status_code == 401
    assert server.call("GET", path, site="coast").status_code == 200


@contextmanager
def looking(server: Server, limit: Limit) -> Iterator[Any]:
    with server.facts.reading() as reading, limit.over(reading):
        yield reading


def test_what_nobody_waits_for_ends(server: Server) -> None:
    limit = Limit()
    threading.Timer(0.2, limit.give_up).start()
    started = monotonic()
    with pytest.raises(GoneAway), looking(server, limit) as reading:
        reading.rows(SLOW)
    assert monotonic() - started < 5
    with pytest.raises(GoneAway), looking(server, limit) as reading:
        reading.rows("SELECT 1")


def test_what_takes_too_much_memory_ends_and_says_so() -> None:
    facts = DuckdbFacts(":memory:", "32MB")
    with pytest.raises(TooCostly, match="more memory than reports may use"), facts.reading() as reading, Limit().over(reading):
        reading.rows("SELECT length(string_agg(md5(CAST(range AS VARCHAR)), '')) FROM range(5000000)")
    assert facts.rows("SELECT 1") == [(1,)]
    facts.close()


class Slow(Answers):
    """Every report runs a statement that would take hours; `ended` tells how each ended and after how long."""

    def __init__(self, facts: DuckdbFacts) -> None:
        super().__init__(facts, lambda: NOON)
        self.facts, self.started = facts, threading.Event()
        self.ended: list[tuple[type[BaseException], float]] = []

    @contextmanager
    def asked(self, site: Site, query: Any, limit: Limit | None = None) -> Iterator[Any]:
        assert limit
        with self.facts.reading() as reading:
            started = monotonic()
            self.started.set()
            try:
                with limit.over(reading):
                    yield reading.rows(SLOW)
            except (GoneAway, TooCostly) as exc:
                self.ended.append((type(exc), monotonic() - started))
                raise


def api_of(slow: Slow, **limits: float) -> Any:
    registry = SqliteRegistry(":memory:")
    registry.put_site(Site("berlin", ("berlin.example",), public=True), new=True)
    return application(Access(registry, lambda: NOON), slow, Original(slow.facts), **limits)


def test_what_takes_too_long_ends_and_says_so(server: Server) -> None:
    slow = Slow(server.facts)
    with TestClient(api_of(slow, seconds=0.2)) as client:
        answer = client.post("/api/v2/query", json=QUERY)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("the report takes more than 0.2 seconds; ask for a shorter period")
    assert [kind for kind, _ in slow.ended] == [TooCostly] and slow.ended[0][1] < 5
    assert server.call("POST", "/api/v2/query", QUERY).status_code == 200, "the store goes on"


def test_a_client_that_leaves_ends_its_question(server: Server) -> None:
    """Down to the store: the statement that was running stops."""
    slow = Slow(server.facts)
    api = api_of(slow)

    async def call() -> None:
        body = [{"type": "http.request", "body": b'{"site_id": "berlin", "metrics": ["visits"], "date_range": "7d"}', "more_body": False}]

        async def receive() -> Any:
            if body:
                return body.pop()
            while not slow.started.is_set():
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(_: Any) -> None: ...

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/api/v2/query", "raw_path": b"/api/v2/query", "root_path": "",
            "scheme": "http", "query_string": b"", "headers": [(b"content-type", b"application/json")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await api(scope, receive, send)

    asyncio.run(call())
    assert [kind for kind, _ in slow.ended] == [GoneAway] and slow.ended[0][1] < 5
