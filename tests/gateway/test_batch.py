"""`POST /v1/batch` of a running server: what a key may say, in whole batches, and what comes of it."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.gateway.collect import TOO_EARLY, TOO_FAR
from tests import patience
from tests.gateway.test_hostile_input import DEEP
from tests.patience import wait_until
from tests.server import BROWSER, Server, footfall, free_port

pytestmark = pytest.mark.slow
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
SITES = ("shop", "other")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch") / "data"
    for site in SITES:
        footfall("site", "add", f"{site}.test", "--id", site, "--public", "--timezone", "America/New_York", data=folder)
    return folder


@pytest.fixture(scope="module")
def keys(data: Path) -> dict[str, dict[str, str]]:
    """Made before the server starts, so that it knows them at once."""
    return {"writing": key_of(data), "reading": key_of(data, scope="stats:read"), "other": key_of(data, "other")}


@pytest.fixture(scope="module")
def server(data: Path, keys: dict[str, dict[str, str]]) -> Iterator[Server]:
    running = Server(data)
    yield running
    assert running.stop() == 0


def key_of(data: Path, site: str = "shop", scope: str = "events:write") -> dict[str, str]:
    secret = footfall("key", "add", "--site", site, "--scope", scope, data=data).splitlines()[-1]
    return {"authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def key(keys: dict[str, dict[str, str]]) -> dict[str, str]:
    return keys["writing"]


def view(page: str, **fields: Any) -> dict[str, Any]:
    return {"url": f"https://shop.test/{page}", "user_agent": BROWSER, "ip": "81.2.69.160", **fields}


def send(server: Server, key: dict[str, str], events: Any) -> Any:
    answer = server.client.post("/v1/batch", json=events, headers=key)
    assert answer.status_code == 202, answer.text
    return answer.json()


def rows(server: Server, metrics: list[str], *dimensions: str, folder: str) -> dict[Any, Any]:
    """Figures of the pages in a folder, which is a test's own."""
    found = server.query("shop", metrics, dimensions=list(dimensions), filters=[["contains", "event:page", [f"/{folder}/"]]])
    return {tuple(row["dimensions"]): tuple(row["metrics"]) for row in found}


def wait_for(server: Server, wanted: dict[Any, Any], metrics: list[str], *dimensions: str, folder: str) -> None:
    found = patience.wait_for(lambda: rows(server, metrics, *dimensions, folder=folder), wanted)
    assert found == wanted


def test_events_carry_their_visitor_and_their_time(server: Server, key: dict[str, str]) -> None:
    year_ago = datetime.now(UTC).replace(hour=3, minute=30, second=0, microsecond=0) - timedelta(days=365)
    local_day = (year_ago - timedelta(days=1)).date().isoformat()  # it is the evening before in New York
    events = [
        view("told/a", at=year_ago.isoformat()),
        view("told/b", at=(year_ago + timedelta(minutes=1)).timestamp() * 1000),
        view("told/a", at=year_ago.isoformat().replace("+00:00", "Z"), user_agent=PHONE),
        view("told/a", at=year_ago.replace(tzinfo=None).isoformat(), ip="2400:4050:1:2::3"),
        view("told/b", at=year_ago.isoformat(), ip="2400:4050:1:2:ffff::4"),  # the same /64, the same visitor
        view("told/c", event="Order", revenue={"currency": "EUR", "amount": 9}, at=year_ago.isoformat()),
    ]
    assert send(server, key, events) == {"accepted": 6, "rejected": []}
    wait_for(server, {(local_day,): (3, 3, 5, 6)}, ["visitors", "visits", "pageviews", "events"], "time:day", folder="told")
    wait_for(server, {("desktop",): (2,), ("mobile",): (1,)}, ["visitors"], "visit:device", folder="told")
    wait_for(server, {("GB",): (2,), ("JP",): (1,)}, ["visitors"], "visit:country", folder="told")


def test_lines_are_read_as_arrays_are(server: Server, key: dict[str, str]) -> None:
    lines = [json.dumps(view("lines/1")), "", "nonsense", json.dumps({"u": "https://shop.test/lines/2", "ip": "81.2.69.160", "user_agent": BROWSER}), "  "]
    answer = server.client.post("/v1/batch", content="\r\n".join(lines), headers=key)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "rejected": [{"index": 1, "reason": "body is not valid JSON"}]})
    wait_for(server, {("/lines/1",): (1,), ("/lines/2",): (1,)}, ["pageviews"], "event:page", folder="lines")
    assert server.client.post("/v1/batch", content="", headers=key).json() == {"accepted": 0, "rejected": []}


def test_a_byte_order_mark_is_no_part_of_a_body(server: Server, key: dict[str, str]) -> None:
    one = json.dumps(view("marked/1"))
    for text in (one, f"[{one}]", f" \n[{one}]"):
        answer = server.client.post("/v1/batch", content=f"\ufeff{text}", headers=key)
        assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
    wait_for(server, {("/marked/1",): (3,)}, ["pageviews"], "event:page", folder="marked")


def test_what_is_not_taken_is_named_and_keeps_nothing_else_back(server: Server, key: dict[str, str]) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    wrong = [
        ({"name": "no address"}, "url is required: the absolute URL of the page"),
        (view("named/x", ip="1.2.3"), "ip must be an IPv4 or IPv6 address"),
        (view("named/x", at="yesterday"), "at must be milliseconds since 1970 or ISO 8601"),
        (view("named/x", at=tomorrow), f"at {TOO_FAR}"),
        (view("named/x", at=1_796_066_700), f"at {TOO_EARLY}"),
        (view("named/x", date=1_796_066_700), f"date {TOO_EARLY}"),
        (view("named/x", ip=5), "ip must be an IPv4 or IPv6 address"),
        (view("named/x", ip="unknown"), "ip must be an IPv4 or IPv6 address"),
        (view("named/x", at=True), "at must be milliseconds since 1970 or ISO 8601"),
        (view("named/x", website="other"), "website must be the key's, or left out"),
        (view("named/x", website="nobody"), "website must be the key's, or left out"),
        (view("named/x", user_agent="curl/8.5.0"), "bot"),
        ([], "body must be an object of JSON"),
    ]
    events = [view("named/first"), *(event for event, _ in wrong), view("named/last", website="shop.test")]
    assert send(server, key, events) == {"accepted": 2, "rejected": [{"index": index, "reason": reason} for index, (_, reason) in enumerate(wrong, 1)]}
    wait_for(server, {("/named/first",): (1,), ("/named/last",): (1,)}, ["pageviews"], "event:page", folder="named")
    assert server.total("other") == 0


def test_odd_fields_are_named_and_keep_nothing_back(server: Server, key: dict[str, str]) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=3)).isoformat()
    events = [
        view("odd/1", ip="81.2.69.160:51000", at=soon),
        view("odd/1", ip="[2a01:4f8::1]:443", referrer="https://a.example/" + "x" * 3_000),
        view("odd/1", ip="[2a01:4f8:0:1::1]", props=3, language="C", screen="1024x768"),
        view("odd/1", event="Order", revenue={"currency": "EUR", "amount": "12,50"}, user_agent=5),
        view("odd/1", event="Order", props={"plan": {"id": 1}, "size": "L"}, website=7),
    ]
    answer = server.client.post("/v1/batch", json=events, headers=key).json()
    assert answer == {
        "accepted": 5,
        "rejected": [],
        "ignored": [
            {"index": 1, "fields": ["referrer"]},
            {"index": 2, "fields": ["props", "screen", "language"]},
            {"index": 3, "fields": ["user_agent", "revenue"]},
            {"index": 4, "fields": ["website", "props.plan"]},
        ],
    }
    wait_for(server, {("GB",): (3, 1), ("DE",): (2, 2)}, ["events", "visitors"], "visit:country", folder="odd")


def test_without_ip_and_agent_they_are_those_of_the_request(server: Server, key: dict[str, str]) -> None:
    plain = {"url": "https://shop.test/plain/1"}
    assert send(server, key, [plain, plain]) == {"accepted": 2, "rejected": []}
    as_script = server.client.post("/v1/batch", json=[plain], headers={**key, "user-agent": "curl/8.5.0"})
    assert as_script.json() == {"accepted": 0, "rejected": [{"index": 0, "reason": "bot"}]}
    wait_for(server, {(): (1, 2)}, ["visitors", "pageviews"], folder="plain")


def test_only_a_key_that_may_write_events(server: Server, keys: dict[str, dict[str, str]], key: dict[str, str]) -> None:
    for headers in ({}, keys["reading"], {"authorization": "Bearer ff_nonsense"}, {"authorization": key["authorization"].replace("Bearer", "Basic")}):
        assert server.client.post("/v1/batch", json=[view("keyless/1")], headers=headers).status_code == 401
    assert send(server, keys["other"], [view("keyless/2")])["accepted"] == 1  # the site is the key's, whatever the host of the page
    server.wait_until_counted()
    assert rows(server, ["pageviews"], "event:page", folder="keyless") == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps([view("limits/1")] * 501).encode(), 400), (b"\n".join([json.dumps(view("limits/1")).encode()] * 501), 400),
        (b"[" + b" " * 2_000_000 + b"]", 413), (b'[{"url":', 400), (b"[" + DEEP, 400), (b"[\xff]", 400), (b"[]", 202), (b"[1,null,{}]", 202),
    ],
)  # fmt: skip
def test_a_body_that_is_wrong_as_a_whole(server: Server, key: dict[str, str], body: bytes, status: int) -> None:
    answer = server.client.post("/v1/batch", content=body, headers=key)
    assert answer.status_code == status, answer.text
    assert answer.json().get("accepted") == 0 if status == 202 else answer.json()["errors"]["body"]
    assert rows(server, ["pageviews"], "event:page", folder="limits") == {}


def test_it_is_for_posting(server: Server) -> None:
    answer = server.client.get("/v1/batch")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "access-control-allow-origin" not in answer.headers


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.dictionaries(st.sampled_from(["url", "at", "ip", "user_agent", "date", "age", "website", "id", "event"]), st.one_of(st.text(max_size=40), st.floats(), st.integers(), st.none(), st.just("https://shop.test/any"))), max_size=4)
        .map(lambda events: json.dumps(events).encode()),
    )
)  # fmt: skip
def test_nothing_makes_it_stumble(server: Server, key: dict[str, str], body: bytes) -> None:
    assert server.client.post("/v1/batch", content=body, headers=key).status_code in (202, 400)
    assert "Traceback" not in server.log


def test_copies_count_once_across_batches_connections_and_restarts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    footfall("site", "add", "shop.test", "--id", "shop", "--public", "--timezone", "America/New_York", data=data)
    key, server = key_of(data), Server(data)
    now = datetime.now(UTC)
    # Each event is told four times, first as it was, then later ones up to a day after it.
    events = [view(f"copies/{number}", id=str(uuid4()), at=(now - timedelta(hours=24)).isoformat()) for number in range(20)]
    again = [[event | {"at": (now - timedelta(hours=hours)).isoformat()} for event in events] for hours in (23, 1)]
    try:
        assert send(server, key, events + again[0])["accepted"] == 40  # within one batch
        assert send(server, key, events)["accepted"] == 20  # by the same connection
        assert httpx.post(server.url + "/v1/batch", json=again[1], headers=key).json()["accepted"] == 20  # by another
        assert server.stop() == 0
        server = Server(data)
        assert send(server, key, again[1])["accepted"] == 20  # after a restart
        server.kill("engine")
        assert send(server, key, events)["accepted"] == 20  # while there is no engine
        for event in events:  # and by the tracker's own way, as of now
            tracked = {"url": event["url"], "id": event["id"], "website": "shop", "age": 0}
            assert server.client.post("/v1/track", json=tracked, headers={"user-agent": PHONE}).status_code == 202
        server.wait_until_ready()
        wait_for(server, {(f"/copies/{number}",): (1, 1) for number in range(20)}, ["pageviews", "visitors"], "event:page", folder="copies")
        server.wait_until_counted()
        assert rows(server, ["pageviews"], folder="copies") == {(): (20,)}
        day = (now - timedelta(hours=24)).astimezone(ZoneInfo("America/New_York")).date().isoformat()
        assert rows(server, ["pageviews"], "time:day", folder="copies") == {(day,): (20,)}, "the earliest counts"
    finally:
        server.stop()


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    """The stream's limit is met in the middle of batches; what was answered 503 has left nothing."""
    data = tmp_path / "data"
    footfall("site", "add", "shop.test", "--id", "shop", "--public", data=data)
    key = key_of(data)
    gateway = Server(data, "--stream-limit", "200KB", command="gateway", port=free_port())
    gateway.wait_until_ready("/readyz")
    answered: dict[int, int] = {}
    for number in range(12):
        batch = [view(f"{number}/{page}", id=str(UUID(int=number * 1000 + page)), props={"of": "x" * 100}) for page in range(150)]
        answered[number] = gateway.client.post("/v1/batch", json=batch, headers=key).status_code
    assert gateway.stop() == 0
    assert sorted(set(answered.values())) == [202, 503], answered
    server = Server(data)
    try:
        taken = {number for number, status in answered.items() if status == 202}
        server.wait_for_total("shop", 150 * len(taken))
        server.wait_until_counted()
        found = {row["dimensions"][0] for row in server.query("shop", ["pageviews"], dimensions=["event:page"], pagination={"limit": 10_000})}
        assert found == {f"/{number}/{page}" for number in taken for page in range(150)}
    finally:
        server.stop()


def has_more(acknowledged: set[int], count: int) -> bool:
    return len(acknowledged) >= count


def test_batches_are_whole_after_kills(tmp_path: Path) -> None:
    data = tmp_path / "data"
    footfall("site", "add", "shop.test", "--id", "shop", "--public", data=data)
    key, server = key_of(data), Server(data)
    acknowledged: set[int] = set()
    asked: set[int] = set()
    over = threading.Event()

    def sender(first: int) -> None:
        number = first
        while not over.is_set():
            number += 1
            asked.add(number)
            try:
                if httpx.post(server.url + "/v1/batch", json=[view(f"{number}/{page}") for page in range(100)], headers=key, timeout=patience.SECONDS).status_code == 202:
                    acknowledged.add(number)
            except httpx.HTTPError:
                sleep(0.02)

    senders = [threading.Thread(target=sender, args=(start,)) for start in (0, 100_000, 200_000)]
    for thread in senders:
        thread.start()
    for victim in ("gateway", "engine", "gateway", "gateway"):
        wait_until(partial(has_more, acknowledged, len(acknowledged) + 3))
        server.kill(victim)
    wait_until(partial(has_more, acknowledged, len(acknowledged) + 3))
    over.set()
    for thread in senders:
        thread.join()
    server.wait_until_ready()
    try:
        server.wait_for_total("shop", 100 * len(acknowledged))
        server.wait_until_counted()
        found: dict[int, int] = {}
        offset = 0
        while got := server.query("shop", ["pageviews"], dimensions=["event:page"], pagination={"limit": 10_000, "offset": offset}):
            offset += 10_000
            for row in got:
                batch = int(row["dimensions"][0].split("/")[1])
                found[batch] = found.get(batch, 0) + row["metrics"][0]
        assert acknowledged <= set(found) <= asked
        assert set(found.values()) == {100}, "a batch was taken in part, or twice"
    finally:
        server.stop()
