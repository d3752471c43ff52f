"""What only facts without an owner can suffer: compaction in between, two at once, commits whose answers are lost. They are as at home all the same."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import date
from itertools import count
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.domain.event import Position, Tally
from footfall.processor.batch import batch_of
from footfall.store.aws import dynamodb, window
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.segment import pack, place, unpack
from footfall.store.facts import STAGED, values
from footfall.store.port import Outrun, StoreBroken, TooLarge
from tests.aws import fault
from tests.aws.emulators import Aws, clients
from tests.aws.fault import Call, Fault, network
from tests.oracle import DAY, HOUR
from tests.store.relations import agree, copies, everything, filled
from tests.traffic import SALTS, SITE, SOURCES, Act, Made, apply, at, crowd, made, often, traffic

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


@often(4)
def test_compaction_at_any_time_changes_nothing(aws: Aws, tmp_path: Path, examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In rounds of a few events, in pieces of fewer."""
    for where, name, size in ((dynamodb, "MOST_EVENTS", 5), (window, "AT_ONCE", 2), (window, "FOLDED_AT_ONCE", 3)):
        monkeypatch.setattr(where, name, size)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(traffic(), st.randoms(use_true_random=False))
    def check(acts: list[Act], dice: Random) -> None:
        facts = DynamodbFacts(aws.dynamodb, aws.s3, aws.table(), aws.bucket(), lambda: [*SITE, ""], lambda: NINE, "512MB", tmp_path)
        shards = sharded(acts)
        for batch in delivered(shards, dice, 6):
            apply(facts, batch)
            if dice.random() < 0.4:
                facts.compact(acts[0].site)
        same(facts, [each for shard in shards for each in shard])

    check()


def test_days_of_many_visitors(opened: Opened) -> None:
    facts, dice = opened(), Random(1)
    shards = sharded(crowd(1, date(2026, 6, 10), 3, 40))
    for number, batch in enumerate(delivered(shards, dice, 24)):
        apply(facts, batch)
        if number % 4 == 3:
            facts.compact("berlin")
    records = [each for shard in shards for each in shard]
    same(facts, records)
    facts.compact("berlin")
    before = everything(facts), facts.rows("SELECT * FROM days ORDER BY ALL")
    facts.compact("berlin")
    assert (everything(facts), facts.rows("SELECT * FROM days ORDER BY ALL")) == before
    same(facts, records)


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


def test_days_settle_as_at_home(opened: Opened) -> None:
    facts, midnight = opened(), at("2026-06-10 00:00")
    records = made([Act(midnight - 5 * 60_000_000), Act(midnight + 5 * 60_000_000), Act(midnight + HOUR, who="bob", kind="engagement", engaged=3)])
    home = filled(records)
    apply(facts, records)
    alive = frozenset(SALTS) - {20_613, 20_614}
    assert facts.settle(alive, 20_700, 0) == home.settle(alive, 20_700, 0) == [20_613, 20_614]
    assert everything(facts) == everything(home)
    late = made([Act(midnight + 7 * 60_000_000, keyed=True, late=DAY)], prefix="t")
    for each in (facts, home):
        apply(each, late)
    assert everything(facts) == everything(home)
    home.close()


def test_old_facts_are_deleted_as_at_home(opened: Opened, aws: Aws) -> None:
    """A day at a time: visits over midnight stay as long as some of them is kept, files go, and what comes late is counted."""
    facts, midnight = opened(), at("2026-06-10 00:00")
    records = made(
        [*crowd(4, date(2026, 6, 8), 4, 12), Act(midnight - 60_000_000, who="bob"), Act(midnight + 60_000_000, who="bob"), Act(midnight + HOUR, who="bob")], one_shard=True
    )
    home = filled(records)
    apply(facts, records)
    for each in (facts, home):
        each.settle(frozenset(), 20_700, 0)
    days = [day for (day,) in home.rows("SELECT DISTINCT day FROM days WHERE site = 'berlin' ORDER BY day")]
    assert facts.older("berlin", days[0]) is False and facts.older("berlin", days[1]) is True
    told = "SELECT day, settled, coalesce(trimmed, false) FROM days WHERE site = 'berlin' ORDER BY day"
    for some in ([days[0]], [days[1], days[2]], days[3:]):
        for each in (facts, home):
            versions = {day: version for day, version in each.rows("SELECT day, version FROM days WHERE site = 'berlin'") if day in some}
            assert each.trim("berlin", {day: version + 1 for day, version in versions.items()}) in ((), [])
            assert each.trim("berlin", versions) == some
            assert each.trim("berlin", versions) in ((), [])
        assert everything(facts) == everything(home)
        assert facts.rows(told) == home.rows(told)
    late = made([Act(midnight + 2 * HOUR, keyed=True, late=20 * DAY)], prefix="t")
    for each in (facts, home):
        apply(each, late)
    facts.compact("berlin")
    assert everything(facts) == everything(home)
    kept = [each["Key"] for each in aws.s3.list_objects_v2(Bucket=facts._bucket).get("Contents", ()) if each["Key"].startswith("berlin/")]
    assert not [key for key in kept if key.endswith("events.parquet") and not key.startswith("berlin/2026-06-10")]
    home.close()


def test_a_compactor_that_comes_too_late_changes_nothing(opened: Opened) -> None:
    """Another compacts, and more is committed, while it writes."""
    first, second = made([Act(NINE), Act(NINE + HOUR)], prefix="a", one_shard=True), made([Act(NINE + 10 * 60_000_000)], prefix="b", one_shard=True)
    facts = opened()
    apply(facts, first)
    facts.compact("berlin")
    apply(facts, second)

    def overtaken(call: Call) -> None:
        if call.action == "TransactWriteItems":
            apply(facts, made([Act(NINE + 2 * HOUR)], prefix="c", one_shard=True))
            facts.compact("berlin")
        fault.none(call)

    with pytest.raises(StoreBroken):
        opened(lambda _: overtaken).compact("berlin")
    records = [*first, *second, *made([Act(NINE + 2 * HOUR)], prefix="c", one_shard=True)]
    same(facts, records)
    facts.compact("berlin")
    same(facts, records)


def test_a_compactor_that_is_overtaken_anywhere_changes_nothing(opened: Opened) -> None:
    """At each of its calls in turn others commit, compact, and commit again, until it makes no further call."""
    facts, records = opened(), made([Act(NINE + number % 12 * 4 * HOUR) for number in range(120)], prefix="shard", one_shard=True)
    applied = 0

    def add() -> None:
        nonlocal applied
        apply(facts, records[applied : applied + 2])
        applied += 2

    for turn in count(1):
        calls = 0

        def overtaken(call: Call, turn: int = turn) -> None:
            nonlocal calls
            calls += 1
            if calls == turn:
                add()
                facts.compact("berlin")
                add()
            fault.none(call)

        add()
        with suppress(StoreBroken):
            opened(lambda _, overtaken=overtaken: overtaken).compact("berlin")
        same(facts, records[:applied])
        if calls < turn:
            break
    assert turn > 9
    facts.compact("berlin")
    same(facts, records[:applied])


def test_what_is_committed_while_a_compactor_works_stays_to_be_done(opened: Opened) -> None:
    facts = opened()
    first, second = made([Act(NINE)], prefix="a", one_shard=True), made([Act(NINE + HOUR)], prefix="b", one_shard=True)
    apply(facts, first)

    def meanwhile(call: Call) -> None:
        if call.action == "TransactWriteItems":
            apply(facts, second)
        fault.none(call)

    opened(lambda _: meanwhile).compact("berlin")
    same(facts, [*first, *second])
    facts.compact("berlin")
    same(facts, [*first, *second])


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
    dice, faults = Random(seed), [fault.none, fault.none, fault.throttle, fault.fail, fault.cut, fault.lose]
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
