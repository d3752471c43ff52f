"""A log is read by the settings of its site, as the door reads hits."""

from dataclasses import replace

import pytest

from footfall.domain.site import Site
from footfall.imports.format import named
from footfall.imports.request import Wanted
from tests.imports.making import made
from tests.imports.test_columns import line

WIDE = Site("s", ("shop.example", "*.shop.example"))
VHOST = named("vhost")
WANTED = Wanted("shop.example")


@pytest.mark.parametrize(("merging", "pages"), [(True, ["/about"] * 3 + ["/"]), (False, ["/about", "/about/", "//about", "/"])])
def test_slashes(merging: bool, pages: list[str]) -> None:
    lines = [f"shop.example {line(f'GET {path} HTTP/1.1')}" for path in ("/about", "/about/", "//about", "/")]
    found = made(lines, VHOST, replace(WIDE, merge_slashes=merging), WANTED)
    assert [event["page"] for event in found.events] == pages


def test_hosts_below_a_domain_are_the_site_s() -> None:
    hosts = ("shop.example", "www.shop.example", "blog.shop.example", "evil.example", "xshop.example")
    found = made([f"{host} {line()}" for host in hosts], VHOST, WIDE, WANTED)
    assert [event["hostname"] for event in found.events] == list(hosts[:3])
    only = replace(WIDE, domains=("shop.example",), only_hosts=True)
    found = made([f"{host} {line()}" for host in hosts], VHOST, only, WANTED)
    assert [event["hostname"] for event in found.events] == list(hosts[:2])


def test_own_and_ignored_referrers_are_no_source() -> None:
    site = replace(WIDE, ignored_referrers=("checkout.stripe.com", "*.pay.example"))
    links = ("blog.shop.example", "checkout.stripe.com", "a.pay.example", "other.example")
    lines = [f"shop.example {line(referrer=f'https://{host}/x')}" for host in links]
    found = made(lines, VHOST, site, WANTED)
    assert [event["referrer"] for event in found.events] == [None, None, None, "other.example/x"]
