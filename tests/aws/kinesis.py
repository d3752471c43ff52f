"""What stands for Kinesis.

Kinesis-local, whose sequence numbers and lineage of shards are like the real ones.
"""

import subprocess
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from botocore.config import Config

from tests.aws.emulators import ANYBODY, HERE
from tests.patience import wait_until

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

_numbers = count()


class Kinesis(NamedTuple):
    """A client of the emulator at an address."""

    url: str
    client: "KinesisClient"

    def stream(self, shards: int = 1) -> str:
        """A new stream."""
        name = f"footfall-{next(_numbers)}"
        self.client.create_stream(StreamName=name, ShardCount=shards)
        self.settled(name)
        return name

    def settled(self, name: str) -> None:
        """Wait until what was asked of a stream is done."""
        wait_until(lambda: self._status(name) == "ACTIVE", lambda: f"{name} is never ready")

    def _status(self, name: str) -> str:
        told = self.client.describe_stream_summary(StreamName=name)
        return told["StreamDescriptionSummary"]["StreamStatus"]

    def split(self, name: str, shard: str) -> None:
        """Split a shard in the middle."""
        (hashes,) = [
            each["HashKeyRange"]
            for each in self.client.list_shards(StreamName=name)["Shards"]
            if each["ShardId"] == shard
        ]
        middle = (int(hashes["StartingHashKey"]) + int(hashes["EndingHashKey"])) // 2 + 1
        self.client.split_shard(StreamName=name, ShardToSplit=shard, NewStartingHashKey=str(middle))
        self.settled(name)

    def merge(self, name: str, shard: str, other: str) -> None:
        """Merge two shards that lie side by side."""
        self.client.merge_shards(StreamName=name, ShardToMerge=shard, AdjacentShardToMerge=other)
        self.settled(name)


def client(url: str) -> "KinesisClient":
    """A client that tries as often as that of a function does."""
    made: dict[str, Any] = {
        "endpoint_url": url,
        "config": Config(retries={"mode": "standard", "total_max_attempts": 3}),
        **ANYBODY,
    }
    return boto3.client("kinesis", **made)


@pytest.fixture(scope="session")
def kinesis() -> Iterator[Kinesis]:
    running = subprocess.Popen(
        ["node", HERE / "kinesis.cjs"],
        cwd=HERE / "node_modules" / "kinesis-local",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    try:
        url = running.stdout.readline().strip()
        yield Kinesis(url, client(url))
    finally:
        running.kill()  # asked to end it would wait for connections that are kept open
        running.wait(20)
        running.stdout.close()
