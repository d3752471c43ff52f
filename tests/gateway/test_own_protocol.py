"""Every field of the wire's table, by its long and its short name, at and beyond its limits."""

import json
from typing import Any

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
    ("name", "t" * 500, {}, {"title": "t" * 500}),
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
    ("date", "2017-08-25", {}, {"time_us": 1_503_619_200_000_000}),
    ("date", " 2017-08-25t10:00:00+02:00", {}, {"time_us": 1_503_648_000_000_000}),
    ("date", "1503668000123", {}, {"time_us": 1_503_668_000_123_000}),
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
    ("bot", "false", {}, {"robot": False}),
    ("bot", "", {}, {"robot": False}),
    ("language", "en_US", {}, {"language": "en-US"}),
    ("language", "en_US.UTF-8", {}, {"language": "en-US"}),
    ("language", "de_DE@euro", {}, {"language": "de-DE"}),
    ("language", "zh_Hans_CN", {}, {"language": "zh-Hans-CN"}),
    ("language", "de-AT,de;q=0.9,en;q=0.8", {}, {"language": "de-AT"}),
    ("language", " fr\n", {}, {"language": "fr"}),
    ("language", "", {}, {"language": None}),
    ("revenue", {"currency": " eur", "amount": " 12.50 "}, {}, {"currency": "EUR", "amount": 12.5}),
    ("revenue", {"currency": "JPY", "amount": 1_000}, {}, {"currency": "JPY", "amount": 1_000.0}),
    ("revenue", {"currency": "KWD", "amount": ".125"}, {}, {"currency": "KWD", "amount": 0.125}),
    ("revenue", {"currency": "EUR", "amount": "-3"}, {}, {"currency": "EUR", "amount": -3.0}),
    ("props", {"k" * 300: "v" * 2_000, "a": "ü" * 1_000}, {}, {"props": json.dumps({"k" * 300: "v" * 2_000, "a": "ü" * 1_000}, ensure_ascii=False, separators=(",", ":"))}),
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
        assert sighting.ignored == ()


REFUSED = ["", None, 5, [], {}, True, url_of(2_001), "https://example.com/" + "ü" * 991]


@pytest.mark.parametrize("url", REFUSED, ids=lambda url: repr(url)[:24])
def test_a_url_alone_makes_a_hit_invalid(url):
    for name in ("url", "u"):
        with pytest.raises(Invalid) as caught:
            from_json(json.dumps({name: url}).encode())
        assert caught.value.field == "url"
        assert caught.value.message


BIG = {str(n): "v" * 2_000 for n in range(5)}
SMALL = {str(n): n for n in range(32)}

NO_REVENUE: tuple[Any, ...] = (
            5, "EUR 5", [], {}, {"amount": 1}, {"currency": "EUR"}, {"currency": "EURO", "amount": 1},
            {"currency": "€", "amount": 1}, {"currency": 978, "amount": 1}, {"currency": "XXX", "amount": 1},
            {"currency": "ABC", "amount": 1}, {"currency": "EUR", "amount": "much"},
            {"currency": "EUR", "amount": None}, {"currency": "EUR", "amount": True},
            {"currency": "EUR", "amount": "12,50"}, {"currency": "EUR", "amount": "1_000"},
            {"currency": "EUR", "amount": "1.000,00"}, {"currency": "EUR", "amount": "1 000"},
            {"currency": "EUR", "amount": "nan"}, {"currency": "EUR", "amount": "inf"},
            {"currency": "EUR", "amount": "1e3"}, {"currency": "EUR", "amount": "١٢"},
            {"currency": "EUR", "amount": ""}, {"currency": "EUR", "amount": "."},
            {"currency": "EUR", "amount": [5]}, {"currency": "EUR", "amount": {"value": 5}},
            {"currency": "EUR", "amount": float("nan")}, {"currency": "EUR", "amount": 1e12},
            {"currency": "EUR", "amount": 10**400}, {"currency": "EUR", "amount": "1" * 400},
        )  # fmt: skip

# field, its value on the wire, further fields, what becomes of it, what is named besides the field
ODD: list[tuple[str, Any, dict[str, Any], dict[str, Any], list[str]]] = [
    ("name", 5, {}, {"title": None}, []),
    ("name", ["a"], {}, {"title": None}, []),
    ("name", "t" * 501, {}, {"title": "t" * 500}, []),
    ("event", "", {"name": "T"}, {"kind": "pageview", "title": "T"}, []),
    ("event", " \n", {}, {"kind": "pageview"}, []),
    ("event", "e" * 121, {}, {"kind": "custom", "name": "e" * 120}, []),
    ("event", "ü" * 500, {}, {"kind": "custom", "name": "ü" * 120}, []),
    ("event", 5, {"name": "T"}, {"kind": "pageview", "title": "T"}, []),
    ("event", {"name": "x"}, {}, {"kind": "pageview"}, []),
    ("website", 5, {}, {"website": None}, []),
    ("website", ["example.com"], {}, {"website": None}, []),
    ("date", {"any": ["thing"]}, {}, {"time_us": None}, []),
    ("date", True, {}, {"time_us": None}, []),
    ("date", "yesterday", {}, {"time_us": None}, []),
    ("referrer", url_of(3_000), {}, {"referrer": url_of(2_000)}, []),
    ("referrer", "https://example.com/" + "ü" * 991, {}, {"referrer": "https://example.com/" + "ü" * 990}, []),
    ("referrer", "https://example.com/a" + "ü" * 990, {}, {"referrer": "https://example.com/a" + "ü" * 989}, []),
    ("referrer", {}, {}, {"referrer": None}, []),
    ("props", [], {}, {"props": None}, []),
    ("props", "a", {}, {"props": None}, []),
    ("interactive", 1, {}, {"interactive": True}, []),
    ("interactive", "yes", {}, {"interactive": True}, []),
    ("interactive", "false", {}, {"interactive": True}, []),
    ("id", "", {}, {"event_id": None}, []),
    ("id", "  ", {}, {"event_id": None}, []),
    ("id", "x" * 201, {}, {"event_id": None}, []),
    ("id", 5, {}, {"event_id": None}, []),
    ("page", 5, {}, {"page_view": None}, []),
    ("age", -1, {}, {"age_us": 0}, []),
    ("age", "5", {}, {"age_us": 0}, []),
    ("age", True, {}, {"age_us": 0}, []),
    ("age", float("nan"), {}, {"age_us": 0}, []),
    ("age", float("inf"), {}, {"age_us": 10**18}, []),
    ("age", 10**400, {}, {"age_us": 10**18}, []),
    ("engaged", -1, {"event": "engagement"}, {"engaged": 0}, []),
    ("engaged", 86_400_001, {"event": "engagement"}, {"engaged": 86_400_000}, []),
    ("engaged", float("nan"), {"event": "engagement"}, {"engaged": 0}, []),
    ("engaged", "1", {"event": "engagement"}, {"engaged": 0}, []),
    ("scroll", -1, {"event": "engagement"}, {"scroll": 0}, []),
    ("scroll", 101, {"event": "engagement"}, {"scroll": 100}, []),
    ("scroll", float("nan"), {"event": "engagement"}, {"scroll": None}, []),
    ("scroll", "1", {"event": "engagement"}, {"scroll": None}, []),
    ("screen", -1, {}, {"screen": None}, []),
    ("screen", 100_001, {}, {"screen": None}, []),
    ("screen", float("nan"), {}, {"screen": None}, []),
    ("screen", "1024x768", {}, {"screen": None}, []),
    ("language", "C", {}, {"language": None}, []),
    ("language", "C.UTF-8", {}, {"language": None}, []),
    ("language", "POSIX", {}, {"language": None}, []),
    ("language", "undefined", {}, {"language": None}, []),
    ("language", "null", {}, {"language": None}, []),
    ("language", "*", {}, {"language": None}, []),
    ("language", "d", {}, {"language": None}, []),
    ("language", "deutschland", {}, {"language": None}, []),
    ("language", "de-", {}, {"language": None}, []),
    ("language", 5, {}, {"language": None}, []),
    ("language", ["de"], {}, {"language": None}, []),
    ("bot", ["x"], {}, {"robot": False}, []),
    ("hash", "yes", {}, {"hash_mode": False}, []),
    ("hash", 1, {}, {"hash_mode": False}, []),
    *(("revenue", value, {}, {"currency": None, "amount": None}, []) for value in NO_REVENUE),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "more", "expected", "besides"), ODD, ids=_ids(ODD))
def test_what_is_odd_is_cut_or_left_out_and_named(field, value, more, expected, besides):
    for name in (field, SHORT[field]):
        sighting = from_json(json.dumps({"url": URL, **more, name: value}).encode())
        assert {key: getattr(sighting, key) for key in expected} == expected
        assert sighting.ignored == (field, *besides)


# properties, what is kept of them, what is named
PROPERTIES = {
    "nested": ({"plan": {"id": 1}, "size": "L"}, {"size": "L"}, ["props.plan"]),
    "a list": ({"plan": [1], "size": "L"}, {"size": "L"}, ["props.plan"]),
    "31": (SMALL, {str(n): str(n) for n in range(30)}, ["props.30", "props.31"]),
    "too long a key": ({"k" * 301: 1, "a": 1}, {"a": "1"}, ["props." + "k" * 40]),
    "too long a key of two bytes each": ({"ü" * 151: 1}, None, ["props." + "%C3%BC" * 40]),
    "too long a value": ({"k": "v" * 2_001}, {"k": "v" * 2_000}, ["props.k"]),
    "cut before a character": ({"k": "ü" * 1_001}, {"k": "ü" * 1_000}, ["props.k"]),
    "cut within a character": ({"k": "a" + "ü" * 1_000}, {"k": "a" + "ü" * 999}, ["props.k"]),
    "cut within an emoji": ({"k": "a" + "😀" * 500}, {"k": "a" + "😀" * 499}, ["props.k"]),
    "more than 8 KB": (BIG, {str(n): "v" * 2_000 for n in range(4)}, ["props.4"]),
    "no name": ({"": 1, "\x00": 2, "a": 1}, {"a": "1"}, ["props."]),
    "no number": ({"a": float("nan"), "b": float("-inf"), "c": 1}, {"c": "1"}, ["props.a", "props.b"]),
    "names for a header": (
        {"a, b": {}, "c\r\nX-Evil: 1": {}, "ü": {}, "x:y;z": {}},
        None,
        ["props.a%2C%20b", "props.c%20%20X-Evil%3A%201", "props.%C3%BC", "props.x%3Ay%3Bz"],
    ),
    "half a character": ({"a": "b\ud83d", "c\ud83d": "d"}, {"a": "b\ufffd", "c\ufffd": "d"}, ["props"]),
    "only odd ones": ({"a": {}}, None, ["props.a"]),
}  # fmt: skip


@pytest.mark.parametrize(("told", "kept", "named"), PROPERTIES.values(), ids=PROPERTIES)
def test_properties_that_fit_are_kept(told, kept, named):
    for name in ("props", "p"):
        sighting = from_json(json.dumps({"url": URL, "event": "e", name: told}).encode())
        assert (json.loads(sighting.props) if sighting.props else None) == kept
        assert sighting.ignored == tuple(named)


@pytest.mark.parametrize("text", ["order-4711", "5", UUID + "0", "01HGW2BBG0000000000000000", "ü" * 100, "x" * 200])
def test_an_id_may_be_any_text(text):
    one, again, other = read(id=text, page=text), read(id=f" {text} "), read(id=text[:-1] + "~")
    assert one.event_id == one.page_view == again.event_id != other.event_id
    assert len(one.event_id) == 32
    assert one.ignored == ()


def test_the_short_name_stands_in_for_an_odd_long_one():
    sighting = from_json(json.dumps({"url": URL, "language": 5, "l": "de", "screen": {}, "x": 800}).encode())
    assert (sighting.language, sighting.screen) == ("de", 800)
    assert sorted(sighting.ignored) == ["language", "screen"]


# bodies that a strict decoder refuses, and what is read of them
LENIENT = {
    "bytes that are no UTF-8": (b'{"url": "https://example.com/", "name": "\xfc"}', {"title": "\ufffd"}),
    "half a character": (b'{"url": "https://example.com/", "name": "a\\ud83d"}', {"title": "a\ufffd"}),
    "a line break within": (b'{"url": "https://example.com/", "name": "a\nb"}', {"title": "a b"}),
    "a mark of order": (b'\xef\xbb\xbf{"url": "https://example.com/"}', {"url": "https://example.com/"}),
    "infinity": (b'{"url": "https://example.com/", "age": 1e999}', {"age_us": 10**18}),
    "NaN": (b'{"url": "https://example.com/", "age": NaN}', {"age_us": 0}),
    "5,000 digits": (b'{"url": "https://example.com/", "screen": ' + b"1" * 5_000 + b"}", {"screen": None}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), LENIENT.values(), ids=LENIENT)
def test_what_a_strict_decoder_refuses_is_read(body, expected):
    sighting = from_json(body)
    assert {key: getattr(sighting, key) for key in expected} == expected


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
        b"", b" ", b"null", b"[]", b'"text"', b"5", b"{", b"{}x", b'{"url": "a"', b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 10_000 + b"]" * 10_000, b'{"date":' * 5_000 + b"1" + b"}" * 5_000, b"url=https://example.com/",
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
    [(b"w=s", "url"), (b"u=" + b"a" * 2_001, "url"), (b"&".join(b"a=%d" % n for n in range(51)), "url")],
    ids=["no page", "long", "51 fields"],
)
def test_the_pixel_refuses(query, field):
    with pytest.raises(Invalid) as caught:
        from_query(query, None)
    assert caught.value.field == field


def test_the_pixel_s_referer_is_cut():
    long = "https://example.com/?utm_source=x&q=" + "%C3%BC" * 600
    sighting = from_query(b"w=s", long)
    assert long.startswith(sighting.url)
    assert 1_990 < len(sighting.url) <= 2_000
    assert sighting.url.endswith(("%C3", "%BC"))
    assert sighting.ignored == ("referrer",)
    assert from_query(b"u=https://example.com/", long).ignored == ("referrer",)[:0]


def test_the_pixel_reads_50_fields_and_names_the_query():
    many = b"&".join([b"u=https://example.com/", *(b"a=%d" % n for n in range(80))])
    assert from_query(many, None).ignored == ("query",)


def test_the_pixel_has_43_bytes():
    assert len(PIXEL) == 43
    assert PIXEL.startswith(b"GIF89a")


TEXT = st.text(st.characters())  # lone surrogates too, which `json.dumps` escapes
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=10)
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _taken_or_invalid(read, *arguments):
    try:
        assert isinstance(read(*arguments), Sighting)
    except Invalid as exc:
        assert exc.field


OPTIONAL = st.sampled_from([name for name in (*SHORT, *SHORT.values()) if name not in ("url", "u")])


@patiently
@given(st.dictionaries(OPTIONAL, JSON, max_size=8))
def test_any_value_of_any_other_field_is_taken(fields):
    sighting = from_json(json.dumps({"url": URL, **fields}).encode())
    assert sighting.url == URL
    assert {name.partition(".")[0] for name in sighting.ignored} <= {*SHORT}
    assert all(name.isascii() and name.isprintable() and "," not in name for name in sighting.ignored)


@patiently
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_taken_or_invalid(body):
    _taken_or_invalid(from_json, body)
    _taken_or_invalid(from_query, body, None)
    _taken_or_invalid(from_query, b"u=" + body, None)
