"""The client of `footfall.client`.

Each event counts once, whatever is between it and the server, and its program never waits.
"""

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from uuid import uuid4

import pytest

from footfall.client import AsyncClient, Client
from footfall.client.page import Visitor
from tests.client.conftest import Shop
from tests.client.front import Front
from tests.patience import PAUSE_SECONDS, SECONDS
from tests.server import BROWSER, Server, footfall, free_port

pytestmark = pytest.mark.slow
SOURCE = Path(__file__).parents[2] / "src"
NO_URL = "url must be an absolute URL such as https://example.com/page"
WHO: Visitor = {"ip": "81.2.69.160", "user_agent": BROWSER, "language": None}


def page(name: object) -> str:
    return f"https://shop.test/{name}"


@pytest.fixture
def front(shop: Shop) -> Iterator[Front]:
    made = Front(shop.server.url)
    yield made
    made.stop()


def test_events_of_many_threads_come_in_batches_and_count_once(shop: Shop, front: Front) -> None:
    with Client(front.url + "/", shop.key) as client:

        def work(thread: int) -> None:
            for number in range(300):
                client.track(
                    page(f"{thread}/{number}"),
                    ip=f"10.0.{thread}.{number % 250}",
                    user_agent=BROWSER,
                )

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        front.open.clear()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not front.seen, "telling waited for sending"
        front.open.set()
        assert client.flush(SECONDS)
        assert client.flush(0), "nothing waits any more"
    assert len(front.seen) <= 6
    assert client.lost == 0
    shop.expect({f"/{thread}/{number}": 1 for thread in range(4) for number in range(300)})


def test_what_an_event_may_tell(shop: Shop) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with Client(shop.server.url, shop.key) as client:
        who: Visitor = {**WHO, "language": "de-AT"}
        client.track(
            page("a"), title="A title", referrer="https://www.google.com/", at=yesterday, **who
        )
        client.track(
            page("a"),
            "Order",
            props={"plan": "pro"},
            revenue={"currency": "EUR", "amount": 49.9},
            at=yesterday + timedelta(milliseconds=1),
            **who,
        )
        client.track(
            page("a"), "Seen", interactive=False, at=yesterday + timedelta(milliseconds=2), **who
        )
        assert client.flush(SECONDS)
    shop.expect({"A title": 1, "(not set)": 0}, dimension="event:title")
    shop.expect({"pro": 1, "(not set)": 2}, "events", "event:props:plan")
    shop.expect({"Order": 1, "Seen": 1, "pageview": 1}, "events", "event:name")
    shop.expect({yesterday.date().isoformat(): 1}, "visits", "time:day")
    shop.expect({"Google": 1}, "visitors", "visit:source")
    shop.expect({"de-AT": 1}, "visitors", "visit:language")


def test_what_cannot_be_told_is_said_at_once(shop: Shop) -> None:
    with Client(shop.server.url, shop.key) as client:
        with pytest.raises(ValueError, match="time zone"):
            client.track(page("x"), at=datetime(2026, 1, 1))
        with pytest.raises(ValueError, match="at most"):
            client.track(page("x"), props={str(number): "x" * 2_000 for number in range(40)})
        with pytest.raises(TypeError):
            client.track(page("x"), props={"when": datetime.now(UTC)})  # type: ignore[dict-item]
    with pytest.raises(RuntimeError, match="closed"):
        client.track(page("x"))


def test_what_the_server_does_not_count_is_in_the_log(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG, "footfall.client"),
        Client(shop.server.url, shop.key) as client,
    ):
        wrong, robot = (
            client.track("/no-host", **WHO),
            client.track(page("robot"), ip="81.2.69.160", user_agent="curl/8.5.0"),
        )
        client.track(page("good"), **WHO)
        assert not client.flush(SECONDS), "one is wrong"
        assert client.flush(SECONDS), "none is since"
        assert client.lost == 1
    said = {
        record.getMessage(): record.levelno
        for record in caplog.records
        if record.name == "footfall.client"
    }
    assert said == {
        f"event {wrong} is not counted: {NO_URL}": logging.WARNING,
        f"event {robot} is not counted: bot": logging.DEBUG,
    }
    shop.expect({"/good": 1})


def test_events_that_are_all_rejected_are_lost_and_the_reason_is_said_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    with (
        caplog.at_level(logging.WARNING, "footfall.client"),
        Client(shop.server.url, shop.key) as client,
    ):
        for number in range(7):
            client.track(page(number), at=soon, **WHO)
        assert not client.flush(SECONDS)
        assert client.lost == 7
    (said,) = [record.getMessage() for record in caplog.records if record.name == "footfall.client"]
    assert "is not counted: at must not lie more than 10 minutes in the future" in said


def test_odd_fields_are_in_the_log_and_the_event_counts(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, "footfall.client"),
        Client(shop.server.url, shop.key) as client,
    ):
        for _ in range(3):
            client.track(
                page("odd"), "Order", revenue={"currency": "EUR", "amount": "12,50"}, **WHO
            )
        assert client.flush(SECONDS)
        assert client.lost == 0
    (said,) = [record.getMessage() for record in caplog.records if record.name == "footfall.client"]
    assert said.endswith("is counted without its revenue, which is odd")
    shop.expect({"Order": 3}, "events", "event:name")


FAULTS: list[tuple[str, Callable[[Front], None]]] = [
    ("lost answers", lambda front: front.faults.append("lose")),
    ("a gateway that is away", lambda front: front.faults.append((502, {}))),
    ("a key that is not known yet", lambda front: front.faults.append((401, {}))),
]


@pytest.mark.parametrize(("name", "fault"), FAULTS, ids=[name for name, _ in FAULTS])
def test_it_is_sent_again_and_counts_once(
    shop: Shop, front: Front, name: str, fault: Callable[[Front], None]
) -> None:
    fault(front)
    faults = len(front.faults)
    with Client(front.url, shop.key) as client:
        front.open.clear()
        for number in range(30):
            client.track(page(number), **WHO)
        assert not client.flush(0.5), "said to be taken before it was"
        client.track(page("later"), **WHO)
        front.open.set()
        assert client.flush(SECONDS)
    assert faults + 1 <= len(front.seen) <= faults + 2
    shop.expect({f"/{number}": 1 for number in [*range(30), "later"]})


def test_it_waits_as_long_as_the_server_asks(shop: Shop, front: Front) -> None:
    front.faults.append((503, {"retry-after": "3"}))
    with Client(front.url, shop.key) as client:
        client.track(page("patient"), **WHO)
        assert client._sent.wait(SECONDS)
    (first, _, _), (second, _, _) = front.seen
    assert second - first > 2.9
    shop.expect({"/patient": 1})


def test_a_proxy_that_takes_less(shop: Shop) -> None:
    front = Front(shop.server.url, most_bytes=9_000)
    with Client(front.url, shop.key) as client:
        for number in range(100):
            client.track(page(number), **WHO)
        client.track(page("large"), props={"of": "x" * 2_000, "and": "y" * 2_000}, **WHO)
        assert client.flush(SECONDS)
    front.stop()
    assert client.lost == 0
    assert max(size for _, size, status in front.seen if status == 202) <= 9_000
    shop.expect({f"/{number}": 1 for number in [*range(100), "large"]})


def test_a_server_that_is_killed_and_comes_back(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    footfall("site", "add", "shop.test", "--id", "shop", "--public", data=data)
    key = footfall(
        "key", "add", "--site", "shop", "--scope", "events:write", data=data
    ).splitlines()[-1]
    client = Client(f"http://127.0.0.1:{port}", key)  # before there is any
    for number in range(50):
        client.track(page(f"early/{number}"), **WHO)
    assert not client.flush(0.3)
    server = Server(data, port=port)
    server.wait_until_ready()
    told = 50
    for victim in ("gateway", "gateway", "engine", "gateway"):
        for _ in range(300):
            client.track(page(f"{victim}/{told}"), **WHO)
            told += 1
            sleep(0.002)
            if told % 100 == 0:
                client.flush(0)
        server.kill(victim)
    try:
        assert client.close(SECONDS)
        assert client.lost == 0
        server.wait_until_ready()
        assert server.wait_for_total("shop", told) == told
        server.wait_until_counted()
        assert server.total("shop") == told
    finally:
        server.stop()


def run(shop: Shop, program: str) -> str:
    """Run a program that has `client` and `page` to its end; what it says on standard error."""
    head = (
        f"import os, sys\nfrom footfall.client import Client\nclient = Client({shop.server.url!r},"
        f" {shop.key!r})\n"
        f"WHO = {WHO!r}\ndef page(name): return 'https://shop.test/' + str(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", head + program],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_program_that_ends_sends_what_waits(shop: Shop) -> None:
    assert run(shop, "client.track(page('last words'), **WHO)\nsys.exit(0)") == ""
    shop.expect({"/last%20words": 1})


def test_a_program_that_ends_says_what_it_could_not_send(shop: Shop) -> None:
    said = run(
        shop,
        "import footfall.client.synchronous as s\nclient = Client('http://127.0.0.1:9',"
        " 'key')\nclient.track(page('x'), **WHO)\nclient.close(0.2)",
    )
    assert "1 event(s) lost: the program ends" in said


def test_processes_that_were_forked_send_their_own(shop: Shop) -> None:
    program = """
client.track(page("parent/before"), **WHO)
for number in range(3):
    if os.fork() == 0:
        client.track(page(f"child/{number}"), **WHO)
        sys.exit(0)
client.track(page("parent/after"), **WHO)
for _ in range(3):
    os.wait()
"""
    assert run(shop, program) == ""
    shop.expect(
        {"/parent/before": 1, "/parent/after": 1, **{f"/child/{number}": 1 for number in range(3)}}
    )


def test_no_more_than_ten_thousand_wait(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(f"http://127.0.0.1:{free_port()}", "key")
    for number in range(10_003):
        client.track(page(number), **WHO)
    assert client.lost == 3
    assert not client.close(0.1)
    assert "10000 event(s) lost: the program ends" in caplog.text
    assert caplog.text.count("wait already") == 1


def test_the_same_on_an_event_loop(shop: Shop, front: Front) -> None:
    async def told() -> None:
        front.faults += ["lose", (502, {})]
        again = str(uuid4())
        front.open.clear()
        async with AsyncClient(front.url, shop.key) as client:
            for number in range(700):
                client.track(page(number), **WHO)
            client.track(page("twice"), id=again, **WHO)
            assert not await client.flush(0.5)
            front.open.set()
            assert await client.flush(SECONDS)
            client.track(page("twice"), id=again, **WHO)
            assert client.lost == 0
            front.faults.append((503, {"retry-after": "1"}))
            front.open.clear()
            client.track(page("late"), **WHO)
            waiting = asyncio.create_task(client.flush(SECONDS))
            while front.faults:
                await asyncio.sleep(PAUSE_SECONDS)
            front.open.set()  # which nobody would, were the event loop held up
            assert await waiting
        with pytest.raises(RuntimeError, match="closed"):
            client.track(page("x"))

    asyncio.run(told())
    shop.expect({f"/{number}": 1 for number in [*range(700), "twice", "late"]})
