"""Pages that an older version stored have the one spelling once its file is opened."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from footfall.domain.period import Period
from footfall.domain.report import Report
from footfall.domain.site import Site
from footfall.query.answer import Answers
from footfall.query.metric import Source
from footfall.query.partial import Partial, packed
from footfall.query.question import question
from footfall.store.duckdb import DuckdbFacts
from footfall.store.sqlite import SqliteRollups
from tests.fixtures import NAMES, unpack
from tests.store.relations import everything, versions

OLD = {"/a": "/caf%C3%A9", "/": "/caf%c3%a9", "/c/d": "/shop;jsessionid=1", "/A": "/a%20b"}
NEW = ("/a%20b", "/café", "/shop")
CHANGED = """
UPDATE {relation} SET {column} = CASE {column}
WHEN '/a' THEN '/caf%C3%A9' WHEN '/' THEN '/caf%c3%a9' WHEN '/c/d' THEN '/shop;jsessionid=1'
WHEN '/A' THEN '/a%20b' ELSE {column} END
"""
COLUMNS = {"events": ("page", "entry_page"), "visits": ("entry_page", "exit_page")}
IMPORTS_AT = 5
EARLIER = [name for name in NAMES if int(name.removeprefix("schema-")) < IMPORTS_AT]


@pytest.fixture(params=EARLIER)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Facts of an older version, their pages as it would have stored others."""
    file = str(unpack(request.param, "data", tmp_path) / "facts.duckdb")
    with duckdb.connect(file) as connection:
        for relation, columns in COLUMNS.items():
            for column in columns:
                connection.execute(CHANGED.format(relation=relation, column=column))
    return file


@pytest.fixture
def facts(path: str) -> Iterator[DuckdbFacts]:
    found = DuckdbFacts(path, "512MB")
    yield found
    found.close()


def test_every_page_has_one_spelling(facts: DuckdbFacts) -> None:
    for relation, columns in COLUMNS.items():
        for column in columns:
            pages = {page for (page,) in facts.rows(f"SELECT DISTINCT {column} FROM {relation}")}
            assert "/café" in pages
            assert not pages & {*OLD, *OLD.values()} - set(NEW)


def test_days_that_change_are_marked(path: str) -> None:
    with duckdb.connect(path) as connection:
        before = {(site, str(day)): version for site, day, version in connection.execute("SELECT site, day, version FROM days").fetchall()}
        changed = {
            (site, str(day))
            for site, day in connection.execute("SELECT DISTINCT site, day FROM events WHERE page IN ('/caf%C3%A9', '/caf%c3%a9') OR page LIKE '/shop;%'").fetchall()
        }
    facts = DuckdbFacts(path, "512MB")
    after = versions(facts)
    facts.close()
    assert changed
    assert {day for day in before if before[day] != after[day]} == changed


def test_it_is_done_once(path: str) -> None:
    first = DuckdbFacts(path, "512MB")
    told, marks = everything(first), versions(first)
    first.close()
    again = DuckdbFacts(path, "512MB")
    assert (everything(again), versions(again)) == (told, marks)
    again.close()


def test_what_is_kept_of_days_whose_facts_are_gone_is_shown_so_too() -> None:
    """Two spellings of one page are one row, and so is a page of a day before and one of a day after."""
    site, day = Site("berlin", ("berlin.example",)), date(2026, 6, 10)
    report = Report("berlin", ("pageviews",), Period("custom", day, day), ("event:page",))
    facts, rollups = DuckdbFacts(":memory:", "512MB"), SqliteRollups(":memory:", lambda: day)
    facts._connection.execute("INSERT INTO days VALUES ('berlin', '2026-06-10', 1, true, true)")
    facts._connection.execute("INSERT INTO days VALUES ('berlin', '2026-06-11', 1, true, true)")
    asked = question(report, (), Source.EVENTS)
    keys = [("/caf%C3%A9",), ("/caf%c3%a9",), ("/",)]
    rollups.put("berlin", asked.key, {day: (1, packed_of(asked.sums, keys, (2, 3, 4)))})
    rollups.put("berlin", asked.key, {day.replace(day=11): (1, packed_of(asked.sums, [("/café",)], (5,)))})
    answers = Answers(facts, lambda: 1_790_000_000_000_000, rollups)
    query = {"metrics": ["pageviews"], "date_range": "all", "dimensions": ["event:page"]}
    found = answers.query(site, query)["results"]
    assert [(row["dimensions"], row["metrics"]) for row in found] == [(["/café"], [10]), (["/"], [4])]


def packed_of(sums: tuple[str, ...], keys: Sequence[tuple[str, ...]], views: tuple[int, ...]) -> bytes:
    """A roll-up in which every sum is the same."""
    return packed(Partial(keys, [np.array(views, np.int64) for _ in sums]))
