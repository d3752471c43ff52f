"""Plausible's Stats API v1: what its parameters mean, and the shapes of its answers."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from footfall.domain.wrong import Wrong
from footfall.query.answer import Answers
from footfall.query.catalogue import catalogue
from footfall.query.limit import GoneAway, Limit
from footfall.query.stats import Stats
from tests.oracle import DAY, HOUR, MINUTE
from tests.query.asking import Told, days, now_of
from tests.traffic import SITE, Act, at

NOON = at("2026-06-10 12:00")
BERLIN = SITE["berlin"]


@pytest.fixture(scope="module")
def few() -> Iterator[Told]:
    """Today /a is seen by two, one of whom came from Google and bought; yesterday / by one."""
    acts = [
        Act(NOON, page="/a", came="search"),
        Act(NOON + MINUTE, kind="custom", page="/a", name="sale", props=(("plan", "pro"),), came="search"),
        Act(NOON + 2 * MINUTE, page="/c/d", came="search"),
        Act(NOON - 2 * HOUR, "bob", page="/a"),
        Act(NOON - DAY, "bob", page="/", screen=400),
    ]
    found = Told(acts)
    yield found
    found.facts.close()


def asked(told: Told, call: str, **given: str) -> dict[str, Any]:
    return answered(Stats(Answers(told.facts, lambda: NOON + HOUR)), call, {"site_id": "berlin", **given})


def answered(stats: Stats, call: str, given: Mapping[str, str], limit: Limit | None = None) -> dict[str, Any]:
    with stats.asked(call, BERLIN, given, limit) as found:
        return found.answer()


def test_aggregate(few: Told) -> None:
    assert asked(few, "aggregate") == {"results": {"visitors": {"value": 3}}}
    several = asked(few, "aggregate", period="day", metrics="visitors,pageviews, bounce_rate,views_per_visit", with_imported="true")
    assert several == {"results": {"visitors": {"value": 2}, "pageviews": {"value": 3}, "bounce_rate": {"value": 50.0}, "views_per_visit": {"value": 1.5}}}


def test_aggregate_compared(few: Told) -> None:
    found = asked(few, "aggregate", period="day", metrics="visitors,bounce_rate", compare="previous_period")
    assert found == {"results": {"visitors": {"value": 2, "change": 100}, "bounce_rate": {"value": 50.0, "change": -50.0}}}


def test_timeseries_has_every_day(few: Told) -> None:
    found = asked(few, "timeseries", period="7d", metrics="visitors,bounce_rate")["results"]
    assert [row["date"] for row in found] == [f"2026-06-{day:02}" for day in range(4, 11)]
    assert found[0] == {"date": "2026-06-04", "visitors": 0, "bounce_rate": None}
    assert found[-2:] == [{"date": "2026-06-09", "visitors": 1, "bounce_rate": 100.0}, {"date": "2026-06-10", "visitors": 2, "bounce_rate": 50.0}]


@pytest.mark.parametrize(
    ("parameters", "first", "number"),
    [
        pytest.param({"period": "day"}, "2026-06-10 00:00:00", 24, id="a day by hours"),
        pytest.param({"period": "day", "interval": "date"}, "2026-06-10", 1, id="a day by days"),
        pytest.param({"period": "day", "interval": "minute"}, "2026-06-10 00:00:00", 1440, id="a day by minutes"),
        pytest.param({"period": "12mo"}, "2025-07-01", 12, id="a year by months"),
        pytest.param({"period": "12mo", "interval": "date"}, "2025-07-01", 345, id="a year by days"),
        pytest.param({"period": "month", "interval": "week"}, "2026-06-01", 2, id="a month by weeks"),
        pytest.param({"period": "custom", "date": "2025-06-01,2026-06-10"}, "2025-06-01", 375, id="two dates by days"),
        pytest.param({"period": "custom", "date": "2026-06-09,2026-06-10", "interval": "hour"}, "2026-06-09 00:00:00", 48, id="two days by hours"),
    ],
)
def test_intervals(few: Told, parameters: Mapping[str, str], first: str, number: int) -> None:
    found = asked(few, "timeseries", metrics="pageviews", **parameters)["results"]
    assert (found[0]["date"], len(found)) == (first, number)
    assert sum(row["pageviews"] for row in found) == (3 if parameters["period"] == "day" else 4)


@pytest.mark.parametrize(
    ("parameters", "days"),
    [
        pytest.param({}, ("2026-05-12", "2026-06-10"), id="30 days unless told"),
        pytest.param({"period": "day", "date": "2026-06-09"}, ("2026-06-09", "2026-06-09"), id="a day"),
        pytest.param({"period": "7d", "date": "2026-03-01"}, ("2026-02-23", "2026-03-01"), id="seven days"),
        pytest.param({"date": "2026-03-31"}, ("2026-03-02", "2026-03-31"), id="30 days until a day"),
        pytest.param({"period": "month", "date": "2024-02-10"}, ("2024-02-01", "2024-02-29"), id="a month to its end"),
        pytest.param({"period": "6mo", "date": "2026-01-31"}, ("2025-08-01", "2026-01-31"), id="six months"),
        pytest.param({"period": "12mo", "date": "2025-12-01"}, ("2025-01-01", "2025-12-31"), id="twelve months to their end"),
        pytest.param({"period": "year", "date": "2024-02-29"}, ("2024-01-01", "2024-12-31"), id="a year to its end"),
        pytest.param({"period": "all"}, ("2026-06-09", "2026-06-10"), id="all"),
        pytest.param({"period": "all", "date": "2020-01-01"}, ("2026-06-09", "2026-06-10"), id="all, whatever the day"),
        pytest.param({"period": "custom", "date": "2026-06-01, 2026-06-30"}, ("2026-06-01", "2026-06-30"), id="two days"),
    ],
)
def test_periods(few: Told, parameters: Mapping[str, str], days: tuple[str, str]) -> None:
    found = [row["date"] for row in asked(few, "timeseries", interval="day", **parameters)["results"]]
    assert (found[0], found[-1]) == days


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("event:page", [{"page": "/a", "visitors": 2}, {"page": "/", "visitors": 1}, {"page": "/c/d", "visitors": 1}]),
        ("visit:source", [{"source": "Direct / None", "visitors": 2}, {"source": "Google", "visitors": 1}]),
        ("event:props:plan", [{"plan": "(not set)", "visitors": 3}, {"plan": "pro", "visitors": 1}]),
        ("event:goal", [{"goal": name, "visitors": 1} for name in ("Below /c", "Front", "Sale", "Sale of a plan", "To d")]),
        ("visit:screen", [{"screen": "Desktop", "visitors": 2}, {"screen": "Mobile", "visitors": 1}]),
    ],
)
def test_breakdown(few: Told, name: str, rows: list[dict[str, Any]]) -> None:
    assert asked(few, "breakdown", property=name)["results"] == rows
    pages = [asked(few, "breakdown", property=name, limit="2", page=str(page))["results"] for page in (1, 2, 3, 4)]
    assert [row for page in pages for row in page] == rows


@pytest.mark.parametrize(
    ("filters", "pageviews"),
    [
        ("", 4),
        ("visit:source==Google", 2),
        ("visit:source!=Google", 2),
        ("event:page==/|/a", 3),
        ("event:page!=/|/a", 1),
        ("event:page==/a;visit:source==Google", 1),
        (" event:page == /a | /c/* ; visit:source == Google ", 2),
        ("event:page==/*", 4),
        ("event:page==*d", 1),
        ("event:page==/*|nothing", 4),
        ("event:page!=/c*", 3),
        ("event:page==/**/d", 1),
        (r"event:page==/\*", 0),
        (r"event:page==/\|/a", 0),
        (r"event:page==/a\;b", 0),
        ("event:page==/.", 0),
        ("event:page==/.*", 0),
        ("visit:screen==Mobile", 1),
        ("event:goal==To d", 1),
        ("event:goal==Below*|To*", 1),
        ("event:props:plan==(not set)", 4),
    ],
)
def test_filters(few: Told, filters: str, pageviews: int) -> None:
    assert asked(few, "aggregate", metrics="pageviews", filters=filters)["results"] == {"pageviews": {"value": pageviews}}


@pytest.mark.parametrize(
    ("call", "parameters", "name"),
    [
        pytest.param("aggregate", {"colour": "red"}, "colour", id="an unknown parameter"),
        pytest.param("aggregate", {"interval": "date"}, "interval", id="an interval of one row"),
        pytest.param("timeseries", {"compare": "previous_period"}, "compare", id="a series compared"),
        pytest.param("aggregate", {"compare": "year_over_year"}, "compare", id="compared with what"),
        pytest.param("aggregate", {"with_imported": "maybe"}, "with_imported", id="maybe"),
        pytest.param("aggregate", {"period": "fortnight"}, "period", id="an unknown period"),
        pytest.param("aggregate", {"period": ""}, "period", id="an empty period"),
        pytest.param("aggregate", {"period": "custom"}, "date", id="custom without dates"),
        pytest.param("aggregate", {"period": "custom", "date": "2026-06-01"}, "date", id="custom with one date"),
        pytest.param("aggregate", {"period": "custom", "date": "2026-06-02,2026-06-01"}, "date", id="dates the wrong way round"),
        pytest.param("aggregate", {"date": "2026-02-30"}, "date", id="a day there is not"),
        pytest.param("aggregate", {"date": "20260201"}, "date", id="a day written otherwise"),
        pytest.param("aggregate", {"date": "1969-12-31"}, "date", id="a day before all"),
        pytest.param("aggregate", {"date": "9999-12-31", "period": "year"}, "date", id="a day after all"),
        pytest.param("aggregate", {"metrics": ""}, "metrics", id="no metric"),
        pytest.param("aggregate", {"metrics": "visitors,shoes"}, "metrics", id="an unknown metric"),
        pytest.param("aggregate", {"metrics": "visitors,visitors"}, "metrics", id="a metric twice"),
        pytest.param("aggregate", {"metrics": "conversion_rate"}, "metrics", id="a conversion without goal"),
        pytest.param("aggregate", {"filters": "Google"}, "filters", id="a filter without operator"),
        pytest.param("aggregate", {"filters": "visit:shoe==42"}, "filters", id="a filter of the unknown"),
        pytest.param("aggregate", {"filters": "visit:source~=Goo"}, "filters", id="an operator there is not"),
        pytest.param("timeseries", {"interval": "year"}, "interval", id="an interval of years"),
        pytest.param("timeseries", {"interval": "minute"}, "interval", id="too many minutes"),
        pytest.param("breakdown", {}, "property", id="of nothing"),
        pytest.param("breakdown", {"property": "visit:shoe"}, "property", id="of the unknown"),
        pytest.param("breakdown", {"property": "time:day"}, "property", id="of time"),
        pytest.param("breakdown", {"property": "event:props:visitors"}, "property", id="of what is called like a metric"),
        pytest.param("breakdown", {"property": "event:page", "limit": "1001"}, "limit", id="too long a page"),
        pytest.param("breakdown", {"property": "event:page", "limit": "0"}, "limit", id="an empty page"),
        pytest.param("breakdown", {"property": "event:page", "page": "0"}, "page", id="page 0"),
        pytest.param("breakdown", {"property": "event:page", "page": "٣"}, "page", id="a page in other digits"),
        pytest.param("breakdown", {"property": "event:page", "page": "9" * 30}, "page", id="too far"),
    ],
)
def test_a_wrong_parameter_is_named(few: Told, call: str, parameters: Mapping[str, str], name: str) -> None:
    with pytest.raises(Wrong) as told:
        asked(few, call, **parameters)
    assert str(told.value).split(" ")[0].partition("[")[0] == name


def test_conversions_are_of_goals(few: Told) -> None:
    assert asked(few, "aggregate", metrics="conversion_rate", filters="event:goal==Sale")["results"] == {"conversion_rate": {"value": 33.33}}
    assert {"goal": "Sale", "conversion_rate": 33.33} in asked(few, "breakdown", metrics="conversion_rate", property="event:goal")["results"]


def test_conversions_in_rows_are_of_the_row(few: Told) -> None:
    """As Plausible gives them: of the visitors of the same day, or from the same source."""
    given = {"metrics": "conversion_rate", "filters": "event:goal==Sale", "period": "7d"}
    assert [row["conversion_rate"] for row in asked(few, "timeseries", **given)["results"]][-2:] == [0.0, 50.0]
    assert asked(few, "breakdown", property="visit:source", **given)["results"] == [{"source": "Google", "conversion_rate": 100.0}]
    both = given | {"metrics": "group_conversion_rate,visitors,conversion_rate"}
    assert asked(few, "timeseries", **both)["results"][-1] == {"date": "2026-06-10", "group_conversion_rate": 50.0, "visitors": 1, "conversion_rate": 50.0}


def test_conversions_in_rows_are_the_oracle_s(everyone: Told) -> None:
    """For every source and day, from who did what: visitors who reached the goal, of all that there were."""
    now, goal = now_of("berlin"), ["is", "event:goal", ["Sale"]]
    given = {"metrics": "conversion_rate", "filters": "event:goal==Sale", "period": "custom", "date": "2026-03-28,2026-03-30"}
    stats, inside = Stats(Answers(everyone.facts, lambda: now)), days("2026-03-28", "2026-03-30")
    for call, name, dimension in (("breakdown", "source", "visit:source"), ("timeseries", "date", "time:day")):
        rows = answered(stats, call, given | ({"property": dimension} if call == "breakdown" else {}))["results"]
        expected = everyone.expected("berlin", [dimension], inside, [goal], ["group_conversion_rate"])
        found = {(row[name],): {"group_conversion_rate": row["conversion_rate"]} for row in rows if row["conversion_rate"]}
        assert found and found == expected


def test_days_whose_facts_are_gone_are_told() -> None:
    told = Told([Act(NOON), Act(NOON - 2 * DAY)])
    told.facts.settle(frozenset(), NOON // DAY + 9, NOON + 9 * DAY)
    told.facts.trim("berlin", dict(told.facts.rows("SELECT day, version FROM days ORDER BY day LIMIT 1")))
    found = asked(told, "aggregate")
    told.facts.close()
    assert found["results"] == {"visitors": {"value": 1}}
    assert (found["meta"]["left_out"]["first"], found["meta"]["left_out"]["days"]) == ("2026-06-08", 1)


@pytest.mark.parametrize(("call", "given"), [("aggregate", {}), ("timeseries", {}), ("breakdown", {"property": "event:page"})])
def test_nothing_is_computed_for_whom_has_gone(few: Told, call: str, given: dict[str, str]) -> None:
    limit = Limit()
    limit.give_up()
    with pytest.raises(GoneAway):
        answered(Stats(Answers(few.facts, lambda: NOON)), call, given, limit)


def test_figures_are_those_of_reports(everyone: Told) -> None:
    stats, now = Stats(Answers(everyone.facts, lambda: now_of("berlin"))), now_of("berlin")
    metrics = [name for name in catalogue() if name not in ("conversion_rate", "group_conversion_rate")]
    common = {"metrics": ",".join(metrics), "period": "7d", "filters": "visit:device==desktop;event:page!=*d"}
    query: dict[str, Any] = {"metrics": metrics, "date_range": "7d", "filters": [["is", "visit:device", ["desktop"]], ["matches_not", "event:page", ["d$"]]]}
    whole = everyone.ask("berlin", now, **query)["results"][0]["metrics"]
    assert [each["value"] for each in answered(stats, "aggregate", common)["results"].values()] == whole
    rows = everyone.ask("berlin", now, dimensions=["visit:browser"], **query)["results"]
    assert [list(row.values()) for row in answered(stats, "breakdown", common | {"property": "visit:browser"})["results"]] == [row["dimensions"] + row["metrics"] for row in rows]
