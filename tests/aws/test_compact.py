"""The function that makes files: when it does what, and what it leaves for the next time."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.units import Units
from footfall.domain.site import date_day
from footfall.functions import compact
from footfall.functions.compact import Compact
from footfall.query.upkeep import RollUp, Trim
from footfall.query.views import DAY
from footfall.registry.dynamodb import DynamodbSalts
from footfall.store.aws import dynamodb
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.rollups import DynamodbRollups
from footfall.store.port import StoreBroken
from tests.aws.emulators import Aws, clients
from tests.aws.events import RESOURCES
from tests.store.relations import everything, filled
from tests.traffic import SITE, Act, apply, at, crowd, made

pytestmark = pytest.mark.slow
FIRST = date(2026, 6, 10)
SECOND = 1_000_000


class Tidying:
    """The function, with a clock that is set."""

    def __init__(self, aws: Aws, cache: Path) -> None:
        table = aws.table()
        self.now = at("2026-06-10 12:00")
        self.facts = DynamodbFacts(
            aws.dynamodb,
            aws.s3,
            table,
            aws.bucket(),
            lambda: ["berlin"],
            lambda: self.now,
            "512MB",
            cache,
        )
        self.rollups = DynamodbRollups(
            aws.dynamodb, table, lambda: datetime.fromtimestamp(self.now / 1e6, UTC).date()
        )
        self.invoked = list[Any]()
        salts = DynamodbSalts(aws.dynamodb, aws.table())
        self.compact = Compact(
            self.facts,
            salts,
            lambda: [SITE["berlin"]],
            RollUp(self.facts, self.rollups),
            Trim(self.facts, self.rollups),
            self._invoke,
            lambda: self.now,
        )

    def _invoke(self, **call: Any) -> None:
        self.invoked.append(call["Payload"])

    def due(self) -> Sequence[str]:
        return self.facts.due(frozenset(range(30_000)), 0)


@pytest.fixture
def tidying(aws: Aws, tmp_path: Path) -> Tidying:
    return Tidying(aws, tmp_path)


class Context:
    invoked_function_arn = "itself"


def test_it_may_take_as_long_as_it_thinks() -> None:
    assert RESOURCES["CompactFunction"]["Properties"]["Timeout"] == compact.SECONDS
    assert compact.ENOUGH_US < compact.SECONDS * SECOND


def test_a_site_is_tidied_by_one_at_a_time(tidying: Tidying) -> None:
    records = made([Act(tidying.now - number * SECOND) for number in range(3)])
    apply(tidying.facts, records)
    with tidying.facts.alone("berlin", compact.SECONDS):
        tidying.compact({"site": "berlin"}, None)
        assert tidying.due() == ["berlin"]
    tidying.compact({"site": "berlin"}, None)
    assert tidying.due() == []
    home = filled(records)
    assert everything(tidying.facts) == everything(home)
    home.close()


def test_who_was_killed_keeps_nobody_from_it_for_long(tidying: Tidying) -> None:
    apply(tidying.facts, made([Act(tidying.now)]))
    with ExitStack() as never_left:
        assert never_left.enter_context(tidying.facts.alone("berlin", compact.SECONDS))
        tidying.now += (compact.SECONDS - 1) * SECOND
        tidying.compact({"site": "berlin"}, None)
        assert tidying.due() == ["berlin"]
        tidying.now += 2 * SECOND
        tidying.compact({"site": "berlin"}, None)
        assert tidying.due() == []


def test_what_fails_is_a_failed_invocation(tidying: Tidying) -> None:
    """Else nobody would hear of segments that no file takes, which expire."""
    apply(tidying.facts, made([Act(tidying.now)]))
    there, tidying.facts._bucket = tidying.facts._bucket, "no-such-bucket"
    with pytest.raises(StoreBroken):
        tidying.compact({"site": "berlin"}, None)
    tidying.facts._bucket = there
    tidying.compact({"site": "berlin"}, None)
    assert tidying.due() == [], "the lease was given back"


def test_much_is_done_in_several_invocations(
    tidying: Tidying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of which ends in time, though not all is done."""
    monkeypatch.setattr(dynamodb, "MOST_EVENTS", 10)
    records = made(crowd(3, FIRST, 2, 30), one_shard=True)
    for start in range(0, len(records), 5):
        apply(tidying.facts, records[start : start + 5])
    home = filled(records)
    clock = iter(range(0, 10**9, compact.ENOUGH_US // SECOND + 1))
    monkeypatch.setattr(tidying.compact, "now", lambda: tidying.now + next(clock) * SECOND)
    rounds = 0
    while tidying.due():
        tidying.compact({"site": "berlin"}, None)
        rounds += 1
        assert everything(tidying.facts) == everything(home)
    assert rounds > 3
    home.close()


def test_what_was_rolled_up_is_not_looked_at_again(aws: Aws, tmp_path: Path) -> None:
    """By no function, though most begin with nothing in memory.

    All roll-ups would be read every five minutes.
    """
    tidying = Tidying(here := clients(aws.url), tmp_path)
    apply(tidying.facts, made(crowd(3, FIRST, 20, 60), one_shard=True))
    units, today, day = Units(here.dynamodb), FIRST + timedelta(days=20), FIRST + timedelta(days=9)

    def roll_up() -> tuple[float, Mapping[date, int]]:
        units.reads = 0.0
        RollUp(tidying.facts, tidying.rollups)(SITE["berlin"], today, threading.Event())
        return units.reads, tidying.rollups.versions("berlin", DAY.key, day, day)

    first, kept = roll_up()
    assert first > 30 and kept
    again, same = roll_up()
    assert again < 10 and same == kept
    apply(tidying.facts, made([Act(at(f"{day} 12:00"))], prefix="l"))
    assert roll_up()[1] == kept, "until it settles, or somebody asks"
    tidying.facts.tidy("berlin", frozenset(), date_day(today), 0)
    _, settled = roll_up()
    assert settled != kept
    apply(tidying.facts, made([Act(at(f"{day} 13:00"))], prefix="m"))
    assert roll_up()[1] != settled


def test_roll_ups_that_nobody_asks_for_go_after_five_weeks(tidying: Tidying) -> None:
    """Once a day; those that stand stay, and so do those of days whose facts are gone."""
    day = FIRST - timedelta(days=1)
    for question in (b"asked once", DAY.key):
        tidying.rollups.put("berlin", question, {day: (1, b"sums")})

    def kept() -> Iterator[bool]:
        return (
            bool(tidying.rollups.versions("berlin", question, day, day))
            for question in (b"asked once", DAY.key)
        )

    for moment, left in (
        ("2026-07-14 03:01", True),
        ("2026-07-20 02:59", True),
        ("2026-07-20 03:06", True),
        ("2026-07-20 03:04", False),
    ):
        tidying.now = at(moment, "UTC")
        tidying.compact({}, Context())
        assert list(kept()) == [left, True], moment
