"""A stack of a test's own on the emulator of all of AWS, and the commands that are given for it."""

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from footfall.__main__ import main
from tests.aws.cloud import emulated
from tests.aws.emulators import ANYBODY, clients_of
from tests.aws.events import proxied
from tests.patience import wait_for

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
        return clients_of(self.url)(service)

    def stacks(self) -> dict[str, dict[str, Any]]:
        return {
            each["StackName"]: each
            for each in self.client("cloudformation").describe_stacks()["Stacks"]
        }

    def outputs(self) -> dict[str, str]:
        return {
            each["OutputKey"]: each["OutputValue"] for each in self.stacks()[self.stack]["Outputs"]
        }

    def buckets(self) -> set[str]:
        return {
            each["Name"]
            for each in self.client("s3").list_buckets()["Buckets"]
            if self.stack in each["Name"]
        }

    def resource(self, name: str) -> str:
        return str(
            self.client("cloudformation").describe_stack_resource(
                StackName=self.stack, LogicalResourceId=name
            )["StackResourceDetail"]["PhysicalResourceId"]
        )

    def invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """What a function answers."""
        answer = self.client("lambda").invoke(
            FunctionName=self.resource(name), Payload=json.dumps(event).encode()
        )
        found = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, found
        return dict(found)

    def until(self, metrics: list[int]) -> None:
        """Wait until today's visitors and page views are these."""
        asked = {"site_id": "example", "metrics": ["visitors", "pageviews"], "date_range": "day"}

        def counted() -> list[int]:
            answer = self.invoke("QueryFunction", proxied("POST", "/api/v2/query", body=asked))
            assert answer["statusCode"] == 200, answer
            (row,) = json.loads(answer["body"])["results"]
            found: list[int] = row["metrics"]
            return found

        found = wait_for(counted, metrics)
        assert found == metrics, f"not counted: {found}; {self._failures()}"

    def _failures(self) -> object:
        bucket = self.resource("FailuresBucket")
        return self.client("s3").list_objects_v2(Bucket=bucket).get("Contents")

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
    # A command leaves its own, under which what other tests make could be read by nobody else.
    mask = os.umask(0o077)
    yield made
    # With the mappings of many stacks MiniStack was seen to hand on nothing.
    main(
        ["aws", "destroy", "--yes", "--delete-data", "--endpoint-url", cloud, "--stack", made.stack]
    )
    os.umask(mask)


@pytest.fixture
def say(sky: Sky, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command: its status, the lines it prints, and what it complains of."""

    def run(action: str, *flags: str | Path) -> tuple[int, list[str], str]:
        more = (
            ["--package", sky.zip, "--template", sky.folder / "template.yaml"]
            if action == "deploy"
            else []
        )
        status = main(
            [
                "aws",
                action,
                "--endpoint-url",
                sky.url,
                "--stack",
                sky.stack,
                *map(str, (*more, *flags)),
            ]
        )
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err

    return run
