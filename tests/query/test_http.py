"""What the reading API does around its answers: versions, limits, who may ask and change what."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from footfall.domain.site import Site
from footfall.query.access import Access
from footfall.query.answer import Answers
from footfall.query.http import ROUTES, application
from footfall.query.original import Original
from footfall.registry.key import mint
from footfall.registry.port import Refused, Scope
from footfall.registry.sqlite import SqliteRegistry
from footfall.store.duckdb import DuckdbFacts
from tests.store.relations import empty
from tests.traffic import SITE, Act, apply, at, made

NOON = at("2026-06-10 12:00")
QUERY: dict[str, Any] = {"site_id": "berlin", "metrics": ["pageviews"], "date_range": "7d"}


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

    def call(self, method: str, path: str, body: Any = None, site: str = "", scope: Scope = Scope.STATS_READ, **headers: Any) -> Any:
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


@pytest.mark.parametrize("body", [{"event": "E"}, {"event": "a", "props": {"": "x"}}, {"event": "a", "props": {"k": "v" * 2001}}, {"page": "a"}], ids=str)
def test_what_is_wrong_with_a_goal_is_said_once(server: Server, body: Any) -> None:
    server.call("POST", "/api/sites/berlin/goals", {"event": "E"}, "berlin", Scope.SITES_WRITE)
    answer = server.call("POST", "/api/sites/berlin/goals", body, "berlin", Scope.SITES_WRITE)
    server.call("DELETE", "/api/sites/berlin/goals?name=E", None, "berlin", Scope.SITES_WRITE)
    assert answer.status_code == 400 and answer.json()["error"].startswith(("there are two goals 'E'", "props", "goal 'Visit a' needs")), answer.text


def test_goals_added_at_once_are_all_there(server: Server) -> None:
    """By one process, while another changes the site too."""

    def add(number: int) -> int:
        status: int = server.call("POST", "/api/sites/berlin/goals", {"event": f"Event {number}"}, "berlin", Scope.SITES_WRITE).status_code
        return status

    with ThreadPoolExecutor(40) as threads:
        assert set(threads.map(add, range(40))) == {201}
    names = [goal["name"] for goal in server.call("GET", "/api/sites/berlin/goals").json()["goals"]]
    for name in names:
        server.call("DELETE", f"/api/sites/berlin/goals?name={name}", None, "berlin", Scope.SITES_WRITE)
    assert sorted(names) == sorted(f"Event {number}" for number in range(40))


def test_a_change_is_made_again_of_what_another_process_left(tmp_path: Path) -> None:
    ours, theirs = (SqliteRegistry(str(tmp_path / "registry.db")) for _ in range(2))
    ours.put_site(Site("berlin", ("berlin.example",)), new=True)
    token, key = mint("berlin", (Scope.SITES_WRITE,), NOON)
    ours.put_key(key)
    access, seen = Access(ours, lambda: NOON), list[Site]()

    def changed(site: Site) -> Site:
        seen.append(site)
        if len(seen) < 4:
            theirs.put_site(replace(site, aliases=(*site.aliases, f"alias {len(seen)}")), new=False)
        return replace(site, public=True)

    assert access.change("berlin", f"Bearer {token}", changed) == Site("berlin", ("berlin.example",), aliases=("alias 1", "alias 2", "alias 3"), public=True)
    with pytest.raises(Refused, match="not a domain"):
        access.change("berlin", f"Bearer {token}", lambda site: replace(site, domains=("no domain",)))
    ours.close()
    theirs.close()


BODIES = ("/api/v2/query", "/api/sites/berlin/goals")


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(b"", "the body must be a JSON object such as", id="nothing"),
        pytest.param(b" \n", "the body must be a JSON object such as", id="blank"),
        pytest.param(b"[]", "the body must be a JSON object such as", id="a list"),
        pytest.param(b"null", "the body must be a JSON object such as", id="null"),
        pytest.param(b'{"site_id": ', "the body must be a JSON object such as", id="cut short"),
        pytest.param(b"\xff\xfe", "the body must be", id="no text"),
        pytest.param(b'{"site_id": "\xff", "event": "\xc3("}', "the body must be JSON in UTF-8", id="no UTF-8"),
        pytest.param(b'{"name": "\xed\xa0\x80"}', "the body must be JSON in UTF-8", id="half a pair in UTF-8"),
        pytest.param(rb'{"site_id": "\ud800"}', "site_id holds half of a surrogate pair", id="half a pair"),
        pytest.param(rb'{"name": "a\udc00b"}', "name holds half of a surrogate pair", id="the other half"),
        pytest.param(rb'{"filters": [["is", "event:page", ["/", "\uD83D\u0041"]]]}', "filters[0][2][1] holds half of a surrogate pair", id="deep inside"),
        pytest.param(rb'{"props": {"\ud800": "a"}}', "props holds half of a surrogate pair", id="a name inside"),
        pytest.param(rb'{"\udfff": 1}', "the body holds half of a surrogate pair", id="a name"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="nested"),
        pytest.param(b'{"a":' * 100_000 + rb'"\ud800"', "nested too deeply", id="nested with half a pair"),
    ],
)
def test_a_body_that_is_none_is_refused(server: Server, path: str, body: bytes, says: str) -> None:
    key = server.keys["berlin", Scope.SITES_WRITE]
    answer = server.client.post(path, content=body, headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    assert answer.status_code == 400 and says in answer.json()["error"], answer.text


def test_both_halves_are_a_character(server: Server) -> None:
    key = server.keys["berlin", Scope.SITES_WRITE]
    answer = server.client.post("/api/sites/berlin/goals", content=rb'{"event": "\ud83d\ude00"}', headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["name"]) == (201, "\U0001f600")
    assert server.call("DELETE", "/api/sites/berlin/goals?name=%F0%9F%98%80", None, "berlin", Scope.SITES_WRITE).status_code == 204


CALLS = [
    f"/api/v1/stats/{call}?site_id=berlin&{rest}"
    for call, rest in (("aggregate", "metrics=pageviews"), ("timeseries", "period=7d&metrics=pageviews"), ("breakdown", "property=event:page&metrics=pageviews"))
]
VIEWS = ["/v1/ranking?website=berlin&date=MONTH:2026-06", "/v1/series?website=berlin&date=MONTH:2026-06"]


@pytest.mark.parametrize(("path", "prefixes"), [*zip([*CALLS, *VIEWS], ("pq", "rt", "uv", "wx", "yz"), strict=True)])
def test_every_report_has_a_version(server: Server, path: str, prefixes: str) -> None:
    first = server.call("GET", path)
    tag, before = first.headers["etag"], first.json()
    again = server.call("GET", path, **{"If-None-Match": '"other", ' + tag})
    assert (first.status_code, again.status_code, again.content, again.headers["etag"]) == (200, 304, b"", tag)
    apply(server.facts, made([Act(NOON - 2, site="coast")], prefix=prefixes[0]))
    assert server.call("GET", path, **{"If-None-Match": tag}).status_code == 304, "another site's hit"
    apply(server.facts, made([Act(NOON - 2)], prefix=prefixes[1]))
    answer = server.call("GET", path, **{"If-None-Match": tag})
    assert (answer.status_code, answer.headers["etag"] != tag, answer.json() != before) == (200, True, True)


@pytest.mark.parametrize("path", [*CALLS, *VIEWS, "/api/v1/stats/dropped?site_id=berlin", "/api/v1/stats/realtime/visitors?site_id=berlin"])
def test_a_parameter_given_twice_is_refused(server: Server, path: str) -> None:
    for again in ("filters=a&filters=b", path.partition("?")[2].partition("&")[0]):
        answer = server.call("GET", f"{path}&{again}")
        assert answer.status_code == 400 and answer.json()["error"].startswith(f"{again.partition('=')[0]} is given more than once"), answer.text


def test_other_origins_may_read_what_comes_beside_an_answer(server: Server) -> None:
    shown = server.call("GET", CALLS[0], Origin="https://elsewhere.example").headers["access-control-expose-headers"]
    assert {name.strip() for name in shown.split(",")} == {"ETag", "Location", "Retry-After", "X-Footfall-Left-Out"}


def test_dropped_names_only_the_periods_that_it_takes(server: Server) -> None:
    for period in ("x", "2026-01-01", ""):
        answer = server.call("GET", f"/api/v1/stats/dropped?site_id=berlin&period={period}")
        assert answer.status_code == 400 and answer.json()["error"].startswith("period must be one of realtime, day,") and "two" not in answer.json()["error"]
    assert server.call("GET", "/api/v1/stats/dropped?site_id=berlin&period=7d").json() == {"results": []}


def test_no_route_serves_a_page_or_names_another_host(server: Server) -> None:
    """Not even the framework's own, which would fetch scripts from elsewhere."""
    routes = [route for route in server.client.app.routes if isinstance(route, HTTPRoute)]
    assert {route.path for route in routes} == {route for handler in ROUTES for route in handler.paths}
    for route in routes:
        answer = server.client.get(re.sub(r"\{[^}]*\}", "berlin", route.path))
        assert "html" not in answer.headers.get("content-type", ""), route.path
        assert not re.search(rb"<html|<script|https?://(?!berlin|example[.])", answer.content, re.IGNORECASE), route.path
    for path in ("", "/", "/redoc", "/swagger", "/elements", "/rapidoc", "/openapi.json", "/openapi.yaml", "/openapi.yml", "/oauth2-redirect.html", "/x"):
        assert server.client.get(f"/api/schema{path}").status_code == 404, path


@pytest.mark.parametrize(("site", "scope"), [("", Scope.STATS_READ), ("berlin", Scope.STATS_READ), ("berlin", Scope.EVENTS_WRITE), ("coast", Scope.STATS_READ)])
def test_changing_goals_takes_the_site_s_own_key(server: Server, site: str, scope: Scope) -> None:
    for method, path, body in (("POST", "/api/sites/berlin/goals", {"page": "/b"}), ("DELETE", "/api/sites/berlin/goals?name=x", None)):
        answer = server.call(method, path, body, site, scope)
        assert answer.status_code == 401 and "sites:write" in answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    ["/api/v1/stats/aggregate?site_id=coast", "/api/v1/stats/timeseries?site_id=coast", "/api/v1/stats/breakdown?site_id=coast&property=event:page"],
)
def test_a_private_site_shows_nothing_to_strangers(server: Server, path: str) -> None:
    assert server.call("GET", path).status_code == 401
    assert server.call("GET", path, site="berlin").status_code == 401
    assert server.call("GET", path, site="coast").status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        pytest.param("&".join(f"p{number}=1" for number in range(50)), 200, "", id="as many parameters as may be"),
        pytest.param("&".join(f"p{number}=1" for number in range(51)), 400, "50 parameters at most", id="one more"),
        pytest.param("a=" + "b" * 8_192, 414, "8,192 bytes at most", id="too long"),
    ],
)
def test_a_target_that_is_too_much_is_refused_without_a_gateway_too(server: Server, query: str, status: int, says: str) -> None:
    answer = server.call("GET", f"/api/sites?{query}")
    assert answer.status_code == status
    assert says in answer.text


def test_an_order_that_names_something_again_orders_by_the_first(server: Server) -> None:
    first, again = ["event:page", "asc"], ["event:page", "desc"]
    query = QUERY | {"dimensions": ["event:page"]}
    once = server.call("POST", "/api/v2/query", query | {"order_by": [first]}).json()["results"]
    often = server.call("POST", "/api/v2/query", query | {"order_by": [first, *[again] * 20_000]})
    assert (often.status_code, often.json()["results"]) == (200, once)
