"""Takes the documentation's pictures of a real server: `python -m tests.end_to_end.pictures FOLDER`, or `make pictures`.

The traffic is made up and ends now, since the dashboard's periods do too; the seed is fixed. Late
in the day (the site's zone is Berlin's) the graphs look best, since their last point is today.
Flags are drawn where the machine has a font with emoji (Debian's fonts-noto-color-emoji).
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.end_to_end.test_browser import AGENT, CHROMIUM, FLAGS
from tests.server import Server, footfall

TRAFFIC = ("--events", "80000", "--days", "396", "--sites", "1", "--seed", "7", "--until", "today")
PRESENT = 7
"""Visitors of the first site who are there just now."""

COLOURS = 256


class Picture(NamedTuple):
    """What is taken: a path of the server, what must be there first, and how wide and high."""

    path: str
    awaits: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"


DASHBOARD = "[data-testid=countries-row]"
PICTURES = {
    "dashboard-light": Picture("/?site=demo-1&period=30d", DASHBOARD, 1280, 964),
    "dashboard-dark": Picture("/?site=demo-1&period=12mo", DASHBOARD, 1280, 964, "dark"),
    "dashboard-phone": Picture("/?site=demo-1&period=7d", DASHBOARD, 390, 844),
    "api": Picture("/api/docs", ".opblock", 1280, 900),
    "example": Picture("/example/", "main", 1280, 620),
}


@contextmanager
def busy_server(data: Path) -> Iterator[Server]:
    """A server with a year of made-up traffic, and the example site."""
    footfall("demo-data", *TRAFFIC, data=data)
    server = Server(data, "--demo")
    try:
        for number in range(PRESENT):  # each a visitor of its own
            hit = {"url": "https://demo-1.example/pricing", "website": "demo-1"}
            assert server.client.post("/v1/track", json=hit, headers={"user-agent": AGENT.replace("124", str(100 + number))}).status_code == 202
        yield server
    finally:
        server.stop()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def page_without_faults(browser: Browser, root: str, width: int = 1280, height: int = 900, scheme: Literal["light", "dark"] = "light") -> Iterator[Page]:
    """A page that must cause no error and ask nobody but the server at `root`."""
    faults: list[str] = []
    context = browser.new_context(
        user_agent=AGENT, viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB", timezone_id="Europe/Berlin", reduced_motion="reduce"
    )
    context.on("request", lambda request: None if request.url.startswith((root, "data:")) else faults.append(f"asks {request.url}"))
    context.on("response", lambda response: None if response.status < 400 else faults.append(f"{response.status} for {response.url}"))
    context.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert not faults, faults


def take(server: Server, browser: Browser, name: str, folder: Path) -> Path:
    """Take one picture, in few colours, which is a third of the size; where it lies."""
    wanted = PICTURES[name]
    with page_without_faults(browser, server.url, wanted.width, wanted.height, wanted.scheme) as page:
        page.goto(server.url + wanted.path)
        expect(page.locator(wanted.awaits).first).to_be_visible()
        page.wait_for_load_state("networkidle")
        path = folder / f"{name}.png"
        page.screenshot(path=path)
    with Image.open(path) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made, busy_server(Path(made) / "data") as running, chromium() as opened:
        for each in PICTURES:
            print(take(running, opened, each, Path(sys.argv[1])))
