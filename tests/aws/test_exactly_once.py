"""On AWS too every record counts once.

The mapping, the functions, the network and compaction do their worst.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from footfall.compose.functions import careful
from footfall.domain.event import Position
from footfall.functions.process import Process
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.duckdb import DuckdbFacts
from footfall.store.port import StoreBroken
from footfall.stream.codec import decode
from footfall.stream.kinesis import delivered
from tests.aws import fault
from tests.aws.emulators import ANYBODY, Aws
from tests.aws.fault import Fault, network
from tests.aws.mapping import Crash, EventSourceMapping, Zombie, doom, lineage
from tests.oracle import HOUR
from tests.store.relations import agree, copies, everything, filled
from tests.traffic import SOURCES, Act, Made, at, crowd, made, traffic

pytestmark = pytest.mark.slow
STREAM = "hits@1"
NOW = at("2026-06-10 09:00")
CROWD = crowd(5, date(2026, 6, 10), 2, 12)
FAULTS = (fault.throttle, fault.fail, fault.cut, fault.lose, fault.tear)
RATE = 0.12
"""Of calls that meet a fault."""

SCALE = 10**40
"""Sequence numbers of Kinesis are larger than any integer that a database has."""


def numbered(acts: list[Act]) -> list[Made]:
    """Acts on a stream, at places such as Kinesis gives."""
    records = made(acts, prefix="shard", one_shard=True)
    return [
        _moved(
            each, Position(each.record.position.shard, SCALE + 7 * each.record.position.sequence)
        )
        for each in records
    ]


def _moved(each: Made, position: Position) -> Made:
    return Made(each.record._replace(position=position), replace(each.seen, position=position))


def on(shard: str, each: Made) -> Made:
    return _moved(each, Position(f"{STREAM}/{shard}", each.record.position.sequence))


class History:
    """Records on shards, counted by functions over a bad network, and compacted meanwhile."""

    def __init__(
        self, aws: Aws, dynamodb: Any, s3: Any, folder: Path, dice: Random, acts: list[Act]
    ) -> None:
        self.dynamodb = dynamodb
        self.s3 = s3
        self.folder = folder
        self.dice = dice
        self.table = aws.table()
        self.bucket = aws.bucket()
        self.site = acts[0].site
        self.sites = sorted({act.site for act in acts})
        records = numbered(acts)
        self.shards = lineage(records, dice)
        self.mapping = EventSourceMapping(
            self.shards, self.sandbox, dice, max(6, len(records) // 5)
        )

    def clock(self) -> int:
        return NOW + self.dice.randint(-HOUR, HOUR)

    def facts(self, dynamodb: Any, s3: Any) -> DynamodbFacts:
        return DynamodbFacts(
            dynamodb,
            s3,
            self.table,
            self.bucket,
            lambda: self.sites,
            self.clock,
            "512MB",
            self.folder,
        )

    def sandbox(self) -> Process:
        facts = self.facts(self.dynamodb, self.s3)
        records_of = partial(delivered, stream=STREAM)
        return Process(facts, SOURCES, self.clock, records_of, lambda: None, decode)

    def compact(self) -> None:
        with suppress(StoreBroken, Crash):
            self.facts(self.dynamodb, self.s3).compact(self.site)

    def between(self) -> None:
        if self.dice.random() < 0.06:
            self.compact()
        elif self.dice.random() < 0.04:
            self.mapping.zombies.append(Zombie(self.compact))

    def run(self) -> list[str]:
        self.mapping.run(self.between)
        return self.mapping.happened


def at_home(stands: list[Made]) -> DuckdbFacts:
    """The same records applied on one machine, where shards count from one."""
    return filled([_moved(each, _unscaled(each.record.position)) for each in stands])


def _unscaled(position: Position) -> Position:
    return Position(position.shard, position.sequence - SCALE)


def counted_as_at_home(history: History, aws: Aws) -> None:
    """Assert that facts are those of one machine, before they are made files and after."""
    ours = history.facts(aws.dynamodb, aws.s3)
    stands = [on(shard.name, each) for shard in history.shards for each in shard.records]
    home = at_home(stands)
    for _ in range(2):
        with ours.reading() as reading:
            agree(reading, stands)
            assert (everything(reading), copies(reading)) == (everything(home), copies(home))
        ours.compact(history.site)
    assert ours.marks() == {
        f"{STREAM}/{shard.name}": shard.records[-1].record.position.sequence
        for shard in history.shards
        if shard.records
    }
    home.close()


def once_only(url: str) -> tuple[Any, Any]:
    """Clients that try once, at an address."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1}, s3={"addressing_style": "path"}
    )
    once: dict[str, Any] = {"endpoint_url": url, "config": config, **ANYBODY}
    return careful(boto3.client("dynamodb", **once)), careful(boto3.client("s3", **once))


@pytest.mark.parametrize(
    "runs",
    [pytest.param(50, id="fast"), pytest.param(500, id="torture", marks=pytest.mark.torture)],
)
def test_every_record_counts_once(aws: Aws, tmp_path: Path, runs: int) -> None:
    dice, happened = Random(1), Counter[str]()

    def choose(action: str) -> Fault:
        return dice.choice(FAULTS) if dice.random() < RATE else fault.none

    with network(aws.url, choose) as far:
        client, files = once_only(far.url)
        doom(client)

        @settings(
            max_examples=runs,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.one_of(traffic(), st.just(CROWD)), st.integers(0, 2**32))
        def check(acts: list[Act], seed: int) -> None:
            dice.seed(seed)
            history = History(aws, client, files, tmp_path, dice, acts)
            happened.update(history.run())
            counted_as_at_home(history, aws)

        check()
        client.close()
        files.close()
    assert all(happened[fate] for fate in ("none", "before", "after", "zombie", "doubt")), happened
    assert all(far.seen[what.__name__] for what in FAULTS), far.seen
