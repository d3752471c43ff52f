"""What every adapter of `Rollups` promises."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from footfall.store.aws.rollups import DynamodbRollups
from footfall.store.port import Rollups, StoreBroken
from footfall.store.sqlite import SqliteRollups
from tests.aws.emulators import Aws

FIRST, SECOND, THIRD = (date(2026, 6, day) for day in (1, 2, 3))
ONE, TWO = b"question one", b"question two"
BUDGET = 300_000
PIECE = b"x" * 10_000


class Clock:
    today = date(2026, 6, 10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite", *(pytest.param(name, marks=pytest.mark.slow) for name in ("dynamodb", "dynamodb by another emulator"))])
def rollups(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Rollups]:
    def dynamodb(emulator: str) -> Rollups:
        aws: Aws = request.getfixturevalue(emulator)
        return DynamodbRollups(aws.dynamodb, aws.table(), lambda: clock.today, BUDGET)

    opened: dict[str, Callable[[], Rollups]] = {
        "dynamodb": lambda: dynamodb("aws"),
        "dynamodb by another emulator": lambda: dynamodb("second"),
        "memory": lambda: SqliteRollups(":memory:", lambda: clock.today, BUDGET),
        "sqlite": lambda: SqliteRollups(str(tmp_path / "made on demand" / "rollups.db"), lambda: clock.today, BUDGET),
    }
    found = opened[request.param]()
    yield found
    found.close()


def nothing_trimmed(_: str) -> date | None:
    return None


def test_what_was_put_is_got_by_site_question_and_days(rollups: Rollups) -> None:
    rollups.put("a", ONE, {FIRST: (1, b"x"), SECOND: (2, b"y"), THIRD: (3, b"z")})
    assert rollups.get("a", ONE, FIRST, SECOND) == {FIRST: (1, b"x"), SECOND: (2, b"y")}
    assert rollups.versions("a", ONE, SECOND, THIRD) == {SECOND: 2, THIRD: 3}
    assert rollups.get("b", ONE, FIRST, THIRD) == rollups.get("a", TWO, FIRST, THIRD) == {}
    assert rollups.versions("b", ONE, FIRST, THIRD) == {}


def test_many_and_large_ones_are_given_back_whole(rollups: Rollups) -> None:
    some = {FIRST + timedelta(number): (number, bytes([number]) * (number * 30_000)) for number in range(40)}
    rollups.put("a", ONE, some)
    assert rollups.get("a", ONE, FIRST, date(2026, 12, 31)) == some
    assert rollups.versions("a", ONE, FIRST, date(2026, 12, 31)) == {day: version for day, (version, _) in some.items()}


def test_a_later_one_replaces_an_earlier(rollups: Rollups) -> None:
    rollups.put("a", ONE, {FIRST: (1, b"x"), SECOND: (1, b"y")})
    rollups.put("a", ONE, {FIRST: (2, b"new")})
    assert rollups.get("a", ONE, FIRST, THIRD) == {FIRST: (2, b"new"), SECOND: (1, b"y")}


def test_what_nobody_asks_for_is_forgotten_but_for_what_stands(rollups: Rollups, clock: Clock) -> None:
    for question in (ONE, TWO, b"three"):
        rollups.put("a", question, {FIRST: (1, b"x")})
    clock.today = date(2026, 8, 1)
    rollups.get("a", TWO, FIRST, FIRST)
    rollups.put("b", ONE, {FIRST: (1, b"x")})
    clock.today = date(2026, 9, 1)
    rollups.get("a", TWO, FIRST, FIRST)
    rollups.forget({("a", ONE)}, date(2026, 8, 15), nothing_trimmed)
    assert [bool(rollups.get("a", question, FIRST, FIRST)) for question in (ONE, TWO, b"three")] == [True, True, False]
    assert not rollups.get("b", ONE, FIRST, FIRST), "the question of another site"


def test_what_is_of_another_version_can_be_cleared(rollups: Rollups) -> None:
    for site in ("a", "b"):
        rollups.put(site, ONE, {FIRST: (1, b"x"), SECOND: (1, b"y"), THIRD: (1, b"z")})
    rollups.clear("a", {FIRST: 1, SECOND: 2})
    assert rollups.get("a", ONE, FIRST, THIRD) == {FIRST: (1, b"x"), THIRD: (1, b"z")}
    assert len(rollups.get("b", ONE, FIRST, THIRD)) == 3


def test_what_cannot_be_made_again_is_never_forgotten(rollups: Rollups, clock: Clock) -> None:
    rollups.put("a", ONE, {FIRST: (1, b"x"), SECOND: (1, b"y"), THIRD: (1, b"z")})
    clock.today = date(2026, 9, 1)
    rollups.forget(set(), date(2026, 8, 15), {"a": SECOND, "b": THIRD}.get)
    assert rollups.get("a", ONE, FIRST, THIRD) == {FIRST: (1, b"x"), SECOND: (1, b"y")}


def test_a_crash_after_sync_loses_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "rollups.db")
    rollups = SqliteRollups(path, lambda: FIRST)
    rollups.put("a", ONE, {FIRST: (1, b"x")})
    rollups.sync()
    copied = tmp_path / "copied.db"
    copied.write_bytes(Path(path).read_bytes())  # without its log
    assert SqliteRollups(str(copied), lambda: FIRST).get("a", ONE, FIRST, FIRST) == {FIRST: (1, b"x")}
    rollups.close()


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "rollups.db"
    path.write_bytes(b"no database " * 1_000)
    rollups = SqliteRollups(str(path), lambda: FIRST)
    rollups.put("a", ONE, {FIRST: (1, b"x")})
    assert rollups.get("a", ONE, FIRST, FIRST) == {FIRST: (1, b"x")}
    assert [kept.read_bytes() for kept in tmp_path.glob("rollups.db.damaged-*")] == [b"no database " * 1_000]
    rollups.close()


def test_a_path_that_cannot_be_is_a_broken_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreBroken, match="cannot open the roll-ups in"):
        SqliteRollups(str(tmp_path / "file" / "rollups.db"), lambda: FIRST)


def test_all_of_some_days_are_told_of_every_question(rollups: Rollups, clock: Clock) -> None:
    rollups.put("a", ONE, {FIRST: (1, b"x"), SECOND: (2, b"y")})
    rollups.put("a", TWO, {SECOND: (2, b"z"), THIRD: (1, b"w")})
    rollups.put("b", ONE, {FIRST: (1, b"other")})
    clock.today = date(2026, 8, 1)
    assert sorted(rollups.every("a", [FIRST, SECOND])) == [(ONE, FIRST, b"x"), (ONE, SECOND, b"y"), (TWO, SECOND, b"z")]
    assert list(rollups.every("c", [FIRST])) == list(rollups.every("a", [])) == []
    rollups.forget([], date(2026, 7, 1), nothing_trimmed)
    assert list(rollups.every("a", [FIRST, SECOND, THIRD])) == [], "telling is no use"


def test_what_is_cleared_is_gone_of_one_site_alone(rollups: Rollups) -> None:
    for site in ("a", "b"):
        rollups.put(site, ONE, {FIRST: (1, b"x")})
    rollups.clear("a")
    assert rollups.get("a", ONE, FIRST, THIRD) == {}
    assert rollups.get("b", ONE, FIRST, THIRD) == {FIRST: (1, b"x")}
    rollups.put("a", ONE, {FIRST: (2, b"y")})
    assert rollups.get("a", ONE, FIRST, THIRD) == {FIRST: (2, b"y")}


def kept_of(rollups: Rollups, site: str, questions: int) -> list[int]:
    """Which numbered questions have a roll-up; this is a use of none."""
    return [number for number in range(questions) if rollups.versions(site, b"%d" % number, FIRST, THIRD)]


def put_many(rollups: Rollups, site: str, first: int, last: int) -> None:
    for number in range(first, last):
        rollups.put(site, b"%d" % number, {THIRD: (1, PIECE)}, on_demand=True)


def test_what_is_made_on_demand_never_grows_past_the_budget(rollups: Rollups) -> None:
    put_many(rollups, "a", 0, 100)
    assert 25 <= len(kept_of(rollups, "a", 100)) <= 30
    rollups.put("b", ONE, {FIRST: (1, PIECE)}, on_demand=True)
    assert rollups.versions("b", ONE, FIRST, FIRST), "another site has a budget of its own"
    rollups.put("a", ONE, {FIRST: (1, PIECE)})
    assert rollups.versions("a", ONE, FIRST, FIRST), "what stands has no budget"


def test_the_oldest_make_room(rollups: Rollups, clock: Clock) -> None:
    put_many(rollups, "a", 0, 15)
    clock.today += timedelta(1)
    put_many(rollups, "a", 15, 40)
    before = kept_of(rollups, "a", 40)
    rollups.forget(set(), date(2026, 1, 1), nothing_trimmed)
    after = kept_of(rollups, "a", 40)
    assert set(after) < set(before)
    assert [number for number in after if number >= 15] == [number for number in before if number >= 15]
    put_many(rollups, "a", 40, 42)
    assert set(kept_of(rollups, "a", 42)) == {*after, 40, 41}


def test_standing_ones_and_only_sums_never_make_room(rollups: Rollups, clock: Clock) -> None:
    days = (FIRST, SECOND, THIRD)
    for question, data in ((ONE, b"x"), (TWO, PIECE)):
        rollups.put("a", question, dict.fromkeys(days, (1, data)), on_demand=True)
    clock.today += timedelta(1)
    put_many(rollups, "a", 0, 50)
    rollups.forget({("a", ONE)}, date(2026, 1, 1), {"a": SECOND}.get)
    assert list(rollups.versions("a", ONE, FIRST, THIRD)) == [FIRST, SECOND, THIRD]
    assert list(rollups.versions("a", TWO, FIRST, THIRD)) == [FIRST, SECOND]


def test_only_sums_alone_fill_the_budget_and_stay(rollups: Rollups) -> None:
    put_many(rollups, "a", 0, 50)
    before = kept_of(rollups, "a", 50)
    rollups.forget(set(), date(2026, 12, 1), {"a": THIRD}.get)
    put_many(rollups, "a", 50, 60)
    assert kept_of(rollups, "a", 60) == before


def test_room_is_there_again_when_all_is_cleared(rollups: Rollups) -> None:
    put_many(rollups, "a", 0, 50)
    rollups.clear("a")
    rollups.forget(set(), date(2026, 1, 1), nothing_trimmed)
    put_many(rollups, "a", 50, 55)
    assert kept_of(rollups, "a", 60) == [50, 51, 52, 53, 54]


@pytest.mark.parametrize("count", [pytest.param(100, marks=pytest.mark.slow), pytest.param(1_000, marks=pytest.mark.torture)])
def test_the_file_does_not_grow_with_the_number_of_questions(tmp_path: Path, clock: Clock, count: int) -> None:
    """Days of as many new questions each, of which the oldest go: their room is used again."""
    path = tmp_path / "rollups.db"
    rollups = SqliteRollups(str(path), lambda: clock.today, BUDGET)
    sizes = []
    for turn in range(5):
        put_many(rollups, "a", turn * count, (turn + 1) * count)
        rollups.forget(set(), date(2026, 1, 1), nothing_trimmed)
        rollups.sync()
        sizes.append(path.stat().st_size)
        clock.today += timedelta(1)
    rollups.close()
    assert max(sizes) <= 2 * BUDGET, sizes


def test_a_file_of_before_budgets_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "rollups.db"
    SqliteRollups(str(path), lambda: FIRST, BUDGET).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE spare")
        for number in range(50):
            connection.execute("INSERT INTO questions VALUES (?, 'a', ?, '2026-06-01')", (number, b"%d" % number))
            connection.execute("INSERT INTO rollups VALUES (?, '2026-06-03', 1, ?)", (number, PIECE))
    rollups = SqliteRollups(str(path), lambda: FIRST, BUDGET)
    rollups.forget(set(), date(2026, 1, 1), nothing_trimmed)
    assert len(kept_of(rollups, "a", 50)) < BUDGET / len(PIECE)
    rollups.close()
