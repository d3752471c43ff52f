"""What real user agents and addresses are looked up as."""

import re
from pathlib import Path

import pytest

from footfall.gateway.clients import client_lookup, place_lookup
from tests.agents import APPS, DEVICES, IPAD, IPHONE, WEBKIT

AGENTS = [pytest.param(agent, expected, id=name) for expected, named in DEVICES.items() for name, agent in named.items()]


@pytest.fixture(scope="module")
def client_of():
    return client_lookup()


@pytest.mark.parametrize(("agent", "expected"), AGENTS)
def test_people_are_not_robots(client_of, agent, expected):
    client = client_of(agent)
    assert not client.robot
    assert client.device == expected


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param("", id="nothing"),
        pytest.param("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", id="Googlebot"),
        pytest.param(f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) {WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)", id="Googlebot for phones"),
        pytest.param("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", id="bingbot"),
        pytest.param("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", id="GPTBot"),
        pytest.param("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", id="Facebook's preview"),
        pytest.param(f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/130.0.0.0 Safari/537.36", id="headless Chrome"),
        pytest.param("Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1", id="PhantomJS"),
        pytest.param("curl/8.5.0", id="curl"),
        pytest.param("python-requests/2.32.3", id="requests"),
        pytest.param("Go-http-client/1.1", id="Go"),
    ],
)
def test_robots_are_robots(client_of, agent):
    assert client_of(agent).robot


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (DEVICES["desktop"]["Edge on Windows"], ("Edge", "130.0", "Windows", "10")),
        (DEVICES["desktop"]["Firefox on Linux"], ("Firefox", "132.0", "Linux", None)),
        (DEVICES["mobile"]["iPhone"], ("Safari", "18.0", "iOS", "18.0")),
        ("Gopher/1.0", (None, None, None, None)),
    ],
    ids=["Edge", "Firefox", "iPhone", "unknown"],
)
def test_browser_and_system(client_of, agent, expected):
    assert client_of(agent)[:4] == expected


@pytest.mark.parametrize("expected", APPS.values(), ids=APPS)
def test_names_agree_with_each_other(client_of, expected):
    client = client_of(expected.agent)
    assert not client.robot
    told = (client.browser, client.os, client.device)
    assert told == tuple(want or got for want, got in zip(expected[1:], told, strict=True))


@pytest.mark.parametrize("expected", APPS.values(), ids=APPS)
def test_versions_of_one_number_are_versions(client_of, expected):
    short = re.sub(r"(?<!WebKit)/(\d+)\.[\d.]+(?=[ ;)\]]|$)", r"/\1", expected.agent)
    assert client_of(short).browser == client_of(expected.agent).browser


VERSIONS = [
    (APPS["iphone facebook"].agent, "487.0", "18.1"),
    (APPS["iphone instagram"].agent, "356.0", "18.1"),
    (APPS["android instagram"].agent, "357.0", "14"),
    (APPS["android tiktok"].agent, "37.2", "14"),
    (APPS["iphone tiktok"].agent, "37.1", "18.1"),
    (APPS["android linkedin"].agent, "4.1", "14"),
    (APPS["iphone linkedin"].agent, "9.30", "18.1"),
    (APPS["android wechat"].agent, "8.0", "14"),
    (APPS["iphone naver"].agent, "12.8", "18.1"),
    (APPS["mac web view"].agent, None, "10.15"),
    (APPS["iPad desktop CriOS"].agent, "130.0", None),
    (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", "18.1", "18.1"),
    # Since iOS 26 the system's version stands still, and Safari's is that of the system.
    (f"{IPHONE.replace('18_1', '18_6')} Version/26.1 Mobile/15E148 Safari/604.1", "26.1", "26.1"),
    (f"{IPAD.replace('18_1', '18_6')} Version/27.0 Mobile/15E148 Safari/604.1", "27.0", "27.0"),
    (f"{IPHONE.replace('18_1', '18_6')} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1", "142.0", "18.6"),
]  # fmt: skip


@pytest.mark.parametrize(("agent", "browser", "system"), VERSIONS)
def test_versions(client_of, agent, browser, system):
    client = client_of(agent)
    assert (client.browser_version, client.os_version) == (browser, system)


@pytest.mark.parametrize(
    "agent", ["Mozilla/5.0 \udcff\udcfe", "\ud800", "\x00", "x" * 10_000, "Мозилла/5.0"], ids=["bytes that are no UTF-8", "lone surrogate", "NUL", "10 KB", "Cyrillic"]
)
def test_any_text_is_taken(client_of, agent):
    assert client_of(agent).device == "other"


COUNTRIES = Path(place_lookup.__code__.co_filename).parents[1] / "data" / "country.mmdb"


@pytest.fixture(scope="module")
def place_of():
    return place_lookup(COUNTRIES)


@pytest.mark.parametrize(
    ("address", "country"),
    [
        pytest.param("8.8.8.8", "US", id="IPv4"),
        pytest.param("::ffff:8.8.8.8", "US", id="IPv4 mapped"),
        pytest.param("2001:4860:4860::8888", "US", id="IPv6"),
        pytest.param("127.0.0.1", None, id="loopback"),
        pytest.param("fe80::1%eth0", None, id="link local, with its zone"),
        pytest.param("unknown", None, id="no address"),
        pytest.param("88.198.1.7:51000", "DE", id="IPv4 with a port"),
        pytest.param("[2a01:4f8::1]:443", "DE", id="IPv6 with a port"),
        pytest.param("172.17.0.1", None, id="a container"),
        pytest.param("192.168.0.1", None, id="a home"),
        pytest.param("::ffff:172.17.0.1", None, id="a container, mapped"),
        pytest.param("100.64.0.1", None, id="behind a provider's translation"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_country(place_of, address, country):
    assert place_of(address).country == country


def test_without_a_database_nobody_is_anywhere():
    place = place_lookup(None)("8.8.8.8")
    assert (place.key, place.country) == (b"\x08\x08\x08\x08", None)
