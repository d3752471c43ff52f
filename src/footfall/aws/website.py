"""The pages that a stack serves: the dashboard, and the example website, which says where its hits go."""

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
    """The dashboard's files. Where it is not served beside the API, or beside the door, it is told where these are."""
    api = "" if urlsplit(outputs["DashboardURL"]).scheme == "https" else f"{outputs['APIRootURL'].rstrip('/')}/{outputs['APIStageName']}"
    beside = tracking(outputs).startswith(outputs["DashboardURL"])
    told = {"api": api, "track": "" if beside else tracking(outputs), "pauseMs": PAUSE_MS}
    config = made("config.json", json.dumps(told).encode(), REVALIDATE, ())
    return {**_folder("dashboard"), "config.json": config, **_tracker()}


def example(outputs: Mapping[str, str]) -> dict[str, File]:
    """The example website's files: `--demo`'s, with the addresses of a stack."""
    found = {name: made(name, _addressed(file.body.decode(), outputs).encode(), REVALIDATE, ()) if name.endswith(PAGES) else file for name, file in _folder("example").items()}
    return {**found, **_tracker()}


def example_site(outputs: Mapping[str, str]) -> Site:
    """The example website as the registry has it."""
    host = urlsplit(outputs["WebsiteURL"]).hostname
    assert host
    return Site(outputs["WebsiteID"], domains=(host,), public=True)


def _addressed(page: str, outputs: Mapping[str, str]) -> str:
    track, site = tracking(outputs), outputs["WebsiteID"]
    for old, new in (
        ('"../js/f.js" data-site="example"', f'"{TRACKER}" data-site="{escape(site)}" data-api="{escape(track)}"'),
        ("../v1/track.gif?w=example", escape(f"{track}.gif?w={quote(site, safe='')}")),
        ("../?site=example", escape(f"{outputs['DashboardURL']}?site={quote(site, safe='')}")),
        ("'../v1/track'", f"'{track}'"),
        ("website: 'example'", f"website: '{site}'"),
    ):
        page = page.replace(old, new)
    return page


def tracking(outputs: Mapping[str, str]) -> str:
    """Where hits go."""
    return "/".join(outputs[name].strip("/") for name in ("TrackingRootURL", "TrackingStageName", "TrackingResource"))


def _folder(name: str) -> dict[str, File]:
    return {key: file for key, file in load(STATIC / name, "").items() if key and not key.endswith("/")}


def _tracker() -> dict[str, File]:
    """The tracker under its stable name, and under that of its version, which pages that pin it go on asking for."""
    script = compose.script()
    return {TRACKER: made(TRACKER, script.body, REVALIDATE, ()), script.pinned(TRACKER): made(TRACKER, script.body, IMMUTABLE, ())}
