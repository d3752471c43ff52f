"""What is done with a stack once it is there: looked at, redriven, sized, removed."""

import json
import re
from base64 import b64encode
from datetime import timedelta

import pytest

from footfall.compose import functions
from footfall.domain.event import Position
from footfall.functions.failures import ANONYMOUS
from footfall.store.port import Bad, Batch
from tests.aws.sky import Say, Sky, say, sky
from tests.traffic import Act, at, made

__all__ = ["say", "sky"]
pytestmark = pytest.mark.slow


GIVEN_UP = "of the hits that were given up"


def test_scale_changes_the_sizes_alone_and_at_most_doubles_at_once(sky: Sky, say: Say) -> None:
    assert say("scale", "--hits-per-second", "1200")[::2] == (
        1,
        f"footfall: there is no stack {sky.stack} in eu-central-1:"
        " 'footfall aws deploy' makes one\n",
    )
    say("deploy")
    status, lines, _ = say("scale", "--hits-per-second", "1200")
    assert (status, lines[-1], {line[0] for line in lines[:-1]}) == (0, "on to 3 shards", {"~"})
    assert (
        sky.client("lambda").get_function_configuration(
            FunctionName=sky.resource("ProcessFunction")
        )["MemorySize"]
        == 1024
    )
    assert {
        each["ParameterKey"]: each["ParameterValue"]
        for each in sky.stacks()[sky.stack]["Parameters"]
    }["Shards"] == "3"


def test_status_tells_how_it_is_doing(sky: Sky, say: Say) -> None:
    assert say("status")[::2] == (
        1,
        f"footfall: there is no stack {sky.stack} in eu-central-1:"
        " 'footfall aws deploy' makes one\n",
    )
    say("deploy")
    status, lines, _ = say("status")
    told = dict(re.split(r"  +", line, maxsplit=1) for line in lines)
    assert (status, told["stack"], told["lag"], told["throttled writes"], told["bad records"]) == (
        0,
        "create complete",
        "nothing came in the last hour",
        "0",
        "0",
    )
    assert (told["batches given up"], told["alarms"], told["drift"], told["dashboard"]) == (
        "0",
        "none of 10",
        "none",
        sky.outputs()["DashboardURL"],
    )


def test_status_says_where_to_look(sky: Sky, say: Say) -> None:
    say("deploy")
    sky.client("s3").put_object(
        Bucket=sky.resource("FailuresBucket"), Key="aws/lambda/batch", Body=b"{}"
    )
    dimensions = [{"Name": "FunctionName", "Value": sky.resource("ProcessFunction")}]
    sky.client("cloudwatch").put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[{"MetricName": "IteratorAge", "Dimensions": dimensions, "Value": 90_000.0}],
    )
    sky.client("cloudwatch").put_metric_data(
        Namespace="Footfall",
        MetricData=[{"MetricName": "BadRecords", "Dimensions": dimensions, "Value": 101.0}],
    )
    facts = functions.facts_in(
        sky.client("dynamodb"),
        sky.client("s3"),
        sky.resource("Table"),
        sky.resource("ArchiveBucket"),
    )
    facts.apply(
        Batch(
            marks={"s": 3},
            firsts={"s": 1},
            bad=[Bad(Position("s", number), "url is required", b"") for number in (1, 2, 3)],
        )
    )
    status, lines, _ = say("status")
    assert (
        re.split(r"  +", next(line for line in lines if line.startswith("bad records of")))[1]
        == "3 url is required"
    )
    looked = [re.split(r"  +", line)[:2] for line in lines if line.endswith("<- look here")]
    assert (status, looked[:3]) == (
        1,
        [["lag", "90 s at most"], ["bad records", "101"], ["batches given up", "1"]],
    )


def test_redrive_counts_what_was_given_up_and_is_old_enough(
    sky: Sky, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("deploy")
    bucket, s3 = sky.resource("FailuresBucket"), sky.client("s3")
    acts = [Act(at("2026-06-10 09:00") + number) for number in range(3)]
    records = [each.record for each in made(acts, one_shard=True)]
    kept = [
        {
            "shard": "hits@1/a",
            "sequence": str(each.position.sequence),
            "data": b64encode(each.data).decode(),
        }
        for each in records
    ]
    s3.put_object(Bucket=bucket, Key=f"{ANONYMOUS}aws/lambda/x", Body=json.dumps(kept).encode())
    assert say("redrive") == (
        0,
        [
            f"counted 0 {GIVEN_UP}; 0 had been counted before",
            "batches given up within the last 20 minutes,"
            " which may still be counted by themselves: 1; do this again later",
        ],
        "",
    )
    monkeypatch.setattr("footfall.aws.redrive.YOUNG", timedelta(0))
    assert say("redrive") == (0, [f"counted 3 {GIVEN_UP}; 0 had been counted before"], "")
    assert not s3.list_objects_v2(Bucket=bucket).get("Contents")
    s3.put_object(Bucket=bucket, Key=f"{ANONYMOUS}aws/lambda/x", Body=json.dumps(kept).encode())
    assert say("redrive") == (0, [f"counted 0 {GIVEN_UP}; 3 had been counted before"], "")


def test_destroy_asks_and_keeps_what_was_counted(sky: Sky, say: Say) -> None:
    say("deploy")
    table, archive = sky.resource("Table"), sky.resource("ArchiveBucket")
    assert say("destroy")[::2] == (1, "footfall: there is nobody to ask: give --yes\n")
    status, lines, _ = say("destroy", "--yes")
    assert (status, lines) == (
        0,
        [
            f"removed {sky.stack}",
            f"kept AWS::S3::Bucket {archive}",
            f"kept AWS::DynamoDB::Table {table}",
        ],
    )
    assert sky.buckets() == {archive}
    assert table in sky.client("dynamodb").list_tables()["TableNames"]


def test_destroy_with_its_data_leaves_nothing(sky: Sky, say: Say) -> None:
    say("deploy")
    table = sky.resource("Table")
    assert say("destroy", "--yes", "--delete-data") == (0, [f"removed {sky.stack}"], "")
    assert sky.buckets() == set()
    assert table not in sky.client("dynamodb").list_tables()["TableNames"]
    assert say("destroy", "--yes")[::2] == (
        1,
        f"footfall: there is no stack {sky.stack} in eu-central-1:"
        " 'footfall aws deploy' makes one\n",
    )


def test_places_that_are_reserved_follow_the_size_until_they_are_given_up(
    sky: Sky, say: Say
) -> None:
    def places() -> dict[str, str]:
        parameters = sky.stacks()[sky.stack]["Parameters"]
        found = {each["ParameterKey"]: each["ParameterValue"] for each in parameters}
        return {name: found[name] for name in ("CollectConcurrency", "QueryConcurrency")}

    assert say("deploy", "--reserve", "--front-door", "function")[0] == 0
    assert places() == {"CollectConcurrency": "40", "QueryConcurrency": "40"}
    assert say("scale", "--hits-per-second", "900")[0] == 0
    assert places() == {"CollectConcurrency": "90", "QueryConcurrency": "40"}
    assert say("deploy")[0] == 0
    assert places() == {"CollectConcurrency": "90", "QueryConcurrency": "40"}
    assert say("deploy", "--no-reserve")[0] == 0
    assert set(places().values()) == {"0"}
