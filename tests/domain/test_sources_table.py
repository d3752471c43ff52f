"""The table of known sources: its form, and what it makes of hosts and tags."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

import footfall
from footfall.domain.channel import Sources
from footfall.domain.click import CLICKS

TEXT = (Path(footfall.__file__).parent / "data" / "sources.json").read_text("utf-8")
CATEGORIES = {"search", "social", "video", "shopping", "email", "assistant", "audio", "news"}
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+|[a-z0-9-]+(\.[a-z0-9-]+)?\.\*")


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
            below = "www.m." if SOURCES.categories[name] == "search" else "some.sub."
            assert SOURCES.of_host(below + host.replace(".*", ".co.uk")) == name, host


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
        ("scholar.google.com", "Google Scholar", "news"),
        ("scholar.google.co.uk", "Google Scholar", "news"),
        ("maps.google.de", "Google Maps", "news"),
        ("news.google.com.au", "Google News", "news"),
        ("translate.google.ru", "Google Translate", "news"),
        ("accounts.google.com", "Google Accounts", "news"),
        ("classroom.google.com", "Google Classroom", "news"),
        ("sites.google.com", "Google Sites", "news"),
        ("finance.yahoo.com", "Yahoo Finance", "news"),
        ("uk.finance.yahoo.com", "Yahoo Finance", "news"),
        ("news.yahoo.co.jp", "Yahoo News", "news"),
        ("fr-mg42.mail.yahoo.com", "Yahoo Mail", "email"),
        ("mail.yandex.com.tr", "Yandex Mail", "email"),
        ("outlook.office.com", "Outlook", "email"),
        ("market.yandex.kz", "Yandex Market", "shopping"),
        ("l.facebook.com", "Facebook", "social"),
        ("l.threads.com", "Threads", "social"),
        ("syndicatedsearch.goog", "Google", "search"),
        ("copilot.com", "Copilot", "assistant"),
        ("chat.mistral.ai", "Mistral Le Chat", "assistant"),
        ("someone.blogspot.com.br", "Blogger", "news"),
    ],
)
def test_hosts(host, name, category):
    assert SOURCES.of_host(host) == name
    assert SOURCES.categories[name] == category


OWN = [
    "disk.yandex.ru", "passport.yandex.ru", "cloud.yandex.com", "tv.yandex.ru", "an.evil.yandex.ru",
    "trends.google.com", "patents.google.com", "support.google.com", "colab.research.google.com",
    "console.cloud.google.com", "photos.google.com", "books.google.co.uk", "business.google.com",
    "zhidao.baidu.com", "pan.baidu.com", "baike.baidu.com", "tv.naver.com", "id.naver.com",
    "cafe.daum.net", "login.yahoo.com", "sports.yahoo.com", "page.auctions.yahoo.co.jp",
    "blog.ecosia.org", "help.kagi.com", "webmaster.seznam.cz", "blog.mojeek.com", "th.bing.com.evil",
]  # fmt: skip


@pytest.mark.parametrize("host", OWN)
def test_another_service_of_a_search_engine_is_no_search(host):
    assert SOURCES.of_host(host) is None


SEARCHES = {
    "Google": "www.google.de www2.google.com images.google.fr image.google.com lens.google.com encrypted.google.com ipv4.google.com m.google.com cse.google.com google.com.hk",
    "Bing": "www.bing.com www2.bing.com cn.bing.com m.bing.com global.bing.com de.bing.com",
    "Yahoo!": "search.yahoo.com de.search.yahoo.com r.search.yahoo.com id.search.yahoo.com "
    "my.search.yahoo.com us.yhs4.search.yahoo.com m.search.yahoo.co.jp uk.yahoo.com "
    "uk.images.search.yahoo.com br.yahoo.com",
    "Yandex": "yandex.ru ya.ru www.yandex.com.tr m.yandex.ru images.yandex.ru yandex.kz",
    "Baidu": "www.baidu.com m.baidu.com wap.baidu.com image.baidu.com",
    "DuckDuckGo": "duckduckgo.com html.duckduckgo.com lite.duckduckgo.com safe.duckduckgo.com",
    "Naver": "search.naver.com m.search.naver.com www.naver.com",
    "Seznam": "search.seznam.cz www.seznam.cz",
    "Sogou": "m.sogou.com wap.sogou.com",
    "MSN": "www.msn.com ntp.msn.com",
    "Ask.com": "www.ask.com uk.ask.com nortonsafe.search.ask.com",
}


@pytest.mark.parametrize(("host", "name"), [(host, name) for name, hosts in SEARCHES.items() for host in hosts.split()])
def test_a_search_engine_is_search_on_its_own_hosts(host, name):
    assert SOURCES.of_host(host) == name


def test_every_click_id_names_a_source_of_the_table():
    assert {click.source for click in CLICKS.values()} <= set(SOURCES.categories)
    assert {name for click in CLICKS.values() for name in click.also} <= set(SOURCES.categories)


@pytest.mark.parametrize(
    ("tag", "name", "category"),
    [
        ("google", "Google", "search"),
        ("adwords", "Google", "search"),
        ("bing-ads", "Bing", "search"),
        ("yahoo", "Yahoo!", "search"),
        ("fb", "Facebook", "social"),
        ("ig", "Instagram", "social"),
        ("hn", "Hacker News", "social"),
        ("yt", "YouTube", "video"),
        ("tiktok", "TikTok", "video"),
        ("google_shopping", "Google Shopping", "shopping"),
        ("mailchimp", "Mailchimp", "email"),
        ("hs_email", "HubSpot Email", "email"),
        ("chatgpt.com", "ChatGPT", "assistant"),
        ("openai.com", "ChatGPT", "assistant"),
        ("openai", "ChatGPT", "assistant"),
        ("chat.openai.com", "ChatGPT", "assistant"),
        ("perplexity", "Perplexity", "assistant"),
        ("perplexity.ai", "Perplexity", "assistant"),
        ("www.perplexity.ai", "Perplexity", "assistant"),
        ("claude.ai", "Claude", "assistant"),
        ("gemini", "Gemini", "assistant"),
        ("copilot.com", "Copilot", "assistant"),
        ("copilot.microsoft.com", "Copilot", "assistant"),
        ("deepseek", "DeepSeek", "assistant"),
        ("chat.deepseek.com", "DeepSeek", "assistant"),
        ("grok.com", "Grok", "assistant"),
        ("x.ai", "Grok", "assistant"),
        ("mistral.ai", "Mistral Le Chat", "assistant"),
        ("meta.ai", "Meta AI", "assistant"),
        ("you.com", "You.com", "assistant"),
        ("phind", "Phind", "assistant"),
        ("poe.com", "Poe", "assistant"),
        ("facebook.com", "Facebook", "social"),
        ("m.facebook.com", "Facebook", "social"),
        ("an", "Facebook", "social"),
        ("msg", "Messenger", "social"),
        ("th", "Threads", "social"),
        ("facebook_mobile_feed", "Facebook", "social"),
        ("igshopping", "Instagram", "social"),
        ("insta", "Instagram", "social"),
        ("l.instagram.com", "Instagram", "social"),
        ("linkedin.com", "LinkedIn", "social"),
        ("x.com", "Twitter", "social"),
        ("threads.net", "Threads", "social"),
        ("threads", "Threads", "social"),
        ("bsky.app", "Bluesky", "social"),
        ("mastodon.social", "Mastodon", "social"),
        ("substack", "Substack", "news"),
        ("klaviyo", "Klaviyo", "email"),
        ("hubspot", "HubSpot Email", "email"),
        ("buttondown", "Buttondown", "email"),
        ("mailerlite", "MailerLite", "email"),
        ("brevo", "Brevo", "email"),
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
