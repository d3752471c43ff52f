"""Roll-ups are made when days end, and stay when their facts are deleted."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.domain.goal import Goal
from footfall.domain.site import Site
from footfall.query import views
from footfall.query.answer import Answers
from footfall.query.bounds import BOUNDS, Bounds
from footfall.query.original import Original
from footfall.query.partial import unpacked
from footfall.query.standard import REPORTS
from footfall.query.upkeep import CUT, SLACK_DAYS, TRIED_DAYS, Upkeep
from footfall.store.duckdb import DuckdbReading
from footfall.store.port import NoMemory
from footfall.store.sqlite import SqliteRollups
from tests.oracle import DAY, HOUR
from tests.query.asking import FIRST, Told, now_of, told
from tests.traffic import SALTS, SITE, SITES, Act, apply, at, made

KEEP_DAYS = 30
LATER = now_of("coast") + (KEEP_DAYS + SLACK_DAYS + 3) * DAY
DE: list[Any] = [["is", "visit:country", ["DE"]]]


class Held:
    """A store, its roll-ups and a clock."""

    def __init__(self, keep_days: int | None = KEEP_DAYS) -> None:
        self.told: Told = told()
        self.now = LATER
        self.rollups = SqliteRollups(":memory:", lambda: date(1970, 1, 1) + timedelta(self.now // DAY))
        self.bounds = BOUNDS
        self.sites: Sequence[Site] = [replace(site, retention_days=keep_days) for site in SITES]

    def tend(self) -> None:
        Upkeep(self.told.facts, self.rollups, lambda: self.sites, lambda: self.now, self.bounds).tend(threading.Event())

    def settle(self) -> None:
        self.told.facts.settle(frozenset(), self.now // DAY, self.now)

    def ask(self, site: str, **query: Any) -> dict[str, Any]:
        answers = Answers(self.told.facts, lambda: self.now, self.rollups, self.bounds)
        return answers.query(SITE[site], {"site_id": site, "metrics": ["visitors", "visits"], "date_range": "all"} | query)

    def events(self) -> int:
        return int(self.told.facts.rows("SELECT count(*) FROM events")[0][0])

    def standard(self, site: str) -> list[list[dict[str, Any]]]:
        return [self.ask(site, metrics=list(metrics), dimensions=list(dimensions))["results"] for dimensions, metrics in REPORTS]


@pytest.fixture
def held() -> Iterator[Held]:
    found = Held()
    yield found
    found.told.facts.close()


def test_standard_reports_outlive_their_facts(held: Held) -> None:
    before = {site: held.standard(site) for site in FIRST}
    assert all(any(results) for results in before.values())
    held.settle()
    held.tend()
    assert held.events() == 0 and held.told.facts.rows("SELECT count(*) FROM visits") == [(0,)]
    assert {site: held.standard(site) for site in FIRST} == before
    assert held.ask("berlin")["meta"] == {}


def test_pages_by_day_outlive_their_facts(held: Held) -> None:
    """A roll-up has no dimension for the day that it is of."""
    asked: dict[str, Any] = {"dimensions": ["time:day", "event:page"]}
    before = held.ask("berlin", **asked)
    assert before["results"]
    held.settle()
    held.tend()
    assert held.ask("berlin", **asked) == before


def test_what_was_not_kept_is_left_out_and_said_so(held: Held) -> None:
    held.settle()
    held.tend()
    answer = held.ask("berlin", filters=DE)
    assert answer["results"] == [{"dimensions": [], "metrics": [0, 0]}]
    assert (answer["meta"]["left_out"]["first"], answer["meta"]["left_out"]["days"]) == ("2026-03-28", 4)


def test_the_original_s_api_outlives_facts_and_says_what_it_leaves_out(held: Held) -> None:
    def told(call: str, when: str, original: Original) -> tuple[list[Mapping[str, Any]], int]:
        """Rows, and days left out."""
        with original.ranking(SITE["berlin"], when) if call == "ranking" else original.series(SITE["berlin"], when, None) as found:
            return found.answer(), found.left_out

    asked = [(call, when) for call in ("ranking", "series") for when in ("YEAR:2026", "MONTH:2026-03", "DATE:2026-03-28", "HOUR:2026-03-28T23")]
    kept, facts = Original(held.told.facts, held.rollups), Original(held.told.facts)
    before = {each: told(*each, kept) for each in asked}
    assert all(rows and not left_out for rows, left_out in before.values())
    held.settle()
    held.tend()
    assert {each: told(*each, kept) for each in asked if each != ("series", "HOUR:2026-03-28T23")} == {
        each: rows for each, rows in before.items() if each != ("series", "HOUR:2026-03-28T23")
    }
    assert told("series", "HOUR:2026-03-28T23", kept) == ([], 1)
    assert told("ranking", "YEAR:2026", facts) == ([], 4)


def test_counts_of_very_many_urls_are_not_kept(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "KEPT_ROWS", 1)
    held.tend()
    assert not any(held.rollups.versions("berlin", step.key, date(2026, 3, 1), date(2026, 4, 30)) for step in (views.DAY, views.HOUR))


def test_what_someone_asks_for_is_kept_too(held: Held) -> None:
    before = held.ask("berlin", filters=DE)
    assert before["results"][0]["metrics"][0] > 0
    held.settle()
    held.tend()
    assert held.ask("berlin", filters=DE) == before


def test_nothing_is_deleted_before_its_day_has_settled(held: Held) -> None:
    before = held.events()
    held.tend()
    assert held.events() == before


def test_nothing_is_deleted_before_its_time(held: Held) -> None:
    before = held.events()
    held.settle()
    held.now = now_of("berlin") + KEEP_DAYS * DAY  # the first day is as old as may be
    held.tend()
    assert held.events() == before
    held.now += (SLACK_DAYS - 1) * DAY
    held.tend()
    days = [day for (day,) in held.told.facts.rows("SELECT day FROM days WHERE trimmed")]
    assert days == [date(2026, 3, 28)]
    assert held.events() < before


def test_nothing_is_deleted_unless_asked() -> None:
    held = Held(keep_days=None)
    before = held.events()
    held.settle()
    held.tend()
    assert held.events() == before
    held.told.facts.close()


def test_a_new_goal_leaves_what_is_kept_of_others(held: Held) -> None:
    """Also after the facts are gone and months in which nobody asks."""
    asked: dict[str, Any] = {"dimensions": ["event:goal"], "metrics": ["visitors", "events"]}
    before = held.ask("berlin", **asked)["results"]
    assert len(before) > 1
    held.settle()
    held.tend()
    with_one_more = [*SITE["berlin"].goals, Goal("New", page="/new*")]
    held.sites = [replace(site, goals=tuple(with_one_more)) if site.id == "berlin" else site for site in held.sites]
    for _ in range(3):
        held.now += 40 * DAY
        held.tend()
        answers = Answers(held.told.facts, lambda: held.now, held.rollups)
        found = answers.query(next(site for site in held.sites if site.id == "berlin"), {"site_id": "berlin", "date_range": "all", **asked})
        assert found["results"] == before
    assert held.ask("berlin", **asked)["results"] == before
    assert found["meta"]["left_out"]["days"] == 4, "the new goal is not known of the days whose facts are gone"


def test_what_somebody_asked_for_once_outlives_its_facts_for_good(held: Held) -> None:
    before = held.ask("berlin", filters=DE)
    held.settle()
    held.tend()
    held.now += 100 * DAY
    held.tend()
    assert held.ask("berlin", filters=DE)["results"] == before["results"]


def test_a_day_that_changes_after_it_settled_is_deleted_all_the_same(held: Held) -> None:
    held.settle()
    held.now = at("2026-04-05 12:00")
    held.tend()
    apply(held.told.facts, made([Act(at("2026-03-28 12:00"), page="/late")], SALTS, prefix="l"))
    held.settle()
    held.tend()
    before, held.now = held.standard("berlin"), LATER
    held.tend()
    assert held.events() == 0
    assert held.standard("berlin") == before


def test_what_was_asked_before_a_day_changed_is_not_believed_once_its_facts_are_gone(held: Held) -> None:
    one_day: dict[str, Any] = {"date_range": ["2026-03-28", "2026-03-28"], "filters": DE}
    assert held.ask("berlin", **one_day)["meta"] == {}
    apply(held.told.facts, made([Act(at("2026-03-28 12:00"), page="/late")], SALTS, prefix="l"))
    held.settle()
    held.tend()
    assert held.events() == 0
    assert held.ask("berlin", **one_day)["meta"]["left_out"]["days"] == 1


def many_pages(held: Held) -> None:
    noon = at("2026-03-28 12:00")
    acts = [Act(noon + number * 1_000_000, "dan", page=f"/{number}") for number in range(400)]
    apply(held.told.facts, made(acts, SALTS, prefix="y"))
    held.settle()


def test_a_day_of_more_values_than_can_be_summed_is_deleted_all_the_same(held: Held) -> None:
    many_pages(held)
    held.bounds = Bounds(groups=300, values=100)
    held.tend()
    assert held.events() == 0
    found = held.ask("berlin", dimensions=["event:page"], include={"total_rows": True})
    assert found["meta"]["other"] == {"rows": [len(found["results"]) - 1], "days": 1}
    assert found["meta"]["total_rows"] is None
    assert found["results"][-1]["dimensions"] == ["(other)"]
    noted = held.rollups.get("berlin", CUT, date(2026, 3, 28), date(2026, 3, 28))
    assert ("event:page",) in unpacked(noted[date(2026, 3, 28)][1]).keys
    gone = {day for (day,) in held.told.facts.rows("SELECT day FROM days WHERE site = 'berlin' AND trimmed")}
    for _, _, data in held.rollups.every("berlin", gone):
        unpacked(data)  # as an archive's have to be, or it is not taken in


def test_a_day_that_ends_anew_with_fewer_values_is_no_longer_noted(held: Held) -> None:
    many_pages(held)
    held.bounds = Bounds(groups=300, values=100)
    held.now = at("2026-04-05 12:00")
    held.tend()
    held.told.facts.erase("berlin", "SELECT id, time FROM events WHERE page ~ '/[0-9]+'", {})
    held.settle()
    held.tend()
    noted = held.rollups.get("berlin", CUT, date(2026, 3, 28), date(2026, 3, 28))
    assert unpacked(noted[date(2026, 3, 28)][1]).keys == []


def test_what_cannot_be_summed_waits_a_week_and_keeps_nothing_else(held: Held, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    plain = DuckdbReading.columns

    def columns(self: DuckdbReading, sql: str, *rest: Any) -> Any:
        """As if sums by page of one day needed more memory than there is."""
        if "e.page" in sql and rest[0].get("p2", "") == date(2026, 3, 28) == rest[0].get("p1"):
            raise NoMemory("out of memory")
        return plain(self, sql, *rest)

    many_pages(held)
    monkeypatch.setattr(DuckdbReading, "columns", columns)
    held.bounds = Bounds(groups=300, values=100)
    held.now = at("2026-03-30 12:00") + (KEEP_DAYS + SLACK_DAYS) * DAY
    for _ in range(TRIED_DAYS):
        held.tend()
        held.now += DAY
    gone = held.told.facts.rows("SELECT day FROM days WHERE site = 'berlin' AND trimmed ORDER BY day")
    assert [day.day for (day,) in gone] == [29, 30, 31]
    assert "the roll-ups of 2026-03-28 of site berlin are tried again tomorrow" in caplog.text
    held.tend()
    gone = held.told.facts.rows("SELECT day FROM days WHERE site = 'berlin' AND trimmed ORDER BY day")
    assert [day.day for (day,) in gone] == [28, 29, 30, 31]
    assert "some sums of 2026-03-28 of site berlin could not be taken" in caplog.text
    found = held.ask("berlin", dimensions=["visit:browser"], metrics=["visitors"])
    assert found["results"] and found["meta"] == {}, "what could be summed is there"


@pytest.mark.parametrize("pages", [4, 12, 20])
def test_nothing_is_deleted_without_its_roll_ups(held: Held, pages: int, caplog: pytest.LogCaptureFixture) -> None:
    """No room for roll-ups, from the first or after some."""
    before = held.standard("coast")
    held.settle()
    held.rollups._connection.execute(f"PRAGMA max_page_count = {pages}")
    held.tend()
    assert "database or disk is full; the roll-ups of site moved" in caplog.text
    assert held.standard("coast") == before
    held.rollups._connection.execute("PRAGMA max_page_count = 1000000")
    held.tend()
    assert held.events() == 0
    assert held.standard("coast") == before


def test_nothing_is_deleted_before_its_roll_ups_are_written_through(held: Held, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = str(tmp_path / "rollups.db")
    held.rollups = SqliteRollups(path, lambda: date(2026, 6, 1))
    before = held.events()
    held.settle()
    with sqlite3.connect(path) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM rollups").fetchall()  # whoever reads an old state keeps the log from being cut
        every, held.sites = held.sites, [site for site in held.sites if site.id == "berlin"]  # each would wait for some seconds
        held.tend()
        assert "could not be written through" in caplog.text
        assert held.events() == before
        other.execute("ROLLBACK")
    held.sites = every
    held.tend()
    assert held.events() == 0


def test_a_day_that_changed_meanwhile_is_not_deleted(held: Held) -> None:
    held.settle()
    rows = held.told.facts.rows("SELECT day, version FROM days WHERE site = 'berlin'")
    assert held.told.facts.trim("berlin", {day: version - 1 for day, version in rows}) == []
    assert held.told.facts.trim("berlin", dict(rows)) == sorted(day for day, _ in rows)
    assert held.told.facts.trim("berlin", dict(rows)) == []


def test_a_visit_stays_while_an_event_of_a_kept_day_belongs_to_it() -> None:
    held = Held()
    midnight = at("2026-05-10 00:00")
    apply(held.told.facts, made([Act(midnight - HOUR // 4, "dan", page="/x"), Act(midnight + HOUR // 4, "dan", page="/y")], SALTS, prefix="z"))
    held.settle()
    day = date(2026, 5, 9)
    asked: dict[str, Any] = {"dimensions": ["visit:exit_page"], "metrics": ["pageviews"], "date_range": ["2026-05-10", "2026-05-10"]}
    before = held.ask("berlin", **asked)
    (version,) = next(row for row in held.told.facts.rows("SELECT version FROM days WHERE site = 'berlin' AND day = ?", [day]))
    assert held.told.facts.trim("berlin", {day: version}) == [day]
    assert held.ask("berlin", **asked)["results"] == before["results"] == [{"dimensions": ["/y"], "metrics": [1]}]
    (version,) = next(row for row in held.told.facts.rows("SELECT version FROM days WHERE site = 'berlin' AND day = ?", [date(2026, 5, 10)]))
    held.told.facts.trim("berlin", {date(2026, 5, 10): version})
    assert held.told.facts.rows("SELECT count(*) FROM visits WHERE exit_page = '/y'") == [(0,)]
    held.told.facts.close()
