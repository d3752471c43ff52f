"""Visitors walk over real pages, several tabs at a time, and our reports say what they did."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from footfall.compose import open_registry
from footfall.domain.site import Site
from footfall.settings import read
from tests.end_to_end.test_browser import CHROMIUM
from tests.patience import SECONDS, wait_for
from tests.server import BROWSER, Server
from tests.tracker.real.sites import RealSites

pytestmark = pytest.mark.slow
WALKER = Path(__file__).parent / "real" / "walker.cjs"
HOSTS = ("docs", "app")
STEPS = 11
AT_ONCE = 4
BEGIN = (
    ("background", "close", "download", "vote", "call"),
    ("background", "another", "typed", "back", "forward"),
    ("follow", "reload", "leave", "scroll"),
    ("offline", "read"),
)
"""What walks do before they go by chance: so all of that has been done by some."""

DONE = {
    "background",
    "back",
    "call",
    "close",
    "download",
    "follow",
    "forward",
    "offline",
    "outbound",
    "read",
    "reload",
    "scroll",
    "show",
    "typed",
    "vote",
}
"""What some walk must have done, by the names of the walker's log."""

DONE_BY_CHANCE = {"hash", "restored"}
"""What the pages and the browser allow now and then, so that some of many walks have done it."""

TOLERANCE = 0.1
"""Of the time of reading, of all walks together; and what a busy machine was late besides."""


@pytest.fixture(scope="module", params=[pytest.param(20, id="some"), pytest.param(200, id="many", marks=[pytest.mark.torture, pytest.mark.timeout(1800)])])
def sites(request: pytest.FixtureRequest) -> list[str]:
    """The sites of as many sessions: the one visitor is another one on each."""
    return [f"{HOSTS[number % 2]}-{number}" for number in range(request.param)]


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory, sites: list[str]) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("walks") / "data"
    data.mkdir()
    registry = open_registry(read({"data": str(data)}, {}))
    for site in sites:
        registry.put_site(Site(site, (f"{site}.test",), public=True), new=True)
    registry.close()
    running = Server(data)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def pages(counting: Server) -> Iterator[RealSites]:
    running = RealSites(counting.url + "/js/f.js")
    yield running
    running.stop()


def walk(pages: RealSites, site: str, seed: int) -> dict[str, Any]:
    """What a visitor did, by the walker's own log."""
    given = {
        "browser": CHROMIUM,
        "agent": BROWSER,
        "address": pages.url(f"{site}.test"),
        "seed": seed,
        "begin": BEGIN[seed % len(BEGIN)],
        "steps": STEPS,
    }
    done = subprocess.run(["node", WALKER, json.dumps(given)], capture_output=True, text=True, timeout=2 * SECONDS)
    assert done.stdout, f"seed {seed} of {site}: {done.stderr}"
    told: dict[str, Any] = json.loads(done.stdout)
    assert "error" not in told, f"seed {seed} of {site}: {told}"
    return told


def rows(server: Server, site: str, metrics: list[str], *dimensions: str, **more: Any) -> dict[Any, Any]:
    found = server.query(site, metrics, dimensions=list(dimensions), **more)
    return {row["dimensions"][0] if dimensions else "all": row["metrics"] for row in found}


def counted(server: Server, site: str) -> dict[str, Any]:
    """What the reports say of it."""
    views = {page: views for page, (views,) in rows(server, site, ["pageviews"], "event:page").items() if views}
    events = {name: events for name, (events,) in rows(server, site, ["events"], "event:name").items() if name != "pageview" and events}
    visits = [rows(server, site, ["visits"], dimension) for dimension in ("visit:entry_page", "visit:exit_page")]
    whole = rows(server, site, ["visitors", "visits"])["all"]
    return {"views": views, "events": events, "entry": visits[0], "exit": visits[1], "visitors and visits": whole}


def expected(told: dict[str, Any]) -> dict[str, Any]:
    return {"views": told["views"], "events": told["events"], "entry": {told["order"][0]: [1]}, "exit": {told["order"][-1]: [1]}, "visitors and visits": [1, 1]}


def test_the_reports_say_what_visitors_did(counting: Server, pages: RealSites, sites: list[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as walkers:
        walks = list(walkers.map(lambda site: walk(pages, *site), [(site, 1 + number) for number, site in enumerate(sites)]))
    wanted = [expected(told) for told in walks]
    wait_for(lambda: [counted(counting, site) for site in sites], wanted)
    wrong = [
        f"seed {seed} of {site}: {counted(counting, site)} instead of {expected(told)}\n" + "\n".join(map(str, told["log"]))
        for seed, (site, told) in enumerate(zip(sites, walks, strict=True), 1)
        if counted(counting, site) != expected(told)
    ]
    assert not wrong, "\n\n".join(wrong)
    read_ms = sum(told["engaged"] for told in walks)
    told_ms = sum(1000 * (rows(counting, site, ["time_on_page"])["all"][0] or 0) for site in sites)
    print(f"{len(walks)} walks, {sum(len(told['order']) for told in walks)} page views, {read_ms / 1000:.0f} s of reading, told as {told_ms / 1000:.0f} s")
    late_ms = sum(told["late"] for told in walks)
    assert abs(told_ms - read_ms) <= TOLERANCE * read_ms + late_ms
    done = {step[1] for told in walks for step in told["log"]}
    assert not DONE - done
    if len(walks) > 100:
        assert not DONE_BY_CHANCE - done
