"""What Lambda gave up is counted later, each hit once, and waits without addresses until then."""

from base64 import b64decode, b64encode
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from footfall.functions.failures import ANONYMOUS, UNREADABLE, read_again, records_in, redrive
from footfall.functions.process import Process
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.port import StoreBroken
from footfall.stream.codec import Unreadable, decode
from footfall.stream.kinesis import delivered
from footfall.stream.port import Record
from tests.aws import fault
from tests.aws.emulators import Aws, clients
from tests.aws.fault import network
from tests.aws.mapping import event_of
from tests.aws.place import Place, place
from tests.aws.test_exactly_once import NOW, STREAM, numbered, on
from tests.store.relations import agree
from tests.traffic import SITE, SOURCES, Act, Made, often, traffic

__all__ = ["place"]
pytestmark = pytest.mark.slow
RATE = 0.2
"""Of calls that fail."""

KEY = "aws/lambda/11111111-2222/shardId-0/2026/11/25/2026-11-25T10.00.00-x y+z"


class Redriving:
    """A site's facts, of whose batches some are given up and redriven."""

    def __init__(self, aws: Aws, folder: Path, dice: Random, acts: list[Act]) -> None:
        self.aws = aws
        self.folder = folder
        self.dice = dice
        self.site = acts[0].site
        self.sites = sorted({act.site for act in acts})
        self.table = aws.table()
        self.bucket = aws.bucket()
        self.facts = self.facts_by(aws.dynamodb)

    def facts_by(self, dynamodb: Any) -> DynamodbFacts:
        return DynamodbFacts(
            dynamodb,
            self.aws.s3,
            self.table,
            self.bucket,
            lambda: self.sites,
            lambda: NOW,
            "512MB",
            self.folder,
        )

    def given_up(self, records: list[Made]) -> list[list[Made]]:
        """Count records batch by batch; return the batches of which a part at most was counted."""
        process = Process(
            self.facts,
            SOURCES,
            lambda: NOW,
            partial(delivered, stream=STREAM),
            lambda: None,
            decode,
        )
        failed: list[list[Made]] = []
        start = 0
        while start < len(records):
            batch = records[start : start + self.dice.randint(1, 5)]
            start += len(batch)
            whole = self.dice.random() < 0.6
            if whole:
                process(event_of("shardId-0", batch))
            else:
                # Of what is given up a part may have been committed.
                if self.dice.random() < 0.5:
                    process(event_of("shardId-0", batch[: self.dice.randrange(len(batch))]))
                failed.append(batch)
            if self.dice.random() < 0.3:
                self.facts.compact(self.site)
        return failed

    def redrive_badly(self, failed: list[list[Made]]) -> None:
        """Redrive batches in any order, thrice, over a network that fails."""
        # The proxy's threads outlive an example, and Hypothesis' own randomness does not.
        faults = Random(self.dice.getrandbits(64))

        def choose(_: str) -> fault.Fault:
            if faults.random() < RATE:
                return faults.choice((fault.fail, fault.cut, fault.lose))
            return fault.none

        with network(self.aws.url, choose) as far:
            wild = clients(far.url)
            for batch in self.dice.sample(failed, len(failed)) * 3:
                records = [Record(each.record.position, each.record.data) for each in batch]
                with suppress(StoreBroken):
                    redrive(self.facts_by(wild.dynamodb), records, SOURCES, NOW)
                if self.dice.random() < 0.2:
                    self.facts.compact(self.site)
            wild.dynamodb.close()


@often(12)
def test_every_record_counts_once(aws: Aws, tmp_path: Path, examples: int) -> None:
    """Some batches are given up, some of those after a part of them was committed.

    It is redriven in any order, again, and over a bad network.
    """

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(traffic(), st.randoms(use_true_random=False))
    def check(acts: list[Act], dice: Random) -> None:
        records = [on("shardId-0", each) for each in numbered(acts)]
        redriving = Redriving(aws, tmp_path, dice, acts)
        failed = redriving.given_up(records)
        redriving.redrive_badly(failed)
        for batch in failed:
            left = redrive(redriving.facts, [each.record for each in batch], SOURCES, NOW).left
            assert not left
        with redriving.facts.reading() as reading:
            agree(reading, records)

    check()


def facts_in(aws: Aws, folder: Path) -> DynamodbFacts:
    """Return the facts of a table and a bucket of their own."""
    places = aws.table(), aws.bucket()
    sites = [*SITE, ""]
    return DynamodbFacts(aws.dynamodb, aws.s3, *places, lambda: sites, lambda: NOW, "512MB", folder)


def test_very_many_leave_little_behind(aws: Aws, tmp_path: Path) -> None:
    """The marks of all shards stand in every pointer: they must not grow by what was given up."""
    acts = [Act(NOW + number * 1_000) for number in range(400)]
    records = [on("shardId-0", each) for each in numbered(acts)]
    facts = facts_in(aws, tmp_path)
    process = Process(
        facts, SOURCES, lambda: NOW, partial(delivered, stream=STREAM), lambda: None, decode
    )
    process(event_of("shardId-0", records[:3]))
    process(event_of("shardId-0", records[-3:]))
    assert redrive(facts, [each.record for each in records], SOURCES, NOW) == (394, 6, 0)
    assert len(facts.marks()) == 2
    facts.compact("berlin")
    assert redrive(facts, [each.record for each in records], SOURCES, NOW) == (0, 400, 0)
    agree(facts, records)


def test_one_who_comes_late_with_what_was_redriven_adds_nothing(aws: Aws, tmp_path: Path) -> None:
    acts = [Act(NOW + number) for number in range(6)]
    records = [on("shardId-0", each) for each in numbered(acts)]
    facts = facts_in(aws, tmp_path)
    process = partial(
        Process,
        facts,
        SOURCES,
        lambda: NOW,
        partial(delivered, stream=STREAM),
        lambda: None,
        decode,
    )
    assert redrive(facts, [each.record for each in records[:3]], SOURCES, NOW)[:2] == (3, 0)
    assert process()(event_of("shardId-0", records[:3])) == {"batchItemFailures": []}
    assert process()(event_of("shardId-0", records)) == {"batchItemFailures": []}
    assert redrive(facts, [each.record for each in records], SOURCES, NOW) == (0, 6, 0)
    agree(facts, records)


def test_what_was_given_up_loses_its_addresses_on_arrival(place: Place, aws: Aws) -> None:
    for page in ("/x", "/y"):
        place.hit({"url": f"https://example.com{page}"})
    place.hit({"nothing": 1})
    place.give_up(KEY)
    bucket, raw = (
        place.names["FailuresBucket"],
        [
            each
            for each in place.event()["Records"]
            if b64decode(each["kinesis"]["data"])[:1] == b"{"
        ],
    )
    keys = [each["Key"] for each in aws.s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == [ANONYMOUS + KEY]
    kept = aws.s3.get_object(Bucket=bucket, Key=keys[0])["Body"].read()
    assert (
        b"192.0.2.1" not in kept
        and b64encode(b"192.0.2.1")[:8] not in kept
        and b"Firefox/133" not in kept
    )
    found = records_in(kept)
    assert len(found) == len(raw), "what is no hit too"
    with pytest.raises(Unreadable, match="url"):
        read_again(found[2].data)
    assert {found[0].position.shard.partition("@")[0]} == {place.names["Stream"]}
    # Its own writing is none of its business.
    place.call(
        "failures", {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": keys[0]}}}]}
    )
    assert [each["Key"] for each in aws.s3.list_objects_v2(Bucket=bucket)["Contents"]] == keys


def test_what_is_no_hit_is_counted_and_set_aside_when_it_is_redriven(
    aws: Aws, tmp_path: Path
) -> None:
    """In order and late, once; with the reason it had, and holding up none."""
    facts = facts_in(aws, tmp_path)
    acts = [Act(NOW + number) for number in range(3)]
    good = [on("shardId-0", each) for each in numbered(acts)]
    first, second, third = (each.record for each in good)
    bad = second._replace(data=UNREADABLE + msgspec.json.encode(("has no url", b"what it said")))
    process = Process(
        facts, SOURCES, lambda: NOW, partial(delivered, stream=STREAM), lambda: None, decode
    )
    process(event_of("shardId-0", good[2:]))
    for expected in ((2, 1, 0), (0, 3, 0)):
        assert redrive(facts, [first, bad, third], SOURCES, NOW) == expected
    assert [(each.position, each.reason, each.kept) for each in facts.bad()] == [
        (bad.position, "has no url", b"what it said")
    ]
    assert facts.rows("SELECT reason, sum(count) FROM drops GROUP BY ALL") == [("unreadable", 1)]
    agree(facts, [good[0], good[2]])
