"""Where a visit came from: its source by name and its channel."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from urllib.parse import unquote

from footfall.domain.click import CLICKS, Click
from footfall.domain.event import Hit

PAID = re.compile(r".*cp.*|ppc|retargeting|paid.*")
COUNTRY_HOST = re.compile(r"(?P<label>[a-z0-9-]+(?:\.[a-z0-9-]+)??)\.(?:com|net|org|(?:(?:com?|net|org)\.)?[a-z]{2})")
SEARCHES = re.compile(
    r"(?:(?:www\d*|m|wap|touch|mobile|amp|search|suche|s|r|l|images?|img|pic|videos?|lens|encrypted"
    r"|ipv[46]|cse|yhs\d*|html|lite|safe|start|noai|global|int|tb|nova|[a-z0-9-]+(?=\.search\.)"
    r"|(?!ad|go|id|ir|me|my|tv)[a-z]{2}(?:-[a-z]{2})?)\.)*"
)
"""What may stand before a search engine's host, a dot after each; all else is another service."""

SHOPPING_CAMPAIGN = re.compile(r"(?:.*[^a-df-z])?shop.*|.*shopping.*")
"""Google Analytics' own: `e-shop` and `eshop` are shopping, `workshop` is not."""
DISPLAY = {"display", "banner", "expandable", "interstitial", "cpm"}
SOCIAL = {"social", "social-network", "social-media", "sm", "social network", "social media"}
SELLERS = {click.source for click in CLICKS.values() if click.medium == "cpc"}
URL = re.compile(
    r"(?:(?:(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@]*@)?)?(?P<host>[\w-]+(?:\.[\w-]+)*\.[^\W\d][\w-]+\.?)"
    r"|https?://(?:[^/@]*@)?(?P<any>[\w.-]+|\[[\da-f:.]+\]))"
    r"(?::\d+)?(?:[/?#].*)?"
)
"""A tag that is a URL, in lower case: of any host, or without its scheme of one with a dot."""
EMAIL = {"email", "e-mail", "e_mail", "e mail", "newsletter"}


@dataclass(frozen=True, slots=True)
class Sources:
    """The table of known sources: host or tag to name, name to category.

    `hosts` holds exact hosts (a subdomain falls back to its parents, but for other services of
    search engines) and `anywhere` what stands before any country's ending (`google` for
    google.de and google.co.jp).
    """

    hosts: Mapping[str, str]
    anywhere: Mapping[str, str]
    tags: Mapping[str, str]
    categories: Mapping[str, str]

    @classmethod
    def from_table(cls, table: Mapping[str, Mapping[str, Mapping[str, list[str]]]]) -> "Sources":
        """From the data file: category -> name -> {hosts, tags}; `google.*` means anywhere."""
        hosts: dict[str, str] = {}
        anywhere: dict[str, str] = {}
        tags: dict[str, str] = {}
        categories: dict[str, str] = {}
        for category, names in table.items():
            for name, entry in names.items():
                categories[name] = category
                tags[name.lower()] = name
                tags.update(dict.fromkeys(entry.get("tags", ()), name))
                for host in entry.get("hosts", ()):
                    if host.endswith(".*"):
                        anywhere[host[:-2]] = name
                    else:
                        hosts[host] = name
        return cls(hosts, anywhere, tags, categories)

    def of_host(self, host: str) -> str | None:
        """Return the name of a known host or of the nearest known host above it."""
        parts = host.split(".")
        for start in range(len(parts)):
            name = self._at(".".join(parts[start:]))
            if name and (start == 0 or self._is_part(name, parts[:start])):
                return name
        return None

    def _at(self, host: str) -> str | None:
        if name := self.hosts.get(host):
            return name
        match = COUNTRY_HOST.fullmatch(host)
        return self.anywhere.get(match["label"]) if match else None

    def _is_part(self, name: str, below: Sequence[str]) -> bool:
        """Whether a subdomain is the same service."""
        if self.categories[name] != "search":
            return True
        return SEARCHES.fullmatch("".join([f"{label}." for label in below])) is not None


def source(hit: Hit, sources: Sources) -> str | None:
    """Return the visit's source by name, None for direct.

    First the tag in the URL (utm_source, source, ref). Else the network whose click id it has, or
    the referrer's site, which the gateway leaves out when it is the site itself: an ad's click id
    goes before another kind of site, but not before a search engine that shows the network's ads.
    """
    if hit.tag:
        return _tagged(hit.tag.strip(), sources)
    linking = _linking(hit.referrer, sources) if hit.referrer else None
    click = CLICKS.get(hit.click or "")
    if click is None:
        return linking
    if linking is None:
        return click.source
    known = sources.categories.get(linking, "")
    same_kind = bool(known) and known == sources.categories.get(click.source)
    if same_kind or linking in click.also or not _sold(click):
        return linking
    return click.source


def _tagged(tag: str, sources: Sources) -> str:
    lower = tag.lower()
    known = sources.tags.get(lower) or sources.of_host(lower)
    if known:
        return known
    url = URL.fullmatch(unquote(lower))
    return _of_host(url["host"] or url["any"], sources) if url else tag


def _linking(referrer: str, sources: Sources) -> str:
    return _of_host(referrer.partition("/")[0].lower(), sources)


def _of_host(host: str, sources: Sources) -> str:
    bare = host.removeprefix("www.").rstrip(".")
    return sources.of_host(bare.partition(":")[0]) or bare


def _sold(click: Click) -> bool:
    """Whether the network marks its ads alone."""
    return click.medium not in {"", "email"}


def channel(hit: Hit, name: str | None, sources: Sources) -> str:
    """Return the first channel of `definitions.md` that matches, all compared in lower case."""
    medium = (hit.utm_medium or "").lower()
    campaign = (hit.utm_campaign or "").lower()
    category = sources.categories.get(name or "", "")
    clicked = _clicked(hit, name, category, sources)
    if "cross-network" in campaign:
        return "Cross-network"
    found = _paid({medium, clicked}, campaign, category)
    found = found or _organic(hit, medium or clicked, campaign, category)
    if found:
        return found
    return "Referral" if name or medium in {"referral", "app", "link"} else "Direct"


def _clicked(hit: Hit, name: str | None, category: str, sources: Sources) -> str:
    """Return the medium that the click id stands for, where it can be of this source.

    It is so of the network itself and of engines that show its ads, not of a rival with ads and
    click ids of its own, to which the link was copied.
    """
    click = CLICKS.get(hit.click or "")
    if click is None:
        return ""
    if name == click.source or name in click.also:
        return click.medium
    shows = category == sources.categories.get(click.source) and name not in SELLERS
    return click.medium if category and shows else ""


def _paid(media: Set[str], campaign: str, category: str) -> str | None:
    paid = any(PAID.fullmatch(medium) for medium in media)
    if paid:
        if category == "shopping" or SHOPPING_CAMPAIGN.fullmatch(campaign):
            return "Paid Shopping"
        if category in {"search", "social", "video"}:
            return f"Paid {category.capitalize()}"
    if not DISPLAY.isdisjoint(media):
        return "Display"
    return "Paid Other" if paid else None


def _organic(hit: Hit, medium: str, campaign: str, category: str) -> str | None:
    tag = (hit.tag or "").lower()
    rules = (
        (category == "shopping" or bool(SHOPPING_CAMPAIGN.fullmatch(campaign)), "Organic Shopping"),
        (category == "social" or medium in SOCIAL, "Organic Social"),
        (category == "video" or "video" in medium, "Organic Video"),
        (category == "assistant", "AI Assistants"),
        (category == "search", "Organic Search"),
        (category == "email" or tag in EMAIL or medium in EMAIL, "Email"),
        (medium == "affiliate", "Affiliates"),
        (category == "audio" or medium == "audio", "Audio"),
        (tag == "sms" or medium == "sms", "SMS"),
        (medium.endswith("push") or "mobile" in medium or "notification" in medium, "Mobile Push"),
    )
    return next((name for matches, name in rules if matches), None)
