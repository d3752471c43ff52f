"""Each line is a page view or is left out for one reason of a closed list."""

from dataclasses import replace

import pytest

from footfall.domain.site import Exclusions
from footfall.imports.format import named
from footfall.imports.reason import FAULTS, LineReason
from footfall.imports.request import Wanted
from tests.imports.making import OWN, made

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TIME = "10/Jun/2026:11:22:33 +0000"


def line(
    request: str = "GET /a HTTP/1.1",
    *,
    address: str = "192.0.2.7",
    time: str = TIME,
    status: str = "200",
    referrer: str = "-",
    agent: str = AGENT,
) -> str:
    return f'{address} - - [{time}] "{request}" {status} 5 "{referrer}" "{agent}"'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", LineReason.EMPTY),
        ("\r", LineReason.EMPTY),
        ("nonsense", LineReason.NOT_OF_THE_FORMAT),
        (line(address="-"), LineReason.NO_ADDRESS),
        (line(address="unknown"), LineReason.NO_ADDRESS),
        (line(address="[oops"), LineReason.NO_ADDRESS),
        (line(address="999.1.2.3"), LineReason.NO_ADDRESS),
        (line(time="10/Quux/2026:11:22:33 +0000"), LineReason.NO_TIME),
        (line(time="10/Jun/2036:11:22:33 +0000"), LineReason.FUTURE),
        (line(time="31/Dec/1969:23:59:59 +0000"), LineReason.BEFORE_1970),
        (line("-", status="408"), LineReason.NO_PAGE),
        (line("", status="400"), LineReason.NO_PAGE),
        (line(r"\x16\x03\x01\x02\x00\x01", status="400"), LineReason.NO_PAGE),
        (line("OPTIONS * HTTP/1.0"), LineReason.NO_PAGE),
        (line("PRI * HTTP/2.0", status="400"), LineReason.NO_PAGE),
        (line("CONNECT a.example:443 HTTP/1.1"), LineReason.NO_PAGE),
        (line("GET http://[oops/ HTTP/1.1"), LineReason.NO_PAGE),
        (line("GET  HTTP/1.1", status="400"), LineReason.NO_PAGE),
        (line("POST /a HTTP/1.1"), LineReason.METHOD),
        (line("PROPFIND /a HTTP/1.1", status="405"), LineReason.METHOD),
        (line("HEAD / HTTP/1.1"), LineReason.METHOD),
        (line(status="301"), LineReason.REDIRECT),
        (line(status="404"), LineReason.STATUS),
        (line(status="-"), LineReason.STATUS),
        (line(status="499"), LineReason.STATUS),
        (line("GET http://other.example/ HTTP/1.1"), LineReason.OTHER_HOST),
        (line("GET HTTPS://a.example.evil.example/ HTTP/1.1"), LineReason.OTHER_HOST),
        (line("GET /style.css?v=2 HTTP/1.1"), LineReason.ASSET),
        (line("GET /" + "x" * 2_000 + " HTTP/1.1"), LineReason.TOO_LONG),
        (line(agent="Googlebot/2.1 (+http://www.google.com/bot.html)"), LineReason.BOT),
        (line(agent="-"), LineReason.BOT),
        (line(agent=""), LineReason.BOT),
        (line(address="198.51.100.9"), LineReason.EXCLUDED_ADDRESS),
        (line(address="[198.51.100.9]:80"), LineReason.EXCLUDED_ADDRESS),
        (line("GET /admin/x HTTP/1.1"), LineReason.EXCLUDED_PAGE),
        (line("GET https://www.a.example/ HTTP/1.1"), LineReason.EXCLUDED_HOSTNAME),
        (line(time="10/Jun/2020:11:22:33 +0000"), LineReason.TOO_LATE),
    ],
)
def test_a_line_left_out_counts_under_its_reason(text: str, reason: LineReason) -> None:
    exclusions = Exclusions(("198.51.100.0/24",), (), ("www.a.example",), ("/admin/*",))
    site = replace(OWN, exclusions=exclusions, retention_days=400)
    found = made([line(), text], named("combined"), site)
    assert found.left == {reason: 1}
    assert [event["page"] for event in found.events] == ["/a"]
    assert found.made.examples[reason] == 2
    assert [reject.name for reject in found.made.rejects] == [2] * (reason in FAULTS)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        pytest.param(line(), "/a", id="a page"),
        pytest.param(line(status="304"), "/a", id="not modified"),
        pytest.param(line(status="206"), "/a", id="a part"),
        pytest.param(line("GET /a HTTP/2.0"), "/a", id="HTTP/2"),
        pytest.param(line("GET /a HTTP/3"), "/a", id="HTTP/3 without a minor version"),
        pytest.param(line("GET /a"), "/a", id="HTTP 0.9"),
        pytest.param(line("GET /a b HTTP/1.1"), "/a%20b", id="a space within"),
        pytest.param(line("GET /a\tb HTTP/1.1"), "/ab", id="a tab within"),
        pytest.param(line("GET a HTTP/1.1"), "/a", id="no slash"),
        pytest.param(line("GET http://a.example/a HTTP/1.1"), "/a", id="the own host"),
        pytest.param(line("GET http://www.a.example:80/a HTTP/1.1"), "/a", id="its www"),
        pytest.param(line(r"GET /caf\xC3\xA9 HTTP/1.1"), "/café", id="Apache's escape"),
        pytest.param(line(r"GET /caf\xE9 HTTP/1.1"), "/caf%E9", id="Latin-1, escaped"),
        pytest.param(line("GET /caf%C3%A9 HTTP/1.1"), "/café", id="a browser's escape"),
        pytest.param(line("GET /café HTTP/1.1"), "/café", id="no escape"),
        pytest.param(line(r"GET /\x22x\x22 HTTP/1.1"), "/%22x%22", id="nginx's quotation marks"),
        pytest.param(line(r"GET /\"x\" HTTP/1.1"), "/%22x%22", id="Apache's quotation marks"),
        pytest.param(line(r"GET /a?x=\x00\x1b HTTP/1.1"), "/a", id="control characters"),
        pytest.param(line("GET /a?" + "x" * 5_000 + " HTTP/1.1"), "/a", id="a long query"),
    ],
)
def test_a_page_is_read(text: str, page: str) -> None:
    found = made([text], named("combined"))
    assert (found.left, [event["page"] for event in found.events]) == ({}, [page])


def test_a_long_query_keeps_its_tags() -> None:
    long = f"GET /last?utm_source=x&fbclid={'y' * 2_500} HTTP/1.1"
    (event,) = made([line(long)], named("combined")).events
    assert (event["page"], event["utm_source"], event["click"]) == ("/last", "x", "fbclid")


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("a.example:443:203.0.113.7", "203.0.113.7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("Host-7.Provider.example", "host-7.provider.example"),
        ("localhost", "localhost"),
    ],
)
def test_an_address_counts_as_the_bare_one(address: str, same: str) -> None:
    found = made([line(address=address), line(address=same)], named("combined"))
    assert found.left == {}
    assert len({event["visitor"] for event in found.events}) == 1
    another = made([line(address=same), line(address="8.8.8.8")], named("combined"))
    assert len({event["visitor"] for event in another.events}) == 2


def test_names_of_hosts_have_no_country_and_addresses_do() -> None:
    addresses = ("8.8.8.8:1234", "dns.example", "10.0.0.1")
    found = made([line(address=address) for address in addresses], named("combined"))
    assert [event["country"] for event in found.events] == ["US", None, None]


def test_the_host_before_an_address_is_the_request_s() -> None:
    texts = [line(address="other.example:443:192.0.2.7"), line(address="a.example:443:192.0.2.7")]
    assert made(texts, named("combined")).left == {"other_host": 1}


def test_a_format_without_user_agents_counts() -> None:
    texts = ['192.0.2.7 - - [10/Jun/2026:11:22:33 +0000] "GET /a HTTP/1.1" 200 5']
    found = made(texts, named("common"))
    assert found.left == {}
    (event,) = found.events
    assert (event["browser"], event["os"], event["device"]) == (None, None, None)


@pytest.mark.parametrize("referrer", ["https://ref.example/x\\\\", r"https://ref.example/\"x\""])
def test_a_referrer_with_backslashes_keeps_the_agent(referrer: str) -> None:
    (event,) = made([line(referrer=referrer)], named("combined")).events
    assert event["browser"] == "Firefox"
    assert event["source"] == "ref.example"


@pytest.mark.parametrize("keep", [False, True])
def test_assets_and_robots_may_be_kept(keep: bool) -> None:
    texts = [line("POST /x.css HTTP/1.1", status="500"), line(agent="curl/8.5.0"), line("-")]
    wanted = Wanted("a.example", keep_bots=keep, keep_assets=keep)
    found = made(texts, named("combined"), wanted=wanted)
    assert len(found.events) == (2 if keep else 0)
    assert found.left["request_without_a_page"] == 1


def test_examples_are_the_first_lines_of_their_reason() -> None:
    texts = [line(), line(status="404"), "", line(status="500"), "x", line(status="500"), "y"]
    found = made(texts, named("combined"))
    assert {reason: (found.left[reason], name) for reason, name in found.made.examples.items()} == {
        LineReason.EMPTY: (1, 3),
        LineReason.NOT_OF_THE_FORMAT: (2, 5),
        LineReason.STATUS: (3, 2),
    }
