"""Which clock says when an event was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.domain.clock import NEAR_US, corrected

SECOND = 1_000_000
NOON = 20_000 * 86_400 * SECOND


@pytest.mark.parametrize(
    ("ahead", "taken"),
    [
        (0, 0),
        (1, 1),
        (-1, -1),
        (3 * SECOND, 3 * SECOND),
        (-9 * SECOND, -9 * SECOND),
        (10 * SECOND, 10 * SECOND),
        (-10 * SECOND, -10 * SECOND),
        (10 * SECOND + 1, 10 * SECOND - 1),
        (-12 * SECOND, -8 * SECOND),
        (15 * SECOND, 5 * SECOND),
        (-19 * SECOND, -1 * SECOND),
        (20 * SECOND, 0),
        (-20 * SECOND, 0),
        (20 * SECOND + 1, 0),
        (3_600 * SECOND, 0),
        (-86_400 * SECOND, 0),
        (-NOON, 0),
        (10**18, 0),
        (-(10**18), 0),
    ],
)
def test_the_time_of_a_client(ahead, taken):
    assert corrected(NOON, NOON + ahead) == NOON + taken


microseconds = st.integers(0, NEAR_US)


@given(
    skew=st.integers(-NEAR_US, NEAR_US),
    delays=st.tuples(microseconds, microseconds),
    apart=st.integers(1, 3_600 * SECOND),
)
def test_two_hits_of_a_client_keep_their_order(skew, delays, apart):
    arrivals = [NOON + delays[0], NOON + apart + delays[1]]
    clients = [NOON + skew, NOON + apart + skew]
    within = [abs(skew - delay) <= NEAR_US for delay in delays]
    one, two = map(corrected, arrivals, clients)
    assert one < two or not all(within)


@given(ahead=st.integers(-3 * NEAR_US, 3 * NEAR_US), further=st.integers(0, SECOND))
def test_the_correction_never_jumps(ahead, further):
    one, two = corrected(NOON, NOON + ahead), corrected(NOON, NOON + ahead + further)
    assert abs(two - one) <= further
    assert abs(one - NOON) <= NEAR_US


@given(ahead=st.integers(-3 * NEAR_US, 3 * NEAR_US), apart=st.integers(1, 3_600 * SECOND))
def test_hits_that_take_equally_long_keep_their_order_whatever_the_clock(ahead, apart):
    assert corrected(NOON, NOON + ahead) < corrected(NOON + apart, NOON + apart + ahead)
