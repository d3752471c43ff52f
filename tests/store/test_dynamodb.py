"""What only facts without an owner can suffer: compaction in between, two at once, commits whose answers are lost. They are as at home all the same."""

import json
import string
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from footfall.domain.event import Position, Tally
from footfall.processor.batch import batch_of
from footfall.store.aws import table
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.segment import pack, place, unpack
from footfall.store.facts import STAGED, values
from footfall.store.port import Outrun, StoreBroken, TooLarge, Unfit
from tests.aws import fault
from tests.aws.emulators import Aws, clients
from tests.aws.fault import Fault, network
from tests.oracle import DAY, HOUR
from tests.store.relations import agree, copies, everything, filled
from tests.traffic import SITE, SOURCES, Act, Made, apply, at, crowd, made

pytestmark = pytest.mark.slow
NINE = at("2026-06-10 09:00")
SHARDS = 3

Opened = Callable[..., DynamodbFacts]


@pytest.fixture
def opened(aws: Aws, tmp_path: Path) -> Iterator[Opened]:
    """Opens the facts of a test; `choose` gives the fault of each call on the way to the table."""
    table, bucket = aws.table(), aws.bucket()
    with ExitStack() as stack:

        def open_facts(choose: Callable[[str], Fault] | None = None, now: Callable[[], int] = lambda: NINE, believed_us: int = 0) -> DynamodbFacts:
            dynamodb = clients(stack.enter_context(network(aws.url, choose)).url).dynamodb if choose else aws.dynamodb
            return DynamodbFacts(dynamodb, aws.s3, table, bucket, lambda: [*SITE, ""], now, "512MB", tmp_path, believed_us)

        yield open_facts


def sharded(acts: Sequence[Act]) -> list[list[Made]]:
    """Acts on a few shards, in the order that each gives them."""
    return [made(acts[number::SHARDS], prefix=f"shard{number}", one_shard=True) for number in range(SHARDS)]


def delivered(shards: Sequence[Sequence[Made]], dice: Random, most: int) -> Iterator[list[Made]]:
    """Batches as a stream hands them on: from any shard the next ones, now and then some again."""
    done = [0] * len(shards)
    while left := [number for number, shard in enumerate(shards) if done[number] < len(shard)]:
        number = dice.choice(left)
        first = max(done[number] - dice.choice((0, 0, 1, 4)), 0)
        done[number] = min(done[number] + dice.randint(1, most), len(shards[number]))
        yield list(shards[number][first : done[number]])


def same(facts: DynamodbFacts, records: list[Made]) -> None:
    """What the oracle says, and what a store at home holds, to the last column."""
    agree(facts, records)
    home = filled(records)
    assert everything(facts) == everything(home)
    assert copies(facts) == copies(home)
    home.close()


def test_who_asks_again_sees_what_came_meanwhile(opened: Opened) -> None:
    """By compaction too, and though what was made for the first is used again as long as nothing changes."""
    facts, other, dice = opened(), opened(), Random(3)
    shards, seen = sharded(crowd(2, date(2026, 6, 10), 2, 20)), list[Made]()
    for batch in delivered(shards, dice, 30):
        apply(other, batch)
        seen += [each for each in batch if each not in seen]
        if dice.random() < 0.3:
            other.compact("berlin")
        for _ in range(2):
            with facts.reading("berlin") as reading:
                agree(reading, seen)
    facts.close()


def test_who_asks_again_where_nothing_changed_reads_little(opened: Opened) -> None:
    calls: list[str] = []

    def choose(action: str) -> Fault:
        calls.append(action)
        return fault.none

    facts = opened(choose)
    apply(facts, made(crowd(2, date(2026, 6, 10), 3, 20), one_shard=True))
    told = []
    for _ in range(3):
        calls.clear()
        with facts.reading("berlin") as reading:
            told.append(everything(reading))
        found = list(calls)
    assert told[0] == told[1] == told[2]
    assert found == ["Query", "Query", "GetItem"]
    with facts.reading("berlin") as early:
        apply(facts, made([Act(NINE)], prefix="late", one_shard=True))
        with facts.reading("berlin") as late:
            assert everything(early) == told[0]
            assert everything(late) != told[0]
    facts.close()


def test_what_was_seen_is_believed_for_a_while_and_no_longer(opened: Opened) -> None:
    now, calls = NINE, list[str]()

    def choose(action: str) -> Fault:
        calls.append(action)
        return fault.none

    facts = opened(choose, lambda: now, HOUR)

    def seen() -> int:
        with facts.reading("berlin") as reading:
            return len(reading.rows("SELECT id FROM events"))

    apply(facts, made([Act(NINE)], prefix="a", one_shard=True))
    assert seen() == 1
    apply(facts, made([Act(NINE + HOUR)], prefix="b", one_shard=True))
    calls.clear()
    now += HOUR - 1
    assert (seen(), calls) == (1, [])
    now += 1
    assert seen() == 2
    apply(facts, made([Act(NINE + 2 * HOUR)], prefix="c", one_shard=True))
    now -= HOUR  # a clock may be set back
    assert seen() == 3
    facts.close()


def test_a_day_has_one_version_as_long_as_nothing_comes(opened: Opened) -> None:
    facts = opened()
    apply(facts, made([Act(NINE), Act(NINE + DAY)]))
    versions = facts.rows("SELECT * FROM days ORDER BY ALL")
    assert facts.rows("SELECT * FROM days ORDER BY ALL") == versions
    apply(facts, made([Act(NINE + HOUR)], prefix="t"))
    changed = facts.rows("SELECT * FROM days ORDER BY ALL")
    assert changed[0] != versions[0]


def test_of_two_who_apply_the_same_one_is_outrun(opened: Opened) -> None:
    records = made([Act(NINE + number * HOUR) for number in range(6)], prefix="shard", one_shard=True)
    one, other = opened(), opened()
    stale = other.marks()
    apply(one, records[:4])
    late = batch_of([each.record for each in records], stale, SOURCES, 0)
    with pytest.raises(Outrun) as told:
        other.apply(late)
    assert told.value.marks == {"shard": 4}
    other.apply(batch_of([each.record for each in records], told.value.marks, SOURCES, 0))
    same(one, records)


@pytest.mark.parametrize("seed", range(3))
def test_a_network_that_fails_makes_nothing_count_twice_or_not_at_all(opened: Opened, seed: int) -> None:
    dice, faults = Random(seed), [fault.none, fault.none, fault.throttle, fault.fail, fault.cut, fault.lose, fault.tear]
    facts = opened(lambda action: dice.choice(faults) if action == "TransactWriteItems" else fault.none)
    shards = sharded(crowd(seed, date(2026, 6, 10), 2, 12))
    for batch in delivered(shards, dice, 12):
        while True:
            try:
                apply(facts, batch)
                break
            except (StoreBroken, Outrun):
                continue
    same(opened(), [each for shard in shards for each in shard])


def test_commits_that_meet_wait_for_each_other(opened: Opened) -> None:
    """Shards share the marks of their sites' days, and none of them gives up for that."""
    conflicts = fault.Conflicts(seconds=0.02)
    acts = [Act(NINE + number) for number in range(40)]
    shards = [made(acts[number::8], prefix=f"shard{number}", one_shard=True) for number in range(8)]
    facts = opened(fault.always(conflicts.fault))

    def commit(shard: list[Made]) -> None:
        for each in shard:
            apply(facts, [each])

    with ThreadPoolExecutor(len(shards)) as threads:
        list(threads.map(commit, shards))
    assert conflicts.seen
    same(opened(), [each for shard in shards for each in shard])


def test_one_that_meets_others_for_ever_comes_again_later(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CONFLICT_PAUSES_SECONDS", [0.0] * 3)

    def busy(call: fault.Call) -> None:
        if call.action != "TransactWriteItems":
            fault.none(call)
            return
        codes = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * 3]
        said = {"__type": "TransactionCanceledException", "CancellationReasons": codes}
        call.answer(400, {"content-type": "application/x-amz-json-1.0"}, json.dumps(said).encode())

    records = made([Act(NINE)])
    with pytest.raises(StoreBroken):
        apply(opened(fault.always(busy)), records)
    apply(opened(), records)
    same(opened(), records)


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded", "ValidationError"])
def test_what_cancels_a_transaction_tells_whether_to_come_again(opened: Opened, code: str) -> None:
    calls: list[str] = []

    def cancel(call: fault.Call) -> None:
        if call.action != "TransactWriteItems":
            fault.none(call)
            return
        calls.append(call.action)
        said = {"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": code}]}
        call.answer(400, {"content-type": "application/x-amz-json-1.0"}, json.dumps(said).encode())

    with pytest.raises(Unfit if code == "ValidationError" else StoreBroken):
        apply(opened(fault.always(cancel)), made([Act(NINE)]))
    assert len(calls) == 1


@pytest.mark.parametrize(("name", "value"), [("page", 10**6), ("site", 3_000), ("page", 470_000)])
def test_an_item_that_never_fits_is_no_fault_of_the_table(opened: Opened, name: str, value: int) -> None:
    facts = opened()
    batch = batch_of([each.record for each in made([Act(NINE)])], {}, SOURCES, NINE)
    event = batch.events[0]
    text = "".join(Random(1).choices(string.printable, k=value))
    changed: dict[str, Any] = {name: text}
    strange = replace(batch, events=[event._replace(hit=event.hit._replace(**changed))])
    with pytest.raises(Unfit):
        facts.apply(strange)
    assert facts.marks() == {}


def test_half_an_answer_is_none(opened: Opened) -> None:
    """The SDK takes it for one that says nothing."""
    apply(opened(), made([Act(NINE)]))
    facts = opened(fault.always(fault.tear))
    for asked in (facts.marks, facts.reading().__enter__):
        with pytest.raises(StoreBroken, match="checksum"):
            asked()


def test_a_batch_too_large_for_a_transaction_is_refused_whole(opened: Opened) -> None:
    facts = opened()
    records = made([Act(NINE + number * DAY, keyed=True, late=100 * DAY) for number in range(52)], prefix="shard", one_shard=True)
    with pytest.raises(TooLarge):
        apply(facts, records)
    assert facts.marks() == {} and facts.rows("SELECT * FROM events") == []
    apply(facts, records[:26], records[26:])
    same(facts, records)


def test_segments_give_back_what_they_were_given() -> None:
    records = made(crowd(3, date(2026, 6, 10), 1, 20))
    events = list(batch_of([each.record for each in records], {}, SOURCES, 0).events)
    huge = [events[0]._replace(position=events[0].position._replace(sequence=10**55))]
    tallies = [Tally("berlin", 20_614, "bot", 2)]
    for some in (events, events[:1], huge, []):
        columns = {
            name: list(column)
            for name, column in zip(STAGED, zip(*(values(each._replace(position=Position(place(each.position), 0))) for each in some), strict=True), strict=False)
        }
        assert unpack(pack(some, tallies)) == (columns, tallies)
    assert len(pack(events, ())) / len(events) < 60
