"""The door without code: what a client may send goes through the template whole, and means what it means at home."""

import json
import subprocess
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.aws import template
from footfall.aws.shipped import TEMPLATE, shipped
from footfall.aws.velocity import Request
from footfall.compose import sources
from footfall.domain.event import Hit, Position, Tally
from footfall.domain.identity import event_key
from footfall.domain.reason import Reason
from footfall.domain.site import Exclusions, Offsets, Site
from footfall.gateway.clients import client_lookup, place_lookup
from footfall.gateway.collect import Door
from footfall.gateway.directory import Snapshot
from footfall.gateway.envelope import RestDoor
from footfall.gateway.protocols.own import PIXEL
from footfall.processor.batch import batch_of
from footfall.registry.key import mint
from footfall.registry.port import Scope
from footfall.registry.sqlite import SqliteRegistry, SqliteSalts
from footfall.stream.codec import Unreadable
from footfall.stream.port import Record
from tests.aws.events import BROWSER, RESOURCES, wrapped
from tests.traffic import at

TRACK = RESOURCES["TrackPost"]["Properties"]["Integration"]
VIEW = RESOURCES["PixelGet"]["Properties"]["Integration"]
NINE = at("2026-06-10 09:00")
HOSTILE = [
    "", " ", '"', "'", "\\", '\\"', "\n\r\t", "\x00\x7f", "$util.base64Encode('x')", "$input.body", "${record}", "$record[0]", "#set($record = 'x')", "#end", "#if(true)", "#foreach",
    "$q", "##", "#*", "*#", "#[[", "]]#", "&<>%", "ü", "日本", "😀", "\u2028", "a" * 9_000, "{}", "}]", "null",
]  # fmt: skip
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join))
NAMES = ["User-Agent", "user-agent", "Referer", "Authorization", "X-Forwarded-For", "Sec-GPC", "DNT", "Purpose", "Content-Type", "X-Other"]


def decoded(text: str) -> str:
    return b64decode(text, validate=True).decode("utf-8")


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), TEXT), st.dictionaries(TEXT, TEXT, max_size=4), TEXT)
def test_whatever_comes_goes_through_whole(headers: dict[str, str], query: dict[str, str], body: str) -> None:
    if "User-Agent" in headers:
        headers.pop("user-agent", None)
    request = Request(headers, query, body, address="2001:db8::1", time_ms=1_781_000_000_123, extended_id="Abc+/=")
    for name, expected in (("TrackPost", body), ("PixelGet", "")):
        asked, record = wrapped(request, name)
        assert (asked["StreamName"], asked["PartitionKey"], set(asked)) == ("hits", "Abc+/=", {"StreamName", "PartitionKey", "Data"})
        found = json.loads(record)
        assert (found["v"], found["at"], found["id"], found["ip"]) == (1, 1_781_000_000_123, "Abc+/=", "2001:db8::1")
        assert decoded(found["body"]) == expected
        assert {decoded(name): decoded(value) for name, value in found["query"]} == query
        sent = {name.lower(): value for name, value in headers.items() if name != "X-Other"}
        assert {name: decoded(value) for name, value in found["headers"].items()} == {name: sent.get(name, "") for name in found["headers"]}
        assert set(sent) <= set(found["headers"])


def test_a_page_on_the_web_may_send_either_content_type() -> None:
    assert list(TRACK["RequestTemplates"]) == ["application/json", "text/plain"]
    assert len(set(TRACK["RequestTemplates"].values())) == 1
    assert list(VIEW["RequestTemplates"]) == ["application/json"], "what a GET without a content type is taken for"


def test_no_condition_asks_whether_a_text_is_there() -> None:
    """An empty text is true to Velocity."""
    conditions = {line.partition("#if(")[2].partition(")")[0] for text in TRACK["RequestTemplates"].values() for line in text.splitlines() if "#if(" in line}
    assert conditions == {"$foreach.hasNext"}


class Home:
    """A registry with a site, and the door to it."""

    def __init__(self) -> None:
        self.registry = SqliteRegistry(":memory:")
        self.registry.put_site(Site("example", ("example.com",), exclusions=Exclusions(pages=("/admin*",))), new=True)
        self.secret, key = mint("example", (Scope.EVENTS_WRITE,), NINE)
        self.registry.put_key(key)
        self.salts = SqliteSalts(":memory:")
        self.snapshot = Snapshot(self.registry, self.salts)
        self.door = RestDoor(self.snapshot, ("10.0.0.0/8",), Door(client_lookup(), place_lookup(None), Offsets()))

    def read(self, body: object, headers: Mapping[str, str] | None = None, **more: Any) -> Hit | Tally:
        text = body if isinstance(body, str) else json.dumps(body)
        request = Request({"User-Agent": BROWSER, **(headers or {})}, body=text, time_ms=NINE // 1000, **more)
        return self.door.read(wrapped(request)[1])

    def hit(self, *arguments: Any, **more: Any) -> Hit:
        found = self.read(*arguments, **more)
        assert isinstance(found, Hit)
        return found


@pytest.fixture
def home() -> Home:
    return Home()


def test_a_hit_is_what_the_gateway_makes_of_it(home: Home) -> None:
    found = home.hit({"url": "https://example.com/ü?utm_source=x", "name": "Grüße – 日本", "event": "sale", "props": {"a": "'"}})
    assert (found.site, found.page, found.time, found.received, found.name, found.props, found.browser) == ("example", "/ü", NINE, NINE, "sale", '{"a":"\'"}', "Firefox")
    assert found.utm_source == "x"


def test_a_hit_without_an_id_has_that_of_the_request(home: Home) -> None:
    body = {"url": "https://example.com/"}
    one, again, other = (home.hit(body, extended_id=each) for each in ("abc=", "abc=", "aBc="))
    assert one == again and one.id != other.id
    named = home.hit({**body, "id": "0b7e5f2e-6f0c-4a57-9c1c-2f4a5ad0e5f0"})
    assert named.id == event_key("example", "0b7e5f2e6f0c4a579c1c2f4a5ad0e5f0")


def test_the_pixel(home: Home) -> None:
    request = Request({"user-agent": BROWSER, "Referer": "https://example.com/page"}, {"w": "example", "n": "Titel &c"}, time_ms=NINE // 1000)
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
def test_drops_are_counted_once(home: Home, body: object, headers: dict[str, str], reason: Reason) -> None:
    found = home.read(body, headers, extended_id="x=")
    assert isinstance(found, Tally)
    assert (found.reason, found.hits) == (reason, 1)
    assert found.id and found == home.read(body, headers, extended_id="x=")


def test_a_key_may_set_the_time(home: Home) -> None:
    body = {"url": "https://example.com/", "website": "example", "date": NINE // 1000 - 90_000_000}
    assert home.hit(body, {"Authorization": f"Bearer {home.secret}"}).time == NINE - 90_000_000_000
    assert home.hit(body).time != NINE - 90_000_000_000
    with pytest.raises(Unreadable, match="authorization is not a key"):
        home.read(body, {"Authorization": "Bearer nonsense"})


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", "\x00", '{"url": 5}', '{"url": "nothing"}', '{"url": "https://example.com/", "screen": -1}', "[" * 60_000, '"' + "x" * 70_000 + '"']
)
def test_what_is_no_hit_is_set_aside_without_its_sender(home: Home, body: str) -> None:
    headers = {"Authorization": "Bearer x", "X-Forwarded-For": "203.0.113.9", "User-Agent": "Secret/1"}
    with pytest.raises(Unreadable) as caught:
        home.read(body, headers, address="198.51.100.77")
    kept = json.loads(caught.value.kept)
    assert decoded(kept["body"]) == body
    assert set(kept) == {"door", "at", "id", "query", "body"}


@pytest.mark.parametrize("data", [b"{", b"{}", b'{"v": 1}', b'{"v":2,"door":"track","at":1,"id":"","ip":"","headers":{},"query":[],"body":""}', b"{" * 90_000])
def test_an_envelope_that_is_none_is_set_aside(home: Home, data: bytes) -> None:
    with pytest.raises(Unreadable):
        home.door.read(data)


def test_one_that_is_bad_holds_up_none(home: Home) -> None:
    good = [wrapped(Request({"User-Agent": BROWSER}, body='{"url": "https://example.com/"}', time_ms=NINE // 1000, extended_id=f"{number}="))[1] for number in range(2)]
    records = [Record(Position("s", number + 1), data) for number, data in enumerate([good[0], b"{nothing", b"\xff\xfe", good[1]])]
    batch = batch_of(records, {}, sources(), NINE, home.door.read)
    assert (len(batch.events), [each.position.sequence for each in batch.bad], batch.marks) == (2, [2, 3], {"s": 4})


@pytest.mark.slow
def test_the_template_is_clean(tmp_path: Path) -> None:
    """And the check finds what is wrong with one that is not."""
    lint = Path(__file__).parent / ".venv" / "bin" / "cfn-lint"
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(shipped(TEMPLATE).replace("ParallelizationFactor: 1", "ParallelizationFactor: 11"))
    right = tmp_path / "right.yaml"
    right.write_text(template.deployable(shipped(TEMPLATE), {}))
    assert subprocess.run([lint, wrong], capture_output=True, timeout=100).returncode
    done = subprocess.run([lint, right], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, "")
