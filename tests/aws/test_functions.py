"""Each function as Lambda runs it: from the zip, by AWS's own client of the runtime, with tables, buckets and a stream of its own."""

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from time import time_ns
from typing import Any

import pytest

from footfall.aws.velocity import Request
from footfall.domain.site import Site
from footfall.functions.failures import ANONYMOUS
from footfall.registry.dynamodb import DynamodbRegistry
from tests.aws.emulators import clients, clients_of
from tests.aws.events import BROWSER, proxied, to_url, wrapped
from tests.aws.runtime import sandbox

pytestmark = pytest.mark.slow
HANDLERS = "footfall.aws.lambdas"
SECRET = "only-cloudfront-knows"


@pytest.fixture
def environment(cloud: str) -> dict[str, str]:
    """What the template gives to functions."""
    here, kinesis, stream = clients(cloud), clients_of(cloud)("kinesis"), f"functions-{secrets.token_hex(4)}"
    table, salts, bucket = here.table(), here.table(), here.bucket()
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    return {
        "AWS_ENDPOINT_URL": cloud, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "FOOTFALL_STREAM": f"kinesis:{stream}", "FOOTFALL_STORE": f"dynamodb:{table}/{bucket}", "FOOTFALL_REGISTRY": f"dynamodb:{table}",
        "FOOTFALL_SALTS": f"dynamodb:{salts}", "FOOTFALL_ROLLUPS": f"dynamodb:{table}", "FOOTFALL_ORIGIN_SECRET": SECRET,
    }  # fmt: skip


def records(*bodies: bytes) -> Iterator[dict[str, Any]]:
    """Records as a mapping hands them on."""
    for number, body in enumerate(bodies):
        sequence = f"{49_600_000_000 + number:056d}"
        yield {"eventID": f"shardId-000000000000:{sequence}", "eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": sequence, "data": b64encode(body).decode()}}


def test_process_applies_records_and_fails_for_none(unpacked: Path, environment: dict[str, str]) -> None:
    with sandbox(unpacked, f"{HANDLERS}.process", environment) as function:
        for _ in range(2):
            assert function.invoke({"Records": list(records(wrapped(Request())[1], b"nonsense"))}) == ("response", {"batchItemFailures": []})


def test_query_answers(unpacked: Path, environment: dict[str, str]) -> None:
    with sandbox(unpacked, f"{HANDLERS}.query", environment) as function:
        answer = function.invoke(proxied("POST", "/api/v2/query", body={"site_id": "nobody", "metrics": ["visitors"], "date_range": "day"}))
        assert (answer.kind, answer.body["statusCode"]) == ("response", 401), answer
        assert "error" in json.loads(answer.body["body"])


def test_from_records_to_files_and_reports(unpacked: Path, environment: dict[str, str], cloud: str, tmp_path: Path) -> None:
    """Every function that touches what is counted, each with a disk of its own, as sandboxes have."""
    here, (table, bucket) = clients(cloud), environment["FOOTFALL_STORE"].removeprefix("dynamodb:").split("/")
    DynamodbRegistry(here.dynamodb, table).put_site(Site("example", ("example.com",), public=True), new=True)
    bodies = [json.dumps({"url": f"https://example.com/{page}"}) for page in "aab"]
    given = [wrapped(Request({"User-Agent": BROWSER}, body=body, time_ms=time_ns() // 1_000_000, extended_id=f"{number}="))[1] for number, body in enumerate(bodies)]
    asked = proxied("POST", "/api/v2/query", body={"site_id": "example", "metrics": ["visitors", "pageviews"], "date_range": "day", "dimensions": ["event:page"]})

    def invoked(name: str, event: object) -> Any:
        (disk := tmp_path / secrets.token_hex(4)).mkdir()
        with sandbox(unpacked, f"{HANDLERS}.{name}", {**environment, "TMPDIR": str(disk)}) as function:
            answer = function.invoke(event)
        assert answer.kind == "response", answer
        return answer.body

    def rows() -> list[tuple[str, int, int]]:
        found = json.loads(invoked("query", asked)["body"])["results"]
        return [(each["dimensions"][0], *each["metrics"]) for each in found]

    assert invoked("process", {"Records": list(records(*given))}) == {"batchItemFailures": []}
    assert rows() == [("/a", 1, 2), ("/b", 1, 1)]
    invoked("compact", {"site": "example"})
    assert [each["Key"] for each in here.s3.list_objects_v2(Bucket=bucket)["Contents"] if each["Key"].endswith(".parquet")]
    assert rows() == [("/a", 1, 2), ("/b", 1, 1)]
    here.s3.put_object(Bucket=bucket, Key="aws/lambda/x", Body=json.dumps({"payload": json.dumps({"Records": list(records(*given))})}).encode())
    invoked("failures", {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": "aws/lambda/x"}}}]})
    assert [each["Key"] for each in here.s3.list_objects_v2(Bucket=bucket)["Contents"] if each["Key"].endswith("aws/lambda/x")] == [f"{ANONYMOUS}aws/lambda/x"]


def test_compact_finds_nothing_to_do(unpacked: Path, environment: dict[str, str]) -> None:
    with sandbox(unpacked, f"{HANDLERS}.compact", environment) as function:
        assert function.invoke({}) == ("response", None)


def test_collect_believes_only_cloudfront(unpacked: Path, environment: dict[str, str]) -> None:
    body = json.dumps({"name": "Home", "url": "https://nobody.example/", "website": "nobody"}).encode()
    with sandbox(unpacked, f"{HANDLERS}.collect", environment) as function:
        assert function.invoke(to_url("POST", "/v1/track", body)).body["statusCode"] == 403
        answer = function.invoke(to_url("POST", "/v1/track", body, **{"x-footfall-origin": SECRET, "x-footfall-viewer": "198.51.100.7"}))
        assert (answer.kind, answer.body["statusCode"]) == ("response", 202), answer
