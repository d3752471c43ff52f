"""Plausible traffic out of nothing, as SQL: the same seed gives the same rows.

`EVENTS` selects it in the columns of `facts.STAGED`, for `Facts.load`. Every random choice is a hash of the seed, the site, the day, the visit and a number that says
what is chosen, so that rows depend on nothing else, nor on how many days are made at once.
`$days` are the site-days to fill (`SiteDay` as mappings), `$until` (microseconds) ends what is made.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from footfall.domain.event import HOUR_US
from footfall.domain.goal import Goal
from footfall.domain.site import Site, Zone, day_date, quarter_of, utc_offset
from footfall.store.facts import STAGED

HOMES = (
    ("Europe/Berlin", "DE"), ("America/New_York", "US"), ("UTC", "GB"), ("Asia/Kolkata", "IN"), ("Europe/Paris", "FR"), ("America/Sao_Paulo", "BR"), ("Australia/Sydney", "AU"),
)  # fmt: skip
GOALS = (
    Goal("Read the blog", page="/blog/*"),
    Goal("Download", event="Download"),
    Goal("Signup to Pro", event="Signup", props=(("plan", "pro"),)),
    Goal("Purchase in EUR", event="Purchase", currency="EUR"),
)
WEEK = (1.12, 1.15, 1.13, 1.08, 0.98, 0.74, 0.80)
"""How much of a mean day's visits each day has, from Monday on."""

GROWTH = 0.6
"""How much more visits the last day has than the first, as a share of the mean."""

PAGES = 2_000
MOST_PAGES = 20
SLOTS = 1_000
"""Choices have weights that are cut into so many slots."""

ACROSS_MIDNIGHT = "INTERVAL 30 MINUTE"
EVENTS_A_VISIT = 5.87
"""Page views, custom events and engagements of a mean visit begun; one in eight is a visitor's second, and some of those are folded into the first."""


class SiteDay(NamedTuple):
    """A local day of a site to fill with visits; instants are microseconds, offsets seconds.

    The clock stands `before` seconds ahead of UTC until `change`, then `after`. `home` is the
    country that half of its visitors are in.
    """

    number: int
    site: str
    hostname: str
    home: str
    day: int
    midnight: int
    next_midnight: int
    before: int
    change: int
    after: int
    visits: int


def sites(count: int) -> list[Site]:
    """The sites `demo-1` and so on, which anyone may read."""
    names = [f"demo-{number}" for number in range(1, count + 1)]
    return [Site(name, (f"{name}.example",), zones=(Zone(_home(index)[0]),), public=True, goals=GOALS) for index, name in enumerate(names)]


def site_days(several: Sequence[Site], events: int, first: int, last: int, seed: int) -> list[SiteDay]:
    """The days from first to last of these sites, with about so many events in all; the first site is the largest (Zipf)."""
    dice = random.Random(seed)
    visits = events / EVENTS_A_VISIT / sum(1 / number for number in range(1, len(several) + 1))
    days = range(first, last + 1)
    shares = [WEEK[day_date(day).weekday()] * (1 + GROWTH * ((day - first + 0.5) / (last - first + 1) - 0.5)) for day in days]
    whole, found = sum(shares), []
    for day, share in zip(days, shares, strict=True):
        for index, site in enumerate(several):
            mean = visits / (index + 1) * share / whole * dice.uniform(0.9, 1.1)
            found.append(_site_day(index, site, day, int(mean + dice.random())))
    return found


def _home(index: int) -> tuple[str, str]:
    return HOMES[index % len(HOMES)]


def _site_day(index: int, site: Site, day: int, visits: int) -> SiteDay:
    zone = site.zones[0].name
    midnight, following = (_midnight(each, zone) for each in (day, day + 1))
    before, after, change = utc_offset(midnight, zone), utc_offset(following + 12 * HOUR_US, zone), midnight
    while before != after and utc_offset(change, zone) == before:
        change = quarter_of(change, zone).change
    return SiteDay(index + 1, site.id, site.domains[0], _home(index)[1], day, midnight, following, before, change, after, visits)


def _midnight(day: int, zone: str) -> int:
    return int(datetime.combine(day_date(day), datetime.min.time(), ZoneInfo(zone)).timestamp()) * 1_000_000


class Origin(NamedTuple):
    """Where a visit may come from; `weight` is in thousandths."""

    weight: int
    source: str | None
    channel: str
    referrer: str | None = None
    tag: str | None = None
    click: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_term: str | None = None


ORIGINS = (
    Origin(395, None, "Direct"),
    Origin(265, "Google", "Organic Search", "www.google.com"),
    Origin(25, "Bing", "Organic Search", "www.bing.com"),
    Origin(25, "DuckDuckGo", "Organic Search", "duckduckgo.com"),
    Origin(35, "Hacker News", "Organic Social", "news.ycombinator.com/item"),
    Origin(30, "Twitter", "Organic Social", "t.co/9fXy2ab"),
    Origin(30, "Reddit", "Organic Social", "www.reddit.com/r/selfhosted"),
    Origin(20, "LinkedIn", "Organic Social", "www.linkedin.com"),
    Origin(15, "YouTube", "Organic Video", "www.youtube.com"),
    Origin(20, "ChatGPT", "AI Assistants", "chatgpt.com"),
    Origin(20, "GitHub", "Referral", "github.com"),
    Origin(15, "blog.partner.example", "Referral", "blog.partner.example/review"),
    Origin(10, "forum.example.org", "Referral", "forum.example.org/thread/12"),
    Origin(45, "Google", "Paid Search", "www.google.com", "google", "gclid", "google", "cpc", "autumn-sale", "headline-a", "web analytics"),
    Origin(20, "Facebook", "Paid Social", "www.facebook.com", "facebook", None, "facebook", "paid", "autumn-sale", "video", None),
    Origin(20, "letter", "Email", None, "letter", None, "letter", "email", "weekly", "top", None),
    Origin(10, "letter", "Email", None, "letter", None, "letter", "email", "launch", "button", None),
)

COUNTRIES = (
    ("US", 270), ("DE", 140), ("GB", 90), ("FR", 70), ("IN", 70), ("NL", 45), ("CA", 45), ("BR", 40), ("ES", 35), ("IT", 35), ("PL", 30),
    ("JP", 30), ("AU", 25), ("CH", 20), ("AT", 15), ("SE", 15), ("MX", 10), ("PT", 5), ("ZA", 5), ("KR", 4), (None, 1),
)  # fmt: skip
DEVICES = (  # browser, its version, system, its version, device, screen, weight
    ("Chrome", "131.0", "Windows", "10", "desktop", "Desktop", 190),
    ("Chrome", "130.0", "Windows", "10", "desktop", "Laptop", 90),
    ("Edge", "131.0", "Windows", "10", "desktop", "Laptop", 70),
    ("Firefox", "133.0", "Windows", "10", "desktop", "Desktop", 45),
    ("Chrome", "131.0", "macOS", "10.15", "desktop", "Laptop", 75),
    ("Safari", "18.1", "macOS", "10.15", "desktop", "Laptop", 60),
    ("Firefox", "133.0", "Linux", None, "desktop", "Desktop", 35),
    ("Chrome", "131.0", "Linux", None, "desktop", "Desktop", 15),
    ("Chrome", "131.0", "Android", "10", "mobile", "Mobile", 165),
    ("Samsung Internet", "27.0", "Android", "10", "mobile", "Mobile", 35),
    ("Safari", "18.1", "iOS", "18.1", "mobile", "Mobile", 150),
    ("Safari", "17.6", "iOS", "17.6", "mobile", "Mobile", 40),
    ("Safari", "17.6", "iPadOS", "17.6", "tablet", "Tablet", 20),
    ("Chrome", "120.0", "Android", "13", "tablet", "Tablet", 8),
    (None, None, None, None, "other", None, 2),
)
LANGUAGES = (("en-US", 420), ("de", 180), ("en-GB", 110), ("fr", 80), ("es", 60), ("nl", 50), ("pt-BR", 40), ("it", 30), ("ja", 20), (None, 10))
HOURS = (14, 9, 7, 6, 7, 11, 20, 34, 52, 64, 66, 62, 56, 58, 64, 66, 62, 56, 52, 54, 58, 54, 42, 26)
"""How much of a local day's visits begin in each hour, in thousandths."""

CUSTOM = (  # name, properties, interactive, currency, weight
    ("Outbound Link: Click", '{"url":"https://github.com/"}', True, None, 260),
    ("Outbound Link: Click", '{"url":"https://docs.example.org/"}', True, None, 160),
    ("Scroll to End", None, False, None, 180),
    ("Download", '{"file":"guide.pdf"}', True, None, 120),
    ("Signup", '{"plan":"free"}', True, None, 130),
    ("Signup", '{"plan":"pro"}', True, None, 50),
    ("Signup", '{"plan":"team","seats":"5"}', True, None, 20),
    ("Purchase", '{"plan":"pro","period":"year"}', True, "EUR", 40),
    ("Purchase", '{"plan":"pro","period":"month"}', True, "EUR", 25),
    ("Purchase", '{"plan":"pro","period":"year"}', True, "USD", 15),
)
SECTIONS = ("blog", "docs", "blog", "guides", "products", "blog", "news", "help")
WORDS = (
    "quiet", "river", "stream", "counting", "visitors", "privacy", "simple", "numbers", "garden", "winter", "release", "notes", "install", "upgrade", "reports", "goals",
    "funnel", "events", "export", "import", "servers", "small", "machine", "durable", "queue", "engine", "graph", "letter", "morning", "market", "paper", "window",
)  # fmt: skip


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def _slots(names: str, rows: Iterable[Sequence[object]]) -> str:
    """A relation of `names` and `slot`: each row, its weight last, has as many slots of `SLOTS`."""
    values = ", ".join(f"({number}, {', '.join(map(_literal, row))})" for number, row in enumerate(rows))
    return (
        f"(SELECT {names}, row_number() OVER (ORDER BY number, copy) - 1 AS slot "
        f"FROM (SELECT *, unnest(range(weight)) AS copy FROM (VALUES {values}) AS given(number, {names}, weight)))"
    )


def _list(values: Iterable[object]) -> str:
    return f"[{', '.join(map(_literal, values))}]"


def _dice(of: str, what: int) -> str:
    """From 0 to 999,999, for the choice `what` of something."""
    return f"(hash({of}, {what}) % 1_000_000)"


def _slot(of: str, what: int) -> str:
    return f"CAST(hash({of}, {what}) % {SLOTS} AS BIGINT)"


_origin = ", ".join(name for name in Origin._fields if name != "weight")
_device = "browser, browser_version, os, os_version, device, screen"
_own_of_view = {
    "site": "site",
    "kind": "kind",
    "received": "time + to_milliseconds(CAST(20 + hash(id, 1) % 180 AS BIGINT))",
    "id": "id",
    "time": "time",
    "day": "CAST(time + to_seconds(utc_offset) AS DATE)",
    "utc_offset": "utc_offset",
    "scheme": "'https'",
    "hostname": "hostname",
    "page": "path",
    "title": "CASE WHEN kind = 'pageview' THEN title END",
    "name": "CASE WHEN kind = 'custom' THEN name END",
    "props": "CASE WHEN kind = 'custom' THEN props END",
    "currency": "CASE WHEN kind = 'custom' THEN currency END",
    "amount": f"CASE WHEN kind = 'custom' AND currency IS NOT NULL THEN round(9 + {_dice('id', 2)} * {_dice('id', 3)} / 5e9, 2) END",
    "interactive": "kind <> 'custom' OR interactive",
    "page_view": "CASE WHEN kind <> 'pageview' THEN view END",
    "engaged": "CASE WHEN kind = 'engagement' THEN engaged ELSE 0 END",
    "scroll": "CASE WHEN kind = 'engagement' THEN 10 + hash(id, 4) % 91 END",
    "shard": "'demo-' || $seed",
    "sequence": "CAST(id >> 1 AS BIGINT)",
    # A visitor has another id after midnight, and those soon after it are linked to the one before.
    "visitor": "CASE WHEN tomorrow THEN hash(visitor, 1) ELSE visitor END",
    "prev": f"CASE WHEN tomorrow AND time - to_milliseconds(CASE WHEN kind = 'engagement' THEN engaged ELSE 0 END) < next_midnight + {ACROSS_MIDNIGHT} THEN visitor END",
    "country": "country",
    "language": "language",
    **{name: name for name in _device.split(", ")},
    **{name: f"CASE WHEN kind = 'pageview' AND n = 0 THEN {name} END" for name in _origin.split(", ")},
    "channel": "CASE WHEN kind = 'pageview' AND n = 0 THEN channel ELSE 'Direct' END",
}

# Pages after a first share decay by Zipf's law: `pages ** u` is p or less with a chance of log(p + 1) / log(pages).
EVENTS = f"""
WITH days AS (
    SELECT * EXCLUDE (midnight, next_midnight, change), make_timestamp(midnight) AS midnight,
        make_timestamp(next_midnight) AS next_midnight, make_timestamp(change) AS change
    FROM (SELECT unnest($days, recursive := true))),
paths AS (
    SELECT p, CASE WHEN p = 1 THEN '/' WHEN p = 2 THEN '/pricing' WHEN p = 3 THEN '/docs/' ELSE
            '/' || {_list(SECTIONS)}[1 + p % {len(SECTIONS)}] || '/' || first || '-' || second || '-' || p END AS path,
        CASE WHEN p = 1 THEN 'Welcome' ELSE upper(first[1]) || first[2:] || ' ' || second || ' ' || p END AS title
    FROM (SELECT p, {_list(WORDS)}[1 + (p * 7) % {len(WORDS)}] AS first, {_list(WORDS)}[1 + (p * 13 + p // 31) % {len(WORDS)}] AS second FROM range(1, {PAGES + 1}) r(p))),
begun AS (
    SELECT * EXCLUDE (i), hash($seed, number, day, i) AS dice,
        hash($seed, number, day, i - CASE WHEN i > 0 AND hash($seed, number, day, i, 1) % 8 = 0 THEN 1 ELSE 0 END, 2) AS visitor
    FROM (SELECT *, unnest(range(visits)) AS i FROM days)),
visitors AS (
    SELECT begun.* EXCLUDE (home), CASE WHEN hash(visitor, 2) % 2 = 0 THEN home ELSE c.country END AS country, l.language, d.* EXCLUDE (slot), o.* EXCLUDE (slot),
        midnight + to_microseconds(CAST(hour.hour * 3_600_000_000 + hash(dice, 1) % 3_600_000_000 AS BIGINT)) AS start,
        CASE WHEN {_dice("dice", 2)} < 420_000 THEN 1
            ELSE least({MOST_PAGES}, 2 + CAST(floor(-3 * ln(({_dice("dice", 3)} + 1) / 1_000_001)) AS BIGINT)) END AS pages,
        8_000 + CAST({_dice("dice", 4)} / 1e6 * {_dice("dice", 5)} / 1e6 * 240_000 AS BIGINT) AS pace
    FROM begun
    JOIN {_slots("country", COUNTRIES)} c ON c.slot = {_slot("visitor", 3)}
    JOIN {_slots("language", LANGUAGES)} l ON l.slot = {_slot("visitor", 4)}
    JOIN {_slots(_device, DEVICES)} d ON d.slot = {_slot("visitor", 5)}
    JOIN {_slots(_origin, [(*origin[1:], origin[0]) for origin in ORIGINS])} o ON o.slot = {_slot("dice", 6)}
    JOIN {_slots("hour", list(enumerate(HOURS)))} hour ON hour.slot = {_slot("dice", 7)}),
views AS (
    SELECT *, hash(dice, n, 8) AS view,
        start + to_milliseconds(n * pace + CAST(hash(dice, n, 9) % (pace // 4) AS BIGINT)) AS viewed,
        CASE WHEN n < pages - 1 THEN pace * 3 // 10 + CAST(hash(dice, n, 10) % (pace * 4 // 10) AS BIGINT)
            ELSE 1_000 + CAST(pow({_dice("dice", 11)} / 1e6, 3) * 600_000 AS BIGINT) END AS engaged
    FROM (SELECT *, unnest(range(pages)) AS n FROM visitors)),
told AS (
    SELECT views.*, paths.path, paths.title, custom.* EXCLUDE (slot), unnest(
        CASE WHEN {_dice("view", 1)} < 850_000 THEN CASE WHEN {_dice("view", 2)} < 80_000 THEN ['pageview', 'custom', 'engagement'] ELSE ['pageview', 'engagement'] END
            WHEN {_dice("view", 2)} < 80_000 THEN ['pageview', 'custom'] ELSE ['pageview'] END) AS kind
    FROM views JOIN paths ON paths.p = least({PAGES}, CAST(floor(pow({PAGES}, {_dice("view", 3)} / 1e6)) AS BIGINT))
    JOIN {_slots("name, props, interactive, currency", CUSTOM)} custom ON custom.slot = {_slot("view", 4)}),
timed AS (
    SELECT *, CASE kind WHEN 'pageview' THEN hash(view, 5) WHEN 'custom' THEN hash(view, 6) ELSE hash(view, 7) END AS id,
        viewed + to_milliseconds(CASE kind WHEN 'pageview' THEN 0 WHEN 'custom' THEN engaged // 2 ELSE engaged END) AS time
    FROM told),
placed AS (SELECT *, CASE WHEN time >= change THEN after ELSE before END AS utc_offset, time >= next_midnight AS tomorrow FROM timed)
SELECT {", ".join(f"{_own_of_view.get(column, 'NULL')} AS {column}" for column in STAGED)}
FROM placed WHERE time < make_timestamp($until)
"""
