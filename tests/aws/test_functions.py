"""Each function as Lambda runs it: from the zip, by AWS's own client of the runtime, with tables, buckets and a stream of its own."""

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.aws.emulators import ANYBODY
from tests.aws.runtime import sandbox
from tests.aws.test_deploy import envelope, request

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
HANDLERS = "footfall.aws.lambdas"
SECRET = "only-cloudfront-knows"


@pytest.fixture
def environment(cloud: str) -> dict[str, str]:
    """What the template gives to functions."""
    name = f"functions-{secrets.token_hex(4)}"
    clients: dict[str, Any] = {each: boto3.client(each, endpoint_url=cloud, **ANYBODY) for each in ("dynamodb", "s3", "kinesis")}  # type: ignore[call-overload]
    for table in (name, f"{name}-salts"):
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        clients["dynamodb"].create_table(
            TableName=table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
        )  # fmt: skip
    clients["s3"].create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    clients["kinesis"].create_stream(StreamName=name, ShardCount=1)
    return {
        "AWS_ENDPOINT_URL": cloud, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "FOOTFALL_STREAM": f"kinesis:{name}", "FOOTFALL_STORE": f"dynamodb:{name}/{name}", "FOOTFALL_REGISTRY": f"dynamodb:{name}",
        "FOOTFALL_SALTS": f"dynamodb:{name}-salts", "FOOTFALL_ROLLUPS": f"dynamodb:{name}", "FOOTFALL_SET_ASIDE": f"s3:{name}", "FOOTFALL_ORIGIN_SECRET": SECRET,
    }  # fmt: skip


def records(*bodies: bytes) -> Iterator[dict[str, Any]]:
    """Records as a mapping hands them on."""
    for number, body in enumerate(bodies):
        sequence = f"{49_600_000_000 + number:056d}"
        yield {"eventID": f"shardId-000000000000:{sequence}", "eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": sequence, "data": b64encode(body).decode()}}


def test_process_applies_records_and_fails_for_none(unpacked: Path, environment: dict[str, str]) -> None:
    with sandbox(unpacked, f"{HANDLERS}.process", environment) as function:
        for _ in range(2):
            assert function.invoke({"Records": list(records(envelope("one", ""), b"nonsense"))}) == ("response", {"batchItemFailures": []})


def test_query_answers(unpacked: Path, environment: dict[str, str]) -> None:
    with sandbox(unpacked, f"{HANDLERS}.query", environment) as function:
        answer = function.invoke(request("POST", "/api/v2/query", {"site_id": "nobody", "metrics": ["visitors"], "date_range": "day"}))
        assert (answer.kind, answer.body["statusCode"]) == ("response", 404), answer
        assert "error" in json.loads(answer.body["body"])


def test_compact_finds_nothing_to_do(unpacked: Path, environment: dict[str, str]) -> None:
    with sandbox(unpacked, f"{HANDLERS}.compact", environment) as function:
        assert function.invoke({}) == ("response", None)


def test_collect_believes_only_cloudfront(unpacked: Path, environment: dict[str, str]) -> None:
    event = {
        "version": "2.0", "rawPath": "/v1/track", "rawQueryString": "", "headers": {"host": "x", "content-type": "application/json"}, "isBase64Encoded": False,
        "body": json.dumps({"name": "Home", "url": "https://nobody.example/", "website": "nobody"}),
        "requestContext": {"domainName": "x", "http": {"method": "POST", "path": "/v1/track", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "x"}, "stage": "$default"},
    }  # fmt: skip
    with sandbox(unpacked, f"{HANDLERS}.collect", environment) as function:
        assert function.invoke(event).body["statusCode"] == 403
        event["headers"] = {"host": "x", "content-type": "application/json", "x-footfall-origin": SECRET, "cloudfront-viewer-address": "198.51.100.7:5000"}
        answer = function.invoke(event)
        assert (answer.kind, answer.body["statusCode"]) == ("response", 202), answer
