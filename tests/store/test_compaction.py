"""Files of what was applied, made at any time, by several at once, and thinned when they are old: the facts are as at home all the same."""

from contextlib import suppress
from datetime import date
from itertools import count
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.store.aws import dynamodb, window
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.port import StoreBroken
from tests.aws import fault
from tests.aws.emulators import Aws
from tests.aws.fault import Call, Once, always
from tests.oracle import DAY, HOUR
from tests.store.relations import everything, filled
from tests.store.test_dynamodb import NINE, Opened, delivered, opened, same, sharded
from tests.traffic import SALTS, SITE, Act, apply, at, crowd, made, often, traffic

__all__ = ["opened"]
pytestmark = pytest.mark.slow


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

    def overtake() -> None:
        add()
        facts.compact("berlin")
        add()

    for turn in count(1):
        overtaken = Once(turn, overtake)
        add()
        with suppress(StoreBroken):
            opened(always(overtaken.fault)).compact("berlin")
        same(facts, records[:applied])
        if overtaken.calls < turn:
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


def test_files_whose_place_others_took_leave_the_disk(opened: Opened, tmp_path: Path) -> None:
    facts, records = opened(), made([Act(NINE + number * HOUR) for number in range(6)], one_shard=True)
    for number, each in enumerate(records):
        apply(facts, [each])
        facts.compact("berlin")
        kept = [path.name.partition("@")[0] for path in tmp_path.glob("*@*")]
        assert kept and len(kept) == len(set(kept)), number
