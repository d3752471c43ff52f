"""What is kept of a page's query and of a referrer."""

import pytest

from tests.gateway.test_collect import at

TAGGED = [
    ("", {}),
    ("?", {}),
    ("?session=secret&email=a%40b.example&q=private", {}),
    ("?utm_source=news&utm_medium=email&utm_campaign=May&utm_content=top&utm_term=shoes", {"utm_source": "news", "utm_medium": "email", "utm_campaign": "May", "utm_content": "top", "utm_term": "shoes", "tag": "news"}),
    ("?utm_source=a&source=b&ref=c", {"utm_source": "a", "tag": "a"}),
    ("?ref=c&source=b", {"tag": "b"}),
    ("?ref=c", {"tag": "c"}),
    ("?utm_source=&ref=c", {"tag": "c"}),
    ("?utm_source=one&utm_source=two", {"utm_source": "one", "tag": "one"}),
    ("?utm_campaign=a+b%20c%C3%BC", {"utm_campaign": "a b cü"}),
    ("?utm_campaign=ü", {"utm_campaign": "ü"}),
    ("?utm_campaign=a%00b%0a", {"utm_campaign": "a b"}),
    ("?utm_campaign=%FF%ED%A0%80", {"utm_campaign": "����"}),
    ("?utm_campaign=" + "a" * 300, {"utm_campaign": "a" * 255}),
    ("?gclid=EAIaIQob-secret", {"click": "gclid"}),
    ("?msclkid=secret", {"click": "msclkid"}),
    ("?gclid=", {}),
    ("?fbclid=x&gclid=y", {"click": "gclid"}),
    ("?gclid=x&q=1&fbclid=y", {"click": "fbclid"}),  # the last network to mark the link
    ("?GCLID=x&UTM_Source=News", {"click": "gclid", "utm_source": "News", "tag": "News"}),
    ("?ScCid=secret", {"click": "sccid"}),
    ("?gad_source=1&gad_campaignid=2&gbraid=secret", {"click": "gbraid"}),
    ("?notgclid=x&gclid2=y", {}),
    ("?utm_source=a&amp;utm_medium=email", {"utm_source": "a", "tag": "a", "utm_medium": "email"}),
    ("?id=5?utm_source=a", {"utm_source": "a", "tag": "a"}),
    ("?utm%5Fsource=a&ref=b", {"utm_source": "a", "tag": "a"}),
    ("?source=https%3A%2F%2Fexample.org%2Fx%3Fa", {"tag": "https://example.org/x?a"}),
    ("?utm_source", {}),
    ("?referer=x&resource=y&preferred=z", {}),
    ("#?utm_source=fragment", {}),
    ("?a=1&b;utm_source=x", {}),
    ("?%ZZ=1&utm_source=%ZZ", {"utm_source": "%ZZ", "tag": "%ZZ"}),
]  # fmt: skip
KEPT = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "tag", "click")


@pytest.mark.parametrize(("query", "expected"), TAGGED, ids=[query[:40] or "none" for query, _ in TAGGED])
def test_tags_are_kept_and_the_rest_of_the_query_is_dropped(query, expected):
    found = at("https://example.com/p" + query)
    assert {name: getattr(found, name) for name in KEPT} == {**dict.fromkeys(KEPT), **expected}
    assert found.page == "/p"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://example.com", "/"),
        ("https://example.com?a=b", "/"),
        ("https://example.com/a/../b/./c", "/b/c"),
        ("https://example.com/a//b/", "/a//b/"),
        ("https://example.com/ü b", "/ü%20b"),
        ("https://example.com/%00%0a", "/%00%0A"),
        ("https://example.com/a#fragment", "/a"),
        ("  https://example.com/a\n", "/a"),
        ("https://example.com\\a", "/a"),
        ("https:example.com/a", "/a"),
        ("app://example.com", "/"),
        ("https://user:secret@example.com/a", "/a"),
    ],
)
def test_pages(url, page):
    found = at(url)
    assert (found.page, found.hostname) == (page, "example.com")
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("url", "scheme", "port"),
    [
        ("http://example.com:80/", "http", None),
        ("https://example.com:443/", "https", None),
        ("http://example.com:443/", "http", 443),
        ("https://example.com:65535/", "https", 65_535),
    ],
)
def test_ports(url, scheme, port):
    found = at(url)
    assert (found.scheme, found.port) == (scheme, port)


REFERRERS = [
    (None, None),
    ("https://other.example/", "other.example"),
    ("https://other.example", "other.example"),
    ("https://www.other.example/a/b?q=secret#secret", "www.other.example/a/b"),
    ("http://user:secret@OTHER.example:8080/a", "other.example/a"),
    ("android-app://com.google.android.gm/", "com.google.android.gm"),
    ("app://com.example.reader/list", "com.example.reader/list"),
    ("https://bücher.example/ü", "xn--bcher-kva.example/ü"),
    ("https://notexample.com/", "notexample.com"),
    ("https://example.com.evil.example/", "example.com.evil.example"),
    ("https://blog.example.com/a", "blog.example.com/a"),  # another host, until the owner adds it
    # the site itself
    ("https://example.com/other", None),
    ("http://example.com:8080/other", None),
    ("https://www.example.com/other", None),
    ("https://example.org/", None),
    ("https://www.example.org/", None),
    ("https://shop.example.net/", None),
    # localhost
    ("http://localhost:3000/", None),
    ("http://127.0.0.1/", None),
    ("http://[::1]:8000/", None),
    # none
    ("about:blank", None),
    ("about:client", None),
    ("data:text/html,x", None),
    ("javascript:alert(1)", None),
    ("file:///etc/passwd", None),
    ("not a URL", None),
    ("https://\ud800/", None),
    ("https://", None),
]


@pytest.mark.parametrize(("referrer", "expected"), REFERRERS, ids=[ascii(referrer) for referrer, _ in REFERRERS])
def test_referrers(referrer, expected):
    found = at("https://shop.example.net/", website="site", referrer=referrer)
    assert found.referrer == expected
    assert "secret" not in repr(found)
