"""However long ago something happened, a report over all time is answered."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from footfall.domain.event import Event, Hit, Position
from footfall.domain.site import Site, Zone, date_day
from footfall.domain.wrong import Wrong
from footfall.query.answer import Answers
from footfall.query.stats import Stats
from footfall.store.port import Batch
from tests.oracle import HOUR
from tests.store.relations import empty
from tests.traffic import at

NOW = at("2026-06-10 12:00", "UTC")
SHOP = Site("shop", ("shop.example",))
WEST = Site("shop", ("shop.example",), zones=(Zone("America/Los_Angeles"),))
HOURS = r"dimensions would make more than 20,000 buckets of hours; ask for 833 days at most"


def answers(*days: str, site: Site = SHOP) -> Answers:
    """What there is to ask where each of these days, and today, saw one page view at noon."""
    facts = empty()
    events = []
    for number, day in enumerate((*days, "2026-06-10")):
        offset = 0 if site is SHOP else -7 * 3600
        time = int((datetime.fromisoformat(day) - datetime(1970, 1, 1)).total_seconds()) * 1_000_000
        hit = Hit(
            site="shop",
            id=number + 1,
            kind="pageview",
            received=NOW,
            time=time + 12 * HOUR,
            day=date_day(date.fromisoformat(day)),
            utc_offset=offset,
            visitor=number + 1,
            prev=None,
            scheme="https",
            hostname="shop.example",
            port=None,
            page="/",
        )
        events.append(Event(hit, None, "Direct", Position("s", number + 1)))
    facts.apply(Batch(events, (), {"s": len(events)}))
    return Answers(facts, lambda: NOW)


def rows(found: Answers, dimension: str, **more: Any) -> list[list[Any]]:
    query = {"metrics": ["pageviews"], "date_range": "all", "dimensions": [dimension], **more}
    answer = found.query(SHOP, query)
    return [[*row["dimensions"], *row["metrics"]] for row in answer["results"]]


@pytest.mark.parametrize("day", ["1970-01-01", "1971-02-28", "1999-05-05", "2000-02-29", "2019-12-31"])
@pytest.mark.parametrize("step", ["time", "time:day", "time:week", "time:month", "time:year"])
def test_all_is_answered_by_every_step_of_a_day_or_more(day: str, step: str) -> None:
    whole = date.fromisoformat(day)
    first = {
        "time:day": whole,
        "time:week": whole - timedelta(whole.weekday()),
        "time:year": whole.replace(month=1, day=1),
    }.get(step, whole.replace(day=1))
    found = answers(day)
    include = {"time_labels": True, "comparisons": {"mode": "previous_period"}}
    query = {"metrics": ["pageviews"], "date_range": "all", "dimensions": [step], "include": include}
    answer = found.query(SHOP, query)
    assert answer["results"][0]["dimensions"] == [str(first)]
    assert sum(row["metrics"][0] for row in answer["results"]) == 2
    assert answer["meta"]["time_labels"][0] == str(first)


@pytest.mark.parametrize("mode", ["previous_period", "year_over_year"])
@pytest.mark.parametrize("matched", [False, True])
def test_all_is_compared(mode: str, matched: bool) -> None:
    comparison = {"mode": mode, "match_day_of_week": matched}
    found = answers("1970-01-01")
    answer = found.query(SHOP, {"metrics": ["pageviews"], "date_range": "all", "include": {"comparisons": comparison}})
    assert answer["results"][0]["metrics"] == [2]


@pytest.mark.parametrize("day", ["2199-12-31", "2030-01-01"])
def test_what_is_to_come_is_not_part_of_all(day: str) -> None:
    assert rows(answers(day), "time:year") == [["2026-01-01", 1]]


@pytest.mark.parametrize("day", ["0002-01-01", "1582-10-15", "1969-12-30"])
def test_no_day_is_too_early_for_all(day: str) -> None:
    assert rows(answers(day), "time:day", include={"comparisons": {"mode": "previous_period"}}) == [["2026-06-10", 1]]


def test_the_first_evening_west_of_greenwich_is_part_of_all() -> None:
    found = answers("1969-12-31", site=WEST)
    query = {"metrics": ["pageviews"], "date_range": "all", "dimensions": ["time:day"]}
    assert [row["dimensions"] for row in found.query(WEST, query)["results"]] == [["1969-12-31"], ["2026-06-10"]]


def test_hours_of_very_long_are_refused_with_the_longest_period() -> None:
    with pytest.raises(Wrong, match=HOURS):
        rows(answers("1999-05-05"), "time:hour")
    with pytest.raises(Wrong, match="ask for 13 days at most"):
        rows(answers("2026-05-01"), "time:minute")
    assert rows(answers("2024-03-01"), "time:hour")[0] == ["2024-03-01 12:00:00", 1]  # 832 days


@pytest.mark.parametrize(("first", "answered"), [("2024-02-29", True), ("2024-02-28", False)])
def test_as_many_days_as_the_sentence_says_are_answered(first: str, answered: bool) -> None:
    query = {"date_range": [first, "2026-06-10"]}
    if answered:
        assert rows(answers(), "time:hour", **query) == [["2026-06-10 12:00:00", 1]]
    else:
        with pytest.raises(Wrong, match=HOURS):
            rows(answers(), "time:hour", **query)


@pytest.mark.parametrize(("interval", "buckets"), [("date", 20_615), ("week", 2_946), ("month", 678), (None, 678)])
def test_the_older_api_answers_all(interval: str | None, buckets: int) -> None:
    given = {"period": "all", "metrics": "pageviews"} | ({"interval": interval} if interval else {})
    with Stats(answers("1970-01-01")).asked("timeseries", SHOP, given) as asked:
        found = asked.answer()["results"]
    assert (len(found), sum(row["pageviews"] for row in found)) == (buckets, 2)
