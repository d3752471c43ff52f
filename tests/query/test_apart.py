"""Sites stay apart, and no filter takes more than its share."""

from time import monotonic
from typing import Any

import pytest

from footfall.query.standard import REPORTS
from tests.oracle import HOUR
from tests.query.asking import FIRST, Told, now_of
from tests.traffic import Act, at

MINE = "berlin"
NOON = at("2026-06-10 12:00")
FILTERS: list[list[Any]] = [[], [["has_done", ["is", "event:page", ["/a"]]]], [["is_not", "visit:source", ["Google"]], ["contains", "event:page", ["/"]]]]


def test_nothing_of_one_site_shows_in_another(everyone: Told) -> None:
    alone = Told([act for act in everyone.acts if act.site == MINE])
    for number, (dimensions, metrics) in enumerate(REPORTS):
        for filters in FILTERS[number % len(FILTERS)], []:
            query: dict[str, Any] = {"metrics": list(metrics), "dimensions": list(dimensions), "date_range": "all", "filters": filters, "include": {"total_rows": True}}
            assert everyone.ask(MINE, now_of(MINE), **query) == alone.ask(MINE, now_of(MINE), **query)
    assert len(FIRST) > 1
    alone.facts.close()


@pytest.mark.parametrize(
    "expression",
    [
        "(a|aa)+$",
        "(a*)*b",
        "(a+)+$",
        "a{0,14}a{0,14}b",
        "(.*)(.*)(.*)(.*)x",
        "((a|b)*c)*d",
        "^(a?){14}a{14}$",
        "(?i)" + "a?" * 240 + "$",
        "\\pL{100}$",
        "(\\pL|\\pN){60}$",
        "[^b]{200}$",
    ],
)
def test_hostile_expressions_stay_linear(expression: str) -> None:
    """On 300 texts of 1,500 letters, made for an engine that goes back; a plain search takes some milliseconds."""
    told = Told([Act(NOON + number * HOUR, page="/" + "a" * 1_500 + str(number)) for number in range(300)])
    started = monotonic()
    told.ask("berlin", NOON, metrics=["visitors", "visits"], date_range=["2026-06-01", "2026-06-30"], filters=[["matches", "event:page", [expression]]])
    assert monotonic() - started < 5
    told.facts.close()
