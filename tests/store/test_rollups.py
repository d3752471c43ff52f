"""What every adapter of `Rollups` promises."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from footfall.store.aws.rollups import DynamodbRollups
from footfall.store.port import Rollups, StoreBroken
from footfall.store.sqlite import SqliteRollups
from tests.aws.emulators import Aws

FIRST, SECOND, THIRD = (date(2026, 6, day) for day in (1, 2, 3))
ONE, TWO = b"question one", b"question two"


class Clock:
    today = date(2026, 6, 10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite", *(pytest.param(name, marks=pytest.mark.slow) for name in ("dynamodb", "dynamodb by another emulator"))])
def rollups(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Rollups]:
    def dynamodb(emulator: str) -> Rollups:
        aws: Aws = request.getfixturevalue(emulator)
        return DynamodbRollups(aws.dynamodb, aws.table(), lambda: clock.today)

    opened: dict[str, Callable[[], Rollups]] = {
        "dynamodb": lambda: dynamodb("aws"),
        "dynamodb by another emulator": lambda: dynamodb("second"),
        "memory": lambda: SqliteRollups(":memory:", lambda: clock.today),
        "sqlite": lambda: SqliteRollups(str(tmp_path / "made on demand" / "rollups.db"), lambda: clock.today),
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
