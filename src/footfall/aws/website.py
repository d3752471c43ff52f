"""The pages that a stack serves: the dashboard and the example website, with its addresses."""

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote, urlsplit

from footfall import compose
from footfall.domain.site import Site
from footfall.gateway.files import IMMUTABLE, REVALIDATE, File, load, made

STATIC = Path(str(files("footfall") / "static"))
TRACKERS = "js/"
"""Where every version stays that was ever served."""

TRACKER = f"{TRACKERS}f.js"
PAGES = (".html", ".js")
OUTPUTS = {
    "APIRootURL",
    "APIStageName",
    "BucketNameDashboard",
    "BucketNameWebsite",
    "DashboardURL",
    "TrackingResource",
    "TrackingRootURL",
    "TrackingStageName",
    "WebsiteID",
    "WebsiteURL",
}
"""What a stack must tell for its pages to be made."""

PAUSE_MS = 10_000
"""Between a dashboard's rounds of reading, each of which costs some requests."""


def dashboard(outputs: Mapping[str, str]) -> dict[str, File]:
    """Return the dashboard's files; they say where API and door are, if not beside them."""
    api = ""
    if urlsplit(outputs["DashboardURL"]).scheme != "https":
        api = f"{outputs['APIRootURL'].rstrip('/')}/{outputs['APIStageName']}"
    track = tracking(outputs)
    if track.startswith(outputs["DashboardURL"]):
        track = ""
    content = json.dumps({"api": api, "track": track, "pauseMs": PAUSE_MS})
    config = made("config.json", content.encode(), REVALIDATE, ())
    return {**_folder("dashboard"), "config.json": config, **_tracker()}


def example(outputs: Mapping[str, str]) -> dict[str, File]:
    """Return the example website's files: `--demo`'s, with the addresses of a stack."""
    found = _folder("example")
    for name, file in found.items():
        if name.endswith(PAGES):
            page = _addressed(file.body.decode(), outputs)
            found[name] = made(name, page.encode(), REVALIDATE, ())
    return {**found, **_tracker()}


def example_site(outputs: Mapping[str, str]) -> Site:
    """The example website as the registry has it."""
    host = urlsplit(outputs["WebsiteURL"]).hostname
    assert host
    return Site(outputs["WebsiteID"], domains=(host,), public=True)


def _addressed(page: str, outputs: Mapping[str, str]) -> str:
    track, site = tracking(outputs), outputs["WebsiteID"]
    quoted = quote(site, safe="")
    script = f'"{TRACKER}" data-site="{escape(site)}" data-api="{escape(track)}"'
    addresses = {
        '"../js/f.js" data-site="example"': script,
        "../v1/track.gif?w=example": escape(f"{track}.gif?w={quoted}"),
        "../?site=example": escape(f"{outputs['DashboardURL']}?site={quoted}"),
        "'../v1/track'": f"'{track}'",
        "website: 'example'": f"website: '{site}'",
    }
    for old, new in addresses.items():
        page = page.replace(old, new)
    return page


def tracking(outputs: Mapping[str, str]) -> str:
    """Return where hits go."""
    names = ("TrackingRootURL", "TrackingStageName", "TrackingResource")
    return "/".join(outputs[name].strip("/") for name in names)


def _folder(name: str) -> dict[str, File]:
    files = load(STATIC / name, "")
    return {key: file for key, file in files.items() if key and not key.endswith("/")}


def _tracker() -> dict[str, File]:
    """Return the tracker under its stable name, and under that of its version for who pins it."""
    script = compose.script()
    return {
        TRACKER: made(TRACKER, script.body, REVALIDATE, ()),
        script.pinned(TRACKER): made(TRACKER, script.body, IMMUTABLE, ()),
    }
