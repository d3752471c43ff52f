"""Targets of requests up to their limits and past them."""

import pytest

from footfall.domain.target import MOST_PARAMETERS, TARGET_BYTES, refused

PATH = b"/api/sites"
LEFT = TARGET_BYTES - len(PATH) - len(b"?")
REQUIRED: list[tuple[str, bytes, int | None]] = [
    ("no query", b"", None),
    ("a query", b"a=1&b=2", None),
    ("as many parameters as may be", b"&".join([b"a"] * MOST_PARAMETERS), None),
    ("one more", b"&".join([b"a"] * (MOST_PARAMETERS + 1)), 400),
    ("as many separators", b"&" * MOST_PARAMETERS, 400),
    ("as long as may be", b"a" * LEFT, None),
    ("a byte longer", b"a" * (LEFT + 1), 414),
    ("too long and too many", b"&" * (LEFT + 1), 414),
]


@pytest.mark.parametrize(("query", "status"), [pytest.param(*case[1:], id=case[0]) for case in REQUIRED])
def test_what_a_target_may_be(query: bytes, status: int | None) -> None:
    found = refused(PATH, query)
    assert (found and found[0]) == status
