"""What is kept of a fragment where it tells pages apart."""

import pytest

from footfall.gateway.fragment import fragment
from tests.gateway.test_collect import at

FRAGMENTS = [
    ("", "/", None),
    ("#", "/", None),
    ("#!", "/", None),
    ("#/", "/#/", None),
    ("#/reset?token=SECRET", "/#/reset", None),
    ("#!/reset?token=SECRET", "/#!/reset", None),
    ("#/reset/?token=SECRET", "/#/reset/", None),
    ("#/reset%3Ftoken=SECRET", "/#/reset", None),
    ("#/reset%3ftoken%3DSECRET", "/#/reset", None),
    ("#/reset&token=SECRET", "/#/reset", None),
    ("#/reset%26token%3DSECRET", "/#/reset", None),
    ("#/reset;token=SECRET", "/#/reset", None),
    ("#/reset#token=SECRET", "/#/reset", None),
    ("#/reset%23token=SECRET", "/#/reset", None),
    ("#/offer?utm_source=letter&utm_medium=email", "/#/offer", "letter"),
    ("#/offer?utm_source=letter#top", "/#/offer", "letter"),
    ("#!/offer?ref=letter", "/#!/offer", "letter"),
    ("#/offer&utm_source=letter", "/#/offer", "letter"),
    ("#?utm_source=letter", "/", "letter"),
    ("#utm_source=letter&utm_medium=email", "/", "letter"),
    ("#access_token=SECRET&id_token=SECRET&token_type=bearer", "/", None),
    ("#id_token=SECRET", "/", None),
    ("#state=x&code=SECRET", "/", None),
    ("#/access_token=SECRET&expires_in=3600", "/#/", None),
    ("#/callback#access_token=SECRET&state=SECRET", "/#/callback", None),
    ("#/callback&id_token=SECRET", "/#/callback", None),
    ("#error=access_denied&error_description=SECRET", "/", None),
    ("#_=_", "/", None),
    ("#:~:text=SECRET", "/", None),
    ("#/about:~:text=SECRET,here", "/#/about", None),
    ("#about", "/#about", None),
    ("#about?x=SECRET", "/#about", None),
    ("#search/kiwis", "/#search/kiwis", None),
    ("#/rock&roll", "/#/rock&roll", None),
    ("#/hero;id=5", "/#/hero;id=5", None),
    ("#/caf%c3%a9", "/#/café", None),
    ("#/cart;jsessionid=SECRET", "/#/cart", None),
]


@pytest.mark.parametrize(("text", "page", "source"), FRAGMENTS)
def test_fragments_lose_their_queries(text, page, source):
    hit = at(f"https://example.com/{text}", hash_mode=True)
    assert (hit.page, hit.utm_source or hit.tag) == (page, source)
    assert "SECRET" not in repr(hit)


@pytest.mark.parametrize(("text", "page", "source"), FRAGMENTS)
def test_without_hash_mode_a_fragment_is_nothing(text, page, source):
    hit = at(f"https://example.com/{text}")
    assert (hit.page, hit.utm_source, hit.tag) == ("/", None, None)


def test_tags_of_the_search_go_first():
    hit = at("https://example.com/?utm_source=search&gclid=x#/a?utm_source=hash&utm_medium=email&fbclid=y", hash_mode=True)
    assert (hit.page, hit.utm_source, hit.utm_medium, hit.click) == ("/#/a", "search", "email", "gclid")


def test_a_fragment_comes_as_path_and_query():
    assert fragment("#/a/b?c=d&e") == ("#/a/b", "c=d&e")
