"""`footfall aws` against a whole AWS of its own, from nothing to a stack and back."""

import json
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time

import pytest

from footfall import __version__
from footfall.aws.package import Package
from footfall.aws.velocity import Request
from footfall.registry.dynamodb import DynamodbRegistry
from tests.aws.events import BROWSER, wrapped
from tests.aws.sky import Say, Sky, say, sky

__all__ = ["say", "sky"]
pytestmark = pytest.mark.slow


def test_deploy_makes_a_stack_and_says_where_it_is(sky: Sky, say: Say) -> None:
    status, lines, errors = say("deploy")
    assert (status, errors) == (0, "")
    outputs = sky.outputs()
    assert lines[-2:] == [
        f"Dashboard: {outputs['DashboardURL']}?site=example",
        f"Website: {outputs['WebsiteURL']}",
    ]
    assert "+ Table (AWS::DynamoDB::Table)" in lines
    assert sky.stacks()[sky.stack]["StackStatus"] == "CREATE_COMPLETE"


def test_deploy_fills_the_buckets_and_registers_the_example(sky: Sky, say: Say) -> None:
    say("deploy", "--parameter", "WebsiteID=my-site")
    outputs, s3 = sky.outputs(), sky.client("s3")
    track = f"{outputs['TrackingRootURL']}/v1/track"

    def body(bucket: str, key: str) -> str:
        return str(s3.get_object(Bucket=outputs[bucket], Key=key)["Body"].read().decode())

    assert (
        f'<script defer src="js/f.js" data-site="my-site" data-api="{track}" data-local></script>'
        in body("BucketNameWebsite", "index.html")
    )
    assert f'href="{outputs["DashboardURL"]}?site=my-site"' in body(
        "BucketNameWebsite", "index.html"
    )
    assert f'src="{track}.gif?w=my-site&amp;n=' in body("BucketNameWebsite", "noscript.html")
    assert "website: 'my-site'" in body("BucketNameWebsite", "track.js")
    assert f"new URL('{track}'" in body("BucketNameWebsite", "track.js")
    for bucket in ("BucketNameWebsite", "BucketNameDashboard"):
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=outputs[bucket])["Contents"]]
        assert "js/f.js" in keys
        assert not [
            key
            for key in keys
            if key.endswith(("page.html", "/"))
            or (re.search(r"\.\./|['\"]example['\"]", body(bucket, key)) and key.endswith(".html"))
        ]
        assert (
            s3.head_object(Bucket=outputs[bucket], Key="index.html")["ContentType"]
            == "text/html; charset=utf-8"
        )
    assert json.loads(body("BucketNameDashboard", "config.json")) == {
        "api": "",
        "track": f"{outputs['TrackingRootURL']}/v1/track",
        "pauseMs": 10_000,
    }
    registry = DynamodbRegistry(sky.client("dynamodb"), sky.resource("Table"))
    assert [(site.id, site.public) for site in registry.sites()] == [("my-site", True)]


def test_a_dry_run_changes_nothing(sky: Sky, say: Say) -> None:
    status, lines, _ = say("deploy", "--dry-run")
    assert (status, "+ Stream (AWS::Kinesis::Stream)" in lines, sky.buckets()) == (0, True, set())
    assert (
        sky.stacks().get(sky.stack, {}).get("StackStatus", "DELETE_COMPLETE") == "DELETE_COMPLETE"
    )
    say("deploy")
    before = sky.stacks()[sky.stack]
    status, lines, _ = say("deploy", "--dry-run", "--hits-per-second", "1200")
    assert status == 0
    assert {line[0] for line in lines} == {"~"}
    assert "~ ProcessFunction (AWS::Lambda::Function)" in lines
    assert sky.stacks()[sky.stack] == before
    assert [
        each
        for each in sky.client("cloudformation").list_change_sets(StackName=sky.stack)["Summaries"]
        if each["ExecutionStatus"] == "AVAILABLE"
    ] == []


def test_the_other_front_door_sends_hits_to_the_distribution(sky: Sky, say: Say) -> None:
    say("deploy")
    assert say("deploy", "--front-door", "function")[0] == 0
    outputs = sky.outputs()
    assert outputs["TrackingRootURL"] == outputs["DashboardURL"].rstrip("/")
    page = (
        sky.client("s3")
        .get_object(Bucket=outputs["BucketNameWebsite"], Key="index.html")["Body"]
        .read()
        .decode()
    )
    assert f'data-api="{outputs["DashboardURL"]}v1/track"' in page
    function = sky.client("lambda").get_function_configuration(
        FunctionName=sky.resource("CollectFunction")
    )
    assert function["Handler"] == "footfall.aws.lambdas.collect"


def test_deploying_again_says_that_nothing_changes_and_keeps_what_was_set(
    sky: Sky, say: Say
) -> None:
    say("deploy", "--hits-per-second", "1200")
    status, lines, _ = say("deploy")
    assert (status, lines[0]) == (0, "nothing to change in the stack")
    assert (
        sky.client("kinesis").describe_stream_summary(StreamName=sky.resource("Stream"))[
            "StreamDescriptionSummary"
        ]["OpenShardCount"]
        == 3
    )


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
    assert (status, errors) == (
        1,
        "footfall: the template is too large to be looked at without being uploaded\n",
    )
    assert say("deploy")[0] == 0


def test_what_fails_leaves_nothing_and_says_why(sky: Sky, say: Say) -> None:
    sky.template(
        lambda text: text.replace(
            "Resources:",
            "Resources:\n  Wrong: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn:"
            " nobody, AuthType: NONE}}",
        )
    )
    status, _, errors = say("deploy")
    assert (status, "Wrong (AWS::Lambda::Url): " in errors, errors.count("\n")) == (1, True, 1), (
        errors
    )
    assert say("deploy")[::2] == (
        1,
        f"footfall: the stack {sky.stack} was not finished (ROLLBACK_COMPLETE):"
        " remove it with 'footfall aws destroy' and deploy again\n",
    )
    assert say("destroy", "--yes")[:2] == (0, [f"removed {sky.stack}"])
    sky.template(lambda text: text)
    assert say("deploy")[0] == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ["--parameter", "Colour=blue"],
            "the template has no parameter 'Colour'; it has AlarmTopic,",
        ),
        (["--parameter", "FrontDoor=window"], "FrontDoor"),
        (["--region", "nowhere", "--endpoint-url", "http://127.0.0.1:1"], "Could not connect"),
        (
            [
                "--template",
                str(
                    Path(__file__).parents[2]
                    / "src"
                    / "footfall"
                    / "static"
                    / "example"
                    / "index.html"
                ),
            ],
            "the template is not YAML",
        ),
        (["--template", "/dev/null"], "the template has no resources"),
    ],
    ids=["parameter", "value", "connection", "yaml", "nothing"],
)
def test_what_is_wrong_is_one_sentence(say: Say, flags: list[str], said: str) -> None:
    status, _, errors = say("deploy", *flags)
    assert (status, errors.count("\n"), said in errors) == (1, 1, True), errors


@pytest.mark.parametrize("action", ["status", "front"])
def test_without_the_sdk_it_says_what_to_install(action: str) -> None:
    program = (
        "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None;"
        " from footfall.__main__ import main; sys.exit(main(['aws', *sys.argv[1:]]))"
    )
    flags = ["--endpoint-url", "http://127.0.0.1:1"]
    done = subprocess.run(
        [sys.executable, "-c", program, action, *flags], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert (
        f"not installed: pip install 'footfall-{__version__}-py3-none-any.whl[aws]'" in done.stderr
    )


def test_hits_are_counted_also_while_a_newer_version_is_deployed(
    sky: Sky, say: Say, code: Package
) -> None:
    """From nothing to a report, on to a changed stack with hits arriving, and away."""
    sky.zip = code.path
    say("deploy")
    address, stream = sky.outputs()["WebsiteURL"], sky.resource("Stream")

    def arrive(hits: range) -> None:
        for number in hits:
            body = json.dumps(
                {
                    "date": 0,
                    "name": "Home",
                    "url": f"{address}/page-{number % 2}",
                    "website": "example",
                }
            )
            _, data = wrapped(
                Request(
                    {"User-Agent": BROWSER},
                    body=body,
                    time_ms=int(time() * 1000),
                    extended_id=f"id-{number}",
                )
            )
            sky.client("kinesis").put_record(
                StreamName=stream, Data=data, PartitionKey=f"id-{number}"
            )

    arrive(range(3))
    sky.until([1, 3])
    with ThreadPoolExecutor(1) as beside:
        arriving = beside.submit(arrive, range(3, 40))
        sky.template(lambda text: text.replace("      Timeout: 120", "      Timeout: 110"))
        sky.zip = _newer(code.path, sky.folder / "newer.zip")
        before = _running(sky)
        status, lines, errors = say("deploy")
        arriving.result()
    assert (status, errors) == (0, "") and any(
        line.startswith("~ ProcessFunction") for line in lines
    )
    sky.until([1, 40])
    assert len({*before, *_running(sky)}) == 2 * len(before)
    assert say("destroy", "--yes")[0] == 0
    assert sky.stack not in sky.stacks()


def _newer(code: Path, path: Path) -> Path:
    """The same functions by another name of their version."""
    with (
        zipfile.ZipFile(code) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "footfall/__init__.py":
                content += b"\n__version__ += '.next'\n"
            new.writestr(entry, content)
    return path


def _running(sky: Sky) -> list[str]:
    """Which code the functions are made of that count and answer."""
    return [
        f"{name}{sky.client('lambda').get_function_configuration(FunctionName=sky.resource(name))['CodeSha256']}"
        for name in ("ProcessFunction", "QueryFunction")
    ]
