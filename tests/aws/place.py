"""What a stack has, in emulators, and its functions in processes, with the template's variables."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep, time_ns
from typing import Any
from urllib.parse import quote_plus

import pytest

from footfall.aws.velocity import Request
from footfall.domain.site import Exclusions, Site
from footfall.registry.dynamodb import DynamodbRegistry, DynamodbSalts
from tests.aws.emulators import ANYBODY, Aws
from tests.aws.events import BROWSER, RESOURCES, proxied, wrapped
from tests.aws.kinesis import client as kinesis_client
from tests.patience import SECONDS

ROOT = Path(__file__).parents[2]
SECRET = "of the distribution"
BELIEVED_SECONDS = 1.05
"""So long the function that answers believes what it saw, and a bit."""


class Place:
    """What a stack has, in emulators, and its functions in processes of their own."""

    def __init__(self, aws: Aws) -> None:
        self.names = {
            "Table": aws.table(),
            "SaltsTable": aws.table(),
            "ArchiveBucket": aws.bucket(),
            "FailuresBucket": aws.bucket(),
            "Stream": "hits",
        }
        self.s3 = aws.s3
        kinesis = kinesis_client(aws.url)
        self.names["Stream"] = f"hits-{self.names['Table']}"
        kinesis.create_stream(StreamName=self.names["Stream"], ShardCount=1)
        self.kinesis = kinesis
        self.registry = DynamodbRegistry(aws.dynamodb, self.names["Table"])
        self.salts = DynamodbSalts(aws.dynamodb, self.names["SaltsTable"])
        self.called: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        self.modules: dict[str, list[str]] = {}
        self._url = aws.url
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._next = 0
        self._wrote = 0.0

    def call(self, name: str, event: object, **variables: str) -> dict[str, Any]:
        """What a function's handler made of an event; with variables in a sandbox of its own."""
        if name == "query":
            sleep(max(0.0, self._wrote + BELIEVED_SECONDS - monotonic()))
        sandbox = name + json.dumps(variables)
        running = self._running.get(sandbox) or self._running.setdefault(
            sandbox, self._started(name, variables)
        )
        assert running.stdin and running.stdout
        running.stdin.write(json.dumps([name, event]) + "\n")
        running.stdin.flush()
        found: dict[str, Any] = json.loads(running.stdout.readline())
        if name != "query":
            self._wrote = monotonic()
        self.called[name] |= {
            (service, action, resource) for service, action, resource in found["called"]
        }
        self.modules[name] = found["modules"]
        assert "errorMessage" not in (found["answer"] or {}), found["answer"]
        return found

    def _started(self, name: str, more: Mapping[str, str]) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.aws.sandbox"]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**self.variables(name), **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def variables(self, name: str) -> dict[str, str]:
        """What a function's sandbox has.

        The variables that the template gives it, and nothing else of ours.
        """
        variables = RESOURCES[f"{name.title()}Function"]["Properties"]["Environment"]["Variables"]
        known = {
            "AWS_ENDPOINT_URL": self._url,
            "AWS_DEFAULT_REGION": ANYBODY["region_name"],
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        }
        return known | {variable: self._value(value) for variable, value in variables.items()}

    def _value(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if "Ref" in value:
            return {"TrustedProxies": "10.0.0.0/8", "Script": "/js/f.js"}[value["Ref"]]
        text: str = value["Fn::Sub"]
        for name, real in self.names.items():
            text = text.replace(f"${{{name}}}", real)
        return SECRET if "resolve:secretsmanager" in text else text

    def hit(self, body: object, name: str = "TrackPost", **headers: str) -> None:
        """A request to the door without code."""
        query = body if isinstance(body, dict) and name == "PixelGet" else {}
        self._next += 1
        request = Request(
            {"User-Agent": BROWSER, **headers},
            query,
            json.dumps(body),
            {},
            "192.0.2.1",
            time_ns() // 1_000_000,
            f"id{self._next}=",
            {"stream": self.names["Stream"]},
        )
        asked, data = wrapped(request, name)
        self.kinesis.put_record(
            StreamName=asked["StreamName"], PartitionKey=asked["PartitionKey"], Data=data
        )

    def event(self) -> dict[str, Any]:
        """All that is on the stream, as Lambda hands it on."""
        (shard,) = self.kinesis.list_shards(StreamName=self.names["Stream"])["Shards"]
        iterator = self.kinesis.get_shard_iterator(
            StreamName=self.names["Stream"],
            ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )["ShardIterator"]
        records = self.kinesis.get_records(ShardIterator=iterator)["Records"]
        return {
            "Records": [
                {
                    "eventID": f"{shard['ShardId']}:{each['SequenceNumber']}",
                    "kinesis": {
                        "sequenceNumber": each["SequenceNumber"],
                        "data": b64encode(each["Data"]).decode(),
                    },
                }
                for each in records
            ]
        }

    def give_up(self, key: str) -> None:
        """Have Lambda set aside all that is on the stream, and S3 tell of it."""
        bucket = self.names["FailuresBucket"]
        self.s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=json.dumps(
                {"version": "1.0", "KinesisBatchInfo": {}, "payload": json.dumps(self.event())}
            ).encode(),
        )
        self.call(
            "failures",
            {
                "Records": [
                    {
                        "s3": {
                            "bucket": {"name": bucket},
                            "object": {"key": quote_plus(key, safe="/")},
                        }
                    }
                ]
            },
        )

    def deliver(self) -> dict[str, Any]:
        """Hand on what is on the stream, all of it every time."""
        found = self.call("process", self.event())
        assert found["answer"] == {"batchItemFailures": []}
        return found

    def get(self, path: str, **query: str) -> Any:
        """A report by GET through the API."""
        answer = self.call("query", proxied("GET", path, query, None))["answer"]
        assert answer["statusCode"] == 200, answer
        return json.loads(answer["body"])

    def end(self) -> None:
        """End the sandboxes."""
        for running in self._running.values():
            assert running.stdin and running.stdout
            running.stdin.close()
            running.wait(SECONDS)
            running.stdout.close()


@pytest.fixture(scope="module")
def place(aws: Aws) -> Iterator[Place]:
    with ExitStack() as stack:
        found = Place(aws)
        stack.callback(found.end)
        found.registry.put_site(
            Site(
                "example", ("example.com",), public=True, exclusions=Exclusions(pages=("/admin*",))
            ),
            new=True,
        )
        yield found
