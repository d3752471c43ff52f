"""The checks and derivations of the door: what becomes of a sighting, for which site, at which time."""

from dataclasses import replace

import pytest

from footfall.domain.address import address_key
from footfall.domain.client import Client
from footfall.domain.event import DAY_US, HOUR_US, MAX_AGE_US, Hit
from footfall.domain.identity import Salt, event_key, visitor_id
from footfall.domain.reason import Reason
from footfall.domain.site import Exclusions, Offsets, Site, Zone
from footfall.gateway.collect import Door, Dropped, NeedsSalt, Place, collect
from footfall.gateway.sighting import Caller, Invalid, Sighting
from footfall.registry.directory import Directory
from footfall.stream.codec import encode

MINUTE_US = HOUR_US // 60
DAY = 20_000  # 2024-10-04
NOON = DAY * DAY_US + 12 * HOUR_US
ADDRESS, AGENT = "203.0.113.7", "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
SITE = Site("site", domains=("example.com", "example.org"), aliases=("UA-1", "42"), zones=(Zone("UTC"),))
SALTS = {day: Salt(day, bytes([day % 251]) * 16, day * DAY_US) for day in (DAY - 1, DAY, DAY + 1)}


def client_of(user_agent):
    return Client("Firefox", "132.0", "Linux", None, "desktop", robot="bot" in user_agent)


def place_of(address):
    return Place(address_key(address), "DE" if address.startswith("203.") else None, "DE-BE", "Berlin")


def at(url="https://example.com/", now=NOON, site=SITE, salts=SALTS, caller=None, **sighting):
    asker = caller or Caller(ADDRESS, AGENT)
    return collect(Sighting(url, **sighting), asker, now, Directory([site]), salts, Door(client_of, place_of, Offsets()))


def by(**caller):
    return Caller(**{"address": ADDRESS, "user_agent": AGENT, **caller})


def visitor(day):
    return visitor_id(SALTS[day].secret, SITE.id, address_key(ADDRESS), AGENT.encode())


def test_a_page_view():
    found = at("https://www.example.com:8443/a/b?x=1#top", title="Title", event_id="9B2C" * 8, page_view="ab" * 16, screen=1280, language="de")
    expected = Hit(
        "site", event_key("site", "9b2c" * 8), "pageview", NOON, NOON, DAY, 0, visitor(DAY), None, "https", "www.example.com", 8443, "/a/b",
        title="Title", page_view=event_key("site", "ab" * 16), country="DE", region="DE-BE", city="Berlin",
        browser="Firefox", browser_version="132.0", os="Linux", device="desktop", screen="Laptop", language="de",
    )  # fmt: skip
    assert found == expected


def test_a_hit_without_an_id_gets_one_of_its_own():
    one, two = at(), at()
    assert one.id != two.id
    assert one._replace(id=two.id) == two


def excluding(**exclusions):
    return replace(SITE, exclusions=Exclusions(**exclusions))


DROPS = [
    ("bot by its user agent", Reason.BOT, {"caller": by(user_agent="Examplebot")}),
    ("bot by its own word", Reason.BOT, {"robot": True}),
    ("prefetch", Reason.PREFETCH, {"caller": by(prefetch=True)}),
    ("DNT", Reason.DNT, {"caller": by(dnt=True), "site": replace(SITE, honours_dnt=True)}),
    ("GPC", Reason.GPC, {"caller": by(gpc=True)}),
    ("address", Reason.EXCLUDED_ADDRESS, {"site": excluding(addresses=("198.51.100.1", "203.0.113.0/24"))}),
    ("IPv6 range", Reason.EXCLUDED_ADDRESS, {"site": excluding(addresses=("2001:db8::/32",)), "caller": by(address="2001:db8:1::5")}),
    ("IPv4 range for a mapped address", Reason.EXCLUDED_ADDRESS, {"site": excluding(addresses=("203.0.113.0/24",)), "caller": by(address="::ffff:203.0.113.7")}),
    ("country", Reason.EXCLUDED_COUNTRY, {"site": excluding(countries=("FR", "DE"))}),
    ("hostname", Reason.EXCLUDED_HOSTNAME, {"site": excluding(hostnames=("staging.example.com",)), "url": "https://STAGING.example.com/", "website": "site"}),
    ("not of its hosts", Reason.EXCLUDED_HOSTNAME, {"site": replace(SITE, only_hosts=True), "url": "https://evil.example/", "website": "site"}),
    ("below its host", Reason.EXCLUDED_HOSTNAME, {"site": replace(SITE, only_hosts=True), "url": "https://a.example.com/", "website": "site"}),
    ("page, slashes merged", Reason.EXCLUDED_PAGE, {"site": replace(excluding(pages=("/admin/*",)), merge_slashes=True), "url": "https://example.com//admin/"}),
    ("page", Reason.EXCLUDED_PAGE, {"site": excluding(pages=("/private", "/admin/*")), "url": "https://example.com/admin/a/b?c"}),
    ("too old", Reason.TOO_LATE, {"age_us": MAX_AGE_US + 1}),
    ("thousands of years old", Reason.TOO_LATE, {"age_us": 10**18}),
    ("too old although keyed", Reason.TOO_LATE, {"age_us": MAX_AGE_US + 1, "caller": by(keyed=True)}),
    ("yesterday without a salt", Reason.TOO_LATE, {"age_us": 13 * HOUR_US, "salts": {DAY: SALTS[DAY]}}),
    ("yesterday with a salt that is over", Reason.TOO_LATE, {"age_us": 13 * HOUR_US, "salts": {DAY: SALTS[DAY], DAY - 1: Salt(DAY - 1, b"s" * 16, NOON - 9 * DAY_US)}, "now": NOON + 3 * DAY_US}),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "given"), [pytest.param(*case[1:], id=case[0]) for case in DROPS])
def test_drops(reason, given):
    found = at(**given)
    assert isinstance(found, Dropped)
    assert (found.reason, found.site) == (reason, "site")


def test_a_drop_belongs_to_the_local_day_of_the_hit():
    kathmandu = replace(SITE, zones=(Zone("Asia/Kathmandu"),))
    night = DAY * DAY_US + 20 * HOUR_US
    assert at(robot=True, now=night) == Dropped(Reason.BOT, "site", DAY)
    assert at(robot=True, now=night, site=kathmandu) == Dropped(Reason.BOT, "site", DAY + 1)
    assert at(robot=True, now=night, site=kathmandu, age_us=2 * HOUR_US) == Dropped(Reason.BOT, "site", DAY)


WIDE = replace(SITE, domains=("example.com", "*.example.com"), only_hosts=True)
KEPT = [
    ("DNT where the site does not honour it", {"caller": by(dnt=True)}),
    ("GPC where the site does not honour it", {"caller": by(gpc=True), "site": replace(SITE, honours_gpc=False)}),
    ("another address", {"site": excluding(addresses=("203.0.113.8", "2001:db8::/32"))}),
    ("no address", {"site": excluding(addresses=("0.0.0.0/0", "::/0")), "caller": by(address="")}),
    ("another country", {"site": excluding(countries=("FR",))}),
    ("no country", {"site": excluding(countries=("FR",)), "caller": by(address="2001:db8::1")}),
    ("another hostname", {"site": excluding(hostnames=("staging.example.com",))}),
    ("its host, of its hosts", {"site": replace(SITE, only_hosts=True), "url": "https://www.example.com/"}),
    ("below its host by *", {"site": WIDE, "url": "https://a.b.example.com/"}),
    ("another page", {"site": excluding(pages=("/admin/*",)), "url": "https://example.com/admin"}),
    ("a day old", {"age_us": MAX_AGE_US}),
    ("yesterday with a salt", {"age_us": 13 * HOUR_US}),
]


@pytest.mark.parametrize("given", [pytest.param(given, id=name) for name, given in KEPT])
def test_keeps(given):
    assert isinstance(at(**given), Hit)


@pytest.mark.parametrize(
    ("website", "url"),
    [
        ("site", "https://elsewhere.example/"),
        ("example.org", "https://elsewhere.example/"),
        ("EXAMPLE.com", "https://elsewhere.example/"),
        ("www.example.com", "https://elsewhere.example/"),
        ("UA-1", "https://elsewhere.example/"),
        ("42", "https://elsewhere.example/"),
        (None, "https://example.com/"),
        (None, "https://EXAMPLE.org:8080/"),
        (None, "https://example.com./"),
        (None, "https://www.example.com/"),
        (None, "http://user:secret@example.com/"),
        (None, "app://example.com/screen"),
        ("site", "file:///x/app.html"),
        ("site", "capacitor://localhost/a"),
    ],
)
def test_the_site_is_found(website, url):
    assert at(url, website=website).site == "site"


@pytest.mark.parametrize(
    ("website", "url"),
    [
        ("elsewhere", "https://example.com/"),
        ("ua-1", "https://example.com/"),
        (None, "https://elsewhere.example/"),
        (None, "https://shop.example.com/"),
        (None, "https://example.com.evil.example/"),
        (None, "https://notexample.com/"),
    ],
)
def test_no_site_is_found(website, url):
    assert at(url, website=website) == Dropped(Reason.UNKNOWN_SITE, "", DAY)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "page",
        "/page",
        "//example.com/",
        "ftp://example.com/",
        "javascript:alert(1)",
        "https://",
        "http:///",
        "https://exa mple.com/",
        "http://[::1/",
        "https://\ud800/",
        "app:",
        "app:page",
        "capacitor:",
        "data:text/html,x",
        "about:srcdoc",
        "about:blank",
        "blob:https://example.com/9b2c",
        "view-source:https://example.com/",
        "content://com.example/page",
        "mailto:ann@example.com",
        "C:\\pages\\app.html",
    ],
)
def test_urls_that_are_none(url):
    with pytest.raises(Invalid) as caught:
        at(url)
    assert caught.value.field == "url"


@pytest.mark.parametrize("path", ["/caf%c3%a9", "/caf%C3%A9", "/café", "/%63afé;jsessionid=1A2B"])
def test_equal_pages_have_one_spelling(path):
    hit = at(f"https://example.com{path}", referrer=f"https://other.example{path}")
    assert (hit.page, hit.referrer) == ("/café", "other.example/café")


@pytest.mark.parametrize("glob", ["/caf%c3%a9*", "/caf%C3%A9", "/café"])
def test_an_excluded_page_may_be_written_either_way(glob):
    assert at("https://example.com/caf%C3%A9", site=excluding(pages=(glob,))) == Dropped(Reason.EXCLUDED_PAGE, "site", DAY)


@pytest.mark.parametrize(
    ("url", "scheme", "host", "page"),
    [
        ("file:///x/app.html", "file", "file", "/x/app.html"),
        ("file:///C:/Program Files/app.html?a=1#b", "file", "file", "/C:/Program%20Files/app.html"),
        ("file://Server/share/app.html", "file", "server", "/share/app.html"),
        ("file:", "file", "file", "/"),
        ("capacitor://localhost/a", "capacitor", "localhost", "/a"),
        ("capacitor://localhost", "capacitor", "localhost", "/"),
        ("CAPACITOR://LocalHost/A", "capacitor", "localhost", "/A"),
        ("ionic://localhost/tabs/home", "ionic", "localhost", "/tabs/home"),
        ("tauri://localhost/", "tauri", "localhost", "/"),
        ("wails://wails/index.html", "wails", "wails", "/index.html"),
        ("app:///index.html", "app", "app", "/index.html"),
        ("app:/index.html", "app", "app", "/index.html"),
        ("app://-/index.html", "app", "-", "/index.html"),
        ("chrome-extension://abcdefghij/popup.html", "chrome-extension", "abcdefghij", "/popup.html"),
        ("moz-extension://3f1c-9b2c/panel.html", "moz-extension", "3f1c-9b2c", "/panel.html"),
        ("safari-web-extension://3F1C/panel.html", "safari-web-extension", "3f1c", "/panel.html"),
        ("ms-appx-web://example.app/start.html", "ms-appx-web", "example.app", "/start.html"),
        ("vscode-webview://1a2b/index.html", "vscode-webview", "1a2b", "/index.html"),
        ("https://localhost:8100/a", "https", "localhost", "/a"),
    ],
)
def test_pages_of_apps(url, scheme, host, page):
    found = at(url, website="site")
    assert (found.scheme, found.hostname, found.page) == (scheme, host, page)


def test_a_scheme_that_is_not_known_is_refused_by_a_sentence():
    with pytest.raises(Invalid, match="url must begin with https://, http:// or an app's scheme"):
        at("ftp://example.com/")


@pytest.mark.parametrize(("url", "plain", "hashed"), [
    ("https://example.com/app?x=1#/about?q=1", "/app", "/app#/about"),
    ("https://example.com/#", "/", "/"),
    ("https://example.com#!/é", "/", "/#!/é"),
])  # fmt: skip
def test_a_fragment_is_part_of_the_page_in_hash_mode_alone(url, plain, hashed):
    assert (at(url=url).page, at(url=url, hash_mode=True).page) == (plain, hashed)


def test_age_is_taken_from_the_clock():
    found = at(age_us=90 * MINUTE_US)
    assert (found.received, found.time, found.day) == (NOON, NOON - 90 * MINUTE_US, DAY)
    assert (at(age_us=13 * HOUR_US).day, at(age_us=13 * HOUR_US).visitor) == (DAY - 1, visitor(DAY - 1))


SECOND_US = 1_000_000
DAYLIGHT_SAVING_ENDS = 20_022 * DAY_US + HOUR_US  # 2024-10-27 01:00 UTC

CLOCKS = [
    ("the same", {}, 0, 0),
    ("behind", {}, -4, -4),
    ("ahead", {}, 9.5, 9.5),
    ("as far as is taken", {}, -10, -10),
    ("too far", {}, -14, -6),
    ("too far ahead", {}, 17, 3),
    ("wrong", {}, 3_600, 0),
    ("of another year", {}, -900 * 86_400, 0),
    ("sent again after an hour", {"age_us": HOUR_US}, -3, -3),
    ("past midnight", {"now": DAY * DAY_US}, -3, 0),
    ("before midnight", {"now": DAY * DAY_US - 1}, 3, 0),
    ("past midnight on both", {"now": DAY * DAY_US + 5 * SECOND_US}, -3, -3),
    ("past a midnight elsewhere", {"site": replace(SITE, zones=(Zone("Pacific/Apia"),)), "now": DAY * DAY_US}, -3, -3),
    ("past the local midnight", {"site": replace(SITE, zones=(Zone("Asia/Kolkata"),)), "now": DAY * DAY_US - 5 * HOUR_US - HOUR_US // 2}, -3, 0),
]  # fmt: skip


@pytest.mark.parametrize(("given", "ahead", "taken"), [pytest.param(*case[1:], id=case[0]) for case in CLOCKS])
@pytest.mark.parametrize("kind", ["pageview", "custom", "engagement"])
def test_a_client_s_clock_that_is_near_orders_its_events(kind, given, ahead, taken):
    ours = given.get("now", NOON) - given.get("age_us", 0)
    found = at(kind=kind, time_us=ours + round(ahead * SECOND_US), **given)
    assert found.time == ours + round(taken * SECOND_US)
    assert found._replace(id=0) == at(kind=kind, **given)._replace(id=0, time=found.time)


def test_a_client_s_clock_may_lie_beyond_a_change_of_daylight_saving():
    berlin = replace(SITE, zones=(Zone("Europe/Berlin"),))
    salts = {20_022: Salt(20_022, b"x" * 16, DAYLIGHT_SAVING_ENDS + DAY_US)}
    found = at(now=DAYLIGHT_SAVING_ENDS, time_us=DAYLIGHT_SAVING_ENDS - SECOND_US, site=berlin, salts=salts)
    assert (found.time, found.utc_offset) == (DAYLIGHT_SAVING_ENDS - SECOND_US, 7_200)


def test_how_old_a_hit_may_be_goes_by_our_clock():
    late = Dropped(Reason.TOO_LATE, "site", DAY - 1)
    assert at(age_us=MAX_AGE_US + 1, time_us=NOON - MAX_AGE_US + 5 * SECOND_US) == late
    found = at(age_us=MAX_AGE_US, time_us=NOON - MAX_AGE_US - 5 * SECOND_US)
    assert found.time == NOON - MAX_AGE_US - 5 * SECOND_US


def test_a_live_hit_asks_for_a_salt_of_today_only():
    with pytest.raises(NeedsSalt) as caught:
        at(salts={})
    assert caught.value.day == DAY
    assert at(salts={}, age_us=13 * HOUR_US) == Dropped(Reason.TOO_LATE, "site", DAY - 1)
    assert at(salts={DAY: SALTS[DAY]}, now=DAY * DAY_US).prev is None  # yesterday's is not made for the sake of `prev`


MIDNIGHTS = [
    ("0:00", {"now": DAY * DAY_US}, True),
    ("0:29:59.999999", {"now": DAY * DAY_US + 30 * MINUTE_US - 1}, True),
    ("0:30", {"now": DAY * DAY_US + 30 * MINUTE_US}, False),
    ("23:59", {"now": DAY * DAY_US - MINUTE_US, "salts": {day: SALTS[DAY]._replace(day=day) for day in (DAY - 2, DAY - 1)}}, False),
    ("held back since 0:10", {"now": DAY * DAY_US + HOUR_US, "age_us": 50 * MINUTE_US}, True),
    ("engagement at 2:00 since 0:29", {"now": DAY * DAY_US + 2 * HOUR_US, "kind": "engagement", "engaged": 91 * 60_000}, True),
    ("engagement at 2:00 since 0:30", {"now": DAY * DAY_US + 2 * HOUR_US, "kind": "engagement", "engaged": 90 * 60_000}, False),
    ("engagement at 2:00 since 23:00", {"now": DAY * DAY_US + 2 * HOUR_US, "kind": "engagement", "engaged": 180 * 60_000}, True),
]


@pytest.mark.parametrize(("given", "linked"), [pytest.param(*case[1:], id=case[0]) for case in MIDNIGHTS])
def test_what_begins_before_half_past_midnight_carries_yesterday_s_id(given, linked):
    assert at(**given).prev == (visitor(DAY - 1) if linked else None)


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [("Asia/Kathmandu", DAY * DAY_US - 5 * HOUR_US - 45 * MINUTE_US), ("America/New_York", DAY * DAY_US + 4 * HOUR_US), ("Pacific/Kiritimati", DAY * DAY_US - 14 * HOUR_US)],
)
def test_days_are_local(zone, midnight):
    site = replace(SITE, zones=(Zone(zone),))
    before, after, later = (at(now=midnight + minutes * MINUTE_US, site=site, salts=SALTS) for minutes in (-1, 29, 30))
    assert [found.day for found in (before, after, later)] == [DAY - 1, DAY, DAY]
    assert (before.visitor, after.visitor, later.visitor) == (visitor(DAY - 1), visitor(DAY), visitor(DAY))
    assert (after.prev, later.prev) == (visitor(DAY - 1), None)
    assert (after.time + after.utc_offset * 1_000_000) // DAY_US == DAY


LONG_AGO = NOON - 900 * DAY_US


def test_a_date_counts_with_a_key_alone():
    salts = {**SALTS, DAY - 900: Salt(DAY - 900, b"x" * 16, NOON)}
    keyed = at(time_us=LONG_AGO, caller=by(keyed=True), salts=salts)
    assert (keyed.time, keyed.day, keyed.received) == (LONG_AGO, DAY - 900, NOON)
    assert at(time_us=LONG_AGO, salts=salts).time == NOON
    assert at(caller=by(keyed=True)).time == NOON


def test_a_keyed_date_asks_for_the_salts_it_needs():
    with pytest.raises(NeedsSalt) as caught:
        at(time_us=LONG_AGO, caller=by(keyed=True))
    assert caught.value.day == DAY - 900
    over = {DAY - 900: Salt(DAY - 900, b"x" * 16, LONG_AGO)}  # due, though not destroyed yet
    with pytest.raises(NeedsSalt):
        at(time_us=LONG_AGO, caller=by(keyed=True), salts=over)
    midnight = LONG_AGO - 12 * HOUR_US
    with pytest.raises(NeedsSalt) as caught:
        at(time_us=midnight, caller=by(keyed=True), salts={DAY - 900: Salt(DAY - 900, b"x" * 16, NOON)})
    assert caught.value.day == DAY - 901


def test_what_a_clock_a_little_ahead_calls_now_is_now():
    hit = at(time_us=NOON + 10 * MINUTE_US, caller=by(keyed=True))
    assert isinstance(hit, Hit) and hit.time == NOON


IN_2000 = 946_684_800_000_000
TIMES = {
    "10 minutes and more ahead": NOON + 10 * MINUTE_US + 1,
    "a day ahead": NOON + DAY_US,
    "far ahead": 10**18,
    "seconds for milliseconds": 1_796_066_700_000,
    "1970": 0,
    "before 1970": -1,
    "long before": -(10**18),
    "1999": IN_2000 - 1,
}


@pytest.mark.parametrize("time", TIMES.values(), ids=TIMES)
def test_a_keyed_time_that_cannot_be_is_refused_by_the_name_it_came_by(time):
    for field in ("date", "at"):
        with pytest.raises(Invalid) as caught:
            at(time_us=time, time_field=field, caller=by(keyed=True))
        assert caught.value.field == field


def test_a_keyed_time_may_be_of_2000():
    with pytest.raises(NeedsSalt):
        at(time_us=IN_2000, caller=by(keyed=True))


@pytest.mark.parametrize(
    "caller",
    [by(), by(address="2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"), by(address="::ffff:203.0.113.7"), by(user_agent="Agent \udcff\udcfe sécret")],
    ids=["IPv4", "IPv6", "IPv4 mapped", "bytes that are no UTF-8"],
)
def test_neither_address_nor_user_agent_is_in_the_hit_or_its_bytes(caller):
    found = at("https://example.com/p?utm_source=x&ip=1", caller=caller, referrer="https://other.example/a", kind="custom", name="n", props='{"a":"b"}')
    agent, key = caller.user_agent.encode("utf-8", "surrogateescape"), address_key(caller.address)
    for secret in (caller.address.encode(), agent, agent[:20], key, key[::-1], str(int.from_bytes(key)).encode(), key.hex().encode()):
        assert secret not in encode(found)
        assert secret.decode("latin-1") not in repr(found)


SLASHES = {
    "/about": "/about",
    "/about/": "/about",
    "//about": "/about",
    "///a//b///": "/a/b",
    "/": "/",
    "//": "/",
    "/a/?x=/": "/a",
    "/a%2F/": "/a%2F",
}


@pytest.mark.parametrize(("path", "page"), SLASHES.items(), ids=SLASHES)
def test_slashes_are_merged_where_the_site_says_so(path, page):
    merging = replace(SITE, merge_slashes=True)
    assert at(f"https://example.com{path}", site=merging).page == page
    assert at(f"https://example.com{path}").page == path.partition("?")[0]
    assert at(f"https://example.com{path}", site=merging).page == page


def test_slashes_of_a_fragment_are_merged_too():
    merging = replace(SITE, merge_slashes=True)
    assert at("https://example.com//#//a/", site=merging, hash_mode=True).page == "/#/a"


REFERRERS = {
    "https://blog.example.com/post": None,
    "https://www.example.com/": None,
    "https://a.b.example.com/": None,
    "https://checkout.stripe.com/c/pay": None,
    "https://www.checkout.stripe.com/": None,
    "https://www.example.com./x": None,
    "https://other.example./": "other.example",
    "https://m.paypal.com/x": None,
    "https://paypal.com/x": "paypal.com/x",
    "https://stripe.com/": "stripe.com",
    "https://xexample.com/": "xexample.com",
    "https://other.example/a": "other.example/a",
}


@pytest.mark.parametrize(("referrer", "kept"), REFERRERS.items(), ids=REFERRERS)
def test_own_and_ignored_referrers_are_none(referrer, kept):
    ignored = ("checkout.stripe.com", "*.paypal.com")
    site = replace(WIDE, ignored_referrers=ignored)
    assert at(site=site, referrer=referrer).referrer == kept
