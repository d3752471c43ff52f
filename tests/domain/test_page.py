"""The spellings of a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.domain.page import canonical, fits, readable

SPELLINGS = [
    ("/", "/", "/"),
    ("/a/b.html", "/a/b.html", "/a/b.html"),
    ("/caf%c3%a9", "/caf%C3%A9", "/café"),
    ("/caf%C3%A9", "/caf%C3%A9", "/café"),
    ("/café", "/caf%C3%A9", "/café"),
    ("/last%5fversion", "/last_version", "/last_version"),
    ("/%7euser/%41%2d%2E", "/~user/A-.", "/~user/A-."),
    ("/%e4%bd%a0%e5%a5%bd", "/%E4%BD%A0%E5%A5%BD", "/你好"),
    ("/%d0%bf%d1%80%d0%b8%d0%b2%d0%b5%d1%82", "/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82", "/привет"),
    ("/%F0%9F%98%80", "/%F0%9F%98%80", "/😀"),
    ("/%CD%BEjsessionid=1", "/%CD%BEjsessionid=1", "/%CD%BEjsessionid=1"),
    ("/%E1%BF%AF", "/%E1%BF%AF", "/%E1%BF%AF"),
    ("/%E1%84%92%E1%85%A1%E1%86%AB", "/%ED%95%9C", "/한"),
    ("/a%20b", "/a%20b", "/a%20b"),
    ("/a b", "/a%20b", "/a%20b"),
    ("/a%2fb%3fc%23d%25e", "/a%2Fb%3Fc%23d%25e", "/a%2Fb%3Fc%23d%25e"),
    ("/a%3bb%3D%26%2b%40", "/a%3Bb%3D%26%2B%40", "/a%3Bb%3D%26%2B%40"),
    ("/a;v=1,2&c+d@e!f'(g)*[h]", "/a;v=1,2&c+d@e!f'(g)*[h]", "/a;v=1,2&c+d@e!f'(g)*[h]"),
    ('/"<>|^`{}\\', "/%22%3C%3E%7C%5E%60%7B%7D%5C", "/%22%3C%3E%7C%5E%60%7B%7D%5C"),
    ("/%22%3c%7c", "/%22%3C%7C", "/%22%3C%7C"),
    ("/%00%0a%1F%7f", "/%00%0A%1F%7F", "/%00%0A%1F%7F"),
    ("/%E2%80%AEfdp", "/%E2%80%AEfdp", "/%E2%80%AEfdp"),
    ("/a%E2%80%8Bb%C2%A0c%E3%85%A4", "/a%E2%80%8Bb%C2%A0c%E3%85%A4", "/a%E2%80%8Bb%C2%A0c%E3%85%A4"),
    ("/caf%e9", "/caf%E9", "/caf%E9"),
    ("/%c3%28%ff%C3", "/%C3%28%FF%C3", "/%C3%28%FF%C3"),
    ("/%ed%a0%80", "/%ED%A0%80", "/%ED%A0%80"),
    ("/100%", "/100%25", "/100%25"),
    ("/%4%31", "/%2541", "/%2541"),
    ("/%zz", "/%25zz", "/%25zz"),
    ("/100%2541", "/100%2541", "/100%2541"),
    ("/#/caf%c3%a9", "/#/caf%C3%A9", "/#/café"),
    ("https://example.com:8443/caf%c3%a9", "https://example.com:8443/caf%C3%A9", "https://example.com:8443/café"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "link", "shown"), SPELLINGS, ids=[path for path, _, _ in SPELLINGS])
def test_spellings(path, link, shown):
    assert (canonical(path), readable(path)) == (link, shown)


SESSIONS = [
    ("/shop/cart;jsessionid=1A2B", "/shop/cart"),
    ("/shop;JSESSIONID=1A2B!-1!-2/cart", "/shop/cart"),
    ("/shop;jsessionid=1;color=red", "/shop;color=red"),
    ("/shop;color=red;jsessionid=1.node7", "/shop;color=red"),
    ("/shop;jsessionid=", "/shop"),
    ("/shop;jsessionid", "/shop"),
    ("/;jsessionid=1", "/"),
    ("/a;jsessionid=1%20%E4%BD/b", "/a/b"),
    (";jsessionid=1", "/"),
    ("/shop%3bjsessionid%3D1A2B", "/shop"),
    ("/shop;PHPSESSID=0a1b", "/shop"),
    ("/shop;sid=0123456789abcdef0123", "/shop"),
    ("/index.cfm;CFID=12;CFTOKEN=ab", "/index.cfm"),
    ("/(S(lit3py55t21z5v55vlm25s55))/page.aspx", "/page.aspx"),
    ("/app/(A(x)S(lit3py55t21z5v55vlm25s55)F(y))/", "/app/"),
    ("/#/cart;jsessionid=1", "/#/cart"),
    ("/caf%c3%a9;jsessionid=1", "/café"),
]
KEPT = [
    "/matrix;color=red", "/a;v=1.1", "/story;sid=12", "/a;jsessionidentity=1", "/jsessionid=1",
    "/f(x)/", "/(a)/b", "/wiki/C_(S)", "/a;b", "/;",
]  # fmt: skip


@pytest.mark.parametrize(("path", "page"), [*SESSIONS, *[(path, path) for path in KEPT]])
def test_sessions_are_no_pages_of_their_own(path, page):
    assert readable(path) == page
    assert canonical(path) == canonical(page)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("%%%/#;=4123abcdefABCDEF"))))
def test_either_spelling_leads_to_the_other(text):
    path = "/" + text
    link, shown = canonical(path), readable(path)
    assert link.isascii()
    assert canonical(link) == canonical(shown) == link
    assert readable(link) == readable(shown) == shown


@pytest.mark.parametrize(
    ("page", "glob", "expected"),
    [
        ("/café/a", "/café/*", True),
        ("/café/a", "/caf%C3%A9/*", True),
        ("/café/a", "/caf%c3%a9/?", True),
        ("/a%20b", "/a b", True),
        ("/a%2Fb", "/a%2fb", True),
        ("/admin", "/admin/*", False),
        ("/Admin", "/admin", False),
    ],
)
def test_globs_are_written_either_way(page, glob, expected):
    assert fits(page, ("/other", glob)) is expected
