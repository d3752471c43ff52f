"""A visitor is the same for one site, one day's secret, one address and one user agent; else another."""

import pytest

from footfall.domain.address import address_key
from footfall.domain.event import DAY_US, HOUR_US
from footfall.domain.identity import SALT_BYTES, Salt, event_key, hash64, visitor_id

SECRET = bytes(range(16))
AGENT = b"Mozilla/5.0 (X11; Linux x86_64)"
V4 = address_key("203.0.113.7")


def test_the_same_visitor_has_the_same_id():
    assert visitor_id(SECRET, "s", V4, AGENT) == visitor_id(SECRET, "s", V4, AGENT)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((bytes(16), "s", V4, AGENT), id="another day's secret"),
        pytest.param((SECRET, "t", V4, AGENT), id="another site"),
        pytest.param((SECRET, "s", address_key("203.0.113.8"), AGENT), id="another address"),
        pytest.param((SECRET, "s", V4, AGENT + b"."), id="another user agent"),
        pytest.param((SECRET, "s" + V4.decode("latin-1"), b"", AGENT), id="parts that would be the same when run together"),
    ],
)
def test_another_visitor_has_another_id(other):
    assert visitor_id(*other) != visitor_id(SECRET, "s", V4, AGENT)


def test_ids_have_64_bits_and_salts_16_bytes():
    ids = [visitor_id(SECRET, "s", V4, str(number).encode()) for number in range(2_000)]
    assert len(set(ids)) == len(ids)
    assert 2**63 < max(ids) < 2**64
    assert SALT_BYTES == 16


@pytest.mark.parametrize(
    ("one", "two"),
    [
        pytest.param("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", id="ends of one /64"),
        pytest.param("2001:DB8:1:2::1", "2001:db8:1:2:0:0:0:1", id="spelling"),
        pytest.param("fe80::1%eth0", "fe80::2%eth1", id="zones"),
        pytest.param("::ffff:203.0.113.7", "203.0.113.7", id="IPv4 mapped"),
        pytest.param("::ffff:cb00:7107", "203.0.113.7", id="IPv4 mapped, in hexadecimal"),
    ],
)
def test_addresses_that_are_one_visitor(one, two):
    assert address_key(one) == address_key(two) != b""


@pytest.mark.parametrize(
    ("one", "two"),
    [
        pytest.param("2001:db8:1:2::1", "2001:db8:1:3::1", id="neighbouring /64s"),
        pytest.param("203.0.113.7", "203.0.113.8", id="neighbouring IPv4"),
        pytest.param("::ffff:203.0.113.7", "::ffff:203.0.113.8", id="neighbouring IPv4 mapped"),
        pytest.param("0.0.0.0", "::", id="the unspecified of both kinds"),
    ],
)
def test_addresses_that_are_two_visitors(one, two):
    assert address_key(one) != address_key(two)


@pytest.mark.parametrize("text", ["", "unknown", "1.2.3", "1.2.3.4.5", "256.1.1.1", ":::", "g::1", "\x00", "１.２.３.４"])
def test_what_is_no_address_has_no_key(text):
    assert address_key(text) == b""


def test_event_ids_of_a_site_compare_without_case():
    assert event_key("s", "9B2C1B4E") == event_key("s", "9b2c1b4e")
    assert event_key("s", "9b2c1b4e") != event_key("t", "9b2c1b4e")
    assert hash64(b"ab", b"c") != hash64(b"a", b"bc")


DAY = 20_000
ENDED = (DAY + 1) * DAY_US + 12 * HOUR_US  # midnight in Baker Island, UTC-12


@pytest.mark.parametrize(
    ("made", "destroyed"),
    [
        pytest.param(DAY * DAY_US - 14 * HOUR_US, ENDED + 48 * HOUR_US, id="made when the date began in Kiribati"),
        pytest.param(ENDED, ENDED + 48 * HOUR_US, id="made when the date ended"),
        pytest.param(ENDED + HOUR_US, ENDED + 49 * HOUR_US, id="made an hour later"),
        pytest.param(ENDED + 900 * DAY_US, ENDED + 902 * DAY_US, id="made years later, for an import"),
    ],
)
def test_a_salt_is_destroyed_48_hours_after_its_date_ended_everywhere_or_after_it_was_made(made, destroyed):
    assert Salt(DAY, SECRET, made).destroyed_at == destroyed
