"""Clients of Plausible's Stats API by others get from a running server what they make their answers of.

Those in `tests/clients` are run as they are: plausible-mcp from PyPI, plausible and plausible-api from npm.
What others send is written down here: airbyte-source-plausible 0.1.14 (PyPI), from its source, since it
wants dozens of old packages and a Python before 3.12; and the newer API, which none of those speaks.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.agents import DEVICES
from tests.patience import SECONDS
from tests.server import Server, footfall

pytestmark = pytest.mark.slow
SITE = "example.com"
CLIENTS = Path(__file__).parents[1] / "clients"
WALKS: dict[str, list[dict[str, Any]]] = {  # by visitor
    DEVICES["desktop"]["Chrome on Windows"]: [
        {"url": f"https://{SITE}/", "referrer": "https://www.google.com/"},
        {"url": f"https://{SITE}/pricing"},
        {"url": f"https://{SITE}/pricing", "event": "Purchase", "props": {"plan": "pro"}, "revenue": {"currency": "EUR", "amount": "12.50"}},
    ],
    DEVICES["desktop"]["Firefox on Linux"]: [{"url": f"https://{SITE}/pricing?utm_source=letter", "name": "Prices"}],
    DEVICES["mobile"]["iPhone"]: [{"url": f"https://{SITE}/", "name": "Welcome"}],
}


class Api:
    """The server as a client of the site's owner sees it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        add = ("key", "add", "--site", SITE, "--scope", "stats:read", "--scope", "sites:write")
        self.headers = {"Authorization": f"Bearer {footfall(*add, data=server.data).splitlines()[-1]}", "Accept": "application/json"}

    def get(self, path: str) -> httpx.Response:
        return self.server.client.get(path, headers=self.headers)

    def results(self, call: str, query: str) -> Any:
        answer = self.get(f"/api/v1/stats/{call}?{query}")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "application/json"), answer.text
        return answer.json()["results"]

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.server.client.post(path, json=body, headers=self.headers)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    data = tmp_path_factory.mktemp("clients") / "data"
    footfall("site", "add", SITE, data=data)
    server = Server(data)
    api = Api(server)
    assert api.post(f"/api/sites/{SITE}/goals", {"event": "Purchase"}).status_code == 201
    for agent, walk in WALKS.items():
        for hit in walk:
            server.client.post("/v1/track", json=hit, headers={"user-agent": agent}).raise_for_status()
    server.client.headers.update(api.headers)
    assert server.wait_for_total(SITE, 5, "events") == 5
    yield api
    server.stop()


def today() -> str:
    return str(datetime.now(UTC).date())


class Clients:
    """Clients of others, against the server."""

    def __init__(self, api: Api, home: Path) -> None:
        self.host = api.server.url.removeprefix("http://")
        self.key = api.headers["Authorization"].removeprefix("Bearer ")
        # They are told not to report that they are used, and find no settings.
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "DO_NOT_TRACK": "1", "PLAUSIBLE_BASE_URL": api.server.url, "PLAUSIBLE_API_KEY": self.key}

    def mcp(self, tool: str, **arguments: Any) -> Any:
        """A tool of plausible-mcp, from PyPI."""
        said = self._said(str(CLIENTS / ".venv" / "bin" / "python"), str(CLIENTS / "client.py"), json.dumps([tool, {"site_id": SITE, **arguments}]))
        return json.loads(said) if said.startswith("{") else said

    def npm(self, name: str, site: str, method: str, *arguments: Any) -> Any:
        """A method of a client from npm."""
        return json.loads(self._said("node", str(CLIENTS / "client.cjs"), self.host, self.key, name, json.dumps([site, method, *arguments])))

    def _said(self, *command: str) -> str:
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=SECONDS, check=True).stdout.strip()


@pytest.fixture(scope="module")
def clients(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Clients:
    return Clients(api, tmp_path_factory.mktemp("home"))


BREAKDOWNS: list[tuple[str, list[dict[str, Any]]]] = [
    ("event:page", [{"page": "/", "visitors": 2}, {"page": "/pricing", "visitors": 2}]),
    ("visit:source", [{"source": "Direct / None", "visitors": 1}, {"source": "Google", "visitors": 1}, {"source": "letter", "visitors": 1}]),
    ("visit:browser", [{"browser": "Chrome", "visitors": 1}, {"browser": "Firefox", "visitors": 1}, {"browser": "Safari", "visitors": 1}]),
    ("visit:device", [{"device": "desktop", "visitors": 2}, {"device": "mobile", "visitors": 1}]),
    ("event:goal", [{"goal": "Purchase", "visitors": 1}]),
    ("event:props:plan", [{"plan": "(not set)", "visitors": 3}, {"plan": "pro", "visitors": 1}]),
]


def test_plausible_mcp_aggregate(clients: Clients) -> None:
    found = clients.mcp("get_aggregate_stats")["totals"]
    assert list(found) == ["visitors", "pageviews", "bounce_rate", "visit_duration"]
    assert (found["visitors"], found["pageviews"], found["bounce_rate"]) == (3, 4, 66.7)
    before = clients.mcp("get_aggregate_stats", date_range="2020-01-01")["totals"]
    assert before == {"visitors": 0, "pageviews": 0, "bounce_rate": None, "visit_duration": None}
    span = clients.mcp("get_aggregate_stats", date_range=f"2020-01-01,{today()}", metrics=["visits", "views_per_visit"])
    assert span["totals"] == {"visits": 3, "views_per_visit": 1.33}


@pytest.mark.parametrize(("name", "rows"), BREAKDOWNS)
def test_plausible_mcp_breakdown(clients: Clients, name: str, rows: list[dict[str, Any]]) -> None:
    assert clients.mcp("get_breakdown", property_name=name)["results"] == rows


def test_plausible_mcp_timeseries(clients: Clients) -> None:
    days = clients.mcp("get_timeseries")["timeseries"]
    assert [set(day) for day in days] == [{"date", "visitors"}] * 30
    assert [day["visitors"] for day in days[-2:]] in ([0, 3], [3, 0])  # midnight may have come
    months = clients.mcp("get_timeseries", date_range="12mo", interval="month")["timeseries"]
    assert (len(months), months[-1]["date"][7:]) == (12, "-01")


def test_plausible_mcp_realtime(clients: Clients) -> None:
    assert clients.mcp("get_realtime_visitors")["realtime_visitors"] == 3


def test_plausible_mcp_is_told_what_is_wrong(clients: Clients) -> None:
    assert "period must be one of day, 7d," in clients.mcp("get_aggregate_stats", date_range="fortnight")
    assert "Authentication failed (HTTP 401)" in clients.mcp("get_aggregate_stats", token="nonsense")
    assert "Authentication failed (HTTP 401)" in clients.mcp("get_realtime_visitors", site_id="elsewhere.example")


def test_plausible_from_npm(clients: Clients) -> None:
    def ask(method: str, *arguments: Any) -> Any:
        return clients.npm("plausible", SITE, method, *arguments)

    assert ask("getRealtime") == 3
    assert ask("getAggregate", "30d", "visitors") == {"value": 3}
    assert ask("getAggregate", "7d", "pageviews", True, "event:page==/pri*;visit:source==Google|letter") == {"value": 2, "change": 100}
    assert ask("getAggregate", "custom", "bounce_rate", False, None, f"2020-01-01,{today()}") == {"value": 66.7}
    days = ask("getTimeseries", "7d", "pageviews")
    assert (len(days), sum(day["pageviews"] for day in days)) == (7, 4)
    assert [set(hour) for hour in ask("getTimeseries", "day", "visitors", None, None, today())] == [{"date", "visitors"}] * 24
    assert ask("getTimeseries", "6mo", "visits", "visit:device==mobile", "month")[-1]["visits"] == 1
    for name, rows in BREAKDOWNS:
        assert ask("getBreakdown", "30d", "visitors", name) == rows
        assert ask("getBreakdown", "30d", "visitors", name, None, 1, 1) == rows[:1]
        assert ask("getBreakdown", "30d", "visitors", name, None, 1, 2) == rows[1:2]
    assert "metrics has no 'shoes'" in ask("getAggregate", "30d", "shoes")["error"]
    assert clients.npm("plausible", "elsewhere.example", "getRealtime")["error"].startswith("there is no such site")


def test_plausible_api_from_npm(clients: Clients) -> None:
    """It does not encode its parameters; and it reads answers as Plausible gave them before they had `results`, so that it finds none in those of today."""
    assert clients.npm("plausible-api", SITE, "getRealtimeVisitors", SITE) == 3
    for filters in ("", "event:page==/pricing", "visit:source==Google|letter", "visit:source==Direct / None", "event:goal==Purchase"):
        assert clients.npm("plausible-api", SITE, "aggregate", SITE, "6mo", ["visitors", "pageviews"], filters) == {}
        assert clients.npm("plausible-api", SITE, "getTimeseries", SITE, "6mo", filters, "month") == []
    assert clients.npm("plausible-api", SITE, "aggregate", SITE, "fortnight", ["visitors"])["error"].startswith("API Error: period must be one of")
    assert clients.npm("plausible-api", SITE, "getRealtimeVisitors", "elsewhere.example")["error"].startswith("API Error: there is no such site")


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        (f"site_id={SITE}&period=fortnight", 400, "period"),
        (f"site_id={SITE}&metrics=shoes", 400, "metrics"),
        ("site_id=elsewhere.example", 401, "no such site"),
        ("period=30d", 400, "site_id"),
    ],
)
def test_clients_are_told_what_is_wrong(api: Api, query: str, status: int, said: str) -> None:
    answer = api.get(f"/api/v1/stats/aggregate?{query}")
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert said in answer.json()["error"]


def test_clients_without_key_are_told_so(api: Api) -> None:
    for key in ("", "Bearer", "Bearer nonsense"):
        answer = api.server.client.get(f"/api/v1/stats/aggregate?site_id={SITE}", headers={"Authorization": key})
        assert (answer.status_code, list(answer.json())) == (401, ["error"])


def test_airbyte_reads_the_days_since_a_date(api: Api) -> None:
    asked = {"site_id": SITE, "period": "custom", "metrics": "visitors,pageviews,bounce_rate,visit_duration,visits", "date": f"2019-01-01,{today()}"}
    records = [record for record in api.results("timeseries", urlencode(asked)) if record["bounce_rate"] is not None]
    assert [(record["date"], record["visitors"], record["pageviews"], record["visits"]) for record in records] == [(today(), 3, 4, 3)]


@pytest.mark.parametrize(
    ("filters", "pageviews"),
    [
        ("event:page==/pricing", 2),
        ("visit:source==Google|letter", 3),
        ("event:page==/pri*;visit:browser!=Chrome", 1),
        ("visit:source==Direct / None", 1),
        ("event:goal==Purchase", 0),
    ],
)
def test_plausible_api_filters_as_they_are(api: Api, filters: str, pageviews: int) -> None:
    found = api.results("aggregate", f"site_id={SITE}&period=6mo&metrics=pageviews,visitors&filters={filters}")
    assert found["pageviews"]["value"] == pageviews
    assert sum(month["visitors"] for month in api.results("timeseries", f"site_id={SITE}&period=6mo&filters={filters}&interval=month")) == found["visitors"]["value"]


QUERIES: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({"metrics": ["visitors", "pageviews", "events"]}, [{"dimensions": [], "metrics": [3, 4, 5]}]),
    ({"metrics": ["visitors"], "dimensions": ["visit:device"]}, [{"dimensions": ["desktop"], "metrics": [2]}, {"dimensions": ["mobile"], "metrics": [1]}]),
    (
        {"metrics": ["visits"], "dimensions": ["event:page"], "order_by": [["event:page", "desc"]]},
        [{"dimensions": ["/pricing"], "metrics": [2]}, {"dimensions": ["/"], "metrics": [2]}],
    ),
    ({"metrics": ["visitors"], "filters": [["contains", "event:page", ["pri"]], ["is_not", "visit:source", ["Google"]]]}, [{"dimensions": [], "metrics": [1]}]),
    ({"metrics": ["events", "conversion_rate"], "dimensions": ["event:goal"]}, [{"dimensions": ["Purchase"], "metrics": [1, 33.33]}]),
    (
        {"metrics": ["total_revenue"], "filters": [["is", "event:goal", ["Purchase"]]]},
        [{"dimensions": [], "metrics": [{"currency": "EUR", "value": 12.5, "short": "€12.5", "long": "€12.50"}]}],
    ),
    ({"metrics": ["pageviews"], "dimensions": ["visit:browser"], "pagination": {"limit": 1, "offset": 1}}, [{"dimensions": ["Firefox"], "metrics": [1]}]),
]


@pytest.mark.parametrize(("query", "results"), QUERIES, ids=str)
def test_queries_of_the_newer_api(api: Api, query: dict[str, Any], results: list[dict[str, Any]]) -> None:
    answer = api.post("/api/v2/query", {"site_id": SITE, "date_range": "7d"} | query)
    assert (answer.status_code, set(answer.json()), answer.json()["results"]) == (200, {"results", "meta", "query"}, results)


@pytest.mark.parametrize(
    ("dimension", "shape", "buckets"), [("time:hour", r"\d{4}-\d\d-\d\d \d\d:00:00", 168), ("time:day", r"\d{4}-\d\d-\d\d", 7), ("time:month", r"\d{4}-\d\d-01", None)]
)
def test_labels_of_time(api: Api, dimension: str, shape: str, buckets: int | None) -> None:
    asked: dict[str, Any] = {"site_id": SITE, "metrics": ["pageviews"], "date_range": "7d", "dimensions": [dimension]}
    found = api.post("/api/v2/query", asked).json()
    assert (len(found["results"]), found["meta"]) == (1, {})
    labels = api.post("/api/v2/query", asked | {"include": {"time_labels": True, "total_rows": True}}).json()["meta"]
    assert labels["total_rows"] == 1
    assert buckets is None or len(labels["time_labels"]) == buckets
    assert all(re.fullmatch(shape, label) for label in labels["time_labels"])
    assert found["results"][0]["dimensions"][0] in labels["time_labels"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"metrics": ["shoes"]}, 400, "metrics"),
        ({"date_range": "fortnight"}, 400, "date_range"),
        ({"filters": [["equals", "event:page", ["/"]]]}, 400, "filters[0]"),
        ({"site_id": "elsewhere.example"}, 401, "no such site"),
        ({"site_id": None}, 400, "site_id"),
    ],
    ids=str,
)
def test_wrong_queries_of_the_newer_api(api: Api, change: dict[str, Any], status: int, said: str) -> None:
    answer = api.post("/api/v2/query", {"site_id": SITE, "metrics": ["visitors"], "date_range": "7d"} | change)
    assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text


def test_the_original_s_calls_answer_with_bare_arrays(api: Api) -> None:
    year = today()[:4]
    ranking = api.get(f"/v1/ranking?website={SITE}&date=YEAR:{year}").json()
    assert {(row["name"], row["url"], row["value"]) for row in ranking} == {("Welcome", f"https://{SITE}/", 2), ("Prices", f"https://{SITE}/pricing", 2)}
    series = api.get(f"/v1/series?website={SITE}&date=YEAR:{year}&url=https://{SITE}/pricing").json()
    assert [(row["date"], row["value"]) for row in series] == [(f"MONTH:{today()[:7]}", 2)]
