"""`footfall demo-data` as people use it."""

import subprocess
import sys
from pathlib import Path

import pytest

from footfall import compose
from footfall.__main__ import main
from footfall.settings import read
from footfall.store.duckdb import DuckdbFacts

SMALL = ("--events", "5000", "--days", "3", "--sites", "2")


def make(folder: Path, *more: str) -> int:
    return main(["demo-data", "--data", str(folder), *SMALL, *more])


def rows(folder: Path) -> tuple[object, ...]:
    facts = DuckdbFacts(str(folder / "facts.duckdb"), "256MB")
    try:
        return tuple(
            facts.rows(f"SELECT {columns} FROM {name} ORDER BY ALL")
            for name, columns in (
                ("events", "*"),
                ("visits", "*"),
                ("days", "* EXCLUDE (version)"),
                ("ids", "*"),
            )
        )
    finally:
        facts.close()


def test_the_same_arguments_make_the_same_rows(tmp_path, capsys):
    for folder, more in (("a", ()), ("b", ()), ("c", ("--seed", "2"))):
        assert make(tmp_path / folder, "--until", "2026-10-26", *more) == 0
        assert "events of" in capsys.readouterr().out
    assert rows(tmp_path / "a") == rows(tmp_path / "b")
    assert rows(tmp_path / "a") != rows(tmp_path / "c")


def test_past_days_are_settled_and_their_ids_forgotten(tmp_path):
    make(tmp_path, "--until", "2026-10-26")
    facts = DuckdbFacts(str(tmp_path / "facts.duckdb"), "256MB")
    assert facts.rows(
        "SELECT bool_and(settled), count(DISTINCT site), min(day)::VARCHAR FROM days"
    ) == [(True, 2, "2026-10-24")]
    assert facts.rows(
        "SELECT (SELECT count(*) FROM ids), count(prev), count(*) FILTER (visit IS NULL)"
        " FROM events"
    ) == [(0, 0, 0)]
    facts.close()


def test_the_sites_are_public_and_have_goals(tmp_path):
    make(tmp_path)
    registry = compose.open_registry(read({"data": str(tmp_path)}, {}))
    assert [(site.id, site.domains, site.public, len(site.goals)) for site in registry.sites()] == [
        ("demo-1", ("demo-1.example",), True, 4),
        ("demo-2", ("demo-2.example",), True, 4),
    ]
    assert len({site.zones[0].name for site in registry.sites()}) == 2
    registry.close()


def test_today_ends_now(tmp_path):
    make(tmp_path, "--until", "today")
    facts = DuckdbFacts(str(tmp_path / "facts.duckdb"), "256MB")
    ((newest, count),) = facts.rows("SELECT epoch_us(max(time)), count(*) FROM events")
    assert compose.now() - 24 * 3_600_000_000 < newest <= compose.now()
    assert count > 2_000
    facts.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--events", "many"), "--events must be a whole number from 1 to 1000000000"),
        (
            ("--days", "0", "--sites", "1001"),
            "--days must be a whole number from 1 to 3660;"
            " --sites must be a whole number from 1 to 1000",
        ),
        (("--until", "soon"), "--until must be a date such as 2026-11-24, or 'today'"),
        (("--until", "2999-01-01"), "--until must not lie in the future"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_arguments_are_one_sentence(tmp_path, capsys, arguments, says):
    assert make(tmp_path / "data", *arguments) == 2
    assert capsys.readouterr().err == f"footfall: {says}\n"
    assert not (tmp_path / "data").exists()


def test_sites_that_exist_are_refused(tmp_path, capsys):
    assert make(tmp_path) == 0
    before = rows(tmp_path)
    assert make(tmp_path) == 1
    assert capsys.readouterr().err == (
        "footfall: there is a site 'demo-1' already: give a data folder without made-up traffic\n"
    )
    assert rows(tmp_path) == before


def test_facts_that_a_running_server_holds(tmp_path, capsys):
    hold = (
        f"import duckdb; held = duckdb.connect({str(tmp_path / 'facts.duckdb')!r});"
        " print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert make(tmp_path) == 1
        holder.communicate("\n")
    said = capsys.readouterr().err
    assert said.startswith("footfall: cannot open the facts in ")
    assert "lock" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "registry.db").exists()
