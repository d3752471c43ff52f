"""The original's API: page views per URL by year, month, date, hour and minute."""

import threading
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.query.limit import GoneAway, Limit
from footfall.query.original import NotADate, Original
from footfall.query.rollup import TooCostly
from footfall.query.upkeep import RollUp
from footfall.store.sqlite import SqliteRollups
from tests.query.asking import Told
from tests.traffic import SITE, Act, at

COAST = "America/Los_Angeles"
ROOT, SHOP = "https://berlin.example", "https://shop.berlin.example"


MANY = "INSERT INTO events SELECT events.* REPLACE ('/' || range AS page, range AS id) FROM events, range(500000)"


def view(local: str, page: str = "/a", **rest: Any) -> Act:
    return Act(at(local), page=page, **rest)


@pytest.fixture(scope="module", params=["facts", "roll-ups"])
def original(request: pytest.FixtureRequest) -> Original:
    """From facts alone, and from what is kept of days that are over."""
    acts = [
        view("2026-10-25 00:30"), view("2026-10-25 01:59:59"), view("2026-10-25 13:33:10", came="letter"), view("2026-10-25 13:33:50", page="/b"), view("2026-10-25 13:34"),
        view("2026-10-01 00:00", host=1), view("2026-09-30 23:59:59"), view("2026-01-01 00:00"), view("2026-12-31 23:59:59", page="/b"),
        view("2026-10-25 13:33", kind="custom"), view("2026-10-25 13:33", kind="engagement"), view("2026-10-25 13:33", site="berlin2"), view("2026-10-25 13:33", page="/a/below"),
        Act(at("2026-11-01 00:30", COAST), site="coast"), Act(at("2026-11-01 23:30", COAST), site="coast"), Act(at("2026-11-02 00:00", COAST), site="coast"),
    ]  # fmt: skip
    facts = Told(acts).facts
    if request.param == "facts":
        return Original(facts)
    rollups = SqliteRollups(":memory:", lambda: date(2027, 1, 1))
    for site in SITE.values():
        RollUp(facts, rollups)(site, date(2026, 12, 31), threading.Event())
    return Original(facts, rollups)


def ranked(original: Original, site: str, date: str) -> list[Any]:
    with original.ranking(SITE[site], date) as views:
        return list(views.answer())


def seen(original: Original, site: str, date: str, url: str | None) -> list[Any]:
    with original.series(SITE[site], date, url) as views:
        return list(views.answer())


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        pytest.param("YEAR:2026", {f"{ROOT}/a": 6, f"{ROOT}/b": 2, f"{ROOT}/a/below": 1, f"{SHOP}/a": 1}, id="year"),
        pytest.param("MONTH:2026-10", {f"{ROOT}/a": 4, f"{ROOT}/a/below": 1, f"{ROOT}/b": 1, f"{SHOP}/a": 1}, id="October is month 10"),
        pytest.param("MONTH:2026-01", {f"{ROOT}/a": 1}, id="January is month 1"),
        pytest.param("MONTH:2026-12", {f"{ROOT}/b": 1}, id="December is month 12"),
        pytest.param("MONTH:2026-11", {}, id="a month without"),
        pytest.param("DATE:2026-10-25", {f"{ROOT}/a": 4, f"{ROOT}/a/below": 1, f"{ROOT}/b": 1}, id="date, 25 hours long"),
        pytest.param("DATE:2026-10-01", {f"{SHOP}/a": 1}, id="midnight begins a date"),
        pytest.param("DATE:2026-09-30", {f"{ROOT}/a": 1}, id="and ends one"),
        pytest.param("HOUR:2026-10-25T13", {f"{ROOT}/a": 2, f"{ROOT}/a/below": 1, f"{ROOT}/b": 1}, id="hour"),
        pytest.param("MINUTE:2026-10-25T13:33", {f"{ROOT}/a": 1, f"{ROOT}/a/below": 1, f"{ROOT}/b": 1}, id="minute"),
        pytest.param("MINUTE:2026-10-25T13:35", {}, id="a minute without"),
        pytest.param("YEAR:2025", {}, id="another year"),
    ],
)
def test_ranking(original: Original, date: str, expected: dict[str, int]) -> None:
    ranking = ranked(original, "berlin", date)
    assert {row["url"]: row["value"] for row in ranking} == expected
    assert ranking == sorted(ranking, key=lambda row: (-row["value"], row["url"]))
    assert all(row["name"] == "Page " + row["url"].partition("example")[2] for row in ranking)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        pytest.param("YEAR:2026", [("MONTH:2026-01", 1), ("MONTH:2026-09", 1), ("MONTH:2026-10", 4)], id="months of a year"),
        pytest.param("MONTH:2026-10", [("DATE:2026-10-25", 4)], id="dates of a month"),
        pytest.param("DATE:2026-10-25", [("HOUR:2026-10-25T00", 1), ("HOUR:2026-10-25T01", 1), ("HOUR:2026-10-25T13", 2)], id="hours of a date"),
        pytest.param("HOUR:2026-10-25T13", [("MINUTE:2026-10-25T13:33", 1), ("MINUTE:2026-10-25T13:34", 1)], id="minutes of an hour"),
        pytest.param("MINUTE:2026-10-25T13:34", [("MINUTE:2026-10-25T13:34", 1)], id="a minute has nothing finer"),
        pytest.param("DATE:2026-10-24", [], id="a date without"),
    ],
)
def test_series_of_a_page(original: Original, date: str, expected: list[tuple[str, int]]) -> None:
    series = seen(original, "berlin", date, f"{ROOT}/a")
    assert [(row["date"], row["value"]) for row in series] == expected
    assert {row["url"] for row in series} <= {f"{ROOT}/a"}
    assert [row for row in seen(original, "berlin", date, None) if row["url"] == f"{ROOT}/a"] == series


def test_series_of_all_pages(original: Original) -> None:
    series = seen(original, "berlin", "MINUTE:2026-10-25T13:33", None)
    assert [(row["url"], row["value"]) for row in series] == [(f"{ROOT}/a", 1), (f"{ROOT}/a/below", 1), (f"{ROOT}/b", 1)]


def test_a_page_is_named_whole(original: Original) -> None:
    for part in (f"{ROOT}/", ROOT, "/a", f"{ROOT}/a%", f"{ROOT}/_", f"{ROOT}/A", ""):
        assert seen(original, "berlin", "YEAR:2026", part) == []


def test_sites_do_not_leak_into_one_another(original: Original) -> None:
    """`berlin` is how the name of `berlin2` begins."""
    assert {row["url"] for row in ranked(original, "berlin", "YEAR:2026")} == {f"{ROOT}/a", f"{ROOT}/b", f"{ROOT}/a/below", f"{SHOP}/a"}
    assert ranked(original, "berlin2", "YEAR:2026") == [{"name": "Page /a", "url": "https://berlin2.example/a", "value": 1}]
    assert ranked(original, "kathmandu", "YEAR:2026") == []


def test_dates_are_those_of_the_site(original: Original) -> None:
    assert [row["value"] for row in ranked(original, "coast", "DATE:2026-11-01")] == [2]
    assert [row["date"] for row in seen(original, "coast", "MONTH:2026-11", None)] == ["DATE:2026-11-01", "DATE:2026-11-02"]


def test_an_answer_of_too_many_rows_is_refused() -> None:
    """More urls than an answer may have: written by the store itself, since so many acts would take minutes."""
    told = Told([view("2026-10-25 12:00")])
    told.facts._connection.execute(MANY)
    original = Original(told.facts)
    for call, asked in ((ranked, (original, "berlin", "YEAR:2026")), (seen, (original, "berlin", "DATE:2026-10-25", None))):
        with pytest.raises(TooCostly, match="more than 500,000 rows"):
            call(*asked)
    assert len(seen(original, "berlin", "DATE:2026-10-25", f"{ROOT}/1")) == 1
    told.facts.close()


@pytest.mark.parametrize("date", ["YEAR:2026", "MINUTE:2026-10-25T13:33"])
def test_nothing_is_looked_up_for_whom_has_gone(original: Original, date: str) -> None:
    limit = Limit()
    limit.give_up()
    for call in (original.ranking(SITE["berlin"], date, limit), original.series(SITE["berlin"], date, None, limit)):
        with pytest.raises(GoneAway), call as views:
            views.answer()


@pytest.mark.parametrize(
    "date",
    [
        "", "2026", "YEAR", "YEAR:", "YEAR:26", "YEAR:02026", "YEAR:0000", "YEAR:9999", "year:2026", "MONTH:2026", "MONTH:2026-13", "MONTH:2026-00", "MONTH:2026-1", "MONTH:9999-12",
        "DATE:2026-02-29", "DATE:2026-10-32", "DATE:2026-10", "DATE:9999-12-31", "HOUR:2026-10-25T24", "HOUR:2026-10-25 13", "HOUR:2026-10-25", "MINUTE:2026-10-25T13:60",
        "MINUTE:2026-10-25T13", "MINUTE:2026-10-25T13:33:00", " YEAR:2026", "YEAR:2026 ", "YEAR:2026\n", "YEAR:２０２６", "SECOND:2026-10-25T13:33:10", "DATE:2026-10-25T",
    ],
)  # fmt: skip
def test_what_is_no_date(original: Original, date: str) -> None:
    with pytest.raises(NotADate, match="must be one of YEAR:2017"):
        ranked(original, "berlin", date)
    with pytest.raises(NotADate):
        seen(original, "berlin", date, None)


@given(st.builds("{}:{}".format, st.sampled_from(("YEAR", "MONTH", "DATE", "HOUR", "MINUTE", "x")), st.text(st.sampled_from("0129-T:é٣"), max_size=16)))
def test_anything_is_a_date_or_not_one(original: Original, date: str) -> None:
    try:
        ranked(original, "berlin", date)
    except NotADate:
        return
