"""Pages within pages: they count where their owner asks for it."""

import pytest

from tests.tracker.shop import Shop

pytestmark = pytest.mark.slow
FRAME = "<iframe src='{}' width=300 height=200></iframe>"


@pytest.fixture
def put(shop: Shop):
    """Put a page with a frame there, and the page within, under whichever hosts."""

    def made(
        attributes: str,
        inner_host: str = "shop.test",
        outer_host: str = "shop.test",
        outer: str = "",
    ) -> str:
        inner = shop.put("inner", "<a href=deeper>deeper</a>", shop.tagged(attributes), inner_host)
        shop.put("deeper", head=shop.tagged(attributes), host=inner_host)
        return shop.put("outer", FRAME.format(inner), outer or shop.tagged(attributes), outer_host)

    return made


HOSTS = pytest.mark.parametrize(
    "host",
    ["shop.test", "elsewhere.test"],
    ids=["same origin", "another origin"],
)


@HOSTS
def test_a_page_within_a_frame_does_not_count(shop, opened, put, host):
    page = opened().new_page()
    page.goto(put("", inner_host=host))
    page.frames[1].get_by_role("link").click()
    page.wait_for_function("frames[0].length === 0")
    only_views = ["is", "event:name", ["pageview"]]
    shop.expect(["pageviews", "visits"], ["event:page"], {"outer": (1, 1)}, only_views)


@HOSTS
def test_a_page_within_a_frame_counts_when_asked(shop, opened, put, host):
    page = opened().new_page()
    page.goto(put("data-frames", inner_host=host))
    page.frames[1].get_by_role("link").click()
    shop.expect_views({"outer": 1, "inner": 1, "deeper": 1})


@HOSTS
def test_a_site_shown_within_another_counts_when_asked(shop, opened, put, host):
    page = opened().new_page()
    page.goto(put("data-frames", outer="<meta name=none>", outer_host=host))
    shop.expect_views({"inner": 1})


@HOSTS
@pytest.mark.parametrize("attributes", ["", "data-frames"])
def test_frames_within_frames(shop, opened, put, host, attributes):
    middle = put(attributes, inner_host=host)
    outermost = f"/{shop.site}/outermost"
    shop.put("outermost", FRAME.format(middle), shop.tagged(attributes), host)
    opened().new_page().goto(shop._website.url(outermost, host))
    counted = ("outermost", "outer", "inner") if attributes else ("outermost",)
    shop.expect_views(dict.fromkeys(counted, 1))


def test_a_page_within_a_frame_may_tell_of_events(shop, opened, put):
    page = opened().new_page()
    page.goto(put(""))
    page.frames[1].evaluate("footfall('Purchase', {revenue: {currency: 'EUR', amount: 5}})")
    page.frames[1].evaluate("history.pushState(0, '', 'step')")
    shop.expect(["events"], ["event:name"], {"pageview": 1, "Purchase": 1})
    shop.expect(["visits", "pageviews"], [], {(): (1, 1)})
