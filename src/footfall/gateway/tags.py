"""The parameters of a URL that tell where a visit came from."""

from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

from footfall.domain.click import CLICKS
from footfall.gateway.sighting import clean

TAG_LENGTH = 255


class Tags(NamedTuple):
    """Those that a hit keeps, in its order.

    `tag` is the first of utm_source, source and ref; `click` names a click id, which is not kept.
    """

    tag: str | None = None
    click: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_term: str | None = None


NO_TAGS = Tags()
TAGS = Tags._fields
KEPT = frozenset({"source", "ref", *TAGS[2:]})


def tags_of(*queries: str) -> Tags | None:
    """Return the few parameters that are kept; of equal ones the first counts.

    Of several click ids of a query the last counts: each network adds its own at the end.
    """
    found: dict[str, str] = {}
    click = None
    for query in queries:
        clicked = _read(query, found) if query else None
        click = click or clicked
    if not found and click is None:
        return None
    tag = found.get("utm_source") or found.get("source") or found.get("ref")
    return Tags(tag, click, *(found.get(name) for name in TAGS[2:]))


def _read(query: str, found: dict[str, str]) -> str | None:
    """Add the parameters of a query, and return the click id's name."""
    click = None
    if "?utm_" in query:  # a second `?`, where a program appended to a URL that had one
        query = query.replace("?utm_", "&utm_")
    for pair in query.lstrip("?").split("&"):
        name, _, value = pair.partition("=")
        if not value:
            continue
        # Links copied out of a page's source have `&amp;` between their parameters.
        name = (unquote(name) if "%" in name else name).lower().removeprefix("amp;")
        if name in CLICKS:
            click = name
        elif name in KEPT and (text := clean(unquote_plus(value))[:TAG_LENGTH]):
            found.setdefault(name, text)
    return click
