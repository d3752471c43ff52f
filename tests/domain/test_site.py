"""Names of sites, and their local time through changes of clocks and of zones."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from footfall.domain.event import HOUR_US
from footfall.domain.site import Exclusions, Offsets, Site, Zone, clash, date_day, day_date, local_date, local_day, problems, utc_offset, with_zone

SITE = Site("example.com", domains=("example.com",))


def us(text):
    """Microseconds of an ISO 8601 moment, UTC unless it says otherwise."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    "site",
    [
        SITE,
        Site("a", domains=("a",)),
        Site("A-b_c.9", domains=("xn--bcher-kva.example", "sub.sub.example.co.uk")),
        Site("local", domains=("localhost", "127.0.0.1", "[::1]")),
        Site("s", domains=("s.example", "*.s.example"), ignored_referrers=("*.pay.example", "p.example")),
        Site("x" * 63, domains=("a" * 63 + ".example",)),
        Site("s", domains=("s.example",), aliases=("G-ABC123", "1", "b59e9c65-ae32-47f1-8400-119fcf4861c4", "ü" * 200)),
        Site("s", domains=("s.example",), zones=(Zone("UTC"), Zone("Asia/Kathmandu", 5))),
        Site("s", domains=("s.example",), exclusions=Exclusions(("192.0.2.0/24", "2001:db8::1"), ("DE",), ("a.example",), ("/admin/*",))),
    ],
    ids=lambda site: f"{site.id[:12]} {site.domains[0][:12]}",
)
def test_sites_without_fault(site):
    assert problems(site) == []


@pytest.mark.parametrize(
    ("site", "says"),
    [
        pytest.param(replace(SITE, id=""), "site id ''", id="no id"),
        pytest.param(replace(SITE, id="x" * 64), "1 to 63", id="long id"),
        pytest.param(replace(SITE, id="a b"), "site id 'a b'", id="space in id"),
        pytest.param(replace(SITE, id="-a"), "site id '-a'", id="dash before id"),
        pytest.param(replace(SITE, id="ü"), "site id 'ü'", id="umlaut in id"),
        pytest.param(replace(SITE, id="a\n"), "site id 'a\\n'", id="newline after id"),
        pytest.param(replace(SITE, domains=()), "at least one domain", id="no domain"),
        pytest.param(replace(SITE, domains=("https://example.com",)), "not a domain", id="URL"),
        pytest.param(replace(SITE, domains=("example.com/path",)), "not a domain", id="path"),
        pytest.param(replace(SITE, domains=("example.com:8080",)), "not a domain", id="port"),
        pytest.param(replace(SITE, domains=("Example.com",)), "not a domain", id="capitals"),
        pytest.param(replace(SITE, domains=("exa mple.com",)), "not a domain", id="space"),
        pytest.param(replace(SITE, domains=("a..b",)), "not a domain", id="empty label"),
        pytest.param(replace(SITE, domains=("-a.example",)), "not a domain", id="dash before label"),
        pytest.param(replace(SITE, domains=("a" * 64 + ".example",)), "not a domain", id="long label"),
        pytest.param(replace(SITE, domains=("a." * 126 + "ab",)), "not a domain", id="254 characters"),
        pytest.param(replace(SITE, domains=("example.com\n",)), "not a domain", id="newline"),
        pytest.param(replace(SITE, domains=("",)), "not a domain", id="empty"),
        pytest.param(replace(SITE, domains=("*",)), "not a domain", id="everything"),
        pytest.param(replace(SITE, domains=("a.*.example",)), "not a domain", id="star within"),
        pytest.param(replace(SITE, domains=("*.*.example",)), "not a domain", id="two stars"),
        pytest.param(replace(SITE, domains=("*a.example",)), "not a domain", id="star before letters"),
        pytest.param(replace(SITE, domains=("*.[::1]",)), "not a domain", id="star before IPv6"),
        pytest.param(replace(SITE, ignored_referrers=("a/b",)), "links are ignored", id="ignored path"),
        pytest.param(replace(SITE, aliases=("",)), "not an alias", id="empty alias"),
        pytest.param(replace(SITE, aliases=("a\x00",)), "not an alias", id="NUL in alias"),
        pytest.param(replace(SITE, aliases=("a" * 201,)), "not an alias", id="long alias"),
        pytest.param(replace(SITE, zones=(Zone("Europe/Atlantis"),)), "'Europe/Atlantis' is not a time zone", id="zone"),
        pytest.param(replace(SITE, zones=(Zone("../../etc/passwd"),)), "not a time zone", id="path as zone"),
        pytest.param(replace(SITE, zones=(Zone(""),)), "not a time zone", id="empty zone"),
        pytest.param(replace(SITE, exclusions=Exclusions(addresses=("10.0.0.0/33",))), "'10.0.0.0/33'", id="excluded address"),
        pytest.param(replace(SITE, exclusions=Exclusions(countries=("Germany",))), "'Germany'", id="excluded country"),
    ],
)
def test_faults_are_named(site, says):
    (found,) = problems(site)
    assert says in found


def test_all_faults_are_named_together():
    assert len(problems(Site("a b", ("x y", "z/"), ("",), (Zone("Nowhere"),)))) == 5


def test_a_domain_that_is_the_id_too_is_named_once():
    assert problems(Site("https://a/", ("https://a/",))) == ["'https://a/' is not a domain (give a host name such as example.com)"]
    assert problems(Site("[::1]", ("[::1]",))) == ["site id '[::1]' must be 1 to 63 letters, digits, dots, dashes or underscores"]


OTHER = Site("other", domains=("other.example", "o.example"), aliases=("UA-1", "7"))


@pytest.mark.parametrize(
    ("site", "name"),
    [
        pytest.param(replace(SITE, id="other.example"), "other.example", id="id is a domain of the other"),
        pytest.param(replace(SITE, id="7"), "7", id="id is an alias of the other"),
        pytest.param(replace(SITE, domains=("example.com", "o.example")), "o.example", id="shared domain"),
        pytest.param(replace(SITE, domains=("other",)), "other", id="domain is the other's id"),
        pytest.param(replace(SITE, aliases=("UA-1",)), "UA-1", id="shared alias"),
        pytest.param(replace(SITE, aliases=("other",)), "other", id="alias is the other's id"),
        pytest.param(replace(SITE, aliases=("other.example",)), "other.example", id="alias is a domain of the other"),
    ],
)
def test_names_clash(site, name):
    assert clash(site, [OTHER]) == f"'{name}' already belongs to site 'other'"


def test_a_site_does_not_clash_with_itself_or_with_none():
    assert clash(OTHER, [OTHER, SITE]) is None
    assert clash(SITE, []) is None


BERLIN = replace(SITE, zones=(Zone("Europe/Berlin"),))


@pytest.mark.parametrize(
    ("start", "name", "asked", "since"),
    [
        ("Europe/Berlin", "America/New_York", "2024-07-10T12:00", "2024-07-11T00:00+02:00"),
        ("Europe/Berlin", "America/New_York", "2024-07-10T22:30", "2024-07-12T00:00+02:00"),  # past local midnight already
        ("UTC", "Asia/Kathmandu", "2024-07-10T00:00", "2024-07-11T00:00"),
        ("Asia/Kathmandu", "UTC", "2024-07-10T12:00", "2024-07-11T00:00+05:45"),
        ("Europe/Berlin", "UTC", "2024-03-31T00:30", "2024-04-01T00:00+02:00"),  # a day of 23 hours
        ("Europe/Berlin", "UTC", "2024-10-26T23:30", "2024-10-28T00:00+01:00"),  # a day of 25 hours
        ("America/Santiago", "UTC", "2024-09-07T12:00", "2024-09-08T04:00"),  # a midnight that does not occur: clocks go from 23:59 to 1:00
        ("America/Havana", "UTC", "2024-11-02T12:00", "2024-11-03T04:00"),  # a midnight that occurs twice
    ],
)
def test_a_change_of_zone_takes_effect_at_the_next_local_midnight(start, name, asked, since):
    site = replace(SITE, zones=(Zone(start),))
    changed = replace(site, zones=with_zone(site, name, us(asked)))
    assert changed.zones == (Zone(start), Zone(name, us(since)))
    assert changed.zone_at(us(since) - 1) == start
    assert changed.zone_at(us(since)) == name
    assert changed.zone_at(0) == changed.zone_at(-HOUR_US) == start


def test_a_change_that_has_not_taken_effect_is_replaced_or_taken_back():
    once = replace(BERLIN, zones=with_zone(BERLIN, "Asia/Tokyo", us("2024-07-10T12:00")))
    twice = with_zone(once, "Asia/Kathmandu", us("2024-07-10T13:00"))
    assert twice == (Zone("Europe/Berlin"), Zone("Asia/Kathmandu", us("2024-07-10T22:00")))
    assert with_zone(once, "Europe/Berlin", us("2024-07-10T13:00")) == BERLIN.zones


def test_past_days_keep_their_zone_through_two_changes():
    once = replace(BERLIN, zones=with_zone(BERLIN, "Asia/Tokyo", us("2024-07-10T12:00")))
    twice = replace(once, zones=with_zone(once, "UTC", us("2024-08-10T12:00")))
    assert [twice.zone_at(us(moment)) for moment in ("2024-07-10T21:59", "2024-07-10T22:00", "2024-08-10T14:59", "2024-08-10T15:00")] == [
        "Europe/Berlin", "Asia/Tokyo", "Asia/Tokyo", "UTC",
    ]  # fmt: skip
    assert problems(twice) == []


@pytest.mark.parametrize(
    ("zone", "moment", "seconds", "day"),
    [
        ("UTC", "2024-07-10T23:59:59", 0, "2024-07-10"),
        ("Asia/Kathmandu", "2024-07-10T18:14:59", 20_700, "2024-07-10"),
        ("Asia/Kathmandu", "2024-07-10T18:15:00", 20_700, "2024-07-11"),
        ("America/St_Johns", "2024-07-10T02:29:59", -9_000, "2024-07-09"),
        ("Pacific/Kiritimati", "2024-07-10T10:00", 50_400, "2024-07-11"),
        ("Etc/GMT+12", "2024-07-10T11:59", -43_200, "2024-07-09"),
        ("Europe/Berlin", "2024-03-31T00:59:59", 3_600, "2024-03-31"),
        ("Europe/Berlin", "2024-03-31T01:00:00", 7_200, "2024-03-31"),
        ("Europe/Berlin", "2024-10-27T00:59:59", 7_200, "2024-10-27"),
        ("Europe/Berlin", "2024-10-27T01:00:00", 3_600, "2024-10-27"),
        ("Australia/Lord_Howe", "2024-04-06T14:59:59", 39_600, "2024-04-07"),
        ("Australia/Lord_Howe", "2024-04-06T15:00:00", 37_800, "2024-04-07"),
        ("UTC", "1969-12-31T23:59:59", 0, "1969-12-31"),
    ],
)
def test_offset_and_local_day(zone, moment, seconds, day):
    time = us(moment)
    assert utc_offset(time, zone) == Offsets().at(time, zone) == seconds
    assert local_date(time, zone) == day_date(local_day(time, seconds)) == date.fromisoformat(day)
    assert day_date(date_day(date.fromisoformat(day))) == date.fromisoformat(day)


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-07-10", 24)])
def test_days_have_as_many_hours_as_they_have(day, hours):
    start = us(datetime.combine(date.fromisoformat(day) - timedelta(days=1), datetime.min.time(), ZoneInfo("Europe/Berlin")).isoformat())
    quarters = [start + quarter * HOUR_US // 4 for quarter in range(4 * 72)]
    offsets = Offsets(room=50)  # too small for them all
    found = [local_day(time, offsets.at(time, "Europe/Berlin")) for time in quarters]
    assert found.count(date_day(date.fromisoformat(day))) == hours * 4


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago"])
def test_remembered_offsets_are_the_true_ones(zone):
    offsets, start = Offsets(), us("2024-01-01T00:00")
    for time in range(start, start + 366 * 24 * HOUR_US, HOUR_US // 8):  # twice in every quarter of an hour
        assert offsets.at(time, zone) == utc_offset(time, zone)
