"""What every adapter of `Facts` promises."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from footfall.domain.event import Tally
from footfall.processor.batch import batch_of
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.duckdb import DuckdbFacts
from footfall.store.migrations import VERSION
from footfall.store.port import Batch, Facts, Outrun, StoreBroken, Unfit
from tests.aws.emulators import Aws
from tests.oracle import HOUR, MINUTE
from tests.patience import SECONDS
from tests.store.relations import agree, copies, everything
from tests.traffic import SALTS, SITE, SOURCES, Act, Made, apply, at, made

NINE = at("2026-06-10 09:00")
VISIT = [Act(NINE, id=1), Act(NINE + MINUTE, kind="custom"), Act(NINE + HOUR), Act(NINE + HOUR, kind="engagement", engaged=3)]
MEMORY_LIMIT = "512MB"
INTRUDER = """
import sys
from footfall.store.duckdb import DuckdbFacts
from footfall.store.port import StoreBroken
try:
    DuckdbFacts(sys.argv[1], "64MB")
except StoreBroken as exc:
    print(exc)
"""


@pytest.fixture(params=["memory", "duckdb", pytest.param("dynamodb", marks=pytest.mark.slow)])
def facts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Facts]:
    def dynamodb() -> Facts:
        aws: Aws = request.getfixturevalue("aws")
        return DynamodbFacts(aws.dynamodb, aws.s3, aws.table(), aws.bucket(), lambda: [*SITE, ""], lambda: NINE, MEMORY_LIMIT, tmp_path)

    opened: dict[str, Callable[[], Facts]] = {
        "dynamodb": dynamodb,
        "memory": lambda: DuckdbFacts(":memory:", MEMORY_LIMIT),
        "duckdb": lambda: DuckdbFacts(str(tmp_path / "made on demand" / "facts.duckdb"), MEMORY_LIMIT),
    }
    found = opened[request.param]()
    yield found
    found.close()


def batch(records: list[Made], facts: Facts) -> Batch:
    return batch_of([each.record for each in records], facts.marks(), SOURCES, NINE)


def all_of_it(facts: Facts) -> object:
    return everything(facts), facts.marks(), [facts.rows(f"SELECT * FROM {name} ORDER BY ALL") for name in ("days", "drops", "ids")]


def test_an_empty_store_has_nothing(facts: Facts) -> None:
    assert facts.marks() == {}
    assert [facts.rows(f"SELECT * FROM {name}") for name in ("events", "visits", "drops", "days")] == [[], [], [], []]


def test_apply_says_what_came_of_a_batch(facts: Facts) -> None:
    records = made([*VISIT, Act(NINE, id=1)])
    assert sum(facts.apply(batch(records, facts))) == 5  # of which some are copies, where that is known by then
    agree(facts, records)


def test_an_empty_batch_moves_the_marks(facts: Facts) -> None:
    assert facts.apply(Batch(marks={"a": 7})) == (0, 0)
    assert facts.marks() == {"a": 7}


def test_marks_never_go_back(facts: Facts) -> None:
    for sequence in (5, 9, 3):
        with suppress(Outrun):
            facts.apply(Batch(marks={"a": sequence}))
    assert facts.marks() == {"a": 9}


def test_a_batch_is_applied_once(facts: Facts) -> None:
    records = made(VISIT)
    apply(facts, records)
    before = all_of_it(facts)
    again = batch(records, facts)
    assert (again.events, again.tallies, again.marks) == ([], [], {})
    facts.apply(again)
    assert all_of_it(facts) == before


def test_tallies_are_kept(facts: Facts) -> None:
    facts.apply(Batch(tallies=[Tally("berlin", 20_614, "bot", 2), Tally("berlin", 20_614, "bot", 3)], marks={"a": 1}))
    assert facts.rows("SELECT site, CAST(day AS VARCHAR), reason, sum(count) FROM drops GROUP BY ALL") == [("berlin", "2026-06-10", "bot", 5)]


def test_a_tally_that_comes_twice_counts_once(facts: Facts) -> None:
    """A gateway that does not know whether it came on the stream sends it again."""
    tally = Tally("berlin", 20_614, "bot", 2, 2**64 - 1)
    facts.apply(Batch(tallies=[tally, tally, Tally("berlin", 20_614, "bot", 3, 7)], marks={"a": 1}))
    facts.apply(Batch(tallies=[tally], marks={"a": 2}))
    facts.settle(frozenset(), 20_700, 0)
    facts.apply(Batch(tallies=[Tally("berlin", 20_614, "bot", 10)], marks={"a": 3}))
    assert facts.rows("SELECT sum(count) FROM drops") == [(15,)]


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        pytest.param(Batch(tallies=[Tally("berlin", 10**9, "bot", 1)]), OverflowError, id="a day that no calendar has"),
        pytest.param(Batch(tallies=[Tally("berlin", 20_614, "bot", 2**80)]), Unfit, id="a count that the store refuses"),
        pytest.param(Batch(marks={"a": 10**60}), (StoreBroken, Unfit), id="a mark that the store refuses"),
    ],
)
@pytest.mark.parametrize("empty", [True, False], ids=["an empty store", "a filled store"])
def test_a_batch_that_fails_changes_nothing(facts: Facts, broken: Batch, error: type[Exception] | tuple[type[Exception], ...], empty: bool) -> None:
    if not empty:
        apply(facts, made(VISIT, prefix="t"))
    before = all_of_it(facts)
    whole = batch(made([*VISIT, Act(NINE - MINUTE, id=1, late=HOUR)]), facts)
    with pytest.raises(error):
        facts.apply(replace(whole, tallies=broken.tallies, marks={**whole.marks, **broken.marks}))
    assert all_of_it(facts) == before
    assert sum(facts.apply(whole)) == 5
    assert sum(count for _, _, count in copies(facts)) == (1 if empty else 2)


def test_a_wrong_question_is_an_error_of_the_store(facts: Facts) -> None:
    with pytest.raises(StoreBroken, match="nothing_there"):
        facts.rows("SELECT * FROM nothing_there")


def test_settle_says_which_days_it_settled(facts: Facts) -> None:
    apply(facts, made(VISIT))
    assert list(facts.settle(frozenset(SALTS) - {20_614}, 20_700, 0)) == [20_614]
    assert list(facts.settle(frozenset(SALTS) - {20_614}, 20_700, 0)) == []


def test_any_thread_may_read_beside_apply(facts: Facts) -> None:
    """And sees whole batches: a visit whenever there is an event."""
    done, seen = threading.Event(), list[tuple[int, int]]()

    def look() -> None:
        while not done.is_set():
            seen.extend(facts.rows("SELECT (SELECT count(*) FROM events), (SELECT coalesce(sum(events), 0) FROM visits)"))

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(4):
        apply(facts, made([Act(NINE + number * HOUR), Act(NINE + number * HOUR + MINUTE)], prefix=f"{number}-"))
    done.set()
    reader.join()
    assert seen and all(events == visited and events % 2 == 0 for events, visited in seen)


def test_reopening_keeps_everything(tmp_path: Path) -> None:
    path = str(tmp_path / "facts.duckdb")
    facts = DuckdbFacts(path, MEMORY_LIMIT)
    records = made(VISIT)
    apply(facts, records[:2])
    facts.apply(Batch(tallies=[Tally("berlin", 20_614, "bot", 2)], marks={"a": 1}))
    before = all_of_it(facts)
    facts.close()
    facts = DuckdbFacts(path, MEMORY_LIMIT)
    assert all_of_it(facts) == before
    apply(facts, records)
    agree(facts, records)
    facts.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "facts.duckdb")
    DuckdbFacts(path, MEMORY_LIMIT).close()
    with duckdb.connect(path) as connection:
        connection.execute("INSERT INTO schema_version VALUES (?)", [VERSION + 1])
    for _ in range(2):  # a refusal leaves no lock behind
        with pytest.raises(StoreBroken, match=rf"newer Footfall \(schema {VERSION + 1}, this one knows {VERSION}\): upgrade"):
            DuckdbFacts(path, MEMORY_LIMIT)
    with duckdb.connect(path) as connection:
        assert connection.execute("SELECT max(version) FROM schema_version").fetchall() == [(VERSION + 1,)]


def test_a_second_process_cannot_open_the_file(tmp_path: Path) -> None:
    path = str(tmp_path / "facts.duckdb")
    facts = DuckdbFacts(path, MEMORY_LIMIT)
    said = subprocess.run([sys.executable, "-c", INTRUDER, path], capture_output=True, text=True, timeout=SECONDS)
    assert said.stdout.startswith(f"cannot open the facts in {path}"), said.stderr
    apply(facts, made(VISIT))
    facts.close()


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "facts.duckdb"
    path.write_bytes(b"this is no database" * 500)
    with pytest.raises(StoreBroken, match="cannot open the facts in"):
        DuckdbFacts(str(path), MEMORY_LIMIT)
    assert path.read_bytes() == b"this is no database" * 500


def test_a_file_whose_making_was_broken_off_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "facts.duckdb"
    path.write_bytes(b"")
    facts = DuckdbFacts(str(path), MEMORY_LIMIT)
    apply(facts, made(VISIT))
    agree(facts, made(VISIT))
    facts.close()
