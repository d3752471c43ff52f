"""The handlers as Lambda calls them, each a process with its settings, from request to report."""

import json
import subprocess
import sys
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest

from footfall.aws import lambdas
from tests.aws.events import RESOURCES, proxied, to_url
from tests.aws.place import SECRET, Place, place

__all__ = ["place"]
pytestmark = pytest.mark.slow
ZSTD = b"\x28\xb5\x2f\xfd"
OF_THE_MAPPING = {
    "kinesis:DescribeStream",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
    "s3:PutObject",
    "s3:ListBucket",
}
"""What Lambda itself does in the name of the function that counts."""


def through_cloudfront(
    method: str, path: str, body: bytes = b"", query: str = "", **headers: str
) -> dict[str, Any]:
    return to_url(
        method,
        path,
        body,
        query,
        **{"x-footfall-origin": SECRET, "x-footfall-viewer": "192.0.2.55", **headers},
    )


def _rows(place: Place, **more: Any) -> Any:
    query = {
        "site_id": "example",
        "metrics": ["visitors", "pageviews"],
        "date_range": "day",
        **more,
    }
    answer = place.call("query", proxied("POST", "/api/v2/query", {}, query))["answer"]
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])["results"]


def test_from_a_request_to_a_report(place: Place) -> None:
    for page in ("/a", "/b", "/a"):
        place.hit({"url": f"https://example.com{page}"})
    place.hit({"w": "example", "u": "https://example.com/p"}, "PixelGet")
    place.hit({"url": "https://example.com/admin/"})
    place.hit({"nothing": 1})
    place.deliver()
    place.deliver()
    assert _rows(place) == [{"dimensions": [], "metrics": [1, 4]}]
    wanted = [
        {"dimensions": ["/a"], "metrics": [1, 2]},
        {"dimensions": ["/b"], "metrics": [1, 1]},
        {"dimensions": ["/p"], "metrics": [1, 1]},
    ]
    assert _rows(place, dimensions=["event:page"]) == wanted
    assert _dropped(place) == {"excluded_page": 1}
    year = place.get("/ranking", website="example", date=f"YEAR:{datetime.now(UTC).year}")
    assert [(each["url"], each["value"]) for each in year] == [
        ("https://example.com/a", 2),
        ("https://example.com/b", 1),
        ("https://example.com/p", 1),
    ]


@pytest.mark.parametrize("path", ["/ranking", "/series", "/api/v2/query"])
def test_a_page_elsewhere_may_send_a_key(place: Place, path: str) -> None:
    asks = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = place.call("query", proxied("OPTIONS", path, {}, None, asks))["answer"]
    assert answer["statusCode"] == 204, answer
    assert "authorization" in answer["headers"]["access-control-allow-headers"].lower()
    assert {
        RESOURCES[name]["Properties"]["HttpMethod"]
        for name in ("RankingGet", "SeriesGet", "AnyReportAny")
    } == {"ANY"}


def test_the_schedule_has_every_changed_site_tidied(place: Place) -> None:
    place.hit({"url": "https://example.com/before"})
    place.deliver()
    before = _rows(place, dimensions=["event:page"])
    found = place.call("compact", {})
    assert {each["site"] for each in found["invoked"]} >= {"example"}
    for each in found["invoked"]:
        place.call("compact", each)
    assert not place.call("compact", {})["invoked"]
    assert _rows(place, dimensions=["event:page"]) == before
    place.hit({"url": "https://example.com/after"})
    place.deliver()
    assert len(_rows(place, dimensions=["event:page"])) == len(before) + 1


def test_the_gateway_as_a_function(place: Place) -> None:
    before = _rows(place)[0]["metrics"][1]
    body = b'{"url": "https://example.com/function"}'
    assert (
        place.call("collect", through_cloudfront("POST", "/v1/track", body))["answer"]["statusCode"]
        == 202
    )
    dropped = place.call(
        "collect",
        through_cloudfront("POST", "/v1/track", b'{"url": "https://example.com/admin/1"}'),
    )["answer"]
    assert (dropped["statusCode"], dropped["headers"]["x-footfall-dropped"]) == (
        202,
        "excluded_page",
    )
    assert (
        place.call("collect", through_cloudfront("POST", "/v1/track", b"{"))["answer"]["statusCode"]
        == 400
    )
    pixel = place.call(
        "collect",
        through_cloudfront(
            "GET", "/v1/track.gif", b"", "u=https%3A%2F%2Fexample.com%2Fpixel&w=example"
        ),
    )["answer"]
    assert (pixel["statusCode"], pixel["isBase64Encoded"], len(b64decode(pixel["body"]))) == (
        200,
        True,
        43,
    )
    assert (
        place.call("collect", through_cloudfront("GET", "/js/f.js", b""))["answer"]["statusCode"]
        == 200
    )
    assert (
        place.call(
            "collect",
            through_cloudfront("POST", "/v1/track", body, **{"x-footfall-origin": "guessed"}),
        )["answer"]["statusCode"]
        == 403
    )
    dropped_before = _dropped(place)
    place.deliver()
    assert _rows(place)[0]["metrics"][1] == before + 2
    assert _dropped(place)["excluded_page"] == dropped_before.get("excluded_page", 0) + 1


def _dropped(place: Place) -> dict[str, int]:
    return {
        each["reason"]: each["hits"]
        for each in place.get("/api/v1/stats/dropped", site_id="example")["results"]
    }


IMPORTING = """
from time import process_time
started = process_time()
import boto3, botocore.config
sdk = process_time()
import footfall.aws.lambdas, footfall.functions.process, footfall.gateway.envelope
import footfall.gateway.clients, footfall.store.aws.dynamodb, footfall.stream.kinesis
print(sdk - started, process_time() - sdk)
"""


def test_counting_starts_fast() -> None:
    """What is imported beside AWS's own SDK takes hardly longer than that, each at its best."""
    taken = [imported() for _ in range(7)]
    sdk, ours = (min(each) for each in zip(*taken, strict=True))
    assert ours < 1.2 * sdk, taken


def imported() -> tuple[float, float]:
    """Processor time of importing the SDK, and then what counts."""
    command = [sys.executable, "-c", IMPORTING]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    sdk, ours = map(float, done.stdout.split())
    return sdk, ours


def test_functions_carry_nothing_that_they_do_not_need(place: Place) -> None:
    place.deliver()
    place.call("compact", {})
    place.call("collect", through_cloudfront("GET", "/js/f.js", b""))
    assert place.modules["process"] == []
    assert place.modules["collect"] == []
    assert "litestar" not in place.modules["compact"]


@pytest.mark.parametrize(("memory", "used"), [("1769", "884MB"), ("4096", "2048MB")])
def test_more_memory_is_used(memory: str, used: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory)
    assert lambdas._settings().store_memory == used
