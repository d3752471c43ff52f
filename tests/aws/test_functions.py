"""Each function as Lambda runs it.

From the zip, by AWS's own client of the runtime, with tables, buckets and a stream of its own.
"""

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
from tests.aws.emulators import Aws, clients, clients_of
from tests.aws.events import BROWSER, proxied, to_url, wrapped
from tests.aws.runtime import sandbox

pytestmark = pytest.mark.slow
HANDLERS = "footfall.aws.lambdas"
SECRET = "only-cloudfront-knows"


@pytest.fixture
def environment(cloud: str) -> dict[str, str]:
    """What the template gives to functions."""
    here, kinesis, stream = (
        clients(cloud),
        clients_of(cloud)("kinesis"),
        f"functions-{secrets.token_hex(4)}",
    )
    table, salts, bucket = here.table(), here.table(), here.bucket()
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    return {
        "AWS_ENDPOINT_URL": cloud,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "FOOTFALL_STREAM": f"kinesis:{stream}",
        "FOOTFALL_STORE": f"dynamodb:{table}/{bucket}",
        "FOOTFALL_REGISTRY": f"dynamodb:{table}",
        "FOOTFALL_SALTS": f"dynamodb:{salts}",
        "FOOTFALL_ROLLUPS": f"dynamodb:{table}",
        "FOOTFALL_ORIGIN_SECRET": SECRET,
    }


def records(*bodies: bytes) -> Iterator[dict[str, Any]]:
    """Records as a mapping hands them on."""
    for number, body in enumerate(bodies):
        sequence = f"{49_600_000_000 + number:056d}"
        yield {
            "eventID": f"shardId-000000000000:{sequence}",
            "eventSource": "aws:kinesis",
            "kinesis": {"sequenceNumber": sequence, "data": b64encode(body).decode()},
        }


def test_process_applies_records_and_fails_for_none(
    unpacked: Path, environment: dict[str, str]
) -> None:
    with sandbox(unpacked, f"{HANDLERS}.process", environment) as function:
        for _ in range(2):
            assert function.invoke(
                {"Records": list(records(wrapped(Request())[1], b"nonsense"))}
            ) == ("response", {"batchItemFailures": []})


def test_query_answers(unpacked: Path, environment: dict[str, str]) -> None:
    with sandbox(unpacked, f"{HANDLERS}.query", environment) as function:
        answer = function.invoke(
            proxied(
                "POST",
                "/api/v2/query",
                body={"site_id": "nobody", "metrics": ["visitors"], "date_range": "day"},
            )
        )
        assert (answer.kind, answer.body["statusCode"]) == ("response", 401), answer
        assert "error" in json.loads(answer.body["body"])


class Functions:
    """The functions of a stack, each call in a sandbox with a disk of its own."""

    def __init__(self, unpacked: Path, environment: dict[str, str], folder: Path) -> None:
        self.unpacked = unpacked
        self.environment = environment
        self.folder = folder

    def invoke(self, name: str, event: object) -> Any:
        disk = self.folder / secrets.token_hex(4)
        disk.mkdir()
        variables = {**self.environment, "TMPDIR": str(disk)}
        with sandbox(self.unpacked, f"{HANDLERS}.{name}", variables) as function:
            answer = function.invoke(event)
        assert answer.kind == "response", answer
        return answer.body

    def pages(self) -> list[tuple[str, int, int]]:
        query = {
            "site_id": "example",
            "metrics": ["visitors", "pageviews"],
            "date_range": "day",
            "dimensions": ["event:page"],
        }
        answer = self.invoke("query", proxied("POST", "/api/v2/query", body=query))
        found = json.loads(answer["body"])["results"]
        return [(each["dimensions"][0], *each["metrics"]) for each in found]


def viewed(page: str, number: int) -> bytes:
    """The record that the door puts on the stream for a page view."""
    request = Request(
        {"User-Agent": BROWSER},
        body=json.dumps({"url": f"https://example.com/{page}"}),
        time_ms=time_ns() // 1_000_000,
        extended_id=f"{number}=",
    )
    return wrapped(request)[1]


def keys_in(here: Aws, bucket: str, end: str) -> list[str]:
    keys = [each["Key"] for each in here.s3.list_objects_v2(Bucket=bucket)["Contents"]]
    return [key for key in keys if key.endswith(end)]


def test_from_records_to_files_and_reports(
    unpacked: Path, environment: dict[str, str], cloud: str, tmp_path: Path
) -> None:
    """Every function that touches what is counted, each with its own disk, as sandboxes have."""
    here = clients(cloud)
    table, bucket = environment["FOOTFALL_STORE"].removeprefix("dynamodb:").split("/")
    site = Site("example", ("example.com",), public=True)
    DynamodbRegistry(here.dynamodb, table).put_site(site, new=True)
    given = {"Records": list(records(*(viewed(page, at) for at, page in enumerate("aab"))))}
    functions = Functions(unpacked, environment, tmp_path)
    assert functions.invoke("process", given) == {"batchItemFailures": []}
    assert functions.pages() == [("/a", 1, 2), ("/b", 1, 1)]
    functions.invoke("compact", {"site": "example"})
    assert keys_in(here, bucket, ".parquet")
    assert functions.pages() == [("/a", 1, 2), ("/b", 1, 1)]
    given_up = json.dumps({"payload": json.dumps(given)})
    here.s3.put_object(Bucket=bucket, Key="aws/lambda/x", Body=given_up.encode())
    named = {"bucket": {"name": bucket}, "object": {"key": "aws/lambda/x"}}
    functions.invoke("failures", {"Records": [{"s3": named}]})
    assert keys_in(here, bucket, "aws/lambda/x") == [f"{ANONYMOUS}aws/lambda/x"]


def test_compact_finds_nothing_to_do(unpacked: Path, environment: dict[str, str]) -> None:
    with sandbox(unpacked, f"{HANDLERS}.compact", environment) as function:
        assert function.invoke({}) == ("response", None)


def test_collect_believes_only_cloudfront(unpacked: Path, environment: dict[str, str]) -> None:
    body = json.dumps(
        {"name": "Home", "url": "https://nobody.example/", "website": "nobody"}
    ).encode()
    with sandbox(unpacked, f"{HANDLERS}.collect", environment) as function:
        assert function.invoke(to_url("POST", "/v1/track", body)).body["statusCode"] == 403
        answer = function.invoke(
            to_url(
                "POST",
                "/v1/track",
                body,
                **{"x-footfall-origin": SECRET, "x-footfall-viewer": "198.51.100.7"},
            )
        )
        assert (answer.kind, answer.body["statusCode"]) == ("response", 202), answer
