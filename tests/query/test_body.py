"""Bodies of which reading must not take the square of their length."""

import json

import pytest

from footfall.query.body import json_object
from tests.ratio import times_as_long

LONG = 4_000
MOST_TIMES = 6.0
PAIR = "\N{GRINNING FACE}"


def body(name: str, times: int) -> bytes:
    """A list under a name, with a character whose halves are looked through."""
    return json.dumps({name: [PAIR] * times}).encode()


@pytest.mark.parametrize("name", ["a" * 100_000, "a.b" * 10_000], ids=["a long name", "a name with dots"])
def test_a_long_name_above_many_values_costs_nothing_more(name: str) -> None:
    plain, hostile = body("a", LONG), body(name, LONG)
    assert times_as_long(lambda: json_object(hostile, ""), lambda: json_object(plain, "")) < MOST_TIMES
