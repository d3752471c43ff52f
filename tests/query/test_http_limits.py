"""How long a question may take, how much memory, and what becomes of it when nobody waits any more."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest
from litestar.testing import TestClient

from footfall.domain.site import Site
from footfall.query import turns
from footfall.query.access import Access
from footfall.query.answer import Answers
from footfall.query.http import application
from footfall.query.limit import GoneAway, Limit, TooLong
from footfall.query.original import Original
from footfall.query.rollup import TooCostly
from footfall.query.turns import Turns
from footfall.registry.sqlite import SqliteRegistry
from footfall.store.duckdb import DuckdbFacts, DuckdbReading
from footfall.store.port import Interrupted
from tests.query.test_http import CALLS, NOON, QUERY, VIEWS, Server, server
from tests.store.relations import empty
from tests.traffic import Act, apply, made

__all__ = ["server"]

SLOW = "SELECT count(*) FROM range(100000) a, range(100000) b WHERE (a.range * b.range) % 7 = 3"


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
    with pytest.raises(TooCostly, match="more memory or disk than reports may use"), facts.reading() as reading, Limit().over(reading):
        reading.rows("SELECT length(string_agg(md5(CAST(range AS VARCHAR)), '')) FROM range(5000000)")
    assert facts.rows("SELECT 1") == [(1,)]
    facts.close()


def test_who_waits_is_told_in_time_though_nothing_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "AGAIN_TIMES", 2)
    started, stopped = monotonic(), threading.Event()
    with pytest.raises(TooLong):
        asyncio.run(Turns(0.1).take(lambda _: stopped.wait(20), lambda: asyncio.sleep(60)))
    assert monotonic() - started < 5
    stopped.set()


def test_what_takes_long_prints_nothing(server: Server) -> None:
    with server.facts.reading() as reading:
        assert reading.rows("SELECT current_setting('enable_progress_bar')") == [(False,)]


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


def api_of(slow: Slow, turns: Turns | None = None) -> Any:
    registry = SqliteRegistry(":memory:")
    registry.put_site(Site("berlin", ("berlin.example",), public=True), new=True)
    return application(Access(registry, lambda: NOON), slow, Original(slow.facts), turns)


def test_what_takes_too_long_ends_and_says_so(server: Server) -> None:
    slow = Slow(server.facts)
    with TestClient(api_of(slow, Turns(0.2))) as client:
        answer = client.post("/api/v2/query", json=QUERY)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("the report takes more than 0.2 seconds; ask for a shorter period")
    assert [kind for kind, _ in slow.ended] == [TooLong] and slow.ended[0][1] < 5
    assert server.call("POST", "/api/v2/query", QUERY).status_code == 200, "the store goes on"


class Deaf(DuckdbReading):
    """A statement that hears only the third time."""

    def __init__(self, reading: DuckdbReading) -> None:
        super().__init__(reading.cursor)
        self.told = threading.Semaphore(0)

    def interrupt(self) -> None:
        self.told.release()


def test_what_did_not_hear_that_it_should_end_is_told_again(server: Server) -> None:
    def work(limit: Limit) -> None:
        with server.facts.reading() as reading:
            deaf = Deaf(reading)
            with limit.over(deaf):
                assert all(deaf.told.acquire(timeout=10) for _ in range(3))
                raise Interrupted

    async def never() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TooCostly):
        asyncio.run(Turns(0.05).take(work, never))


def test_slow_reports_keep_no_other_call_waiting_and_none_waits_for_ever(server: Server) -> None:
    """Two at once, two waiting, and all others told to come again."""
    slow = Slow(server.facts)
    with TestClient(api_of(slow, Turns(2.0, at_once=2, waiting=2))) as client, ThreadPoolExecutor(12) as threads:
        started = monotonic()
        asked = [threads.submit(client.post, "/api/v2/query", json=QUERY) for _ in range(12)]
        slow.started.wait()
        for path in ("/api/sites", "/api/sites/berlin/goals", "/api/openapi.json", "/api/v1/stats/realtime/visitors?site_id=berlin"):
            assert client.get(path).status_code == 200
        assert monotonic() - started < 2, "they had to wait"
        answers = [each.result() for each in asked]
        assert monotonic() - started < 8, "waiting does not count"
    refused = [answer for answer in answers if answer.status_code == 429]
    late = [answer for answer in answers if answer.status_code == 422]
    assert len(late) + len(refused) == 12 and 2 <= len(late) <= 4, "two, and those that had their turn in the last moment"
    assert all(answer.headers["retry-after"] == "2" and answer.json()["error"].endswith("try again in a moment") for answer in refused)
    assert len(slow.ended) == len(late), "those that waited in vain were never begun"
    assert server.call("POST", "/api/v2/query", QUERY).status_code == 200


@pytest.mark.parametrize("path", ["/v1/ranking?website=berlin&date=YEAR:2026", "/v1/series?website=berlin&date=YEAR:2026"])
def test_the_original_s_calls_are_limited_too(server: Server, path: str) -> None:
    """In time, as every report: so many page views that counting them takes longer."""
    facts = empty()
    apply(facts, made([Act(NOON)]))
    facts._connection.execute("INSERT INTO events SELECT events.* REPLACE ('/' || range AS page, range AS id) FROM events, range(400000)")
    slow = Slow(facts)
    with TestClient(api_of(slow, Turns(0.01))) as client:
        answer = client.get(path)
    assert answer.status_code == 422 and "more than 0.01 seconds" in answer.json()["error"]
    facts.close()


def leaving(api: Any, method: str, path: str, until: threading.Event, body: bytes = b"") -> None:
    """Call, and close the connection as soon as it is time."""

    async def call() -> None:
        parts = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            if parts:
                return parts.pop()
            while not until.is_set():
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(_: Any) -> None: ...

        target, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": target, "raw_path": target.encode(), "root_path": "",
            "scheme": "http", "query_string": query.encode(), "headers": [(b"content-type", b"application/json")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await api(scope, receive, send)

    asyncio.run(call())


BODY = b'{"site_id": "berlin", "metrics": ["visits"], "date_range": "7d"}'


@pytest.mark.parametrize(("method", "path", "body"), [("POST", "/api/v2/query", BODY), *(("GET", path, b"") for path in CALLS)])
def test_a_client_that_leaves_ends_its_question(server: Server, method: str, path: str, body: bytes) -> None:
    """Down to the store: the statement that was running stops."""
    slow = Slow(server.facts)
    leaving(api_of(slow), method, path, slow.started, body)
    assert [kind for kind, _ in slow.ended] == [GoneAway] and slow.ended[0][1] < 5


def test_a_client_that_leaves_while_it_waits_is_forgotten(server: Server) -> None:
    """Its place is free again at once."""
    slow, turns = Slow(server.facts), Turns(2.0, at_once=1, waiting=1)
    api = api_of(slow, turns)
    with TestClient(api) as client, ThreadPoolExecutor(1) as threads:
        first = threads.submit(client.post, "/api/v2/query", json=QUERY)
        slow.started.wait()
        for _ in range(5):
            leaving(api, "POST", "/api/v2/query", slow.started, BODY)
        assert first.result().status_code == 422
    assert [kind for kind, _ in slow.ended] == [TooLong], "none of them was refused or begun"


@pytest.mark.parametrize("path", VIEWS)
def test_a_client_of_the_original_s_calls_that_leaves_ends_its_question(path: str) -> None:
    facts = empty()
    apply(facts, made([Act(NOON)]))
    facts._connection.execute("INSERT INTO events SELECT events.* REPLACE ('/' || range AS page, range AS id) FROM events, range(400000)")
    slow, gone = SlowLooks(facts), threading.Event()
    gone.set()
    registry = SqliteRegistry(":memory:")
    registry.put_site(Site("berlin", ("berlin.example",), public=True), new=True)
    leaving(application(Access(registry, lambda: NOON), Answers(facts, lambda: NOON), slow), "GET", path, gone)
    assert slow.ended == [GoneAway]
    facts.close()


class SlowLooks(Original):
    """Tells how each call ended."""

    def __init__(self, facts: DuckdbFacts) -> None:
        super().__init__(facts)
        self.ended: list[type[BaseException]] = []

    @contextmanager
    def _views(self, *asked: Any) -> Iterator[Any]:
        try:
            with super()._views(*asked) as views:
                yield views
        except GoneAway:
            self.ended.append(GoneAway)
            raise
