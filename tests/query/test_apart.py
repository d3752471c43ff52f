"""Sites stay apart, and no filter takes more than its share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from footfall.query.standard import REPORTS
from tests.oracle import HOUR
from tests.query.asking import FIRST, Told, now_of
from tests.ratio import times_as_long
from tests.traffic import Act, at

MINE = "berlin"
NOON = at("2026-06-10 12:00")
FILTERS: list[list[Any]] = [[], [["has_done", ["is", "event:page", ["/a"]]]], [["is_not", "visit:source", ["Google"]], ["contains", "event:page", ["/"]]]]

MOST_TIMES = 1_000
"""As long as a plain search: the largest character classes take two hundred times as long."""


def test_nothing_of_one_site_shows_in_another(everyone: Told) -> None:
    alone = Told([act for act in everyone.acts if act.site == MINE])
    for number, (dimensions, metrics) in enumerate(REPORTS):
        for filters in FILTERS[number % len(FILTERS)], []:
            query: dict[str, Any] = {"metrics": list(metrics), "dimensions": list(dimensions), "date_range": "all", "filters": filters, "include": {"total_rows": True}}
            assert everyone.ask(MINE, now_of(MINE), **query) == alone.ask(MINE, now_of(MINE), **query)
    assert len(FIRST) > 1
    alone.facts.close()


@pytest.fixture(scope="module")
def long_texts() -> Iterator[Told]:
    """300 texts of 1,500 letters, made for an engine that goes back."""
    told = Told([_page("a" * 1_500, number) for number in range(300)])
    yield told
    told.facts.close()


def _page(text: str, number: int) -> Act:
    return Act(NOON + number * HOUR, page=f"/{text}{number}")


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
def test_hostile_expressions_stay_linear(long_texts: Told, expression: str) -> None:
    hostile, plain = _search(long_texts, expression), _search(long_texts, "b")
    assert times_as_long(hostile, plain, rounds=2) < MOST_TIMES


def _search(told: Told, expression: str) -> Callable[[], object]:
    query: dict[str, Any] = {
        "metrics": ["visitors", "visits"],
        "date_range": ["2026-06-01", "2026-06-30"],
        "filters": [["matches", "event:page", [expression]]],
    }
    return lambda: told.ask("berlin", NOON, **query)
