"""How long a question may take, how much memory, and what becomes of it when nobody waits any more."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from time import sleep
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from footfall.domain.site import Site
from footfall.query import turns
from footfall.query.access import Access
from footfall.query.answer import Answers
from footfall.query.http import application
from footfall.query.lane import Busy, Size
from footfall.query.limit import GoneAway, Limit, TooLong
from footfall.query.original import Original
from footfall.query.rollup import TooCostly
from footfall.query.turns import Turns
from footfall.registry.key import mint
from footfall.registry.port import Scope
from footfall.registry.sqlite import SqliteRegistry
from footfall.store.duckdb import DuckdbFacts, DuckdbReading
from footfall.store.port import Interrupted
from tests.patience import PAUSE_SECONDS, SECONDS, wait_until
from tests.query.test_http import CALLS, NOON, QUERY, VIEWS, Server, server
from tests.store.relations import empty
from tests.traffic import Act, apply, made

__all__ = ["server"]

PATHS = (
    "/api/sites",
    "/api/sites/berlin/goals",
    "/api/openapi.json",
    "/api/v1/stats/realtime/visitors?site_id=berlin",
)
SLOW = "SELECT count(*) FROM range(100000) a, range(100000) b WHERE (a.range * b.range) % 7 = 3"


def lane(at_once: int, waiting: int) -> Size:
    """Nobody has a share of it."""
    return Size(at_once, waiting, at_once, at_once, waiting)


@contextmanager
def looking(server: Server, limit: Limit) -> Iterator[Any]:
    with server.facts.reading() as reading, limit.over(reading):
        yield reading


def give_up(limits: Sequence[Limit], ended: Callable[[], bool]) -> None:
    """Say so again and again: a statement that is just about to start does not hear it."""
    while not ended():
        for limit in limits:
            limit.give_up()
        sleep(PAUSE_SECONDS)


async def never() -> None:
    await asyncio.Event().wait()


def in_turn(seconds: float, work: Callable[[Limit], object]) -> None:
    """Take a turn of so many seconds, again where the machine had none of them to begin it in."""
    while True:
        try:
            asyncio.run(Turns(seconds).take(work, never))
        except Busy:
            continue
        return


def answered(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer to what had a turn, likewise."""
    while (answer := ask()).status_code == 429:
        pass
    return answer


def test_what_nobody_waits_for_ends(server: Server) -> None:
    limit, ended = Limit(), threading.Event()
    with ThreadPoolExecutor(1) as threads:
        threads.submit(give_up, [limit], ended.is_set)
        with pytest.raises(GoneAway), looking(server, limit) as reading:
            reading.rows(SLOW)
        ended.set()
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
    stopped = threading.Event()
    with pytest.raises(TooLong):
        in_turn(0.1, lambda _: stopped.wait(SECONDS))
    stopped.set()


def test_who_had_no_turn_in_time_is_told_so_and_was_never_begun() -> None:
    """Waiting counts as time that a report takes."""
    turns, begun, stopped = Turns(1.0, public=lane(1, 60)), threading.Event(), threading.Event()

    def occupying(_: Limit) -> None:
        begun.set()
        stopped.wait(SECONDS)

    async def both() -> None:
        first = asyncio.create_task(turns.take(occupying, never))
        while not begun.is_set():
            await asyncio.sleep(PAUSE_SECONDS)
        begun.clear()
        with pytest.raises(Busy, match="other reports took all of the 1 seconds"):
            await turns.take(occupying, never)
        assert not begun.is_set()
        stopped.set()
        with suppress(TooLong):
            await first

    asyncio.run(both())


def test_what_takes_long_prints_nothing(server: Server) -> None:
    with server.facts.reading() as reading:
        assert reading.rows("SELECT current_setting('enable_progress_bar')") == [(False,)]


class Slow(Answers):
    """Every report runs a statement that would take hours; `ended` tells how each ended."""

    def __init__(self, facts: DuckdbFacts) -> None:
        super().__init__(facts, lambda: NOON)
        self.facts, self.started = facts, threading.Event()
        self.begun: list[Limit] = []
        self.ended: list[type[BaseException]] = []

    @contextmanager
    def asked(self, site: Site, query: Any, limit: Limit | None = None) -> Iterator[Any]:
        assert limit
        with self.facts.reading() as reading:
            self.begun.append(limit)
            self.started.set()
            try:
                with limit.over(reading):
                    yield reading.rows(SLOW)
            except (GoneAway, TooCostly) as exc:
                self.ended.append(type(exc))
                raise


def api_of(slow: Slow, turns: Turns | None = None) -> Any:
    registry = SqliteRegistry(":memory:")
    registry.put_site(Site("berlin", ("berlin.example",), public=True), new=True)
    return application(Access(registry, lambda: NOON), slow, Original(slow.facts), turns)


def test_what_takes_too_long_ends_and_says_so(server: Server) -> None:
    slow = Slow(server.facts)
    with TestClient(api_of(slow, Turns(0.2))) as client:
        answer = answered(lambda: client.post("/api/v2/query", json=QUERY))
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("the report takes more than 0.2 seconds; ask for a shorter period")
    assert slow.ended == [TooLong]
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
                assert all(deaf.told.acquire(timeout=SECONDS) for _ in range(3))
                raise Interrupted

    with pytest.raises(TooCostly):
        in_turn(0.05, work)


def test_slow_reports_keep_no_other_call_waiting(server: Server) -> None:
    """Two at once, two waiting, and all others told to come again."""
    slow, turns = Slow(server.facts), Turns(SECONDS, public=lane(2, 2))
    with TestClient(api_of(slow, turns)) as client, ThreadPoolExecutor(12) as threads:
        asked = [threads.submit(client.post, "/api/v2/query", json=QUERY) for _ in range(12)]
        wait_until(lambda: sum(each.done() for each in asked) == 8)
        for path in PATHS:
            assert client.get(path).status_code == 200
        assert not slow.ended, "they had to wait"
        give_up(slow.begun, lambda: all(each.done() for each in asked))
        answers = [each.result() for each in asked]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 8 and len(slow.begun) == len(slow.ended) == 4
    for answer in refused:
        assert answer.headers["retry-after"] == "2"
        assert answer.json()["error"].endswith("try again in a moment")
    assert server.call("POST", "/api/v2/query", QUERY).status_code == 200


def test_no_report_waits_for_ever(server: Server) -> None:
    slow = Slow(server.facts)
    with TestClient(api_of(slow, Turns(0.5, public=lane(2, 2)))) as client:
        with ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(client.post, "/api/v2/query", json=QUERY) for _ in range(4)]
        statuses = [each.result().status_code for each in asked]
    assert set(statuses) <= {422, 429}
    assert len(slow.ended) == statuses.count(422), "those that waited in vain were never begun"


@pytest.mark.parametrize("path", ["/v1/ranking?website=berlin&date=YEAR:2026", "/v1/series?website=berlin&date=YEAR:2026"])
def test_the_original_s_calls_are_limited_too(server: Server, path: str) -> None:
    """In time, as every report: so many page views that counting them takes longer."""
    facts = empty()
    apply(facts, made([Act(NOON)]))
    facts._connection.execute("INSERT INTO events SELECT events.* REPLACE ('/' || range AS page, range AS id) FROM events, range(400000)")
    slow = Slow(facts)
    with TestClient(api_of(slow, Turns(0.01))) as client:
        answer = answered(lambda: client.get(path))
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
    assert slow.ended == [GoneAway]


def test_a_client_that_leaves_while_it_waits_is_forgotten(server: Server) -> None:
    """Its place is free again at once."""
    slow, turns = Slow(server.facts), Turns(SECONDS, public=lane(1, 1))
    api = api_of(slow, turns)
    with TestClient(api) as client, ThreadPoolExecutor(1) as threads:
        first = threads.submit(client.post, "/api/v2/query", json=QUERY)
        slow.started.wait()
        for _ in range(5):
            leaving(api, "POST", "/api/v2/query", slow.started, BODY)
        assert not first.done()
        give_up(slow.begun, first.done)
    assert len(slow.begun) == len(slow.ended) == 1, "none of them was refused or begun"


@pytest.mark.parametrize("path", VIEWS)
def test_a_client_of_the_original_s_calls_that_leaves_ends_its_question(path: str) -> None:
    facts = empty()
    apply(facts, made([Act(NOON)]))
    facts._connection.execute("INSERT INTO events SELECT events.* REPLACE ('/' || range AS page, range AS id) FROM events, range(400000)")
    slow = SlowLooks(facts)
    registry = SqliteRegistry(":memory:")
    registry.put_site(Site("berlin", ("berlin.example",), public=True), new=True)
    leaving(application(Access(registry, lambda: NOON), Answers(facts, lambda: NOON), slow), "GET", path, slow.started)
    assert slow.ended == [GoneAway]
    facts.close()


class SlowLooks(Original):
    """Tells how each call ended."""

    def __init__(self, facts: DuckdbFacts) -> None:
        super().__init__(facts)
        self.started = threading.Event()
        self.ended: list[type[BaseException]] = []

    @contextmanager
    def _views(self, *asked: Any) -> Iterator[Any]:
        self.started.set()
        try:
            with super()._views(*asked) as views:
                yield views
        except GoneAway:
            self.ended.append(GoneAway)
            raise


def test_a_key_waits_for_no_stranger(server: Server) -> None:
    """All turns and places of strangers are taken by reports that never end."""
    slow = Slow(server.facts)
    registry = SqliteRegistry(":memory:")
    for name in ("berlin", "coast"):
        registry.put_site(Site(name, (f"{name}.example",), public=name == "berlin"), new=True)
    secret, key = mint("coast", (Scope.STATS_READ,), NOON)
    registry.put_key(key)

    class OneSlow(Slow):
        def asked(self, site: Site, query: Any, limit: Limit | None = None) -> Any:
            if site.id == "berlin":
                return slow.asked(site, query, limit)
            return Answers.asked(self, site, query, limit)

    api = application(Access(registry, lambda: NOON), OneSlow(server.facts), Original(server.facts))
    with TestClient(api) as client, ThreadPoolExecutor(80) as threads:
        strangers = [threads.submit(stranger, client, f"{number % 20}") for number in range(80)]
        wait_until(lambda: len(slow.begun) == 2)
        own = {"Authorization": f"Bearer {secret}"}
        answer = client.post("/api/v2/query", json=QUERY | {"site_id": "coast"}, headers=own)
        assert answer.status_code == 200
        assert not slow.ended, "it waited for a stranger"
        give_up(slow.begun, lambda: all(each.done() for each in strangers))
    refused = [each.result() for each in strangers if each.result().status_code == 429]
    assert len(refused) == 80 - 62
    assert {each.headers["retry-after"] for each in refused} == {"2"}


def stranger(client: TestClient[Any], address: str) -> httpx.Response:
    return client.post("/api/v2/query", json=QUERY, headers={"X-Footfall-Caller": address})
