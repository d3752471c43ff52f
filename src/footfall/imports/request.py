"""What a request of a log asked for: a page of the site, or why it is none."""

import re
from typing import NamedTuple

from footfall.domain.host import covers
from footfall.domain.reason import Reason
from footfall.domain.site import Site
from footfall.gateway.collect import Page, page_of, page_reason, parse_page
from footfall.gateway.sighting import Invalid
from footfall.imports.reason import LineReason

URL_BYTES = 2_000
ABSOLUTE = ("http://", "https://")
NAMELESS = {"", "_", "-", "*"}
"""Names of a server that is named after no host."""

_USUAL_PORT = re.compile(r":(?:80|443)?$")
_ASSETS = (
    "7z aac apk atom avi avif bin bmp br bz2 cab css csv cur dat deb dmg doc docx eot exe flac flv"
    " gif gz ico ics img iso jar jpeg jpg js json less log m3u8 m4a m4v map mid mjs mkv mov mp3"
    " mp4 mpeg mpg msi odp ods odt ogg ogv opus otf pdf png ppt pptx ps rar rdf rpm rss scss svg"
    " svgz swf tar tgz tif tiff torrent ttf txt wasm wav webm webmanifest webp wmv woff woff2 xls"
    " xlsx xml xsl xz zip zst"
)
ASSETS = frozenset(_ASSETS.split())
"""Endings of what is fetched for a page, or by no reader of pages."""


class Wanted(NamedTuple):
    """What of a log counts. `hostname` and `scheme` are those of lines that name none."""

    hostname: str
    scheme: str = "https"
    keep_bots: bool = False
    keep_assets: bool = False


class Asked(NamedTuple):
    """A page, or the reason why a request is none; a page of the site may have been excluded."""

    page: Page | None
    reason: LineReason | Reason | None = None


def asked(target: str, host: str, site: Site, wanted: Wanted) -> Asked:
    """Return what a request for `target` at a host asked for."""
    named = "" if host in NAMELESS else _USUAL_PORT.sub("", host)
    absolute = target[:8].lower().startswith(ABSOLUTE)
    page = _page(target if absolute else _url(target, named, wanted))
    if page is None:
        return Asked(None, LineReason.NO_PAGE)
    if len(page.path.encode()) > URL_BYTES:
        return Asked(None, LineReason.TOO_LONG)
    if (named or absolute) and not covers((*site.domains, wanted.hostname), page.host):
        return Asked(None, LineReason.OTHER_HOST)
    if not wanted.keep_assets and _is_asset(page.path):
        return Asked(None, LineReason.ASSET)
    counted = page_of(page, site)
    return Asked(counted, page_reason(counted, site))


def _url(target: str, host: str, wanted: Wanted) -> str:
    slash = "" if target.startswith("/") else "/"
    return f"{wanted.scheme}://{host or wanted.hostname}{slash}{target}"


def _page(url: str) -> Page | None:
    # What is long is not remembered; how long what is kept may be is decided later.
    parse = parse_page if len(url) <= URL_BYTES else parse_page.__wrapped__
    try:
        return parse(url)
    except Invalid:
        return None


def _is_asset(path: str) -> bool:
    name = path.rpartition("/")[2]
    return "." in name and name.rpartition(".")[2].lower() in ASSETS
