"""The description of the reading API is whole, and its schema takes what the documentation shows."""

import json
import re
from calendar import isleap
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from litestar.testing import TestClient

from footfall.domain.dimension import DIMENSIONS
from footfall.query.access import Access
from footfall.query.answer import Answers
from footfall.query.catalogue import catalogue
from footfall.query.http import application
from footfall.query.openapi import EXAMPLES
from footfall.query.original import Original
from footfall.query.schema import DAY, SCHEMAS
from footfall.registry.sqlite import SqliteRegistry
from tests.oracle import HOUR
from tests.query.asking import Told, now_of
from tests.store.relations import empty

READING = (Path(__file__).parents[2] / "docs" / "reading.md").read_text()
QUERY = {"site_id": "x", "metrics": ["visitors"], "date_range": "7d"}


def shown() -> list[dict[str, Any]]:
    """The queries that the documentation shows: indented JSON."""
    blocks = re.findall(r"(?:^ {4}\S.*\n)(?:^ {4,}.*\n)*", READING, re.MULTILINE)
    return [query for query in (json.loads(block) for block in blocks if block.startswith('    {"')) if "metrics" in query]


def goals() -> list[dict[str, Any]]:
    """The goals that it shows."""
    return [json.loads(goal) for goal in re.findall(r'\{"(?:page|event)": .*\}$', READING, re.MULTILINE)]


def validator(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}})


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    facts = empty()
    app = application(Access(SqliteRegistry(":memory:"), lambda: 0), Answers(facts, lambda: 0), Original(facts))
    facts.close()
    with TestClient(app) as client:
        found: dict[str, Any] = client.get("/api/openapi.json").json()
    return found


@pytest.mark.parametrize("query", [*shown(), *EXAMPLES.values()], ids=str)
def test_the_schema_takes_what_is_shown(query: dict[str, Any], everyone: Told) -> None:
    assert validator("Query").is_valid(query), [error.message for error in validator("Query").iter_errors(query)]
    answer = json.loads(json.dumps(everyone.ask("berlin", now_of("berlin") + HOUR, **query | {"site_id": "berlin"})))
    assert validator("Answer").is_valid(answer), [error.message for error in validator("Answer").iter_errors(answer)]


@pytest.mark.parametrize(
    "change",
    [
        *({"metrics": [metric]} for metric in catalogue()),
        *({"dimensions": [dimension]} for dimension in (*DIMENSIONS, "event:props:size of it")),
        {"filters": [["and", [["is", "event:goal", ["Signup"]], ["not", ["has_done", ["matches_not", "event:props:a", ["x"], {"case_sensitive": False}]]]]]]},
        {"date_range": ["2026-01-01T00:00:00Z", "2026-01-01T12:30:00.5+05:45"]},
        {"order_by": [["visitors", "asc"], ["event:props:a", "desc"]]},
        {"include": {"comparisons": {"mode": "custom", "date_range": ["2026-01-01", "2026-01-02"], "match_day_of_week": True}}},
        {"pagination": {"limit": 10_000, "offset": 0}},
    ],
    ids=str,
)
def test_the_schema_takes_all_there_is(change: dict[str, Any]) -> None:
    assert validator("Query").is_valid(QUERY | change)


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": ["shoes"]},
        {"metrics": []},
        {"metrics": ["visits", "visits"]},
        {"dimensions": ["event:props:"]},
        {"dimensions": list(DIMENSIONS[7:12])},
        {"date_range": "fortnight"},
        {"date_range": ["2026-01-32", "2026-02-01"]},
        {"date_range": ["2026-01-01", "2026-01-01T00:00:00Z"]},
        {"filters": [["is", "time:day", ["2026-01-01"]]]},
        {"filters": [["is", "event:page", []]]},
        {"filters": [["and", []]]},
        {"filters": [["not", [["is", "event:page", ["/"]]]]]},
        {"order_by": [["visitors"]]},
        {"include": {"comparisons": {"mode": "custom"}}},
        {"include": {"comparisons": {"mode": "previous_period", "date_range": ["2026-01-01", "2026-01-02"]}}},
        {"pagination": {"limit": 10_001}},
        {"colour": "red"},
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_wrong(change: dict[str, Any]) -> None:
    assert not validator("Query").is_valid(QUERY | change)


@pytest.mark.parametrize("goal", [*goals(), {"page": "/a", "event": None}, {"event": "a", "page": None, "name": None, "props": {}}], ids=str)
def test_the_schema_takes_the_goals_shown(goal: dict[str, Any]) -> None:
    assert validator("NewGoal").is_valid(goal)


@pytest.mark.parametrize("goal", [{}, {"page": "/a", "event": "a"}, {"page": "a"}, {"page": "/a", "props": {"a": "b"}}, {"event": "a", "currency": "euro"}], ids=str)
def test_the_schema_refuses_what_is_no_goal(goal: dict[str, Any]) -> None:
    assert not validator("NewGoal").is_valid(goal)


def test_days_are_those_of_the_calendar() -> None:
    pattern, day = re.compile(DAY), date(1970, 1, 1)
    while day.year < 2200:
        assert pattern.fullmatch(str(day)), day
        day += timedelta(days=1)
    wrong = [f"{year}-{end}" for year in range(1970, 2200) for end in ("02-30", "04-31", "06-31", "09-31", "11-31", "01-32", "01-00", "00-01", "13-01", "2-01")]
    wrong += [f"{year}-02-29" for year in range(1970, 2200) if not isleap(year)]
    assert not [day for day in wrong if pattern.fullmatch(day)]


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    operations = {(method, path): each for path, item in document["paths"].items() for method, each in item.items()}
    assert len(operations) >= 10
    names = [each["operationId"] for each in operations.values()]
    assert len(set(names)) == len(names)
    for each in operations.values():
        assert each["tags"] and each["summary"] and "401" in each["responses"] and "503" in each["responses"]
        assert "Authorization" not in [parameter["name"] for parameter in each["parameters"]]


def test_what_comes_beside_an_answer_is_described(document: dict[str, Any]) -> None:
    operations = {each["operationId"]: each["responses"] for item in document["paths"].values() for each in item.values()}
    for name in ("query", "aggregate", "timeseries", "breakdown", "ranking", "series"):
        responses = operations[name]
        assert "ETag" in responses["200"]["headers"] and "ETag" in responses["304"]["headers"], name
        assert "Retry-After" in responses["429"]["headers"] and "Retry-After" in responses["503"]["headers"], name
    assert all("X-Footfall-Left-Out" in operations[name]["200"]["headers"] for name in ("ranking", "series"))


@pytest.mark.parametrize("props", [{"": "a"}, {"k" * 301: "a"}, {"a": "v" * 2001}, {str(n): "a" for n in range(4)}], ids=["no name", "long name", "long value", "many"])
def test_the_schema_bounds_properties(props: dict[str, str]) -> None:
    assert not validator("NewGoal").is_valid({"event": "a", "props": props})


def test_the_schema_tells_all_of_a_site(document: dict[str, Any]) -> None:
    schema = document["paths"]["/api/sites"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    sites = {"sites": [{"id": "a", "domains": ["a.example"], "timezone": "UTC", "public": True, "goals": ["Signup"]}]}
    assert jsonschema_rs.validator_for(schema).is_valid(sites)
    del sites["sites"][0]["goals"]
    assert not jsonschema_rs.validator_for(schema).is_valid(sites)


@pytest.mark.parametrize(
    ("name", "body", "fits"),
    [
        ("Erasure", {"date_range": "all"}, True),
        ("Erasure", {"filters": [["is", "event:page", ["/a"]]], "dry_run": False}, True),
        ("Erasure", {"filters": [], "date_range": "30d", "with_sums": True}, True),
        ("Erasure", {}, False),
        ("Erasure", {"filters": []}, False),
        ("Erasure", {"date_range": "all", "dry_run": "no"}, False),
        ("Erasure", {"date_range": "all", "dryrun": True}, False),
        ("NewName", {"id": "shop"}, True),
        ("NewName", {"id": ""}, False),
        ("NewName", {"id": "shop", "public": True}, False),
        ("Merger", {"into": "shop", "into_key": "ff_x"}, True),
        ("Merger", {"into": "shop"}, False),
    ],
)
def test_the_schema_tells_what_erasing_takes(name: str, body: dict[str, Any], fits: bool) -> None:
    assert validator(name).is_valid(body) is fits


def test_erasing_takes_a_key(document: dict[str, Any]) -> None:
    tagged = [each for item in document["paths"].values() for each in item.values() if each["tags"] == ["Erasing"]]
    assert len(tagged) == 6
    assert all(each["security"] == [{"key": []}] and "501" in each["responses"] for each in tagged)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])
    for schema in SCHEMAS:
        jsonschema_rs.meta.validate({**SCHEMAS[schema], "$schema": "https://json-schema.org/draft/2020-12/schema"})
