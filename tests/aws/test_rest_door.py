"""The door without code.

What a client may send goes through the template whole, and means what it means at home.
"""

import json
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.aws import template
from footfall.aws.shipped import TEMPLATE, shipped
from footfall.aws.velocity import Request
from footfall.domain.event import Hit, Tally
from footfall.domain.identity import event_key
from footfall.domain.reason import Reason
from footfall.domain.site import Exclusions, Offsets, Site
from footfall.gateway.clients import client_lookup, place_lookup
from footfall.gateway.collect import Door
from footfall.gateway.directory import Snapshot
from footfall.gateway.envelope import RestDoor
from footfall.gateway.protocols.own import PIXEL
from footfall.registry.key import mint
from footfall.registry.port import Scope
from footfall.registry.sqlite import SqliteRegistry, SqliteSalts
from footfall.stream.codec import encode
from tests.aws.events import BROWSER, RESOURCES, wrapped
from tests.patience import SECONDS
from tests.traffic import at

TRACK = RESOURCES["TrackPost"]["Properties"]["Integration"]
VIEW = RESOURCES["PixelGet"]["Properties"]["Integration"]
NINE = at("2026-06-10 09:00")
HOSTILE = [
    "",
    " ",
    '"',
    "'",
    "\\",
    '\\"',
    "\n\r\t",
    "\x00\x7f",
    "$util.base64Encode('x')",
    "$input.body",
    "${record}",
    "$record[0]",
    "#set($record = 'x')",
    "#end",
    "#if(true)",
    "#foreach",
    "$q",
    "##",
    "#*",
    "*#",
    "#[[",
    "]]#",
    "&<>%",
    "ü",
    "日本",
    "😀",
    "\u2028",
    "a" * 9_000,
    "{}",
    "}]",
    "null",
]
TEXT = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join),
)
UNSENT = ("X-Other", "Authorization")
"""What is not wrapped: what nobody needs, and keys."""

NAMES = [
    "User-Agent",
    "user-agent",
    "Referer",
    "Authorization",
    "X-Forwarded-For",
    "Sec-GPC",
    "DNT",
    "Purpose",
    "Content-Type",
    "X-Other",
]


def decoded(text: str) -> str:
    return b64decode(text, validate=True).decode("utf-8")


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), TEXT), st.dictionaries(TEXT, TEXT, max_size=4), TEXT)
def test_whatever_comes_goes_through_whole(
    headers: dict[str, str], query: dict[str, str], body: str
) -> None:
    if "User-Agent" in headers:
        headers.pop("user-agent", None)
    request = Request(
        headers, query, body, address="2001:db8::1", time_ms=1_781_000_000_123, extended_id="Abc+/="
    )
    for name, expected in (("TrackPost", body), ("PixelGet", "")):
        asked, record = wrapped(request, name)
        assert (asked["StreamName"], asked["PartitionKey"], set(asked)) == (
            "hits",
            "Abc+/=",
            {"StreamName", "PartitionKey", "Data"},
        )
        found = json.loads(record)
        assert (found["v"], found["at"], found["id"], found["ip"]) == (
            1,
            1_781_000_000_123,
            "Abc+/=",
            "2001:db8::1",
        )
        if found.get("over"):
            assert (found["over"], found["headers"], found["query"], found["body"]) == (
                "request",
                {},
                [],
                "",
            )
            continue
        sent = {name.lower(): value for name, value in headers.items() if name not in UNSENT}
        assert {name: decoded(value) for name, value in found["headers"].items()} == {
            name: sent.get(name, "") for name in found["headers"]
        }
        assert set(sent) <= set(found["headers"])
        assert decoded(found["body"]) == expected
        assert {decoded(name): decoded(value) for name, value in found["query"]} == query


def test_a_page_on_the_web_may_send_either_content_type() -> None:
    assert list(TRACK["RequestTemplates"]) == ["application/json", "text/plain"]
    assert len(set(TRACK["RequestTemplates"].values())) == 1
    assert list(VIEW["RequestTemplates"]) == ["application/json"], (
        "what a GET without a content type is taken for"
    )


def test_no_condition_asks_whether_a_text_is_there() -> None:
    """An empty text is true to Velocity."""
    conditions = {
        line.partition("#if(")[2].partition(")")[0]
        for text in TRACK["RequestTemplates"].values()
        for line in text.splitlines()
        if "#if(" in line
    }
    assert conditions == {"$foreach.hasNext", "$measured.length(", "$record.length("}


class Home:
    """A registry with a site, and the door to it."""

    def __init__(self) -> None:
        self.registry = SqliteRegistry(":memory:")
        self.registry.put_site(
            Site("example", ("example.com",), exclusions=Exclusions(pages=("/admin*",))), new=True
        )
        self.secret, key = mint("example", (Scope.EVENTS_WRITE,), NINE)
        self.registry.put_key(key)
        self.salts = SqliteSalts(":memory:")
        self.snapshot = Snapshot(self.registry, self.salts)
        self.door = RestDoor(
            self.snapshot, ("10.0.0.0/8",), Door(client_lookup(), place_lookup(None), Offsets())
        )

    def read(
        self, body: object, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Hit | Tally:
        text = body if isinstance(body, str) else json.dumps(body)
        request = Request(
            {"User-Agent": BROWSER, **(headers or {})}, body=text, time_ms=NINE // 1000, **more
        )
        return self.door.read(wrapped(request)[1])

    def hit(self, *arguments: Any, **more: Any) -> Hit:
        found = self.read(*arguments, **more)
        assert isinstance(found, Hit)
        return found


@pytest.fixture
def home() -> Home:
    return Home()


def test_a_hit_is_what_the_gateway_makes_of_it(home: Home) -> None:
    found = home.hit(
        {
            "url": "https://example.com/ü?utm_source=x",
            "name": "Grüße – 日本",
            "event": "sale",
            "props": {"a": "'"},
        }
    )
    assert (
        found.site,
        found.page,
        found.time,
        found.received,
        found.name,
        found.props,
        found.browser,
    ) == ("example", "/ü", NINE, NINE, "sale", '{"a":"\'"}', "Firefox")
    assert found.utm_source == "x"


@pytest.mark.parametrize(
    ("ahead_ms", "taken_ms"), [(0, 0), (-4_000, -4_000), (14_000, 6_000), (60_000, 0)]
)
def test_a_clock_that_is_near_says_when(home: Home, ahead_ms: int, taken_ms: int) -> None:
    body = {"u": "https://example.com/", "d": NINE // 1000 + ahead_ms, "a": 0}
    assert home.hit(body).time == NINE + taken_ms * 1000


def test_what_the_gateway_made_of_a_site_that_is_no_more_is_dropped(home: Home) -> None:
    """Also where another site has all below the domain that was its id."""
    wide = Site("wide", ("*.example.net",))
    home.registry.put_site(wide, new=True)
    home.registry.put_site(Site("shop.example.net", ("shop.example.net",)), new=True)
    home.snapshot.refresh()
    hit = home.hit({"url": "https://shop.example.net/a", "id": "x"})
    tally = Tally("shop.example.net", hit.day, Reason.BOT, 3, 7)
    assert hit.site == "shop.example.net"
    assert [home.door.read(encode(each)) for each in (hit, tally)] == [hit, tally]
    home.registry.remove_site("shop.example.net")
    home.snapshot.refresh()
    gone = Tally("", hit.day, Reason.UNKNOWN_SITE, 1, hit.id)
    assert home.door.read(encode(hit)) == gone
    assert home.door.read(encode(tally)) == tally._replace(site="")


def test_a_hit_without_an_id_has_that_of_the_request(home: Home) -> None:
    body = {"url": "https://example.com/"}
    one, again, other = (home.hit(body, extended_id=each) for each in ("abc=", "abc=", "aBc="))
    assert one == again and one.id != other.id
    named = home.hit({**body, "id": "0b7e5f2e-6f0c-4a57-9c1c-2f4a5ad0e5f0"})
    assert named.id == event_key("example", "0b7e5f2e6f0c4a579c1c2f4a5ad0e5f0")


def test_the_pixel(home: Home) -> None:
    request = Request(
        {"user-agent": BROWSER, "Referer": "https://example.com/page"},
        {"w": "example", "n": "Titel &c"},
        time_ms=NINE // 1000,
    )
    found = home.door.read(wrapped(request, "PixelGet")[1])
    assert isinstance(found, Hit)
    assert (found.page, found.title) == ("/page", "Titel &c")
    (answer,) = [each for each in VIEW["IntegrationResponses"] if each.get("ContentHandling")]
    assert b64decode(answer["ResponseTemplates"]["application/json"]) == PIXEL


def test_addresses_are_believed_as_at_home(home: Home) -> None:
    body = {"url": "https://example.com/"}
    direct = home.hit(body, address="192.0.2.7")
    forwarded = {"X-Forwarded-For": "198.51.100.1, 192.0.2.7"}
    assert home.hit(body, forwarded, address="10.1.2.3").visitor == direct.visitor
    assert home.hit(body, forwarded, address="192.0.2.8").visitor != direct.visitor


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        ({"url": "https://example.com/admin/x"}, {}, Reason.EXCLUDED_PAGE),
        ({"url": "https://other.example/"}, {}, Reason.UNKNOWN_SITE),
        ({"url": "https://example.com/"}, {"User-Agent": "Googlebot/2.1"}, Reason.BOT),
        ({"url": "https://example.com/"}, {"Sec-Purpose": "prefetch;prerender"}, Reason.PREFETCH),
    ],
)
def test_drops_are_counted_once(
    home: Home, body: object, headers: dict[str, str], reason: Reason
) -> None:
    found = home.read(body, headers, extended_id="x=")
    assert isinstance(found, Tally)
    assert (found.reason, found.hits) == (reason, 1)
    assert found.id and found == home.read(body, headers, extended_id="x=")


SPELLINGS = [
    "Authorization",
    "authorization",
    "AUTHORIZATION",
    "aUTHORIZATION",
    "Proxy-Authorization",
    "X-Api-Key",
    "Cookie",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", TRACK["RequestTemplates"])
def test_a_key_is_in_no_record_and_is_not_used(home: Home, spelling: str, kind: str) -> None:
    """The hit counts as anybody's, at the time when it came."""
    long_ago = NINE // 1000 - 90_000_000
    body = {"url": "https://example.com/", "website": "example", "date": long_ago}
    headers = {"User-Agent": BROWSER, spelling: f"Bearer {home.secret}"}
    request = Request(headers, body=json.dumps(body), time_ms=NINE // 1000)
    for name in ("TrackPost", "PixelGet"):
        sort = {"TrackPost": kind}.get(name, "application/json")
        record = wrapped(request, name, sort)[1]
        values = json.loads(record)["headers"].values()
        for text in (record, *map(b64decode, values)):
            assert home.secret.encode() not in text
        assert "authorization" not in json.loads(record)["headers"]
    hit = home.hit(body, {spelling: f"Bearer {home.secret}"})
    assert hit == home.hit(body)
    assert hit.time > NINE - 20_000_000


def test_a_key_that_an_earlier_template_wrapped_is_not_used(home: Home) -> None:
    """Such records lie on the stream for a day after it was replaced."""
    _, record = wrapped(
        Request(
            {"User-Agent": BROWSER}, body='{"url": "https://example.com/"}', time_ms=NINE // 1000
        )
    )
    envelope = json.loads(record)
    del envelope["over"]
    for shown in (home.secret, "nonsense"):
        envelope["headers"]["authorization"] = b64encode(f"Bearer {shown}".encode()).decode()
        assert isinstance(home.door.read(json.dumps(envelope).encode()), Hit)


@pytest.mark.slow
def test_the_template_is_clean(tmp_path: Path) -> None:
    """And the check finds what is wrong with one that is not."""
    lint = Path(__file__).parent / ".venv" / "bin" / "cfn-lint"
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        shipped(TEMPLATE).replace("ParallelizationFactor: 1", "ParallelizationFactor: 11")
    )
    right = tmp_path / "right.yaml"
    right.write_text(template.deployable(shipped(TEMPLATE), {}))
    assert subprocess.run([lint, wrong], capture_output=True, timeout=2 * SECONDS).returncode
    done = subprocess.run([lint, right], capture_output=True, text=True, timeout=2 * SECONDS)
    assert (done.returncode, done.stdout) == (0, "")
