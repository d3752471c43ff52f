"""What those without a key send may count as a hit of now, of their own address, on a site that there is; and nothing more."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.compose import open_registry
from footfall.settings import read
from tests.server import Server, footfall

pytestmark = pytest.mark.slow
ELSEWHERE = "81.2.69.160"
"""An address of another country than a loopback's, which has none."""

HOUR_MS = 3_600_000
TOLD_ADDRESS = dict.fromkeys(("ip", "address", "cip", "user_ip", "remote_addr"), ELSEWHERE)
HEADERS = [
    {name: value.format(ELSEWHERE)}
    for name, value in {
        "x-forwarded-for": "{0}", "X-Forwarded-For": "{0}, {0}", "forwarded": "for={0};proto=https", "x-real-ip": "{0}", "x-client-ip": "{0}", "cf-connecting-ip": "{0}",
        "true-client-ip": "{0}", "fastly-client-ip": "{0}", "x-cluster-client-ip": "{0}", "via": "1.1 {0}", "x-plausible-ip": "{0}", "x-original-forwarded-for": "{0}",
    }.items()
]  # fmt: skip
ago = datetime.now(UTC) - timedelta(days=40)
TIMES: list[dict[str, Any]] = [
    {name: value} for name in ("date", "d", "at", "time", "timestamp", "created_at", "cdt") for value in (int(ago.timestamp() * 1000), ago.isoformat(), 1, -1, 2**62)
]
TIMES += [{"age": -HOUR_MS}, {"age": 25 * HOUR_MS}, {"a": 400 * 24 * HOUR_MS}, {"age": 1e14}]
SITES = [{"website": name} for name in ("new", "new.example", "*", "", " ", "../strange", "strange.test ", "STRANGE.TEST", "';--", "0", "\u0000")]
OTHERS = [{"url": f"https://{host}/"} for host in ("new.example", "strange.test.new.example", "xstrange.test", "strange.test@new.example", "[::1]")]
FORGED: list[dict[str, Any]] = [*TIMES, *SITES, *OTHERS, TOLD_ADDRESS, {"user_agent": "Other/1.0"}, {"requests": [{"url": "https://strange.test/"}]}, {"site": {"id": "new"}}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    data = tmp_path_factory.mktemp("strangers") / "data"
    footfall("site", "add", "strange.test", "--id", "strange", "--public", data=data)
    running = Server(data)
    yield running
    assert "Traceback" not in running.log
    assert running.stop() == 0


def names(data: Path) -> list[str]:
    registry = open_registry(read({"data": str(data)}, {}))
    try:
        return [site.id for site in registry.sites()]
    finally:
        registry.close()


def figures(server: Server) -> dict[str, Any]:
    """What would tell if a stranger had had his way."""
    by = {dimension: {row["dimensions"][0] for row in server.query("strange", ["events"], dimensions=[dimension])} for dimension in ("visit:country", "time:day", "event:hostname")}
    return {**by, "visitors": server.total("strange", "visitors"), "sites": names(server.data)}


def post(server: Server, fields: dict[str, Any], headers: Mapping[bytes, bytes] | Mapping[str, str] | None = None) -> int:
    status = server.client.post("/v1/track", content=json.dumps({"url": "https://strange.test/p", **fields}), headers=headers or {}).status_code
    query = urlencode({"u": "https://strange.test/p", **{name: value for name, value in fields.items() if isinstance(value, str | int)}})
    pixel = server.client.get("/v1/track.gif?" + query, headers=headers or {}).status_code
    assert max(status, pixel) < 500, (fields, headers)
    return status


def test_no_stranger_has_his_way(server: Server) -> None:
    before = datetime.now(UTC).date()
    sent = [post(server, fields) for fields in FORGED] + [post(server, {}, headers) for headers in HEADERS]
    for authorization in ("Bearer ff_forged", "Bearer", "Basic c3RyYW5nZTp4", "\xff", "Bearer " + "a" * 9_000):
        assert server.client.post("/v1/track", json={"url": "https://strange.test/p", "date": 1}, headers={b"authorization": authorization.encode("latin-1")}).status_code == 401
        assert server.client.post("/v1/batch", json=[{"url": "https://strange.test/p", "at": 1}], headers={b"authorization": authorization.encode("latin-1")}).status_code == 401
    wanted = sent.count(202)
    server.wait_until_counted()
    found = figures(server)
    days = found.pop("time:day")
    assert found == {"visit:country": {"(not set)"}, "event:hostname": {"strange.test"}, "visitors": len(days), "sites": ["strange"]}
    assert days <= {str(day) for day in (before, datetime.now(UTC).date())}
    assert wanted > len(HEADERS)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(
        st.sampled_from(["website", "date", "age", "ip", "at", "url", "id", "page", "event", "engaged"]),
        st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.none()),
    ),
    st.dictionaries(
        st.sampled_from(["x-forwarded-for", "forwarded", "authorization", "origin", "referer", "x-real-ip"]),
        st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40),
    ),
)
def test_whatever_they_make_up(server: Server, fields: dict[str, Any], headers: dict[str, str]) -> None:
    post(server, fields, {name.encode(): value.strip().encode("latin-1") for name, value in headers.items()})


def test_and_afterwards_all_is_as_it_was(server: Server) -> None:
    server.wait_until_counted()
    found = figures(server)
    assert (found["sites"], found["visit:country"], found["event:hostname"]) == (["strange"], {"(not set)"}, {"strange.test"})
    assert found["time:day"] <= {str(datetime.now(UTC).date() - timedelta(days=days)) for days in (0, 1)}
