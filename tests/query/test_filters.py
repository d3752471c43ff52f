"""Every filter means to the product what it means to the oracle."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.query.asking import FIRST, OPERATORS, PATTERNS, PERIODS, Told, askable, check, differences, every_filter, every_metric, hours_of, instants, texts_of
from tests.query.reckoning import EVENT_DIMENSIONS, METRICS, TIME_STEPS, VISIT_DIMENSIONS, Filter
from tests.traffic import Act, often, traffic

SALE = ["is", "event:name", ["sale"]]
FRONT = ["is", "event:page", ["/"]]


@pytest.mark.parametrize("operator", OPERATORS)
def test_by_one_filter(everyone: Told, operator: str) -> None:
    for number, dimension in enumerate((*EVENT_DIMENSIONS, *VISIT_DIMENSIONS)):
        values = list(PATTERNS[:3] if operator.startswith("matches") else texts_of(dimension)[-2:])
        modifier = [{"case_sensitive": False}] if number % 2 else []
        check(everyone, "berlin", [], "all three", [[operator, dimension, values, *modifier]], ["events", "visits"])


@pytest.mark.parametrize("dimension", ["event:page", "event:goal", "event:props:plan", "visit:exit_page", "time:hour"])
@pytest.mark.parametrize(
    "filters",
    [
        pytest.param([FRONT], id="a page"),
        pytest.param([SALE], id="a name"),
        pytest.param([FRONT, SALE], id="two that no event is"),
        pytest.param([["is", "event:page", ["/", "/a"]], ["is", "event:hostname", ["berlin.example"]]], id="page and host"),
        pytest.param([["has_done", SALE], FRONT], id="a page, of those who bought"),
        pytest.param([["has_not_done", FRONT]], id="not seen"),
        pytest.param([["not", ["has_done", ["and", [FRONT, ["has_not_done", SALE]]]]]], id="nested"),
        pytest.param([["is", "visit:exit_page", ["/", "/c/d"]]], id="left from"),
        pytest.param([["has_done", ["is", "visit:exit_page", ["/", "/c/d"]]]], id="left from, as something done"),
        pytest.param([["is", "event:goal", ["To d"]], ["is", "visit:source", ["Google"]]], id="a goal of pages"),
        pytest.param([["or", [["is", "event:goal", ["Sale of a plan"]], ["contains", "event:props:größe", ["%"]]]]], id="a goal or a property"),
        pytest.param([["contains_not", "event:goal", ["Sale"]]], id="what reaches no goal of a name"),
        pytest.param([["has_done", ["is", "event:goal", ["Opened"]]]], id="a goal as something done"),
    ],
)
def test_by_one_dimension(everyone: Told, dimension: str, filters: Filter) -> None:
    check(everyone, "berlin", [dimension], "all three", filters)


_dimensions = st.lists(st.sampled_from((*EVENT_DIMENSIONS, *EVENT_DIMENSIONS, *VISIT_DIMENSIONS, "visit:exit_page", *TIME_STEPS[1:3])), max_size=2, unique=True)
_questions = st.tuples(_dimensions.filter(lambda names: sum(name.startswith("time:") for name in names) < 2), every_filter, every_metric)
Question = tuple[list[str], list[Any], list[str] | None]


@often(40)
def test_of_any_filters(everyone: Told, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(sorted(FIRST)), st.sampled_from(PERIODS), _questions)
    def compare(site: str, period: str, question: Question) -> None:
        dimensions, filters, metrics = question
        check(everyone, site, dimensions, period, filters, allowed(dimensions, filters, metrics))

    compare()


@often(8)
def test_of_any_traffic(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(traffic(), st.lists(_questions, min_size=5, max_size=5), st.integers(-13, 13), st.integers(1, 26))
    def compare(acts: list[Act], questions: list[Question], start: int, hours: int) -> None:
        told, site = Told(acts), acts[0].site
        since, span = hours_of(acts, start, hours)
        for dimensions, filters, metrics in questions:
            for date_range, inside in ((span, instants(*span)), (["2026-01-01", "2026-12-31"], lambda _: True)):
                names = allowed(dimensions, filters, metrics)
                assert not differences(told.rows(site, since, dimensions, date_range, filters, names), told.expected(site, dimensions, inside, filters, names))
        told.facts.close()

    compare()


def allowed(dimensions: list[str], filters: Filter, metrics: list[str] | None) -> list[str] | None:
    return [metric for metric in metrics or METRICS if metric in askable(dimensions, filters)] or None
