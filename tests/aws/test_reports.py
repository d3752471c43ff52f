"""Reports that take longer than API Gateway waits.

Made beside, and called for at another address.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import urljoin

import pytest
from mangum import Mangum

from footfall.domain.event import HOUR_US
from footfall.functions import reports
from footfall.functions.reports import Later, Reports
from footfall.query.access import Access
from footfall.query.answer import Answers
from footfall.query.http import application
from footfall.query.original import Original
from footfall.query.turns import Turns
from footfall.registry.dynamodb import DynamodbRegistry
from footfall.registry.key import mint
from footfall.registry.port import Scope
from footfall.store.aws import answers
from footfall.store.aws.answers import DynamodbAnswers
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.rollups import DynamodbRollups
from footfall.store.aws.table import Table
from footfall.store.port import StoreBroken
from tests.aws import fault
from tests.aws.emulators import Aws, clients
from tests.aws.events import RESOURCES, proxied
from tests.aws.fault import Call, always, network
from tests.traffic import SITE, Act, apply, at, made

pytestmark = pytest.mark.slow
NOON = at("2026-06-10 12:00")
TODAY = {"site_id": "berlin", "metrics": ["pageviews"], "date_range": "day"}
PATH = "/api/v2/query"


def late(call: Call) -> None:
    """The table takes a while to tell what is in it."""
    if call.action == "Query":
        sleep(0.1)
    fault.none(call)


class Context:
    invoked_function_arn = "itself"


class Function:
    """What answers reports, by a table that is slow; `invoked` is what it had Lambda call."""

    def __init__(self, aws: Aws, slow: Aws, cache: Path) -> None:
        self.now, self.invoked, self.throttled = NOON, list[dict[str, Any]](), False
        table, bucket = aws.table(), aws.bucket()
        self.registry = DynamodbRegistry(aws.dynamodb, table)
        self.registry.put_site(SITE["berlin"], new=True)
        self.key, key = mint("berlin", (Scope.STATS_READ,), NOON - HOUR_US)
        self.registry.put_key(key)
        facts = DynamodbFacts(
            slow.dynamodb,
            aws.s3,
            table,
            bucket,
            lambda: ["berlin"],
            lambda: self.now,
            "512MB",
            cache,
        )
        rollups = DynamodbRollups(aws.dynamodb, table, lambda: date(2026, 6, 10))
        made_of: Any = partial(
            application,
            Access(self.registry, self._clock),
            Answers(facts, self._clock, rollups),
            Original(facts, rollups),
        )
        later = Later(DynamodbAnswers(Table(aws.dynamodb, table)), self._invoke, self._clock)
        self.reports = Reports(
            Mangum(made_of(Turns(0.1), later), lifespan="off"),
            Mangum(made_of(Turns(), None), lifespan="off"),
            later,
        )
        apply(facts, made([Act(NOON - number * 1_000_000) for number in range(1, 4)]))

    def _clock(self) -> int:
        return self.now

    def _invoke(self, **call: Any) -> None:
        if self.throttled:
            raise StoreBroken("by the test")
        self.invoked.append(json.loads(call["Payload"]))

    def ask(
        self, method: str, path: str, body: object = None, key: str | None = None
    ) -> tuple[int, dict[str, str], Any]:
        answer = self.reports(
            proxied(
                method,
                path,
                None,
                body,
                {
                    "Authorization": f"Bearer {key or self.key}",
                    "If-None-Match": "*",
                    "Origin": "https://elsewhere.example",
                },
            ),
            Context(),
        )
        assert answer is not None
        return (
            answer["statusCode"],
            {name.lower(): value for name, value in answer["headers"].items()},
            json.loads(answer["body"]),
        )

    def report(self, **more: Any) -> tuple[int, dict[str, str], Any]:
        return self.ask("POST", PATH, {**TODAY, **more})

    def make(self) -> None:
        """Lambda does as it was asked."""
        while self.invoked:
            assert self.reports(self.invoked.pop(), Context()) is None


@pytest.fixture
def function(aws: Aws, tmp_path: Path) -> Iterator[Function]:
    with ExitStack() as stack:
        # The adapter would make one and leave it open.
        asyncio.set_event_loop(stack.enter_context(asyncio.Runner()).get_loop())
        stack.callback(asyncio.set_event_loop, None)
        yield Function(
            aws, clients(stack.enter_context(network(aws.url, always(late))).url), tmp_path
        )


def place_of(headers: dict[str, str]) -> str:
    return urljoin(PATH, headers["location"])


def test_the_function_may_take_as_long_as_it_thinks() -> None:
    assert reports.SOON_SECONDS < 29 - 5, "API Gateway's limit, and a sandbox that has to be made"
    assert RESOURCES["QueryFunction"]["Properties"]["Timeout"] > reports.LONG_SECONDS


def test_a_report_that_takes_long_is_called_for_where_location_says(function: Function) -> None:
    status, headers, _ = function.report()
    assert (status, headers["retry-after"]) == (202, "2")
    assert "Location" in headers["access-control-expose-headers"]
    place = place_of(headers)
    status, headers, _ = function.ask("GET", place)
    assert (status, urljoin(place, headers["location"])) == (202, place)
    function.make()
    status, headers, body = function.ask("GET", place)
    assert (status, body["results"]) == (200, [{"dimensions": [], "metrics": [3]}])
    assert (
        headers["content-type"] == "application/json"
        and headers["access-control-allow-origin"] == "*"
    )


def test_whoever_asks_the_same_meanwhile_waits_for_the_same(function: Function) -> None:
    places = {place_of(function.report()[1]) for _ in range(3)}
    assert len(places) == len(function.invoked) == 1
    function.make()
    assert place_of(function.report()[1]) in places
    assert not function.invoked, "it has just been made"
    function.now += (reports.FRESH_SECONDS + 1) * 1_000_000
    assert place_of(function.report()[1]) in places
    assert len(function.invoked) == 1


def test_another_question_or_key_is_another_answer(function: Function) -> None:
    other, key = mint("berlin", (Scope.STATS_READ,), NOON - HOUR_US)
    function.registry.put_key(key)
    names = {
        place_of(function.report()[1]),
        place_of(function.report(metrics=["visitors"])[1]),
        place_of(function.ask("POST", PATH, TODAY, other)[1]),
    }
    assert len(names) == 3


def test_who_may_not_ask_gets_nothing_made(function: Function) -> None:
    assert function.ask("POST", PATH, TODAY, "wrong")[0] == 401
    assert not function.invoked


def test_errors_come_as_late_as_answers(function: Function) -> None:
    _, headers, _ = function.report(filters=[["is", "event:page", ["/"]]])
    (asked,) = function.invoked
    asked["question"]["body"] = asked["question"]["body"].replace("pageviews", "nonsense")
    function.make()
    status, _, body = function.ask("GET", place_of(headers))
    assert status == 400 and "nonsense" in body["error"]


def test_what_nobody_asked_for_is_not_found(function: Function) -> None:
    assert function.ask("GET", "/api/answers/guessed")[0] == 404


def test_an_answer_is_gone_after_a_while(function: Function) -> None:
    place = place_of(function.report()[1])
    function.make()
    function.now += (answers.KEPT_SECONDS + 1) * 1_000_000
    assert function.ask("GET", place)[0] == 404


def test_what_was_never_made_is_given_up_and_may_be_asked_again(function: Function) -> None:
    """Lambda ended it, or it never began."""
    place = place_of(function.report()[1])
    function.invoked.clear()
    function.now += int(reports.LONG_SECONDS + 1) * 1_000_000
    status, _, body = function.ask("GET", place)
    assert status == 422 and "more than 290 seconds" in body["error"]
    assert function.report()[0] == 202
    assert len(function.invoked) == 1
    assert function.ask("GET", place)[0] == 202


def test_what_cannot_be_made_beside_is_said_at_once(function: Function) -> None:
    function.throttled = True
    status, _, body = function.report()
    assert status == 503 and "cannot be made beside just now" in body["error"]
    function.throttled = False
    assert function.report()[0] == 202
    assert len(function.invoked) == 1


def test_a_table_that_does_not_answer_is_said(function: Function, aws: Aws) -> None:
    function.reports = replace(
        function.reports,
        later=replace(function.reports.later, kept=DynamodbAnswers(Table(aws.dynamodb, "none"))),
    )
    status, _, body = function.ask("GET", "/api/answers/x")
    assert status == 503 and "try again" in body["error"]


def test_an_answer_that_fits_nowhere_says_so(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 250)
    place = place_of(function.report()[1])
    cannot_be_packed = secrets.token_hex(1_000)
    function.reports.later.make(
        place.rpartition("/")[2],
        {"statusCode": 200, "headers": {}, "body": cannot_be_packed, "isBase64Encoded": False},
    )
    status, _, body = function.ask("GET", place)
    assert status == 422 and "too large" in body["error"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/v1/ranking", "/v1/api/answers/x"),
        ("/api/v1/stats/aggregate", "/api/answers/x"),
        ("/v1/api/v2/query", "/v1/api/answers/x"),
    ],
)
def test_the_place_of_an_answer_stands_behind_the_stage(path: str, place: str) -> None:
    asked: Callable[[str, str], str] = reports._from
    behind = path.removeprefix("/v1") if "api" in path else path
    assert urljoin(path, asked(behind, "x")) == place
