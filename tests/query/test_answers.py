"""Order, pages, labels: the shape of answers."""

from typing import Any

import pytest

from footfall.domain.site import Site
from footfall.query.answer import Answers
from tests.oracle import HOUR, MINUTE
from tests.query.asking import FIRST, Told, now_of
from tests.store.relations import empty
from tests.traffic import Act, at

NOON = at("2026-06-10 12:00")
DAYS = ["2026-06-10", "2026-06-10"]
MONTHS: dict[str, Any] = {"dimensions": ["event:page"], "date_range": "12mo"}


def visit(*pages: str, who: str = "ann", start: int = 0) -> list[Act]:
    return [Act(NOON + start * HOUR + number * MINUTE, who, page=page) for number, page in enumerate(pages)]


@pytest.fixture(scope="module")
def few() -> Told:
    """/a is seen thrice, by two; /b and /c twice, by one; /d once."""
    return Told([*visit("/a", "/b", "/c"), *visit("/a", "/c", who="bob"), *visit("/a", "/b", who="cyd", start=1), *visit("/d", who="dan", start=2)])


def pages(told: Told, **query: Any) -> list[str]:
    answer = told.ask("berlin", NOON, **({"metrics": ["visitors", "pageviews", "bounce_rate"], "dimensions": ["event:page"], "date_range": DAYS} | query))
    return [row["dimensions"][0] for row in answer["results"]]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(None, "abcd", id="by default the first metric, descending, then the name"),
        pytest.param([], "abcd", id="by nothing but the name"),
        pytest.param([["event:page", "desc"]], "dcba", id="by name"),
        pytest.param([["visitors", "asc"]], "dbca", id="ascending"),
        pytest.param([["pageviews", "desc"], ["event:page", "desc"]], "acbd", id="by two"),
        pytest.param([["bounce_rate", "asc"]], "adbc", id="null comes last ascending"),
        pytest.param([["bounce_rate", "desc"]], "dabc", id="null comes last descending"),
    ],
)
def test_order(few: Told, order: object, expected: str) -> None:
    assert "".join(pages(few, order_by=order)) == "".join(f"/{page}" for page in expected)


@pytest.mark.parametrize(("limit", "offset", "expected"), [(2, 0, "ab"), (2, 2, "cd"), (3, 3, "d"), (1, 4, ""), (10_000, 10**9, "")])
def test_pages_and_their_total(few: Told, limit: int, offset: int, expected: str) -> None:
    asked: dict[str, Any] = {"metrics": ["visitors"], "dimensions": ["event:page"], "date_range": DAYS, "pagination": {"limit": limit, "offset": offset}}
    answer = few.ask("berlin", NOON, include={"total_rows": True}, **asked)
    assert [row["dimensions"] for row in answer["results"]] == [[f"/{page}"] for page in expected]
    assert answer["meta"] == {"total_rows": 4}
    assert few.ask("berlin", NOON, **asked)["meta"] == {}


def test_pages_of_everything_join_to_the_whole(everyone: Told) -> None:
    asked: dict[str, Any] = {"metrics": ["visits", "events"], "dimensions": ["visit:source", "event:page", "time:day"], "date_range": "all"}
    whole = everyone.ask("berlin", now_of("berlin"), **asked)["results"]
    parts = [everyone.ask("berlin", now_of("berlin"), pagination={"limit": 7, "offset": start}, **asked)["results"] for start in range(0, len(whole) + 7, 7)]
    assert [row for part in parts for row in part] == whole
    assert [row["dimensions"][2] for row in whole] == sorted(row["dimensions"][2] for row in whole)


@pytest.mark.parametrize("period", ["day", "24h", "7d", "realtime", "12mo"])
@pytest.mark.parametrize("site", FIRST)
def test_every_row_of_time_has_a_label(everyone: Told, site: str, period: str) -> None:
    answer = everyone.ask(site, now_of(site), metrics=["events"], dimensions=["time"], date_range=period, include={"time_labels": True})
    labels = answer["meta"]["time_labels"]
    assert {row["dimensions"][0] for row in answer["results"]} <= set(labels)
    assert [row["dimensions"][0] for row in answer["results"]] == sorted(row["dimensions"][0] for row in answer["results"])


@pytest.mark.parametrize(("site", "day", "labels"), [("berlin", "2026-03-29", 23), ("coast", "2026-11-01", 24), ("kathmandu", "2026-06-30", 24)])
def test_labels_of_a_day(everyone: Told, site: str, day: str, labels: int) -> None:
    answer = everyone.ask(site, now_of(site), metrics=["events"], dimensions=["time:hour"], date_range=[day, day], include={"time_labels": True})
    assert len(answer["meta"]["time_labels"]) == labels
    assert {row["dimensions"][0] for row in answer["results"]} <= set(answer["meta"]["time_labels"])


def test_an_empty_site_has_its_one_row() -> None:
    facts = empty()
    metrics = ["visitors", "visits", "pageviews", "events", "views_per_visit", "bounce_rate", "visit_duration"]
    answers = Answers(facts, lambda: NOON)
    for period in ("all", "realtime", "day", "12mo"):
        query = {"site_id": "new", "metrics": metrics, "date_range": period}
        assert answers.query(Site("new", ("new.example",)), query)["results"] == [{"dimensions": [], "metrics": [0, 0, 0, 0, None, None, None]}]
        assert answers.query(Site("new", ("new.example",)), {**query, "dimensions": ["event:page"]})["results"] == []
    assert answers.current_visitors(Site("new", ("new.example",))) == 0


@pytest.mark.parametrize("name", ["berlin", "berlin.example", "shop.berlin.example", "old-berlin"])
def test_a_site_may_be_asked_for_by_any_of_its_names(few: Told, name: str) -> None:
    answer = few.ask("berlin", NOON, metrics=["pageviews"], date_range=DAYS, site_id=name)
    assert answer["results"] == [{"dimensions": [], "metrics": [8]}]


def test_the_question_is_told_as_it_was_understood(few: Told) -> None:
    told = few.ask("berlin", NOON, metrics=["visits"], date_range="7d", dimensions=["time"])["query"]
    assert {name: told[name] for name in ("site_id", "date_range", "pagination")} == {
        "site_id": "berlin", "date_range": ["2026-06-04", "2026-06-10"], "pagination": {"limit": 10_000, "offset": 0},
    }  # fmt: skip


def test_current_visitors_are_those_of_five_minutes() -> None:
    acts = [Act(NOON - 5 * MINUTE, "ann"), Act(NOON - 5 * MINUTE + 1, "bob"), Act(NOON, "cyd", kind="custom"), Act(NOON + 1, "dan"), Act(NOON - 1, "dan", kind="engagement")]
    told = Told([*acts, Act(NOON - MINUTE, "dan", site="berlin2")])
    assert Answers(told.facts, lambda: NOON).current_visitors(Site("berlin", ("berlin.example",))) == 2


@pytest.mark.parametrize(
    ("pageviews", "visits", "expected"),
    [(1, 1, 1.0), (9, 8, 1.13), (4, 3, 1.33), (5, 3, 1.67), (41, 40, 1.03), (57, 40, 1.43)],
)
def test_rates_are_rounded_half_up(pageviews: int, visits: int, expected: float) -> None:
    acts = [Act(NOON + number * HOUR) for number in range(visits)]
    told = Told([*acts, *(Act(NOON + 1 + number) for number in range(pageviews - visits))])
    assert told.ask("berlin", NOON, metrics=["views_per_visit"], date_range=["2026-06-01", "2026-06-30"])["results"][0]["metrics"] == [expected]
    told.facts.close()
