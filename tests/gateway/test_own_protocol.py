"""Every field of the wire's table, by its long and its short name, at and beyond its limits."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.gateway.protocols.own import PIXEL, from_json, from_query
from footfall.gateway.sighting import Invalid, Sighting

URL = "https://example.com/page"
UUID = "9B2C1b4e-0d3f-4a5b-8c7d-1234567890ab"
BARE = "9B2C1b4e0d3f4a5b8c7d1234567890ab"
SHORT = {
    "url": "u", "name": "n", "event": "e", "website": "w", "date": "d", "referrer": "r", "props": "p", "revenue": "$", "interactive": "i",
    "id": "k", "page": "g", "age": "a", "engaged": "t", "scroll": "s", "screen": "x", "language": "l", "bot": "b", "hash": "h",
}  # fmt: skip


def read(**fields):
    return from_json(json.dumps({"url": URL, **fields}).encode())


def url_of(size):
    return "https://example.com/" + "a" * (size - 20)


# field, its value on the wire, further fields, what becomes of it
ACCEPTED = [
    ("url", "app://com.example/page", {}, {"url": "app://com.example/page"}),
    ("url", url_of(2_000), {}, {"url": url_of(2_000)}),
    ("url", "https://example.com/" + "ü" * 990, {}, {"url": "https://example.com/" + "ü" * 990}),
    ("name", "  A title\x00\n ", {}, {"title": "A title"}),
    ("name", "t" * 5_000, {}, {"title": "t" * 500}),
    ("name", "", {}, {"title": None}),
    ("name", "ignored", {"event": "signup"}, {"title": None, "name": "signup"}),
    ("event", "signup", {}, {"kind": "custom", "name": "signup"}),
    ("event", "ü" * 120, {}, {"kind": "custom", "name": "ü" * 120}),
    ("event", " a\tb ", {}, {"kind": "custom", "name": "a b"}),
    ("event", "engagement", {}, {"kind": "engagement", "name": None}),
    ("event", "pageview", {}, {"kind": "pageview", "name": None}),
    ("website", "example.com", {}, {"website": "example.com"}),
    ("website", "", {}, {"website": None}),
    ("date", 1_503_668_000_123, {}, {"time_us": 1_503_668_000_123_000}),
    ("date", 1_503_668_000_123.5, {}, {"time_us": 1_503_668_000_123_500}),
    ("date", "2017-08-25", {}, {"time_us": None}),
    ("date", {"any": ["thing"]}, {}, {"time_us": None}),
    ("date", True, {}, {"time_us": None}),
    ("date", 10**400, {}, {"time_us": 10**18}),
    ("referrer", url_of(2_000), {}, {"referrer": url_of(2_000)}),
    ("referrer", "", {}, {"referrer": None}),
    ("referrer", "not a URL", {}, {"referrer": "not a URL"}),
    ("props", {"plan": "gold", "seats": 3, "trial": False, "price": 1.5, "none": None}, {}, {"props": '{"plan":"gold","seats":"3","trial":"false","price":"1.5"}'}),
    ("props", {str(n): n for n in range(30)}, {}, {"props": "{" + ",".join(f'"{n}":"{n}"' for n in range(30)) + "}"}),
    ("props", {"k" * 300: "v" * 2_000}, {}, {"props": '{"' + "k" * 300 + '":"' + "v" * 2_000 + '"}'}),
    ("props", {"ü" * 150: "ü" * 1_000}, {}, {"props": '{"' + "ü" * 150 + '":"' + "ü" * 1_000 + '"}'}),
    ("props", {"a\x00b": "c\nd"}, {}, {"props": '{"a b":"c d"}'}),
    ("props", {}, {}, {"props": None}),
    ("props", {"none": None}, {}, {"props": None}),
    ("revenue", {"currency": "eur", "amount": 12.5}, {}, {"currency": "EUR", "amount": 12.5}),
    ("revenue", {"currency": "USD", "amount": "12.50"}, {}, {"currency": "USD", "amount": 12.5}),
    ("revenue", {"currency": "USD", "amount": -1}, {}, {"currency": "USD", "amount": -1.0}),
    ("interactive", False, {}, {"interactive": False}),
    ("interactive", True, {}, {"interactive": True}),
    ("id", UUID, {}, {"event_id": BARE}),
    ("id", BARE, {}, {"event_id": BARE}),
    ("page", UUID, {}, {"page_view": BARE}),
    ("age", 1_500, {}, {"age_us": 1_500_000}),
    ("age", 0.25, {}, {"age_us": 250}),
    ("engaged", 86_400_000, {"event": "engagement"}, {"engaged": 86_400_000}),
    ("engaged", 12.7, {"event": "engagement"}, {"engaged": 12}),
    ("engaged", 5_000, {}, {"engaged": 0}),
    ("scroll", 100, {"event": "engagement"}, {"scroll": 100}),
    ("scroll", 0, {"event": "engagement"}, {"scroll": 0}),
    ("scroll", 55.5, {"event": "engagement"}, {"scroll": 55}),
    ("scroll", 55, {}, {"scroll": None}),
    ("screen", 1_280, {}, {"screen": 1_280}),
    ("screen", 100_000, {}, {"screen": 100_000}),
    ("hash", True, {}, {"hash_mode": True}),
    ("hash", False, {}, {"hash_mode": False}),
    ("language", "de", {}, {"language": "de"}),
    ("language", "zh-Hant-TW", {}, {"language": "zh-Hant-TW"}),
    ("bot", 1, {}, {"robot": True}),
    ("bot", 0, {}, {"robot": False}),
    ("bot", True, {}, {"robot": True}),
    ("bot", "webdriver", {}, {"robot": True}),
]


def _ids(table):
    return [f"{row[0]}={json.dumps(row[1])[:40]}" for row in table]


@pytest.mark.parametrize(("field", "value", "more", "expected"), ACCEPTED, ids=_ids(ACCEPTED))
def test_accepted(field, value, more, expected):
    for name in (field, SHORT[field]):
        fields = {"url": URL, **more, name: value}
        if name == "u":
            del fields["url"]
        sighting = from_json(json.dumps(fields).encode())
        assert {key: getattr(sighting, key) for key in expected} == expected


REFUSED = [
    ("url", "", {}), ("url", None, {}), ("url", 5, {}), ("url", url_of(2_001), {}), ("url", "https://example.com/" + "ü" * 991, {}),
    ("name", 5, {}), ("name", ["a"], {}),
    ("event", "", {}), ("event", " \n", {}), ("event", "e" * 121, {}), ("event", 5, {}),
    ("website", 5, {}),
    ("referrer", url_of(2_001), {}), ("referrer", {}, {}),
    ("props", [], {}), ("props", "a", {}), ("props", {str(n): n for n in range(31)}, {}), ("props", {"k" * 301: 1}, {}), ("props", {"ü" * 151: 1}, {}),
    ("props", {"k": "v" * 2_001}, {}), ("props", {"k": "ü" * 1_001}, {}), ("props", {"k": {"a": 1}}, {}), ("props", {"k": [1]}, {}),
    ("revenue", 5, {}), ("revenue", {}, {}), ("revenue", {"amount": 1}, {}), ("revenue", {"currency": "EUR"}, {}), ("revenue", {"currency": "EURO", "amount": 1}, {}),
    ("revenue", {"currency": "€", "amount": 1}, {}), ("revenue", {"currency": "EUR", "amount": "much"}, {}), ("revenue", {"currency": "EUR", "amount": None}, {}),
    ("revenue", {"currency": "EUR", "amount": "nan"}, {}), ("revenue", {"currency": "EUR", "amount": "inf"}, {}), ("revenue", {"currency": "EUR", "amount": 1e12}, {}),
    ("revenue", {"currency": "EUR", "amount": 10**400}, {}),
    ("interactive", 1, {}), ("interactive", "yes", {}),
    ("id", "5", {}), ("id", "", {}), ("id", UUID + "0", {}), ("id", UUID + "\n", {}), ("id", 5, {}),
    ("page", "x", {}), ("page", UUID[:-1] + "g", {}),
    ("age", -1, {}), ("age", "5", {}), ("age", True, {}), ("age", 10**400, {}),
    ("engaged", -1, {"event": "engagement"}), ("engaged", 86_400_001, {"event": "engagement"}), ("engaged", "1", {}),
    ("scroll", -1, {"event": "engagement"}), ("scroll", 101, {"event": "engagement"}), ("scroll", "1", {}),
    ("screen", -1, {}), ("screen", 100_001, {}), ("screen", "wide", {}),
    ("language", "d", {}), ("language", "de_AT", {}), ("language", "deutschland", {}), ("language", "de-", {}), ("language", "de\n", {}), ("language", 5, {}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "more"), REFUSED, ids=_ids(REFUSED))
def test_refused_by_the_long_name_of_the_field(field, value, more):
    for name in (field, SHORT[field]):
        fields = {"url": URL, **more, name: value}
        if name == "u":
            del fields["url"]
        with pytest.raises(Invalid) as caught:
            from_json(json.dumps(fields).encode())
        assert caught.value.field == field
        assert caught.value.message


@pytest.mark.parametrize(
    "field", ["event", "referrer", "props", "revenue", "interactive", "id", "page", "age", "engaged", "scroll", "screen", "language", "bot", "date", "name", "website"]
)
def test_null_means_absent(field):
    assert read(**{field: None}) == read(**{SHORT[field]: None}) == read()


def test_the_least_is_a_url():
    assert read() == Sighting(url=URL)


def test_the_long_name_goes_first_and_unknown_fields_are_passed_over():
    assert from_json(b'{"u": "https://b.example/", "url": "https://a.example/", "zzz": {"deep": [1]}}').url == "https://a.example/"


def test_of_duplicates_the_last_counts():
    assert from_json(b'{"url": "https://a.example/", "url": "https://b.example/"}').url == "https://b.example/"


def test_the_original_s_payloads():
    first = from_json(b'{"url":"https://www.example.com/index.html","name":"Index"}')
    assert first == Sighting(url="https://www.example.com/index.html", title="Index")
    second = from_json(b'{"date":1503668000123,"name":"Index","url":"https://www.example.com/index.html","website":"1234-5678"}')
    assert second == Sighting(url="https://www.example.com/index.html", title="Index", website="1234-5678", time_us=1_503_668_000_123_000)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"null", b"[]", b'"text"', b"5", b"{", b"{}x", b'{"url": "a"', b"\xff\xfe", b'{"url": "\xff"}', b'{"url": "\xed\xa0\x80"}', b'{"url": "\\ud800"}',
        b'{"url": "a", "age": 1e999}', b'{"url": "a", "age": NaN}', b"\xef\xbb\xbf{}", b"[" * 10_000 + b"]" * 10_000, b'{"date":' * 5_000 + b"1" + b"}" * 5_000, b"url=https://example.com/",
    ],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
def test_what_is_no_object_is_refused(body):
    with pytest.raises(Invalid):
        from_json(body)


@pytest.mark.parametrize(
    ("query", "referer", "expected"),
    [
        (b"u=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc&w=s&n=A+title&r=https%3A%2F%2Fother.example%2F", None, {"url": "https://example.com/a?b=c", "website": "s", "title": "A title", "referrer": "https://other.example/"}),
        (b"w=s", "https://example.com/from-referer", {"url": "https://example.com/from-referer", "website": "s"}),
        (b"", "https://example.com/", {"url": "https://example.com/", "website": None}),
        (b"u=https://example.com/a", "https://example.com/b", {"url": "https://example.com/a"}),
        (b"", "https://example.com/\udcff", {"url": "https://example.com/\udcff"}),  # the door refuses it, as no URL
        (b"u=&w=", "https://example.com/b", {"url": "https://example.com/b", "website": None}),
        (b"url=https://example.com/&website=s&name=T&referrer=https://o.example/", None, {"url": "https://example.com/", "website": "s", "title": "T", "referrer": "https://o.example/"}),
        (b"u=https://example.com/&n=%C3%BC%00%FF", None, {"title": "ü �"}),
        (b"u=https://example.com/&n=\xc3\xbc", None, {"title": "ü"}),
        (b"u=https://example.com/&e=signup", None, {"kind": "custom", "name": "signup"}),
        (b"u=https://example.com/&h=true", None, {"hash_mode": True}),
        (b"u=https://example.com/&h=0", None, {"hash_mode": False}),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, bytes) else None,
)  # fmt: skip
def test_the_pixel(query, referer, expected):
    sighting = from_query(query, referer)
    assert {key: getattr(sighting, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [(b"w=s", "url"), (b"u=" + b"a" * 2_001, "url"), (b"&".join(b"a=%d" % n for n in range(51)), "query"), (b"u=a&k=5", "id")],
    ids=["no page", "long", "51 fields", "id"],
)
def test_the_pixel_refuses(query, field):
    with pytest.raises(Invalid) as caught:
        from_query(query, None)
    assert caught.value.field == field


def test_the_pixel_has_43_bytes():
    assert len(PIXEL) == 43
    assert PIXEL.startswith(b"GIF89a")


TEXT = st.text(st.characters())  # lone surrogates too, which `json.dumps` escapes
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=10)
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.sampled_from([*SHORT, *SHORT.values()])


def _taken_or_invalid(read, *arguments):
    try:
        assert isinstance(read(*arguments), Sighting)
    except Invalid as exc:
        assert exc.field


@patiently
@given(st.dictionaries(NAMES, JSON, max_size=8))
def test_any_object_is_taken_or_invalid(fields):
    _taken_or_invalid(from_json, json.dumps({"url": URL, **fields}).encode())


@patiently
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_taken_or_invalid(body):
    _taken_or_invalid(from_json, body)
    _taken_or_invalid(from_query, body, None)
    _taken_or_invalid(from_query, b"u=" + body, None)
