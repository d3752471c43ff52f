"""`footfall aws` against a whole AWS of its own, from nothing to a stack and back."""

import json
import re
import subprocess
import sys
import zipfile
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import time

import pytest

from footfall import __version__
from footfall.aws.package import Package
from footfall.aws.velocity import Request
from footfall.compose import functions
from footfall.domain.event import Position
from footfall.functions.failures import ANONYMOUS
from footfall.registry.dynamodb import DynamodbRegistry
from footfall.store.port import Bad, Batch
from tests.aws.events import BROWSER, wrapped
from tests.aws.sky import Say, Sky, say, sky
from tests.traffic import Act, at, made

__all__ = ["say", "sky"]
GIVEN_UP = "of the hits that were given up"
pytestmark = pytest.mark.slow


def test_deploy_makes_a_stack_and_says_where_it_is(sky: Sky, say: Say) -> None:
    status, lines, errors = say("deploy")
    assert (status, errors) == (0, "")
    outputs = sky.outputs()
    assert lines[-2:] == [f"Dashboard: {outputs['DashboardURL']}?site=example", f"Website: {outputs['WebsiteURL']}"]
    assert "+ Table (AWS::DynamoDB::Table)" in lines
    assert sky.stacks()[sky.stack]["StackStatus"] == "CREATE_COMPLETE"


def test_deploy_fills_the_buckets_and_registers_the_example(sky: Sky, say: Say) -> None:
    say("deploy", "--parameter", "WebsiteID=my-site")
    outputs, s3 = sky.outputs(), sky.client("s3")
    track = f"{outputs['TrackingRootURL']}/v1/track"

    def body(bucket: str, key: str) -> str:
        return str(s3.get_object(Bucket=outputs[bucket], Key=key)["Body"].read().decode())

    assert f'<script defer src="js/f.js" data-site="my-site" data-api="{track}" data-local></script>' in body("BucketNameWebsite", "index.html")
    assert f'href="{outputs["DashboardURL"]}?site=my-site"' in body("BucketNameWebsite", "index.html")
    assert f'src="{track}.gif?w=my-site&amp;n=' in body("BucketNameWebsite", "noscript.html")
    assert "website: 'my-site'" in body("BucketNameWebsite", "track.js")
    assert f"new URL('{track}'" in body("BucketNameWebsite", "track.js")
    for bucket in ("BucketNameWebsite", "BucketNameDashboard"):
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=outputs[bucket])["Contents"]]
        assert "js/f.js" in keys
        assert not [key for key in keys if key.endswith(("page.html", "/")) or (re.search(r"\.\./|['\"]example['\"]", body(bucket, key)) and key.endswith(".html"))]
        assert s3.head_object(Bucket=outputs[bucket], Key="index.html")["ContentType"] == "text/html; charset=utf-8"
    assert json.loads(body("BucketNameDashboard", "config.json")) == {"api": "", "track": f"{outputs['TrackingRootURL']}/v1/track", "pauseMs": 10_000}
    registry = DynamodbRegistry(sky.client("dynamodb"), sky.resource("Table"))
    assert [(site.id, site.public) for site in registry.sites()] == [("my-site", True)]


def test_a_dry_run_changes_nothing(sky: Sky, say: Say) -> None:
    status, lines, _ = say("deploy", "--dry-run")
    assert (status, "+ Stream (AWS::Kinesis::Stream)" in lines, sky.buckets()) == (0, True, set())
    assert sky.stacks().get(sky.stack, {}).get("StackStatus", "DELETE_COMPLETE") == "DELETE_COMPLETE"
    say("deploy")
    before = sky.stacks()[sky.stack]
    status, lines, _ = say("deploy", "--dry-run", "--hits-per-second", "1200")
    assert status == 0
    assert {line[0] for line in lines} == {"~"}
    assert "~ ProcessFunction (AWS::Lambda::Function)" in lines
    assert sky.stacks()[sky.stack] == before
    assert [each for each in sky.client("cloudformation").list_change_sets(StackName=sky.stack)["Summaries"] if each["ExecutionStatus"] == "AVAILABLE"] == []


def test_the_other_front_door_sends_hits_to_the_distribution(sky: Sky, say: Say) -> None:
    say("deploy")
    assert say("deploy", "--front-door", "function")[0] == 0
    outputs = sky.outputs()
    assert outputs["TrackingRootURL"] == outputs["DashboardURL"].rstrip("/")
    page = sky.client("s3").get_object(Bucket=outputs["BucketNameWebsite"], Key="index.html")["Body"].read().decode()
    assert f'data-api="{outputs["DashboardURL"]}v1/track"' in page
    function = sky.client("lambda").get_function_configuration(FunctionName=sky.resource("CollectFunction"))
    assert function["Handler"] == "footfall.aws.lambdas.collect"


def test_deploying_again_says_that_nothing_changes_and_keeps_what_was_set(sky: Sky, say: Say) -> None:
    say("deploy", "--hits-per-second", "1200")
    status, lines, _ = say("deploy")
    assert (status, lines[0]) == (0, "nothing to change in the stack")
    assert sky.client("kinesis").describe_stream_summary(StreamName=sky.resource("Stream"))["StreamDescriptionSummary"]["OpenShardCount"] == 3


def test_other_code_is_deployed(sky: Sky, say: Say) -> None:
    say("deploy")
    with zipfile.ZipFile(sky.zip, "w") as opened:
        opened.writestr("lambdas.py", "1")
    status, lines, _ = say("deploy")
    assert (status, "~ ProcessFunction (AWS::Lambda::Function)" in lines) == (0, True)


def test_a_changed_api_is_a_new_deployment(sky: Sky, say: Say) -> None:
    say("deploy")
    sky.template(lambda text: text.replace("PathPart: ranking", "PathPart: rank"))
    status, lines, _ = say("deploy")
    assert status == 0
    assert {line[0] for line in lines if "AWS::ApiGateway::Deployment" in line} == {"+", "-"}


def test_scale_changes_the_sizes_alone_and_at_most_doubles_at_once(sky: Sky, say: Say) -> None:
    assert say("scale", "--hits-per-second", "1200")[::2] == (1, f"footfall: there is no stack {sky.stack} in eu-central-1: 'footfall aws deploy' makes one\n")
    say("deploy")
    status, lines, _ = say("scale", "--hits-per-second", "1200")
    assert (status, lines[-1], {line[0] for line in lines[:-1]}) == (0, "on to 3 shards", {"~"})
    assert sky.client("lambda").get_function_configuration(FunctionName=sky.resource("ProcessFunction"))["MemorySize"] == 1024
    assert {each["ParameterKey"]: each["ParameterValue"] for each in sky.stacks()[sky.stack]["Parameters"]}["Shards"] == "3"


def test_status_tells_how_it_is_doing(sky: Sky, say: Say) -> None:
    assert say("status")[::2] == (1, f"footfall: there is no stack {sky.stack} in eu-central-1: 'footfall aws deploy' makes one\n")
    say("deploy")
    status, lines, _ = say("status")
    told = dict(re.split(r"  +", line, maxsplit=1) for line in lines)
    assert (status, told["stack"], told["lag"], told["throttled writes"], told["bad records"]) == (0, "create complete", "nothing came in the last hour", "0", "0")
    assert (told["batches given up"], told["alarms"], told["drift"], told["dashboard"]) == ("0", "none of 10", "none", sky.outputs()["DashboardURL"])


def test_status_says_where_to_look(sky: Sky, say: Say) -> None:
    say("deploy")
    sky.client("s3").put_object(Bucket=sky.resource("FailuresBucket"), Key="aws/lambda/batch", Body=b"{}")
    dimensions = [{"Name": "FunctionName", "Value": sky.resource("ProcessFunction")}]
    sky.client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[{"MetricName": "IteratorAge", "Dimensions": dimensions, "Value": 90_000.0}])
    sky.client("cloudwatch").put_metric_data(Namespace="Footfall", MetricData=[{"MetricName": "BadRecords", "Dimensions": dimensions, "Value": 101.0}])
    facts = functions.facts_in(sky.client("dynamodb"), sky.client("s3"), sky.resource("Table"), sky.resource("ArchiveBucket"))
    facts.apply(Batch(marks={"s": 3}, firsts={"s": 1}, bad=[Bad(Position("s", number), "url is required", b"") for number in (1, 2, 3)]))
    status, lines, _ = say("status")
    assert re.split(r"  +", next(line for line in lines if line.startswith("bad records of")))[1] == "3 url is required"
    looked = [re.split(r"  +", line)[:2] for line in lines if line.endswith("<- look here")]
    assert (status, looked[:3]) == (1, [["lag", "90 s at most"], ["bad records", "101"], ["batches given up", "1"]])


def test_redrive_counts_what_was_given_up_and_is_old_enough(sky: Sky, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    say("deploy")
    bucket, s3 = sky.resource("FailuresBucket"), sky.client("s3")
    records = [each.record for each in made([Act(at("2026-06-10 09:00") + number) for number in range(3)], one_shard=True)]
    kept = [{"shard": "hits@1/a", "sequence": str(each.position.sequence), "data": b64encode(each.data).decode()} for each in records]
    s3.put_object(Bucket=bucket, Key=f"{ANONYMOUS}aws/lambda/x", Body=json.dumps(kept).encode())
    assert say("redrive") == (
        0,
        [f"counted 0 {GIVEN_UP}; 0 had been counted before", "batches given up within the last 20 minutes, which may still be counted by themselves: 1; do this again later"],
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
    assert (status, lines) == (0, [f"removed {sky.stack}", f"kept AWS::S3::Bucket {archive}", f"kept AWS::DynamoDB::Table {table}"])
    assert sky.buckets() == {archive}
    assert table in sky.client("dynamodb").list_tables()["TableNames"]


def test_destroy_with_its_data_leaves_nothing(sky: Sky, say: Say) -> None:
    say("deploy")
    table = sky.resource("Table")
    assert say("destroy", "--yes", "--delete-data") == (0, [f"removed {sky.stack}"], "")
    assert sky.buckets() == set()
    assert table not in sky.client("dynamodb").list_tables()["TableNames"]
    assert say("destroy", "--yes")[::2] == (1, f"footfall: there is no stack {sky.stack} in eu-central-1: 'footfall aws deploy' makes one\n")


def test_a_newer_version_keeps_the_older_tracker_and_nothing_else(sky: Sky, say: Say) -> None:
    say("deploy")
    s3, bucket = sky.client("s3"), sky.outputs()["BucketNameDashboard"]
    for key in ("js/f.0123456789abcdef.js", "assets/old.js"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    say("deploy")
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert "js/f.0123456789abcdef.js" in keys
    assert "assets/old.js" not in keys


def test_a_template_too_large_for_a_call_goes_by_way_of_the_bucket(sky: Sky, say: Say) -> None:
    sky.template(lambda text: f"{text}Metadata: {{Large: {'x' * 60_000}}}\n")
    status, _, errors = say("deploy", "--dry-run")
    assert (status, errors) == (1, "footfall: the template is too large to be looked at without being uploaded\n")
    assert say("deploy")[0] == 0


def test_what_fails_leaves_nothing_and_says_why(sky: Sky, say: Say) -> None:
    sky.template(lambda text: text.replace("Resources:", "Resources:\n  Wrong: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: nobody, AuthType: NONE}}"))
    status, _, errors = say("deploy")
    assert (status, "Wrong (AWS::Lambda::Url): " in errors, errors.count("\n")) == (1, True, 1), errors
    assert say("deploy")[::2] == (1, f"footfall: the stack {sky.stack} was not finished (ROLLBACK_COMPLETE): remove it with 'footfall aws destroy' and deploy again\n")
    assert say("destroy", "--yes")[:2] == (0, [f"removed {sky.stack}"])
    sky.template(lambda text: text)
    assert say("deploy")[0] == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--parameter", "Colour=blue"], "the template has no parameter 'Colour'; it has AlarmTopic,"),
        (["--parameter", "FrontDoor=window"], "FrontDoor"),
        (["--region", "nowhere", "--endpoint-url", "http://127.0.0.1:1"], "Could not connect"),
        (["--template", str(Path(__file__).parents[2] / "src" / "footfall" / "static" / "example" / "index.html")], "the template is not YAML"),
        (["--template", "/dev/null"], "the template has no resources"),
    ],
    ids=["parameter", "value", "connection", "yaml", "nothing"],
)
def test_what_is_wrong_is_one_sentence(say: Say, flags: list[str], said: str) -> None:
    status, _, errors = say("deploy", *flags)
    assert (status, errors.count("\n"), said in errors) == (1, 1, True), errors


@pytest.mark.parametrize("action", ["status", "front"])
def test_without_the_sdk_it_says_what_to_install(action: str) -> None:
    program = "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None; from footfall.__main__ import main; sys.exit(main(['aws', *sys.argv[1:]]))"
    flags = ["--endpoint-url", "http://127.0.0.1:1"]
    done = subprocess.run([sys.executable, "-c", program, action, *flags], capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"not installed: pip install 'footfall-{__version__}-py3-none-any.whl[aws]'" in done.stderr


def test_hits_are_counted_also_while_a_newer_version_is_deployed(sky: Sky, say: Say, code: Package) -> None:
    """From nothing to a report, on to a changed stack with hits arriving, and away."""
    sky.zip = code.path
    say("deploy")
    address, stream = sky.outputs()["WebsiteURL"], sky.resource("Stream")

    def arrive(hits: range) -> None:
        for number in hits:
            body = json.dumps({"date": 0, "name": "Home", "url": f"{address}/page-{number % 2}", "website": "example"})
            _, data = wrapped(Request({"User-Agent": BROWSER}, body=body, time_ms=int(time() * 1000), extended_id=f"id-{number}"))
            sky.client("kinesis").put_record(StreamName=stream, Data=data, PartitionKey=f"id-{number}")

    arrive(range(3))
    sky.until([1, 3])
    with ThreadPoolExecutor(1) as beside:
        arriving = beside.submit(arrive, range(3, 40))
        sky.template(lambda text: text.replace("      Timeout: 120", "      Timeout: 110"))
        sky.zip = _newer(code.path, sky.folder / "newer.zip")
        before = _running(sky)
        status, lines, errors = say("deploy")
        arriving.result()
    assert (status, errors) == (0, "") and any(line.startswith("~ ProcessFunction") for line in lines)
    sky.until([1, 40])
    assert len({*before, *_running(sky)}) == 2 * len(before)
    assert say("destroy", "--yes")[0] == 0
    assert sky.stack not in sky.stacks()


def _newer(code: Path, path: Path) -> Path:
    """The same functions by another name of their version."""
    with zipfile.ZipFile(code) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry, content + b"\n__version__ += '.next'\n" if entry.filename == "footfall/__init__.py" else content)
    return path


def _running(sky: Sky) -> list[str]:
    """Which code the functions are made of that count and answer."""
    return [f"{name}{sky.client('lambda').get_function_configuration(FunctionName=sky.resource(name))['CodeSha256']}" for name in ("ProcessFunction", "QueryFunction")]


def test_places_that_are_reserved_follow_the_size_until_they_are_given_up(sky: Sky, say: Say) -> None:
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
