"""What stands for AWS: moto behind a real socket, and tables, buckets of a test's own there."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from botocore.config import Config

from footfall.compose.functions import careful

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

HERE = Path(__file__).parent
PYTHON = HERE / ".venv" / "bin" / "python"
ANYBODY = {
    "region_name": "eu-central-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}
_numbers = count()


class Aws(NamedTuple):
    """Clients of the emulators at an address."""

    url: str
    dynamodb: "DynamoDBClient"
    s3: "S3Client"

    def table(self) -> str:
        """A new table, as the template makes it."""
        name = f"footfall-{next(_numbers)}"
        keys: Any = [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ]
        attributes: Any = [
            {"AttributeName": each["AttributeName"], "AttributeType": "S"} for each in keys
        ]
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=keys,
            AttributeDefinitions=attributes,
            BillingMode="PAY_PER_REQUEST",
        )
        while self.dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
            sleep(0.01)
        return name

    def bucket(self) -> str:
        """A new bucket that keeps versions, as the template makes it."""
        name = f"footfall-{next(_numbers)}"
        self.s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name


def clients_of(url: str) -> Callable[[str], Any]:
    """Makes clients of any service, at an address."""
    made: Any = boto3.client
    return lambda service: made(service, endpoint_url=url, **ANYBODY)


def clients(url: str) -> Aws:
    """Clients that try as often as those of a function do."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 3}, s3={"addressing_style": "path"}
    )
    made: dict[str, Any] = {"endpoint_url": url, "config": config, **ANYBODY}
    return Aws(url, careful(boto3.client("dynamodb", **made)), careful(boto3.client("s3", **made)))


@contextmanager
def emulated() -> Iterator[Aws]:
    """Emulators of one's own."""
    running = subprocess.Popen(
        [PYTHON, HERE / "moto_server.py", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    try:
        yield clients(running.stdout.readline().strip())
    finally:
        running.terminate()
        running.wait(20)
        running.stdout.close()


@pytest.fixture(scope="session")
def second() -> Iterator[Aws]:
    """Another emulator of DynamoDB, without transactions and S3, and strict where moto is not."""
    running = subprocess.Popen(
        ["node", HERE / "dynalite.cjs"],
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    try:
        yield clients(running.stdout.readline().strip())
    finally:
        running.kill()
        running.wait(20)
        running.stdout.close()


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    with emulated() as found:
        yield found
