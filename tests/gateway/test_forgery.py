"""What strangers would have counted for their own ends: links of spammers, sales that nobody made."""

from dataclasses import replace

import pytest

from footfall.compose import sources, spammers
from footfall.domain.event import Hit
from footfall.domain.reason import Reason
from footfall.domain.site import DOMAIN, Exclusions, Offsets, Site, problems
from footfall.gateway.collect import Door, Dropped, collect
from footfall.gateway.sighting import Sighting
from footfall.registry.directory import Directory
from tests.gateway.test_collect import NOON, SALTS, SITE, by, client_of, place_of

SPAMMERS = frozenset({"spam.example", "xn--oogle-wmc.com"})


def counted(sighting: Sighting, site: Site, keyed: bool = False) -> Hit | Dropped:
    door = Door(client_of, place_of, Offsets(), SPAMMERS)
    return collect(sighting, by(keyed=keyed), NOON, Directory([site]), SALTS, door)


def linked(referrer: str, site: Site) -> Hit | Dropped:
    return counted(Sighting(f"https://{SITE.domains[0]}/", referrer=referrer, website=site.id), site)


LINKS = {
    "https://spam.example/": True,
    "http://www.spam.example:8080/offer?x=1": True,
    "https://a.b.SPAM.example./": True,
    "https://secret.ɢoogle.com/": True,
    "https://mine.example/": True,
    "https://below.mine.example/x": True,
    "https://notspam.example/": False,
    "https://spam.example.org/": False,
    "https://shop.example/?from=spam.example": False,
    "https://shop.example/spam.example": False,
    "": False,
}


@pytest.mark.parametrize(("referrer", "left_out"), LINKS.items(), ids=LINKS)
def test_links_of_spammers_bring_nobody(referrer: str, left_out: bool) -> None:
    site = replace(SITE, exclusions=Exclusions(referrers=("mine.example",)))
    found = linked(referrer, site)
    assert isinstance(found, Dropped) == left_out
    if isinstance(found, Dropped):
        assert (found.reason, found.site) == (Reason.REFERRER_SPAM, site.id)


@pytest.mark.parametrize(
    "site",
    [
        replace(SITE, domains=(*SITE.domains, "spam.example")),
        replace(SITE, ignored_referrers=("spam.example",)),
    ],
    ids=["its own", "ignored"],
)
def test_a_host_that_the_owner_knows_is_no_spammer(site: Site) -> None:
    found = linked("https://spam.example/", site)
    assert isinstance(found, Hit)
    assert found.referrer is None


def test_the_hosts_known_for_spam_are_hosts_and_no_source_that_people_use() -> None:
    known = spammers()
    assert len(known) > 50
    assert [host for host in known if not DOMAIN.fullmatch(host)] == []
    assert [host for host in known if sources().of_host(host)] == []


@pytest.mark.parametrize("keyed", [True, False], ids=["keyed", "keyless"])
@pytest.mark.parametrize("needs", [True, False], ids=["needs a key", "needs none"])
def test_revenue_needs_a_key_where_the_site_says_so(keyed: bool, needs: bool) -> None:
    site = replace(SITE, revenue_needs_key=needs)
    sighting = Sighting("https://example.com/", currency="EUR", amount=9.5, ignored=("props.x",))
    found = counted(sighting, site, keyed)
    assert isinstance(found, Hit)
    if needs and not keyed:
        assert (found.currency, found.amount) == (None, None)
        assert sighting.ignored == ("props.x", "revenue")
    else:
        assert (found.currency, found.amount) == ("EUR", 9.5)
        assert sighting.ignored == ("props.x",)


@pytest.mark.parametrize("host", ["not a host", "https://spam.example/", "", "spam.example/x"])
def test_what_is_no_host_is_refused_as_one_of_spam(host: str) -> None:
    site = replace(SITE, exclusions=Exclusions(referrers=(host, "spam.example")))
    assert problems(site) == [f"{host!r} is not a host of spam (give one such as spam.example)"]
