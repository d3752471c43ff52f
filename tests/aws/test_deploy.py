"""`footfall aws` against a whole AWS of its own, from nothing to a stack and back."""

import json
import re
import subprocess
import sys
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import sleep, time
from typing import Any

import boto3
import pytest

from footfall.__main__ import main
from footfall.aws.package import Package
from footfall.registry.dynamodb import DynamodbRegistry
from tests.aws.cloud import emulated
from tests.aws.emulators import ANYBODY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
HEADERS = ["user-agent", "referer", "origin", "accept-language", "content-type", "authorization", "x-forwarded-for", "sec-gpc", "dnt", "sec-purpose", "purpose"]
_numbers = count()

Say = Callable[..., tuple[int, list[str], str]]


class Sky:
    """A stack of a test's own, and clients to look at it with."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.stack, self.folder = url, f"footfall-{next(_numbers)}", folder
        self.zip = folder / "functions.zip"
        with zipfile.ZipFile(self.zip, "w") as opened:
            opened.writestr("lambdas.py", "")
        self.template(lambda text: text)

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.url, **ANYBODY)  # type: ignore[call-overload]

    def stacks(self) -> dict[str, dict[str, Any]]:
        return {each["StackName"]: each for each in self.client("cloudformation").describe_stacks()["Stacks"]}

    def outputs(self) -> dict[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self.stacks()[self.stack]["Outputs"]}

    def buckets(self) -> set[str]:
        return {each["Name"] for each in self.client("s3").list_buckets()["Buckets"] if self.stack in each["Name"]}

    def resource(self, name: str) -> str:
        return str(self.client("cloudformation").describe_stack_resource(StackName=self.stack, LogicalResourceId=name)["StackResourceDetail"]["PhysicalResourceId"])

    def invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """What a function answers."""
        answer = self.client("lambda").invoke(FunctionName=self.resource(name), Payload=json.dumps(event).encode())
        found = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, found
        return dict(found)

    def template(self, change: Callable[[str], str]) -> Path:
        """The template, changed: from now on it is what is deployed."""
        path = self.folder / "template.yaml"
        path.write_text(change(emulated()))
        return path


@pytest.fixture
def sky(cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sky]:
    for name, value in ANYBODY.items():
        monkeypatch.setenv(name.replace("region_name", "aws_default_region").upper(), value)
    made = Sky(cloud, tmp_path)
    yield made
    main(["aws", "destroy", "--yes", "--delete-data", "--endpoint-url", cloud, "--stack", made.stack])  # with the mappings of many stacks MiniStack was seen to hand on nothing


@pytest.fixture
def say(sky: Sky, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command: its status, the lines it prints, and what it complains of."""

    def run(action: str, *flags: str | Path) -> tuple[int, list[str], str]:
        more = ["--package", sky.zip, "--template", sky.folder / "template.yaml"] if action == "deploy" else []
        status = main(["aws", action, "--endpoint-url", sky.url, "--stack", sky.stack, *map(str, (*more, *flags))])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err

    return run


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
    assert json.loads(body("BucketNameDashboard", "config.json")) == {"api": "", "track": f"{outputs['TrackingRootURL']}/v1/track"}
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
    assert (told["batches given up"], told["alarms"], told["drift"], told["dashboard"]) == ("0", "none of 7", "none", sky.outputs()["DashboardURL"])


def test_status_says_where_to_look(sky: Sky, say: Say) -> None:
    say("deploy")
    sky.client("s3").put_object(Bucket=sky.resource("FailuresBucket"), Key="aws/lambda/batch", Body=b"{}")
    dimensions = [{"Name": "FunctionName", "Value": sky.resource("ProcessFunction")}]
    sky.client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[{"MetricName": "IteratorAge", "Dimensions": dimensions, "Value": 90_000.0}])
    sky.client("cloudwatch").put_metric_data(Namespace="Footfall", MetricData=[{"MetricName": "BadRecords", "Dimensions": dimensions, "Value": 101.0}])
    status, lines, _ = say("status")
    looked = [re.split(r"  +", line)[:2] for line in lines if line.endswith("<- look here")]
    assert (status, looked[:3]) == (1, [["lag", "90 s at most"], ["bad records", "101"], ["batches given up", "1"]])


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
    ],
    ids=["parameter", "value", "connection", "yaml"],
)
def test_what_is_wrong_is_one_sentence(say: Say, flags: list[str], said: str) -> None:
    status, _, errors = say("deploy", *flags)
    assert (status, errors.count("\n"), said in errors) == (1, 1, True), errors


@pytest.mark.parametrize("action", ["status", "front"])
def test_without_the_sdk_it_says_what_to_install(action: str) -> None:
    program = "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None; from footfall.__main__ import main; sys.exit(main(['aws', *sys.argv[1:]]))"
    flags = ["--endpoint-url", "http://127.0.0.1:1"]
    done = subprocess.run([sys.executable, "-c", program, action, *flags], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "footfall: this needs the AWS SDK for Python, which is not installed: pip install 'footfall[aws]'\n")


def test_hits_on_the_stream_are_counted_and_can_be_asked_for(sky: Sky, say: Say, code: Package) -> None:
    sky.zip = code.path
    say("deploy")
    address = sky.outputs()["WebsiteURL"]
    for number in range(3):
        body = b64encode(json.dumps({"date": 0, "name": "Home", "url": f"{address}/page-{number % 2}", "website": "example"}).encode()).decode()
        sky.client("kinesis").put_record(StreamName=sky.resource("Stream"), Data=envelope(f"id-{number}", body), PartitionKey=f"id-{number}")
    asked = {"site_id": "example", "metrics": ["visitors", "pageviews"], "date_range": "day"}
    for _ in range(20):
        answer = sky.invoke("QueryFunction", request("POST", "/api/v2/query", asked))
        assert answer["statusCode"] == 200, answer
        (row,) = json.loads(answer["body"])["results"]
        if row["metrics"] == [1, 3]:
            break
        sleep(0.5)
    else:
        kept = sky.client("dynamodb").scan(TableName=sky.resource("Table"))["Items"]
        raise AssertionError(f"not counted: {row}; {kept}; {sky.client('s3').list_objects_v2(Bucket=sky.resource('FailuresBucket')).get('Contents')}")


def envelope(name: str, body: str) -> bytes:
    """A request as the REST door puts it on the stream."""
    agent = b64encode(b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0").decode()
    headers = {**dict.fromkeys(HEADERS, ""), "user-agent": agent, "content-type": b64encode(b"application/json").decode()}
    return json.dumps({"v": 1, "door": "track", "at": int(time() * 1000), "id": name, "ip": "192.0.2.7", "headers": headers, "query": [], "body": body}).encode()


def request(method: str, path: str, body: Any) -> dict[str, Any]:
    """A request as API Gateway hands it to a function."""
    return {
        "resource": "/{proxy+}", "path": path, "httpMethod": method, "headers": {"content-type": "application/json", "host": "api"}, "multiValueHeaders": {"content-type": ["application/json"], "host": ["api"]},
        "queryStringParameters": None, "multiValueQueryStringParameters": None, "body": json.dumps(body), "isBase64Encoded": False,
        "requestContext": {"httpMethod": method, "path": path, "stage": "v1", "identity": {"sourceIp": "192.0.2.7"}, "resourceId": "", "resourcePath": "/{proxy+}"},
    }  # fmt: skip
