"""Which site a name or a host finds."""

import pytest

from footfall.domain.site import Site
from footfall.registry.directory import Directory
from footfall.registry.host import domain_name, host_name

SITES = Directory(
    [
        Site("munich", domains=("xn--mnchen-3ya.example",)),
        Site("shop.example", domains=("shop.example", "*.shop.example"), aliases=("UA-1",)),
        Site("blog", domains=("blog.shop.example",)),
        Site("tenants", domains=("*.tenants.shop.example",)),
        Site("Upper-Case", domains=("upper.example",)),
    ]
)
BY_WEBSITE = {
    "münchen.example": "munich",
    "MÜNCHEN.example": "munich",
    "www.münchen.example": "munich",
    "xn--mnchen-3ya.example": "munich",
    "https://münchen.example/": "munich",
    " shop.example/": "shop.example",
    "shop.example\n": "shop.example",
    "SHOP.example": "shop.example",
    "Shop.Example": "shop.example",
    "www.shop.example": "shop.example",
    "WWW.shop.example.": "shop.example",
    "shop.example.": "shop.example",
    "shop.example:443": "shop.example",
    "https://shop.example": "shop.example",
    "HTTPS://www.shop.example:8443/": "shop.example",
    "//shop.example": "shop.example",
    " UA-1 ": "shop.example",
    "a.shop.example": "shop.example",
    "blog.shop.example": "blog",
    " Upper-Case": "Upper-Case",
    "shop.example/blog": None,
    "ua-1": None,
    "upper-case": None,
    "xshop.example": None,
    "shop": None,
    "https://": None,
    "*": None,
    ".": None,
}
BY_HOST = {
    "shop.example": "shop.example",
    "www.shop.example": "shop.example",
    "a.shop.example": "shop.example",
    "a.b.shop.example": "shop.example",
    "blog.shop.example": "blog",
    "www.blog.shop.example": "blog",
    "a.tenants.shop.example": "tenants",
    "a.b.tenants.shop.example": "tenants",
    "tenants.shop.example": "shop.example",
    "notshop.example": None,
    "example": None,
    "": None,
}


@pytest.mark.parametrize(("website", "site"), BY_WEBSITE.items(), ids=map(repr, BY_WEBSITE))
def test_a_site_is_found_however_it_is_spelled(website: str, site: str | None) -> None:
    found = SITES.find(website, "elsewhere.example")
    assert (found.id if found else None) == site


@pytest.mark.parametrize(("host", "site"), BY_HOST.items(), ids=BY_HOST)
def test_a_host_finds_the_site_that_names_it_best(host: str, site: str | None) -> None:
    for website in (None, "", "  "):
        found = SITES.find(website, host)
        assert (found.id if found else None) == site


HOSTS = {
    "Example.com": "example.com",
    " example.com/ ": "example.com",
    "https://EXAMPLE.com": "example.com",
    "example.com.": "example.com",
    "example.com:8080": "example.com",
    "straße.example": "xn--strae-oqa.example",
    "*.Straße.example": "*.xn--strae-oqa.example",
    "[::1]": "[::1]",
    "[::1]:80": "[::1]",
    "127.0.0.1:80": "127.0.0.1",
    "www.example.com": "www.example.com",
    "example.com/path": "example.com/path",
    "exa mple.com": "exa mple.com",
    "": "",
}


@pytest.mark.parametrize(("text", "host"), HOSTS.items(), ids=map(repr, HOSTS))
def test_host(text: str, host: str) -> None:
    assert host_name(text) == host
    assert domain_name(text) == host.removeprefix("www.")
