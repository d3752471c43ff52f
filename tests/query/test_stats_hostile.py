"""What strangers may write into parameters of Plausible's older API."""

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.domain.wrong import Wrong
from footfall.query.stats import conditions
from tests.query.asking import Told
from tests.query.test_stats import asked, few
from tests.ratio import times_as_long
from tests.traffic import often

__all__ = ["few"]


HOSTILE = {
    "spaces": " " * 100_000 + "x",
    "spaces and an operator": " " * 50_000 + "==" + " " * 50_000,
    "operators": "=" * 100_000,
    "exclamation marks": "!" * 100_000,
    "backslashes": "event:page==" + "\\" * 100_000,
    "asterisks": "event:page==" + "*" * 100_000,
    "separators of values": "event:page==" + "|" * 100_000,
    "separators of conditions": ";" * 100_000,
    "escaped separators": "event:page==" + r"\|" * 50_000,
    "values": "event:page==" + "|".join(["/a"] * 30_000),
    "conditions": ";".join(["event:page==/a"] * 7_000),
    "expressions": ";".join(["event:page==*a*"] * 6_000),
    "a long value": "event:page==" + "a" * 100_000,
    "a long name": "a" * 100_000 + "==a",
    "lines": "\n" * 50_000 + "event:page==" + "\n" * 50_000,
}


MOST_TIMES = 200
"""As long as a plain question; thousands of times, before they were bounded."""

METRICS = ",".join(["conversion_rate"] * 6_000)
GOALS = ";".join(["event:goal==Sale"] * 6_000)


def times_a_plain_question(few: Told, **parameters: str) -> float:
    def hostile() -> None:
        with suppress(Wrong):
            asked(few, "aggregate", **parameters)

    return times_as_long(hostile, lambda: asked(few, "aggregate", filters="event:page==/a"))


@pytest.mark.parametrize("filters", HOSTILE.values(), ids=HOSTILE)
def test_hostile_filters_take_no_time(few: Told, filters: str) -> None:
    assert times_a_plain_question(few, filters=filters) < MOST_TIMES


def test_hostile_metrics_take_no_time(few: Told) -> None:
    with pytest.raises(Wrong):
        asked(few, "aggregate", metrics=METRICS, filters=GOALS)
    assert times_a_plain_question(few, metrics=METRICS, filters=GOALS) < MOST_TIMES


@often(100)
def test_an_asterisk_is_any_text_and_nothing_else_is_special(everyone: Told, examples: int) -> None:
    pieces = st.lists(st.sampled_from((r"\*", r"\|", r"\;", "*", "a", "A", ".", "[", "(", "^", "$", "+", "\\d", "\n", " ", "ö", "-", "#", "\0")), max_size=6)

    @settings(max_examples=examples, deadline=None)
    @given(pieces, pieces)
    def check(written: list[str], text: list[str]) -> None:
        value, subject = "".join(written).strip(), "".join(piece.removeprefix("\\") if piece[1:] in ("*", "|", ";") else piece for piece in text)
        query = _asked_of(value)
        expected = re.fullmatch(
            "".join(".*" if part == "*" else re.escape(part.removeprefix("\\") if part[1:] in ("*", "|", ";") else part) for part in _parts(value)), subject, re.DOTALL
        )
        with everyone.facts.reading() as reading:
            found = reading.rows(f"SELECT {'regexp_matches(?, ?)' if query[0] == 'matches' else '? = ?'}", [subject, query[2][0]])[0][0]
        assert found == bool(expected), (value, subject, query)

    check()


def _parts(value: str) -> list[str]:
    return re.findall(r"\\[|;*]|.", value, re.DOTALL)


def _asked_of(value: str) -> list[Any]:
    """The filter that a value comes to."""
    return conditions(f"event:page=={value}", set())[0]


_texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(("7d", "day", "custom", "all", "visitors", "event:page", "visit:source==Google", "event:page==/*|b;", "previous_period", "2026-06-10", "1", "true", "hour")),
)


@often(100)
def test_junk_is_wrong_and_nothing_worse(few: Told, examples: int) -> None:
    names = st.sampled_from(("period", "date", "metrics", "filters", "with_imported", "compare", "interval", "property", "limit", "page", "x"))

    @settings(max_examples=examples, deadline=None)
    @given(st.sampled_from(("aggregate", "timeseries", "breakdown")), st.dictionaries(names, _texts, max_size=4))
    def check(call: str, parameters: dict[str, str]) -> None:
        try:
            answer = asked(few, call, **parameters)
        except Wrong as exc:
            assert str(exc)
        else:
            assert json.loads(json.dumps(answer))["results"] is not None

    check()
