"""Every rule of definitions.md's "Channel" in its order, and "Source"."""

import pytest

from footfall.domain.channel import Sources, channel, source
from footfall.domain.event import Hit

TABLE = {
    "search": {
        "Google": {"hosts": ["google.*"], "tags": ["google", "adwords"]},
        "Bing": {"hosts": ["bing.com"]},
        "DuckDuckGo": {"hosts": ["duckduckgo.com"]},
        "Yandex": {"hosts": ["yandex.*"]},
    },
    "social": {
        "Facebook": {"hosts": ["facebook.com", "fb.com"], "tags": ["fb", "ig"]},
        "Twitter": {"hosts": ["twitter.com", "t.co", "x.com"]},
        "Instagram": {"hosts": ["instagram.com"]},
        "LinkedIn": {"hosts": ["linkedin.com"]},
    },
    "shopping": {"Amazon": {"hosts": ["amazon.*"]}, "Etsy": {"hosts": ["etsy.com"]}},
    "video": {"YouTube": {"hosts": ["youtube.com", "youtu.be"]}},
    "assistant": {"ChatGPT": {"hosts": ["chatgpt.com", "chat.openai.com"]}},
    "email": {"Gmail": {"hosts": ["mail.google.com", "com.google.android.gm"]}, "Mailchimp": {"hosts": ["list-manage.com"]}},
    "other": {"Hacker News": {"hosts": ["news.ycombinator.com"]}, "DoubleClick": {"hosts": ["doubleclick.net"]}, "Awin": {"hosts": ["awin1.com"]}},
}
SOURCES = Sources.from_table(TABLE)


def hit(tag=None, medium=None, campaign=None, referrer=None, click=None):
    base = Hit("s", 1, "pageview", 0, 0, 0, 0, 1, None, "https", "example.com", None, "/")
    return base._replace(tag=tag, utm_source=tag, utm_medium=medium, utm_campaign=campaign, referrer=referrer, click=click)


def of(**origin):
    found = hit(**origin)
    return channel(found, source(found, SOURCES), SOURCES)


# Each case but the first of a group also fits a later rule, to show the order.
RULES = [
    ("Cross-network", {"campaign": "cross-network"}),
    ("Cross-network", {"campaign": "My Cross-Network shop", "medium": "cpc", "tag": "google"}),
    ("Paid Shopping", {"medium": "cpc", "tag": "etsy"}),
    ("Paid Shopping", {"medium": "ppc", "tag": "google", "campaign": "Shop-2024"}),
    ("Paid Shopping", {"click": "gclid", "tag": "google", "campaign": "summer shopping"}),
    ("Paid Search", {"medium": "cpc", "tag": "google"}),
    ("Paid Search", {"medium": "PPC", "tag": "Bing"}),
    ("Paid Search", {"medium": "retargeting", "referrer": "www.google.co.jp"}),
    ("Paid Search", {"medium": "paidsearch", "tag": "google"}),
    ("Paid Search", {"medium": "cpm", "tag": "google"}),  # paid, so before Display
    ("Paid Search", {"click": "gclid", "referrer": "www.google.de/search"}),
    ("Paid Search", {"click": "gclid", "tag": "google", "medium": "email"}),
    ("Paid Search", {"click": "msclkid", "referrer": "www.bing.com"}),
    ("Paid Search", {"click": "gclid"}),
    ("Paid Search", {"click": "msclkid", "referrer": "duckduckgo.com"}),  # which shows Bing's ads
    ("Paid Video", {"click": "gclid", "referrer": "www.youtube.com"}),
    ("Paid Social", {"click": "li_fat_id"}),
    ("Paid Social", {"click": "fbclid", "tag": "facebook", "medium": "paid"}),
    ("Paid Shopping", {"click": "gclid", "campaign": "shopping"}),
    ("Display", {"click": "dclid"}),
    ("Organic Social", {"click": "fbclid"}),
    ("Organic Social", {"click": "gclid", "tag": "facebook"}),
    ("Email", {"click": "mc_cid"}),
    ("Email", {"click": "gclid", "tag": "some", "medium": "email"}),
    ("Affiliates", {"click": "awc"}),
    ("Paid Social", {"medium": "cpc", "tag": "facebook"}),
    ("Paid Social", {"medium": "paid-social", "tag": "ig"}),
    ("Paid Video", {"medium": "cpv-cpc", "tag": "youtube"}),
    ("Paid Video", {"medium": "paid", "referrer": "m.youtube.com/watch"}),
    ("Display", {"medium": "display"}),
    ("Display", {"medium": "Banner", "tag": "facebook"}),
    ("Display", {"medium": "expandable", "campaign": "shop"}),
    ("Display", {"medium": "interstitial", "tag": "google"}),
    ("Display", {"medium": "cpm", "tag": "somewhere"}),
    ("Paid Other", {"medium": "cpc"}),
    ("Paid Other", {"medium": "paid", "tag": "newsletter"}),
    ("Paid Other", {"medium": "cpc", "tag": "chatgpt.com"}),
    ("Paid Other", {"medium": "retargeting", "tag": "somewhere"}),
    ("Organic Shopping", {"referrer": "www.amazon.co.uk/dp/1"}),
    ("Organic Shopping", {"campaign": "shopping", "tag": "facebook"}),
    ("Organic Shopping", {"campaign": "webshopping"}),
    ("Organic Shopping", {"tag": "etsy", "medium": "social"}),
    ("Organic Social", {"referrer": "m.facebook.com"}),
    ("Organic Social", {"medium": "social", "tag": "google"}),
    ("Organic Social", {"medium": "social-network"}),
    ("Organic Social", {"medium": "Social-Media", "tag": "youtube"}),
    ("Organic Social", {"medium": "sm"}),
    ("Organic Video", {"referrer": "youtu.be/abc"}),
    ("Organic Video", {"medium": "video", "tag": "google"}),
    ("Organic Video", {"tag": "youtube", "medium": "email"}),
    ("AI Assistants", {"referrer": "chatgpt.com"}),
    ("AI Assistants", {"tag": "chatgpt.com", "medium": "email"}),
    ("Organic Search", {"referrer": "www.google.com"}),
    ("Organic Search", {"tag": "google", "medium": "email"}),
    ("Organic Search", {"referrer": "bing.com", "click": "gclid"}),  # Google's click id does not make Bing paid
    ("Organic Search", {"referrer": "google.com", "click": "msclkid"}),
    ("Email", {"medium": "email"}),
    ("Email", {"medium": "E-Mail", "tag": "somewhere"}),
    ("Email", {"medium": "newsletter"}),
    ("Email", {"tag": "newsletter", "medium": "affiliate"}),
    ("Email", {"tag": "Email"}),
    ("Affiliates", {"medium": "affiliate", "tag": "sms"}),
    ("Audio", {"medium": "audio", "tag": "sms"}),
    ("SMS", {"medium": "sms"}),
    ("SMS", {"tag": "SMS", "medium": "push"}),
    ("Mobile Push", {"medium": "webpush"}),
    ("Mobile Push", {"medium": "in-mobile-app", "tag": "somewhere"}),
    ("Mobile Push", {"medium": "Notification"}),
    ("Referral", {"medium": "referral"}),
    ("Referral", {"medium": "app"}),
    ("Referral", {"medium": "link"}),
    ("Referral", {"tag": "somewhere", "medium": "whatever"}),
    ("Referral", {"referrer": "news.ycombinator.com/item"}),
    ("Referral", {"referrer": "blog.example.org"}),
    ("Direct", {}),
    ("Direct", {"medium": "whatever"}),
    ("Direct", {"campaign": "summer"}),
    ("Direct", {"campaign": "workshop"}),  # holds "shop", but is none
]


@pytest.mark.parametrize(("expected", "origin"), RULES, ids=[f"{name}: {' '.join(f'{key}={value}' for key, value in origin.items())}" for name, origin in RULES])
def test_channel(expected, origin):
    assert of(**origin) == expected


def test_the_table_above_covers_every_channel():
    assert len({name for name, _ in RULES}) == 19


SOURCE_CASES = [
    ("Google", {"tag": "google"}),
    ("Google", {"tag": "GOOGLE "}),
    ("Google", {"tag": "www.google.co.uk"}),
    ("Facebook", {"tag": "fb", "referrer": "www.google.de/"}),  # the tag goes before the referrer
    ("some-partner", {"tag": "some-partner", "referrer": "www.google.de"}),
    ("Some Partner", {"tag": "Some Partner"}),
    ("Google", {"referrer": "google.de"}),
    ("Google", {"referrer": "www.google.com.br/search"}),
    ("Google", {"referrer": "www.google.co.jp"}),
    ("Gmail", {"referrer": "mail.google.com/mail/u/0"}),
    ("Gmail", {"referrer": "com.google.android.gm"}),
    ("Twitter", {"referrer": "t.co/abc"}),
    ("Facebook", {"referrer": "m.facebook.com"}),
    ("Facebook", {"referrer": "l.facebook.com/l.php"}),
    ("google.evil.example", {"referrer": "google.evil.example"}),
    ("notgoogle.com", {"referrer": "notgoogle.com"}),
    ("example.org", {"referrer": "www.example.org/a/b"}),
    ("blog.example.org", {"referrer": "blog.example.org"}),
    ("[2001:db8::1]", {"referrer": "[2001:db8::1]/a"}),
    # click ids
    ("Google", {"click": "gclid"}),
    ("Google", {"click": "gbraid", "referrer": "www.google.com"}),
    ("Google", {"click": "gclid", "referrer": "ads.example.org/frame"}),
    ("Google", {"click": "gclid", "referrer": "mail.google.com"}),
    ("YouTube", {"click": "gclid", "referrer": "www.youtube.com"}),
    ("Bing", {"click": "msclkid"}),
    ("DuckDuckGo", {"click": "msclkid", "referrer": "duckduckgo.com"}),
    ("Bing", {"click": "gclid", "referrer": "www.bing.com"}),
    ("Yandex", {"click": "yclid"}),
    ("Facebook", {"click": "fbclid"}),
    ("Instagram", {"click": "fbclid", "referrer": "l.instagram.com"}),
    ("Google", {"click": "fbclid", "referrer": "www.google.com"}),  # a link found where it was shared
    ("blog.example.org", {"click": "fbclid", "referrer": "blog.example.org"}),
    ("some-partner", {"click": "gclid", "tag": "some-partner"}),
    ("TikTok", {"click": "ttclid"}),
    ("Google", {"click": "unknown", "referrer": "www.google.com"}),
    # tags that are URLs
    ("example.org", {"tag": "https://example.org/x"}),
    ("example.org", {"tag": "HTTP://www.Example.org:8080/x?y#z"}),
    ("example.org", {"tag": "//example.org/"}),
    ("example.org", {"tag": "www.example.org"}),
    ("example.org", {"tag": "example.org/x/y"}),
    ("example.org", {"tag": "Example.org"}),
    ("example.org", {"tag": "https://user:secret@example.org/"}),
    ("example.org", {"tag": "https%3A%2F%2Fexample.org"}),
    ("bücher.example", {"tag": "https://bücher.example/a"}),
    ("Gmail", {"tag": "android-app://com.google.android.gm/"}),
    ("Facebook", {"tag": "https://l.facebook.com/l.php?u=1"}),
    ("Google", {"tag": "https://www.google.co.uk/search?q=x"}),
    ("v1.2", {"tag": "v1.2"}),
    ("may/letter", {"tag": "may/letter"}),
    ("letter 1.5", {"tag": "letter 1.5"}),
    ("a.b@example.org", {"tag": "a.b@example.org"}),
    ("Mr. Smith", {"tag": "Mr. Smith"}),
    ("scholar.google.com", {"referrer": "scholar.google.com/scholar"}),
    ("disk.yandex.ru", {"referrer": "disk.yandex.ru"}),
    ("Google", {"referrer": "lens.google.com"}),
    (None, {}),
    (None, {"medium": "email", "campaign": "spring"}),
]


@pytest.mark.parametrize(("expected", "origin"), SOURCE_CASES, ids=[f"{name}: {' '.join(f'{key}={value}' for key, value in origin.items())}" for name, origin in SOURCE_CASES])
def test_source(expected, origin):
    assert source(hit(**origin), SOURCES) == expected
