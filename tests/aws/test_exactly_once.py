"""On AWS too every record counts once: the mapping, the functions, the network and compaction do their worst."""

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
SCALE = 10**40
"""Sequence numbers of Kinesis are larger than any integer that a database has."""


def numbered(acts: list[Act]) -> list[Made]:
    """Acts on a stream, at places such as Kinesis gives."""
    records = made(acts, prefix="shard", one_shard=True)
    return [_moved(each, Position(each.record.position.shard, SCALE + 7 * each.record.position.sequence)) for each in records]


def _moved(each: Made, position: Position) -> Made:
    return Made(each.record._replace(position=position), replace(each.seen, position=position))


def on(shard: str, each: Made) -> Made:
    return _moved(each, Position(f"{STREAM}/{shard}", each.record.position.sequence))


@pytest.mark.parametrize("runs", [pytest.param(50, id="fast"), pytest.param(500, id="torture", marks=pytest.mark.torture)])
def test_every_record_counts_once(aws: Aws, tmp_path: Path, runs: int) -> None:
    dice, happened = Random(1), Counter[str]()

    def choose(action: str) -> Fault:
        return dice.choice(FAULTS) if dice.random() < rate else fault.none

    rate = 0.12
    with network(aws.url, choose) as far:
        config = Config(retries={"mode": "standard", "total_max_attempts": 1}, s3={"addressing_style": "path"})
        once: dict[str, Any] = {"endpoint_url": far.url, "config": config, **ANYBODY}
        client, files = careful(boto3.client("dynamodb", **once)), careful(boto3.client("s3", **once))
        doom(client)

        @settings(max_examples=runs, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(st.one_of(traffic(), st.just(CROWD)), st.integers(0, 2**32))
        def check(acts: list[Act], seed: int) -> None:
            dice.seed(seed)
            table, bucket = aws.table(), aws.bucket()
            records, sites = numbered(acts), sorted({act.site for act in acts})
            shards = lineage(records, dice)

            def clock() -> int:
                return NOW + dice.randint(-HOUR, HOUR)

            def facts_by(dynamodb: Any, s3: Any) -> DynamodbFacts:
                return DynamodbFacts(dynamodb, s3, table, bucket, lambda: sites, clock, "512MB", tmp_path)

            def sandbox() -> Process:
                return Process(facts_by(client, files), SOURCES, clock, partial(delivered, stream=STREAM), lambda: None, decode)

            def compact() -> None:
                with suppress(StoreBroken, Crash):
                    facts_by(client, files).compact(acts[0].site)

            def between() -> None:
                if dice.random() < 0.06:
                    compact()
                elif dice.random() < 0.04:
                    mapping.zombies.append(Zombie(compact))

            mapping = EventSourceMapping(shards, sandbox, dice, max(6, len(records) // 5))
            mapping.run(between)
            happened.update(mapping.happened)
            ours = facts_by(aws.dynamodb, aws.s3)
            stands = [on(shard.name, each) for shard in shards for each in shard.records]
            home = filled([_moved(each, Position(each.record.position.shard, each.record.position.sequence - SCALE)) for each in stands])
            for _ in range(2):
                with ours.reading() as reading:
                    agree(reading, stands)
                    assert (everything(reading), copies(reading)) == (everything(home), copies(home))
                ours.compact(acts[0].site)
            assert ours.marks() == {f"{STREAM}/{shard.name}": shard.records[-1].record.position.sequence for shard in shards if shard.records}
            home.close()

        check()
        client.close()
        files.close()
    assert all(happened[fate] for fate in ("none", "before", "after", "zombie", "doubt")), happened
    assert all(far.seen[what.__name__] for what in FAULTS), far.seen
