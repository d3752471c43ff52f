"""The table of known sources: its form, and what it makes of hosts and tags."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

import footfall
from footfall.domain.channel import Sources

TEXT = (Path(footfall.__file__).parent / "data" / "sources.json").read_text("utf-8")
CATEGORIES = {"search", "social", "video", "shopping", "email", "assistant", "audio", "news"}
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+|[a-z0-9-]+\.\*")


def unique(pairs):
    repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    assert not repeated, f"written twice: {repeated}"
    return dict(pairs)


TABLE = json.loads(TEXT, object_pairs_hook=unique)
ENTRIES = [(name, entry) for names in TABLE.values() for name, entry in names.items()]
SOURCES = Sources.from_table(TABLE)


def repeated(values):
    return [value for value, count in Counter(values).items() if count > 1]


def test_categories_are_the_known_ones():
    assert set(TABLE) == CATEGORIES
    assert all(TABLE.values())


def test_every_entry_has_hosts_and_tags_only():
    for name, entry in ENTRIES:
        assert set(entry) == {"hosts", "tags"}, name
        assert name == name.strip() and (entry["hosts"] or entry["tags"]), name


def test_no_name_host_or_tag_stands_twice():
    assert not repeated(name.lower() for name, _ in ENTRIES)
    assert not repeated(host for _, entry in ENTRIES for host in entry["hosts"])
    assert not repeated(tag for name, entry in ENTRIES for tag in [name.lower(), *entry["tags"]])


def test_hosts_are_bare_and_lower_case():
    for name, entry in ENTRIES:
        for host in entry["hosts"]:
            assert HOST.fullmatch(host) and not host.startswith("www."), f"{name}: {host}"


def test_tags_are_lower_case():
    for name, entry in ENTRIES:
        for tag in entry["tags"]:
            assert tag and tag == tag.strip().lower(), f"{name}: {tag}"


def test_a_tag_that_is_a_host_means_that_host():
    for tag, name in SOURCES.tags.items():
        assert SOURCES.of_host(tag) in (None, name), tag


def test_every_host_resolves_to_its_own_source():
    for name, entry in ENTRIES:
        for host in entry["hosts"]:
            assert SOURCES.of_host(host.replace(".*", ".com")) == name, host
            assert SOURCES.of_host("some.sub." + host.replace(".*", ".co.uk")) == name, host


@pytest.mark.parametrize("tag", ["newsletter", "email", "e-mail", "sms", "direct", "referral", "organic", "cpc"])
def test_a_medium_is_no_source(tag):
    assert tag not in SOURCES.tags


@pytest.mark.parametrize(
    ("host", "name", "category"),
    [
        ("google.com", "Google", "search"),
        ("google.de", "Google", "search"),
        ("google.co.uk", "Google", "search"),
        ("google.com.br", "Google", "search"),
        ("images.google.co.jp", "Google", "search"),
        ("com.google.android.googlequicksearchbox", "Google", "search"),
        ("bing.com", "Bing", "search"),
        ("cn.bing.com", "Bing", "search"),
        ("duckduckgo.com", "DuckDuckGo", "search"),
        ("search.yahoo.com", "Yahoo!", "search"),
        ("search.yahoo.co.jp", "Yahoo!", "search"),
        ("yandex.com.tr", "Yandex", "search"),
        ("ya.ru", "Yandex", "search"),
        ("m.baidu.com", "Baidu", "search"),
        ("m.facebook.com", "Facebook", "social"),
        ("lm.facebook.com", "Facebook", "social"),
        ("l.instagram.com", "Instagram", "social"),
        ("t.co", "Twitter", "social"),
        ("x.com", "Twitter", "social"),
        ("com.twitter.android", "Twitter", "social"),
        ("lnkd.in", "LinkedIn", "social"),
        ("old.reddit.com", "Reddit", "social"),
        ("out.reddit.com", "Reddit", "social"),
        ("pinterest.co.uk", "Pinterest", "social"),
        ("go.bsky.app", "Bluesky", "social"),
        ("fosstodon.org", "Mastodon", "social"),
        ("news.ycombinator.com", "Hacker News", "social"),
        ("web.telegram.org", "Telegram", "social"),
        ("tieba.baidu.com", "Baidu Tieba", "social"),
        ("youtu.be", "YouTube", "video"),
        ("m.youtube.com", "YouTube", "video"),
        ("vm.tiktok.com", "TikTok", "video"),
        ("amazon.com.au", "Amazon", "shopping"),
        ("ebay.co.uk", "eBay", "shopping"),
        ("shopping.google.com", "Google Shopping", "shopping"),
        ("articulo.mercadolibre.com.ar", "Mercado Libre", "shopping"),
        ("mail.google.com", "Gmail", "email"),
        ("com.google.android.gm", "Gmail", "email"),
        ("outlook.live.com", "Outlook", "email"),
        ("mail.yahoo.com", "Yahoo Mail", "email"),
        ("e.mail.ru", "Mail.ru", "email"),
        ("go.mail.ru", "Mail.ru Search", "search"),
        ("chatgpt.com", "ChatGPT", "assistant"),
        ("chat.openai.com", "ChatGPT", "assistant"),
        ("gemini.google.com", "Gemini", "assistant"),
        ("copilot.microsoft.com", "Copilot", "assistant"),
        ("open.spotify.com", "Spotify", "audio"),
        ("music.amazon.de", "Amazon Music", "audio"),
        ("news.google.com", "Google News", "news"),
        ("de.wikipedia.org", "Wikipedia", "news"),
        ("docs.google.com", "Google Workspace", "news"),
        ("someone.blogspot.com.br", "Blogger", "news"),
    ],
)
def test_hosts(host, name, category):
    assert SOURCES.of_host(host) == name
    assert SOURCES.categories[name] == category


@pytest.mark.parametrize(
    ("tag", "name", "category"),
    [
        ("google", "Google", "search"),
        ("adwords", "Google", "search"),
        ("bing-ads", "Bing", "search"),
        ("yahoo", "Yahoo!", "search"),
        ("fb", "Facebook", "social"),
        ("ig", "Instagram", "social"),
        ("x", "Twitter", "social"),
        ("hn", "Hacker News", "social"),
        ("yt", "YouTube", "video"),
        ("tiktok", "TikTok", "video"),
        ("google_shopping", "Google Shopping", "shopping"),
        ("mailchimp", "Mailchimp", "email"),
        ("hs_email", "HubSpot Email", "email"),
        ("chatgpt.com", "ChatGPT", "assistant"),
        ("perplexity", "Perplexity", "assistant"),
        ("spotify", "Spotify", "audio"),
        ("producthunt", "Product Hunt", "news"),
    ],
)
def test_tags(tag, name, category):
    assert (SOURCES.tags.get(tag) or SOURCES.of_host(tag)) == name
    assert SOURCES.categories[name] == category


@pytest.mark.parametrize(
    "host",
    ["google.evil.com", "notgoogle.com", "google.com.evil.com", "google-login.com", "mygoogle.de", "facebook.com.evil.net", "xt.co", "example.com", "com", "localhost", ""],
)
def test_other_hosts_are_unknown(host):
    assert SOURCES.of_host(host) is None
