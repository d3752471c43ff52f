"""What anybody may send, and what a fault of ours may write, between hits.

These count at the first try all the same.
"""

import json
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from itertools import count
from math import log2
from pathlib import Path
from time import time_ns
from typing import Any

import pytest

from footfall.aws.velocity import Request
from footfall.domain.event import Position
from footfall.functions.failures import records_in
from footfall.functions.process import Process
from footfall.gateway.protocols.own import TRACK_BYTES
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.stream.codec import KEPT_BYTES, REASON_BYTES, decode
from footfall.stream.port import Record
from tests.aws import fault
from tests.aws.emulators import Aws, clients
from tests.aws.events import BROWSER, wrapped
from tests.aws.fault import network
from tests.aws.place import Place, place
from tests.store.relations import everything
from tests.strange import NINE, RECORDS, REQUESTS
from tests.traffic import SITE, SOURCES, Act, made

__all__ = ["place"]
pytestmark = pytest.mark.slow
SHARD = "shardId-000000000000"
RECORD_BYTES = 1_000_000
PAGES = "SELECT page FROM events ORDER BY page"
_numbers = count(1)


def told(records: list[bytes]) -> dict[str, Any]:
    """Records as Lambda hands them on."""
    return {
        "Records": [
            {
                "eventID": f"{SHARD}:{number}",
                "kinesis": {"sequenceNumber": str(number), "data": b64encode(each).decode()},
            }
            for each, number in zip(records, _numbers, strict=False)
        ]
    }


def good(page: str) -> bytes:
    """A hit through the door without code."""
    body = json.dumps({"url": f"https://example.com/{page}"})
    request = Request({"User-Agent": BROWSER}, body=body)
    return sent(request, "TrackPost", page)


def sent(request: Request, method: str, name: str) -> bytes:
    """The record that a request becomes now."""
    now = replace(request, time_ms=time_ns() // 1_000_000, extended_id=name)
    return wrapped(now, method)[1]


def record_of(name: str) -> bytes:
    """The record of this name."""
    if name in RECORDS:
        return RECORDS[name]
    method, request = REQUESTS[name]
    return sent(request, method, name)


def facts_of(place: Place, aws: Aws, folder: Path) -> DynamodbFacts:
    """The facts that a stack's functions write."""
    names = place.names["Table"], place.names["ArchiveBucket"]
    now = lambda: time_ns() // 1_000  # noqa: E731
    return DynamodbFacts(
        aws.dynamodb, aws.s3, *names, lambda: ["example", ""], now, "512MB", folder
    )


@pytest.mark.parametrize("name", REQUESTS)
def test_no_request_makes_a_long_record(name: str) -> None:
    record = json.loads(record_of(name))
    assert len(json.dumps(record)) < 160_000 < RECORD_BYTES
    assert len(record["body"]) <= 4 * -(-TRACK_BYTES // 3)


@pytest.mark.parametrize("name", [*REQUESTS, *RECORDS])
def test_one_between_hits(place: Place, aws: Aws, tmp_path: Path, name: str) -> None:
    pages = [f"{name}-{number}".replace(" ", "-").lower() for number in (1, 2)]
    event = told([good(pages[0]), record_of(name), good(pages[1])])
    assert place.call("process", event)["answer"] == {"batchItemFailures": []}
    facts = facts_of(place, aws, tmp_path)
    with facts.reading("example") as reading:
        counted = [page for (page,) in reading.rows(PAGES)]
    assert {f"/{page}" for page in pages} <= set(counted)


def test_all_of_them_at_once_and_what_is_kept(place: Place, aws: Aws, tmp_path: Path) -> None:
    """Then files are made of it, and reports read them."""
    records = [
        each for name in (*REQUESTS, *RECORDS) for each in (record_of(name), good(f"of-{name}"))
    ]
    assert place.call("process", told(records))["answer"] == {"batchItemFailures": []}
    facts = facts_of(place, aws, tmp_path)
    facts.compact("example")
    with facts.reading("example") as reading:
        counted = [page for (page,) in reading.rows(PAGES) if page.startswith("/of-")]
        assert everything(reading)
    assert len(counted) == len(REQUESTS) + len(RECORDS)
    bad = list(facts.bad())
    assert len(bad) > len(RECORDS)
    assert max(len(each.reason) for each in bad) <= REASON_BYTES
    assert max(len(each.kept) for each in bad) <= KEPT_BYTES
    assert REASON_BYTES + KEPT_BYTES <= 2_048


def test_a_table_that_does_not_answer_sets_nothing_aside(
    place: Place, aws: Aws, tmp_path: Path
) -> None:
    """Neither that of the facts nor those of sites and secrets."""
    facts = facts_of(place, aws, tmp_path)
    before = len(list(facts.bad()))
    weather = [fault.none]
    with network(aws.url, lambda _: weather[0]) as between:
        far = {"AWS_ENDPOINT_URL": between.url}
        place.call("process", told([good("held-0")]), **far)
        event = told([good("held-1"), record_of("a body of 600 KB"), good("held-2")])
        first = event["Records"][0]["kinesis"]["sequenceNumber"]
        for broken in (fault.throttle, fault.fail, fault.cut):
            weather[0] = broken
            answer = place.call("process", event, **far)["answer"]
            assert answer == {"batchItemFailures": [{"itemIdentifier": first}]}, broken.__name__
        assert len(list(facts.bad())) == before
        weather[0] = fault.none
        assert place.call("process", event, **far)["answer"] == {"batchItemFailures": []}
    assert len(list(facts.bad())) == before + 1


def test_one_that_the_table_refuses_costs_the_others_some_tries(aws: Aws, tmp_path: Path) -> None:
    """As many calls as it takes to find it, however many are around it."""
    calls: Counter[str] = Counter()

    def counted(action: str) -> fault.Fault:
        calls[action] += 1
        return fault.none

    acts = [Act(NINE + number) for number in range(256)]
    hits = [each.record for each in made(acts, one_shard=True)]
    strange = [RECORDS[name] for name in ("a site's id of 5 KB", "a page of 700 KB")]
    data = [each.data for each in hits]
    data[100:100], data[200:200] = strange[:1], strange[1:]
    records = [Record(Position("s", number + 1), each) for number, each in enumerate(data)]
    with network(aws.url, counted) as between:
        far = clients(between.url).dynamodb
        facts = DynamodbFacts(
            far,
            aws.s3,
            aws.table(),
            aws.bucket(),
            lambda: [*SITE, ""],
            lambda: NINE,
            "512MB",
            tmp_path,
        )
        process = Process(facts, SOURCES, lambda: NINE, lambda _: records, lambda: None, decode)
        told_of = process.apply(records)
        far.close()
    assert (told_of.hits, told_of.bad, told_of.failed) == (256, 2, None)
    assert calls["TransactWriteItems"] <= 4 * log2(len(records))
    assert process.apply(records).applied == 0


def test_what_was_given_up_with_strange_ones_among_it_is_made_anonymous(
    place: Place, aws: Aws
) -> None:
    names = [name for name in (*REQUESTS, *RECORDS) if len(record_of(name)) < RECORD_BYTES]
    payload = told([record_of(name) for name in names])
    bucket, key = place.names["FailuresBucket"], "aws/lambda/strange"
    body = json.dumps({"version": "1.0", "KinesisBatchInfo": {}, "payload": json.dumps(payload)})
    aws.s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
    event = {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]}
    place.call("failures", event)
    kept = aws.s3.get_object(Bucket=bucket, Key=f"anonymous/{key}")["Body"].read()
    assert len(records_in(kept)) == len(names)
