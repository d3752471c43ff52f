"""The oracle itself, on an hour small enough to be worked out by hand.

ann reads `/` for five minutes, then `/a`, where she buys; bob comes by letter, reads `/a` for a minute
and leaves; of cyd only a sign-up on `/` is known.
"""

from typing import Any

import pytest

from tests.oracle import MINUTE
from tests.query.asking import visits_of
from tests.query.reckoning import Filter, Key, Question, Row, report
from tests.traffic import GOALS, Act, at, made

NOON = at("2026-06-10 12:00")
ANN = (
    Act(NOON, page="/"),
    Act(NOON + 5 * MINUTE, page="/", kind="engagement", engaged=5, scroll=50),
    Act(NOON + 10 * MINUTE, page="/a"),
    Act(NOON + 12 * MINUTE, page="/a", kind="custom", name="sale", props=(("plan", "pro"),), revenue=("EUR", "12.5")),
    Act(NOON + 14 * MINUTE, page="/a", kind="engagement", engaged=2, scroll=100),
)
BOB = (Act(NOON, "bob", page="/a", came="letter"), Act(NOON + MINUTE, "bob", page="/a", kind="engagement", engaged=1, scroll=33, came="letter"))
CYD = (Act(NOON + 60 * MINUTE, "cyd", page="/", kind="custom", name="sign up", revenue=("USD", "19.9999")),)
VISITS = visits_of([each.seen for each in made((*ANN, *BOB, *CYD))])["berlin"]
EUROS, DOLLARS = {"currency": "EUR", "value": 12.5}, {"currency": "USD", "value": 20.0}


def rows(*dimensions: str, filters: Filter = ()) -> dict[Key, Row]:
    return report(Question(VISITS, lambda _: True, dimensions, filters, GOALS))


def only(*filters: Filter) -> Row:
    return rows(filters=filters)[()]


@pytest.mark.parametrize(
    ("metric", "whole", "front", "a"),
    [
        pytest.param("visitors", 3, 2, 2, id="visitors: cyd's sign-up happened on the front page"),
        pytest.param("visits", 3, 1, 2, id="visits: cyd's saw no page"),
        pytest.param("pageviews", 3, 1, 2, id="pageviews"),
        pytest.param("events", 5, 2, 3, id="events"),
        pytest.param("views_per_visit", 1.0, 1.0, 1.0, id="views_per_visit"),
        pytest.param("bounce_rate", 33.3, 0.0, 100.0, id="bounce_rate: of a page, of those that entered there"),
        pytest.param("visit_duration", 300.0, 840.0, 450.0, id="visit_duration: 14 minutes, one and none"),
        pytest.param("time_on_page", 160.0, 300.0, 90.0, id="time_on_page: 7 minutes in all and one; 5; 2 and 1"),
        pytest.param("scroll_depth", 67, 50, 67, id="scroll_depth: 66.5 is rounded up; cyd told none"),
        pytest.param("exit_rate", 66.7, 0.0, 100.0, id="exit_rate: two that had a page view, of three page views"),
        pytest.param("percentage", 100.0, 66.7, 66.7, id="percentage"),
        pytest.param("total_revenue", [EUROS, DOLLARS], DOLLARS, EUROS, id="revenue by currency"),
    ],
)
def test_metrics(metric: str, whole: Any, front: Any, a: Any) -> None:
    by_page = rows("event:page")
    assert (only()[metric], by_page["/",][metric], by_page["/a",][metric]) == (whole, front, a)


@pytest.mark.parametrize(
    ("filters", "events", "visits"),
    [
        pytest.param([["is", "event:page", ["/a"]]], 3, 2, id="a page"),
        pytest.param([["is_not", "event:page", ["/a"]]], 2, 1, id="other pages: cyd saw none, but her event was on one"),
        pytest.param([["is", "event:page", ["/A"], {"case_sensitive": False}]], 3, 2, id="in any case"),
        pytest.param([["contains", "event:title", ["ge /a", "nowhere"]]], 3, 2, id="any of the values"),
        pytest.param([["contains_not", "event:title", ["ge /a", "nowhere"]]], 2, 2, id="none of the values"),
        pytest.param([["matches", "event:name", ["^s.* "]]], 1, 1, id="an expression"),
        pytest.param([["matches_not", "event:name", ["^s"]]], 3, 2, id="not an expression"),
        pytest.param([["is", "event:props:plan", ["(not set)"]]], 4, 3, id="without a property"),
        pytest.param([["is", "event:goal", ["Front"]]], 1, 1, id="a page goal is not reached by a custom event"),
        pytest.param([["is", "event:goal", ["Sale of a plan", "Sale of two"]]], 1, 1, id="a goal with a property"),
        pytest.param([["is_not", "event:goal", ["Sale in euros"]]], 4, 3, id="events that do not reach a goal"),
        pytest.param([["is", "event:page", ["/"]], ["is", "event:name", ["sale"]]], 0, 0, id="no event is both"),
        pytest.param([["is", "event:page", ["/"]], ["has_done", ["is", "event:name", ["sale"]]]], 1, 1, id="events on a page, of those who bought"),
        pytest.param([["has_done", ["is", "event:page", ["/"]]]], 3, 1, id="who saw a page"),
        pytest.param([["has_not_done", ["is", "event:page", ["/"]]]], 2, 2, id="cyd saw no page"),
        pytest.param([["has_done", ["and", [["is", "event:page", ["/"]], ["is", "visit:exit_page", ["/a"]]]]]], 3, 1, id="what has been done, with something of the visit"),
        pytest.param([["not", ["has_done", ["is", "event:page", ["/", "/a"]]]]], 1, 1, id="who saw neither"),
        pytest.param([["or", [["is", "visit:source", ["letter"]], ["is", "event:name", ["sign up"]]]]], 2, 2, id="one or the other"),
        pytest.param([["is", "visit:source", ["Direct / None"]]], 4, 2, id="texts for the unknown"),
        pytest.param([["is", "visit:entry_page", ["(not set)"]]], 1, 1, id="visits without a page view"),
    ],
)
def test_filters(filters: Filter, events: int, visits: int) -> None:
    row = only(*filters)
    assert (row["events"], row["visits"]) == (events, visits)


def test_entering_and_leaving_speak_of_the_visit_and_the_rest_of_some_event() -> None:
    """ann entered at `/` and left from `/a`; her sale was somewhere."""
    sale = ["is", "event:name", ["sale"]]
    front, a = only(["is", "event:page", ["/"]], sale), only(["is", "event:page", ["/a"]], sale)
    assert (front["bounce_rate"], a["bounce_rate"]) == (0.0, None)
    assert only(["is", "event:page", ["/a"]])["exit_rate"] == 100.0
    by_exit = rows("visit:exit_page")
    assert {key: row["exit_rate"] for key, row in by_exit.items()} == {("/a",): 100.0, ("(not set)",): None}
    assert only(["is", "visit:exit_page", ["/a"]])["exit_rate"] == 100.0, "two visits by the two views of the page, not by all three views"


def test_time_is_that_of_the_pages_of_what_belongs_in_the_row() -> None:
    assert {key: row["time_on_page"] for key, row in rows("event:name").items()} == {("pageview",): 240.0, ("sale",): 120.0, ("sign up",): 0.0}
    assert only(["has_done", ["is", "event:name", ["sale"]]])["time_on_page"] == 420.0, "of a visit, not of events: all its time"


def test_conversions() -> None:
    by_goal = rows("event:goal")
    assert {key: row["conversion_rate"] for key, row in by_goal.items()} == {(name,): 33.33 for name in ("Front", "Sale", "Sale of a plan", "Sale in euros")}
    pro = ["is", "event:props:plan", ["pro"]]
    assert {row["conversion_rate"] for row in rows("event:goal", filters=[pro]).values()} == {33.33}, "of all, without the property"
    assert {row["percentage"] for row in rows("event:goal", filters=[pro]).values()} == {100.0}, "of those with the property"
    grouped = rows("event:goal", "visit:source")
    assert grouped["Sale", "Direct / None"]["group_conversion_rate"] == 50.0
    assert grouped["Sale", "Direct / None"]["conversion_rate"] == 33.33
    assert only(["is", "event:goal", ["Sale"]], ["is", "visit:source", ["Direct / None"]])["conversion_rate"] == 50.0, "of those of the source"


def test_rows_are_those_in_which_something_of_what_was_asked_is() -> None:
    asked = Question(VISITS, lambda event: event.time == NOON + 12 * MINUTE, ("event:page",), (), GOALS)
    assert report(asked, ["visitors"]) == {("/a",): {"visitors": 1}}
    assert report(asked, ["visits"]) == {}
    begun = Question(VISITS, lambda event: event.time == NOON, ("event:name",), (), GOALS)
    assert report(begun, ["visits"]) == {("pageview",): {"visits": 2}, ("sale",): {"visits": 1}}
    assert report(begun, ["views_per_visit"]) == {("pageview",): {"views_per_visit": 1.0}, ("sale",): {"views_per_visit": 0.0}}
    assert report(begun, ["events"]) == {("pageview",): {"events": 2}}
