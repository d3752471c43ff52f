"""Where a visit came from: its source by name and its channel."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from footfall.domain.event import Hit

PAID = re.compile(r".*cp.*|ppc|retargeting|paid.*")
COUNTRY_HOST = re.compile(r"(?P<label>[a-z0-9-]+)\.(?:com|net|org|(?:(?:com?|net|org)\.)?[a-z]{2})")
SHOPPING_CAMPAIGN = re.compile(r"(?:.*[^a-df-z])?shop.*|.*shopping.*")
"""Google Analytics' own: `e-shop` and `eshop` are shopping, `workshop` is not."""
DISPLAY = {"display", "banner", "expandable", "interstitial", "cpm"}
SOCIAL = {"social", "social-network", "social-media", "sm", "social network", "social media"}
EMAIL = {"email", "e-mail", "e_mail", "e mail", "newsletter"}


@dataclass(frozen=True, slots=True)
class Sources:
    """The table of known sources: host or tag to name, name to category.

    `hosts` holds exact hosts (a subdomain falls back to its parents) and `anywhere` labels
    that stand before any country's ending (`google` for google.de and google.co.jp).
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
        """The name of a known host or of the nearest known host above it."""
        parts = host.split(".")
        for start in range(len(parts)):
            tail = ".".join(parts[start:])
            if name := self.hosts.get(tail):
                return name
            match = COUNTRY_HOST.fullmatch(tail)
            if match and (name := self.anywhere.get(match["label"])):
                return name
        return None


def source(hit: Hit, sources: Sources) -> str | None:
    """The visit's source by name, None for direct.

    First the tag in the URL (utm_source, source, ref), else the referrer's site, which the
    gateway leaves out when it is the site itself.
    """
    if hit.tag:
        tag = hit.tag.strip()
        return sources.tags.get(tag.lower()) or sources.of_host(tag.lower()) or tag
    if hit.referrer:
        host = hit.referrer.split("/", 1)[0].lower().removeprefix("www.").rstrip(".")
        return sources.of_host(host.partition(":")[0]) or host
    return None


def channel(hit: Hit, name: str | None, sources: Sources) -> str:
    """The first channel of `definitions.md` that matches, all compared in lower case."""
    medium = (hit.utm_medium or "").lower()
    campaign = (hit.utm_campaign or "").lower()
    category = sources.categories.get(name or "", "")
    if "cross-network" in campaign:
        return "Cross-network"
    return _paid(hit, medium, campaign, category, name) or _organic(hit, medium, campaign, category) or ("Referral" if name or medium in {"referral", "app", "link"} else "Direct")


def _paid(hit: Hit, medium: str, campaign: str, category: str, name: str | None) -> str | None:
    clicked = (hit.click == "gclid" and name == "Google") or (hit.click == "msclkid" and name == "Bing")
    paid = bool(PAID.fullmatch(medium))
    if paid or clicked:
        if category == "shopping" or SHOPPING_CAMPAIGN.fullmatch(campaign):
            return "Paid Shopping"
        if category in {"search", "social", "video"}:
            return f"Paid {category.capitalize()}"
    if medium in DISPLAY:
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
