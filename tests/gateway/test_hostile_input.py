"""Well-formed requests with anything in them; afterwards every report still answers."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.domain.dimension import DIMENSIONS
from footfall.domain.target import TARGET_BYTES
from tests.gateway.test_own_protocol import SHORT
from tests.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unharmed")]

URL = "https://example.com/"
LIMIT = 64 * 1024
anything = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def sent(server: Server, body: bytes, path: str = "/v1/track", content_type: str = "text/plain") -> int:
    reply = server.client.post(path, content=body, headers={"content-type": content_type})
    if reply.status_code == 400:
        assert reply.json().get("errors") or reply.json().get("error")
    return reply.status_code


def padded(size: int) -> bytes:
    body = json.dumps({"url": URL, "unknown": ""}).encode()
    return body[:-2] + b"a" * (size - len(body)) + body[-2:]


def field(name: str, raw: bytes) -> bytes:
    return b'{"url":"https://example.com/","%s":%s}' % (name.encode(), raw)


DEEP = b"[" * 10_000 + b"]" * 10_000
BODIES = [
    ("64 KB", padded(LIMIT), 202),
    ("64 KB and a byte", padded(LIMIT + 1), 413),
    ("10 MB", padded(10_000_000), 413),
    ("64 KB of spaces", b" " * LIMIT, 400),
    ("64 KB of fields", b'{"url":"https://example.com/"' + b',"a":1' * 10_000 + b"}", 202),
    ("nothing", b"", 400),
    ("invalid UTF-8", field("name", b'"\xff\xfe"'), 202),
    ("a raw surrogate", field("name", b'"\xed\xa0\x80"'), 202),
    ("an escaped surrogate", field("name", b'"\\ud800"'), 202),
    ("an escaped surrogate in an unknown field", field("unknown", b'"\\ud800"'), 202),
    ("an escaped pair", field("name", b'"\\ud83d\\ude00"'), 202),
    ("surrogates the wrong way round", field("name", b'"\\ude00\\ud83d"'), 202),
    ("a raw NUL", field("name", b'"\x00"'), 202),
    ("an escaped NUL in the title", field("name", b'"a\\u0000b"'), 202),
    ("an escaped NUL in the event", field("event", b'"a\\u0000b"'), 202),
    ("an escaped NUL in a property", field("props", b'{"a\\u0000":"\\u0000b"}'), 202),
    ("an escaped NUL as the site", field("website", b'"\\u0000"'), 202),
    ("an escaped NUL as the referrer", field("referrer", b'"https://\\u0000/"'), 202),
    ("an escaped NUL in the language", field("language", b'"de\\u0000"'), 202),
    ("deep arrays", DEEP, 400),
    ("deep arrays in an unknown field", field("unknown", DEEP), 400),
    ("deep arrays as the date", field("date", DEEP), 400),
    ("deep objects as properties", field("props", b'{"a":' * 5_000 + b"1" + b"}" * 5_000), 400),
    ("an array", b'[{"url":"https://example.com/"}]', 400),
    ("a text", b'"https://example.com/"', 400),
    ("null", b"null", 400),
    ("a number without end", field("age", b"1e999"), 202),
    ("a date without end", field("date", b"-1e999"), 202),
    ("a date of 400 digits", field("date", b"1" + b"0" * 400), 202),
    ("an age of 400 digits", field("age", b"1" + b"0" * 400), 202),
    ("an age of 30,000 years", field("age", b"1e15"), 202),
    ("an age of nearly nothing", field("age", b"5e-324"), 202),
    ("NaN", field("age", b"NaN"), 202),
    ("a number of 5,000 digits", field("unknown", b"1" * 5_000), 202),
    ("a property of 5,000 digits", field("props", b'{"a":' + b"1" * 5_000 + b"}"), 202),
    ("a property of 400 digits", field("props", b'{"a":' + b"1" * 400 + b"}"), 202),
    ("revenue without end", field("revenue", b'{"currency":"EUR","amount":"1e999"}'), 202),
    ("revenue that is none", field("revenue", b'{"currency":"EUR","amount":"nan"}'), 202),
    ("duplicate keys", b'{"url":"x","url":"https://example.com/","props":{"a":1,"a":2}}', 202),
    ("UTF-16", '{"url":"https://example.com/"}'.encode("utf-16"), 400),
    ("a byte order mark", b'\xef\xbb\xbf{"url":"https://example.com/"}', 202),
    ("a form", b"url=https%3A%2F%2Fexample.com%2F", 400),
    ("SQL", field("name", b'"\'; DROP TABLE events; --"'), 202),
    ("HTML", field("event", b'"<script>alert(1)</script>"'), 202),
    ("text from right to left", field("name", '"\u202egnirts\u2066\u0301\U000e0041"'.encode()), 202),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), [pytest.param(*case[1:], id=case[0]) for case in BODIES])
def test_hostile_bodies(server, body, expected):
    assert sent(server, body) == expected


URLS = [
    URL + "a" * 1_980, URL + "a" * 1_981, URL + "ü" * 990, "https://" + "a" * 1_980 + "/", "https://bücher.example/", "https://xn--bcher-kva.example/", "https://xn--/", "https://xn--a/", "https://xn--99999999999/",
    "https://😀.example/😀?😀#😀", "https://example.com:0/", "https://example.com:65535/", "https://example.com:65536/", "https://example.com:abc/", "https://example.com:-1/", "https://example.com:/",
    "https://user:pass@example.com/", "https://user:pass:word@@example.com/", "https://@/", "https://[::1]/", "https://[2001:db8::1]:8080/a", "https://[::1%25eth0]/", "https://[::1", "https://[]/", "https://[v1.a]/",
    "https://256.256.256.256/", "https://0x7f.1/", "https://4294967296/", "https://1.2.3/", "https://example.com/%00", "https://exa%00mple.com/", "https://example.com/\x00", "https://example.com/a b", "https://exa mple.com/",
    " https://example.com/ ", "https://example.com/%", "https://example.com/%zz", "https://example.com/%ff%fe", "https://example.com/\t\n\r", "https:\\\\example.com\\a", "https:///example.com", "https:example.com",
    "https://example.com/../../../..", "https://example.com" + "/.." * 600, "https://example.com" + "/a" * 990, "https://example.com?" + "&" * 1_900, "https://example.com?" + "utm_source=a&" * 140, "https://example.com/#" + "a" * 1_900,
    "https://example.com./", "https://.example.com/", "https://example..com/", "https://-/", "https://_/", "https://*/", "https://\u202e/", "https://ﬀ.example/", "https://ß.example/", "app://", "app:///", "app://a b/", "app://\x00/", "app:a",
    "javascript:alert(1)", "data:text/html,a", "file:///etc/passwd", "ftp://example.com/", "//example.com/", "/a", "a", "", "\x00", "\ufeffhttps://example.com/", "HTTPS://EXAMPLE.COM/", "http://http://example.com/",
    "android-app://com.example/", "https://example.com/'; DROP TABLE events; --", "https://example.com/<script>", "https://example.com/?utm_source=%00%ff%ed%a0%80", "https://example.com/\ufffe\uffff\U0010ffff",
]  # fmt: skip


@pytest.mark.parametrize("url", URLS, ids=lambda url: ascii(url)[1:40])
def test_hostile_urls(server, url):
    for fields in ({"url": url}, {"url": url, "website": "site"}, {"url": URL, "referrer": url}, {"url": URL, "website": url}):
        assert sent(server, json.dumps(fields).encode()) in (202, 400)
    answered = server.client.get("/v1/track.gif", params={"u": url, "w": "site", "r": url})
    too_long = len(answered.request.url.raw_path) > TARGET_BYTES
    assert answered.status_code in ((414,) if too_long else (200, 400))


TEXT = st.text(st.characters(), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from([10**400, -(10**400), 1e308, "\x00", "\ud800", "engagement"])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=8)
NAMES = st.sampled_from([*SHORT, *SHORT.values()])


@anything
@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_any_object(server, fields):
    assert sent(server, json.dumps({"url": URL, "website": "site", **fields}).encode(), content_type="application/json") in (202, 400)


# Fields of the right kinds, so that most are accepted and reach the engine.
GOOD = st.fixed_dictionaries(
    {"url": st.builds(lambda path, query: f"{URL}{path}?{query}", TEXT, TEXT | st.builds("utm_source={}&utm_medium={}&utm_campaign={}".format, TEXT, TEXT, TEXT))},
    optional={
        "name": TEXT, "event": st.sampled_from(["engagement", "pageview"]) | TEXT, "referrer": st.builds("https://{}/{}".format, TEXT, TEXT), "props": st.dictionaries(TEXT, st.none() | st.booleans() | st.integers() | TEXT, max_size=3),
        "age": st.floats(0, 1e8), "engaged": st.integers(0, 86_400_000), "scroll": st.integers(0, 100), "screen": st.integers(0, 100_000), "language": st.from_regex(r"[a-z]{2,3}(-[A-Z]{2})?", fullmatch=True),
        "id": st.uuids().map(str), "page": st.uuids().map(str), "revenue": st.fixed_dictionaries({"currency": st.just("EUR"), "amount": st.floats(-1e11, 1e11)}), "interactive": st.booleans(),
    },
)  # fmt: skip


@anything
@given(GOOD)
def test_any_hit(server, fields):
    assert sent(server, json.dumps(fields).encode()) in (202, 400)


@anything
@given(st.binary(max_size=200))
def test_any_bytes(server, body):
    assert sent(server, body) in (202, 400)


@anything
@given(st.binary(max_size=60), st.binary(max_size=60), st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=60))
def test_any_query_of_the_pixel(server, title, referrer, rest):
    query = f"u={URL}&w=site&n={quote_from_bytes(title)}&r=https://{quote_from_bytes(referrer)}/&{rest}"
    reply = server.client.get(httpx.URL(server.url + "/v1/track.gif").copy_with(query=query.encode()))
    assert reply.status_code in (200, 202, 400)
    assert reply.headers["content-type"] == "image/gif"


QUERIES = [
    b"", b"[]", b"null", b"{}", b"\xff", DEEP, b'{"site_id":"site","metrics":' + DEEP + b"}", b'{"site_id":"\\ud800"}', b'{"site_id":"\\u0000"}', b'{"site_id":["site"]}', b'{"site_id":"site"}',
    b'{"site_id":"site","metrics":["visitors"],"date_range":"all","pagination":{"limit":1e999}}', b'{"site_id":"site","metrics":["visitors"],"date_range":"all","pagination":{"limit":1' + b"0" * 400 + b"}}",
    b'{"site_id":"site","metrics":["visitors"],"date_range":["0001-01-01","9999-12-31"]}', b'{"site_id":"site","metrics":["visitors"],"date_range":["\\u0000","\\u0000"]}', b'{"site_id":"site","metrics":["visitors"],"date_range":5}',
    b'{"site_id":"site","metrics":["\'; DROP TABLE events"],"date_range":"all"}', b'{"site_id":"site","metrics":["visitors"],"dimensions":["event:\' OR 1=1"],"date_range":"all"}', b" " * 1_000_001,
]  # fmt: skip


@pytest.mark.parametrize("body", QUERIES, ids=lambda body: ascii(body[:48])[2:-1] + f" {len(body)}")
def test_hostile_queries(server, body):
    assert sent(server, body, "/api/v2/query", "application/json") in (400, 401, 413)


@settings(anything, max_examples=100)
@given(
    st.fixed_dictionaries(
        {"site_id": st.just("site") | JSON, "metrics": st.just(["visitors"]) | JSON, "date_range": st.just("all") | JSON},
        optional={"dimensions": JSON, "order_by": JSON, "include": JSON, "pagination": JSON, "filters": JSON},
    )
)
def test_any_query(server, query):
    assert sent(server, json.dumps(query).encode(), "/api/v2/query", "application/json") in (200, 400, 401, 404)


def strict(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def counted(server: Server) -> Server:
    """All that was accepted before this has been counted: the hits of a shard come in order."""
    assert server.client.post("/v1/track", json={"url": URL + "the-last"}).status_code == 202
    last = {"site_id": "site", "metrics": ["pageviews"], "date_range": "all", "dimensions": ["event:page"], "pagination": {"limit": 10_000}}
    for _ in range(200):
        found = server.client.post("/api/v2/query", json=last).json()["results"]
        if any(row["dimensions"] == ["/the-last"] for row in found):
            return server
    raise AssertionError("the last hit was not counted in time")


@pytest.mark.parametrize("dimension", [None, *DIMENSIONS])
@pytest.mark.parametrize("date_range", ["all", "24h", "realtime"])
def test_every_report_answers_afterwards(counted, dimension, date_range):
    query = {
        "site_id": "site",
        "metrics": ["visitors", "visits", "bounce_rate", "exit_rate", "time_on_page"],
        "date_range": date_range,
        "dimensions": [dimension] if dimension else [],
        "include": {"total_rows": True},
    }
    reply = counted.client.post("/api/v2/query", json=query)
    assert reply.status_code == 200, reply.text
    answer = strict(reply.text)
    assert bool(answer["results"]) == (dimension != "event:goal")  # this site has none
    assert answer["meta"]["total_rows"] == len(answer["results"])


@pytest.mark.parametrize(("step", "form"), [("YEAR", "%Y"), ("MONTH", "%Y-%m"), ("DATE", "%Y-%m-%d"), ("HOUR", "%Y-%m-%dT%H"), ("MINUTE", "%Y-%m-%dT%H:%M")])
def test_the_original_s_calls_answer_afterwards(counted, step, form):
    local = datetime.now(UTC) + timedelta(hours=5, minutes=45)
    asked = {"website": "site", "date": f"{step}:{local.strftime(form)}"}
    ranking = counted.client.get("/v1/ranking", params=asked)
    series = counted.client.get("/v1/series", params=asked)
    assert (ranking.status_code, series.status_code) == (200, 200)
    assert len(strict(series.text)) >= len(strict(ranking.text)) > 0
    for row in strict(ranking.text)[:20]:
        assert [each["url"] for each in strict(counted.client.get("/v1/series", params={**asked, "url": row["url"]}).text)]
