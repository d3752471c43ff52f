"""A wrong query says which field is wrong; nothing else ever comes of one."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.domain.dimension import DIMENSIONS
from footfall.domain.report import FIELDS, parse
from footfall.domain.wrong import Wrong
from footfall.query.answer import Answers
from footfall.query.catalogue import catalogue
from tests.query.asking import Told, now_of
from tests.traffic import SITE, often

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
GOOD = {"site_id": "berlin", "metrics": ["visitors"], "date_range": "7d"}
NESTED: list[Any] = ["is", "event:page", ["/"]]
for _ in range(10):
    NESTED = ["not", NESTED]
LONG = {"date_range": ["2000-01-01", "2026-01-01"]}


def parsed(query: Mapping[str, Any]) -> Any:
    return parse(query, NOW, "Europe/Berlin", date(2020, 1, 1), catalogue())


def test_the_good_query_is_good() -> None:
    assert parsed(GOOD).metrics == ("visitors",)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"metric": ["visitors"]}, "metric", id="unknown field"),
        pytest.param({"metrics": None}, "metrics", id="no metrics"),
        pytest.param({"metrics": []}, "metrics", id="empty metrics"),
        pytest.param({"metrics": "visitors"}, "metrics", id="metrics as text"),
        pytest.param({"metrics": ["visitors", 1]}, "metrics", id="a number among metrics"),
        pytest.param({"metrics": ["sessions"]}, "metrics", id="unknown metric"),
        pytest.param({"metrics": ["visits", "visits"]}, "metrics", id="metric twice"),
        pytest.param({"date_range": None}, "date_range", id="no period"),
        pytest.param({"date_range": "fortnight"}, "date_range", id="unknown period"),
        pytest.param({"date_range": ["2026-02-30", "2026-03-01"]}, "date_range", id="a date there is not"),
        pytest.param({"dimensions": None}, "dimensions", id="dimensions of null"),
        pytest.param({"dimensions": {"visit:source": 1}}, "dimensions", id="dimensions as object"),
        pytest.param({"dimensions": ["visit:shoe_size"]}, "dimensions", id="unknown dimension"),
        pytest.param({"dimensions": ["event:page", "event:page"]}, "dimensions", id="dimension twice"),
        pytest.param({"dimensions": ["time", "time:day"]}, "dimensions", id="two of time"),
        pytest.param({"dimensions": list(DIMENSIONS[7:12])}, "dimensions", id="five dimensions"),
        pytest.param({"dimensions": ["time:minute"], **LONG}, "dimensions", id="too many minutes"),
        pytest.param({"dimensions": ["time:hour"], **LONG}, "dimensions", id="too many hours"),
        pytest.param({"filters": {"event:page": "/"}}, "filters", id="filters as object"),
        pytest.param({"filters": None}, "filters", id="filters of null"),
        pytest.param({"filters": [["is", "event:page", ["/"]], []]}, "filters[1]", id="an empty filter"),
        pytest.param({"filters": [["is", "event:page", "/"]]}, "filters[0]", id="a value without list"),
        pytest.param({"filters": [["is", "event:page", []]]}, "filters[0]", id="no values"),
        pytest.param({"filters": [["is", "event:page", [1]]]}, "filters[0]", id="a number as value"),
        pytest.param({"filters": [["is", "event:page", ["x" * 2_001]]]}, "filters[0]", id="a value too long"),
        pytest.param({"filters": [["is", "event:page", ["/"] * 1_001]]}, "filters[0]", id="too many values"),
        pytest.param({"filters": [["equals", "event:page", ["/"]]]}, "filters[0]", id="an operator there is not"),
        pytest.param({"filters": [["is", "time:day", ["2026-01-01"]]]}, "filters[0]", id="a filter of time"),
        pytest.param({"filters": [["is", "event:props:", ["x"]]]}, "filters[0]", id="a property without key"),
        pytest.param({"filters": [["is", "event:page", ["/"], {"case": False}]]}, "filters[0]", id="an unknown option"),
        pytest.param({"filters": [["is", "event:page", ["/"], {"case_sensitive": 0}]]}, "filters[0]", id="an option of no truth"),
        pytest.param({"filters": [["and", []]]}, "filters[0]", id="and of nothing"),
        pytest.param({"filters": [["or", [["not", ["is", "visit:shoe", ["x"]]]]]]}, "filters[0][1][0][1]", id="the place within"),
        pytest.param({"filters": [["has_done", [["is", "event:page", ["/"]]]]]}, "filters[0][1]", id="has_done of a list"),
        pytest.param({"filters": [NESTED]}, "filters[0]" + "[1]" * 10, id="nested too deeply"),
        pytest.param({"filters": [["is", "event:page", ["/"]]] * 101}, "filters", id="too many conditions"),
        pytest.param({"filters": [["matches", "event:page", ["x" * 501]]]}, "filters[0]", id="an expression too long"),
        pytest.param({"filters": [["matches_not", "event:page", ["a", "(a{0,20}b{15,}){2}"]]]}, "filters[0]", id="an expression that repeats too much"),
        pytest.param({"filters": [["matches", "event:page", [r"\pL{200}" + r"\pL" * 20]]]}, "filters", id="an expression of many letters"),
        pytest.param({"filters": [["matches", "event:page", [f"a{{150}}b{number}" for number in range(40)]]]}, "filters", id="expressions that are too much together"),
        pytest.param(
            {"dimensions": ["time:hour"], "include": {"comparisons": {"mode": "custom", "date_range": ["1970-01-01", "2199-12-31"]}}},
            "include.comparisons",
            id="a comparison with too many buckets",
        ),
        pytest.param({"date_range": ["20260101", "20260102"]}, "date_range", id="dates without hyphens"),
        pytest.param({"date_range": ["2026-W10-1", "2026-W11-1"]}, "date_range", id="weeks"),
        pytest.param({"filters": [["matches", "event:page", ["a{99999999999}"]]]}, "filters[0]", id="an expression that repeats far too much"),
        pytest.param({"metrics": ["conversion_rate"]}, "metrics", id="a conversion without goal"),
        pytest.param({"metrics": ["group_conversion_rate"], "filters": [["is", "event:page", ["/"]]]}, "metrics", id="a conversion of a page"),
        pytest.param({"include": {"comparisons": "previous_period"}}, "include.comparisons", id="a comparison as text"),
        pytest.param({"include": {"comparisons": {"mode": "before"}}}, "include.comparisons.mode", id="a mode there is not"),
        pytest.param({"include": {"comparisons": {"mode": "custom"}}}, "include.comparisons.date_range", id="custom without range"),
        pytest.param({"include": {"comparisons": {"mode": "custom", "date_range": "7d"}}}, "include.comparisons.date_range", id="custom of a name"),
        pytest.param({"include": {"comparisons": {"mode": "custom", "date_range": ["x", "y"]}}}, "include.comparisons.date_range", id="custom of no dates"),
        pytest.param({"include": {"comparisons": {"mode": "previous_period", "match_day_of_week": 1}}}, "include.comparisons.match_day_of_week", id="matching of no truth"),
        pytest.param({"order_by": "visitors"}, "order_by", id="order as text"),
        pytest.param({"order_by": ["visitors"]}, "order_by", id="order without direction"),
        pytest.param({"order_by": [["visitors", "down"]]}, "order_by", id="order of no direction"),
        pytest.param({"order_by": [["visits", "asc"]]}, "order_by", id="order by what is not asked for"),
        pytest.param({"order_by": [[["visitors"], "asc"]]}, "order_by", id="order by a list"),
        pytest.param({"order_by": [["visitors", ["asc"]]]}, "order_by", id="a list for a direction"),
        pytest.param({"pagination": None}, "pagination", id="pagination of null"),
        pytest.param({"pagination": {"page": 1}}, "pagination", id="unknown pagination"),
        pytest.param({"pagination": {"limit": 0}}, "pagination.limit", id="limit 0"),
        pytest.param({"pagination": {"limit": 10_001}}, "pagination.limit", id="limit 10,001"),
        pytest.param({"pagination": {"limit": True}}, "pagination.limit", id="limit true"),
        pytest.param({"pagination": {"limit": 1.5}}, "pagination.limit", id="limit 1.5"),
        pytest.param({"pagination": {"offset": -1}}, "pagination.offset", id="offset -1"),
        pytest.param({"pagination": {"offset": 2**70}}, "pagination.offset", id="offset 2 to the 70"),
        pytest.param({"include": ["time_labels"]}, "include", id="include as list"),
        pytest.param({"include": {"time_labels": 1}}, "include.time_labels", id="include with a number"),
        pytest.param({"include": {"weather": True}}, "include", id="include the unknown"),
        pytest.param({"include": {"time_labels": True}}, "include.time_labels", id="labels of no time"),
    ],
)
def test_a_wrong_query_names_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Wrong) as told:
        parsed(GOOD | change)
    assert str(told.value).split(" ")[0] == field


@pytest.mark.parametrize("expression", ["(", "a)", "(?=a)", r"\1", "[z-a]", "a**"])
def test_what_is_no_regular_expression_is_named(everyone: Told, expression: str) -> None:
    with pytest.raises(Wrong, match=r"filters holds .* no regular expression of RE2"):
        everyone.ask("berlin", now_of("berlin"), **(GOOD | {"filters": [["matches", "event:page", [expression]]]}))


_names = st.sampled_from((*catalogue(), *DIMENSIONS, "", "x" * 500, "asc", "desc", "limit", "offset", "time_labels", "total_rows"))
_scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), _names, st.just("7d"), st.dates().map(str))
_junk = st.recursive(_scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.text(max_size=5), _names), inner, max_size=3)), max_leaves=8)


@often(100)
def test_junk_is_wrong_and_nothing_worse(everyone: Told, examples: int) -> None:
    answers = Answers(everyone.facts, lambda: now_of("berlin"))

    @settings(max_examples=examples, deadline=None)
    @given(st.dictionaries(st.sampled_from(sorted(FIELDS)), _junk, max_size=4), st.booleans())
    def check(junk: dict[str, Any], all_junk: bool) -> None:
        query = junk if all_junk else GOOD | junk
        try:
            answer = answers.query(SITE["berlin"], query)
        except Wrong as exc:
            assert str(exc)
        else:
            assert set(answer) == {"results", "meta", "query"}

    check()
