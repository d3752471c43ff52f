"""The function that answers reports.

What takes longer than API Gateway waits is made by an invocation of its own, and its answer
called for at another address.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from litestar import Request, Response

from footfall.query.limit import TooLong
from footfall.store.port import StoreBroken, TooLarge

SOON_SECONDS = 20.0
"""API Gateway gives up after 29, some of which a new sandbox takes."""

LONG_SECONDS = 290.0
"""Of the 300 that the function may take."""

FRESH_SECONDS = 60
"""So long an answer stands for the same question asked again."""

PLACE = "/api/answers/"
OF_A_QUESTION = ("authorization", "content-type")
"""Headers that make another question of it."""

ANYBODY = {"Access-Control-Allow-Origin": "*"}
AGAIN = {
    **ANYBODY,
    "Access-Control-Expose-Headers": "Location, Retry-After",
    "Retry-After": "2",
    "Cache-Control": "no-store",
}

KEPT_PARTS = ("statusCode", "headers", "body", "isBase64Encoded")
TOO_LARGE = "the answer is too large to be made beside; ask for fewer rows at a time"

log = logging.getLogger(__name__)

Event = Mapping[str, Any]
Answer = dict[str, Any]


class Kept(Protocol):
    """Answers by name. Times are seconds; every method may raise `StoreBroken`."""

    def begin(self, name: str, now: int, begun_after: int, done_after: int) -> bool:
        """Note that one is being made; return False if begun or done after these moments."""

    def put(self, name: str, now: int, data: bytes) -> None:
        """Keep what came of it for some minutes. Raises `TooLarge`."""

    def get(self, name: str, now: int) -> tuple[int, bytes | None] | None:
        """When it was begun, and what came of it, if it is there; None where nobody began."""

    def drop(self, name: str) -> None:
        """Nobody makes it."""


@dataclass(frozen=True, slots=True)
class Later:
    """Has answers made by further invocations.

    `invoke` calls functions of Lambda and may raise `StoreBroken`, `now` is the clock in
    microseconds.
    """

    kept: Kept
    invoke: Callable[..., Any]
    now: Callable[[], int]

    def __call__(self, request: Request[Any, Any, Any], _: TooLong) -> Response[Any]:
        """Tell where the answer will be, once it is seen to that it is made."""
        scope: Any = request.scope
        question = _question(scope["aws.event"])
        name = _name(question)
        try:
            self._see_to(name, question, scope["aws.context"].invoked_function_arn)
        except StoreBroken as exc:
            log.error("%s; a report that takes long is not made", exc)
            said = (
                f"the report takes more than {SOON_SECONDS:g} seconds,"
                " and cannot be made beside just now; try again in a moment"
            )
            return Response({"error": said}, status_code=503, headers=AGAIN)
        return Response(
            {"later": "the report takes a while; ask for it where Location says"},
            status_code=202,
            headers={**AGAIN, "Location": _from(question["path"], name)},
        )

    def _see_to(self, name: str, question: Event, function: str) -> None:
        """Have an answer made, unless it is being made or is there."""
        now = self._seconds()
        if not self.kept.begin(name, now, now - int(LONG_SECONDS), now - FRESH_SECONDS):
            return
        try:
            self.invoke(
                FunctionName=function,
                InvocationType="Event",
                Payload=json.dumps({"later": name, "question": question}).encode(),
            )
        except StoreBroken:
            self.kept.drop(name)
            raise

    def make(self, name: str, answer: Answer) -> None:
        """Keep what came of a question."""
        kept = {part: answer[part] for part in KEPT_PARTS}
        try:
            self._put(name, kept)
        except TooLarge:
            self._put(name, _told(422, error=TOO_LARGE))

    def _put(self, name: str, answer: Answer) -> None:
        self.kept.put(name, self._seconds(), json.dumps(answer).encode())

    def found(self, name: str) -> Answer:
        """What there is for who calls for an answer."""
        found = self.kept.get(name, self._seconds())
        if found is None:
            return _told(404, error="there is no such answer, or no more; ask for the report again")
        begun, data = found
        if data:
            answer: Answer = json.loads(data)
            return {**answer, "headers": {**answer["headers"], **ANYBODY}}
        if begun < self._seconds() - LONG_SECONDS:
            said = (
                f"the report takes more than {LONG_SECONDS:g} seconds;"
                " ask for a shorter period, fewer dimensions or a filter"
            )
            return _told(422, error=said)
        return _told(202, {**AGAIN, "Location": name}, later="the report is not there yet")

    def _seconds(self) -> int:
        return self.now() // 1_000_000


@dataclass(frozen=True, slots=True)
class Reports:
    """`soon` and `long` answer events of API Gateway, the former within its patience."""

    soon: Callable[[Any, Any], Answer]
    long: Callable[[Any, Any], Answer]
    later: Later

    def __call__(self, event: Event, context: Any) -> Answer | None:
        """Answer a request, or make an answer that nobody waits for."""
        if "later" in event:
            self.later.make(event["later"], self.long(event["question"], context))
            return None
        if event["httpMethod"] == "GET" and event["path"].startswith(PLACE):
            try:
                return self.later.found(event["path"].removeprefix(PLACE))
            except StoreBroken as exc:
                log.error("%s", exc)
                return _told(503, error="answers cannot be read just now; try again in a moment")
        return self.soon(event, context)


def _question(event: Event) -> dict[str, Any]:
    """A request without what says nothing of its answer."""
    sent = event["headers"] or {}
    headers = {name: value for name, value in sent.items() if name.lower() in OF_A_QUESTION}
    return {
        **event,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": {},
    }


def _name(question: Event) -> str:
    """Return a name that nobody guesses who could not ask: it hashes the key as well."""
    parts = ("httpMethod", "path", "multiValueQueryStringParameters", "headers", "body")
    text = json.dumps([question.get(part) for part in parts], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _from(path: str, name: str) -> str:
    """Return the address of an answer, relative to the question's, before which a stage may be."""
    _, within, rest = path.partition("/api/")
    return f"{'../' * rest.count('/')}answers/{name}" if within else f"api/answers/{name}"


def _told(status: int, headers: Mapping[str, str] = ANYBODY, **says: str) -> Answer:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **headers},
        "body": json.dumps(says),
        "isBase64Encoded": False,
    }
