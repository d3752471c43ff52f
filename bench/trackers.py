"""Trackers beside each other.

What a page has to load, how long they keep its main thread, and what they send.

All are bundled alike by esbuild, as modules, each on a page of its own; one server takes whatever
they send, on a host of its own as a collector has. Those of others are npm's, told to do what ours
does, as far as they can.
"""

import gzip
import json
import subprocess
import tempfile
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, sync_playwright

from bench.collecting import say
from bench.machine import middle
from tests.end_to_end.test_browser import CHROMIUM, FLAGS

ROOM = Path(__file__).with_suffix("")
SERVED = ROOM.parents[1] / "src/footfall/static/tracker/f.js"
OURS = "footfall"
NONE = "none"
ROUNDS = 5
QUIET_MS = 400
SETTLE_MS = 700
STAY_MS = 1_500
# API is the collector's address.
ENTRIES = {
    OURS: (
        "import {init} from '../../tracker/src/index';"
        " init({api: API + '/v1/track', site: 'shop.test'})"
    ),
    "@plausible-analytics/tracker": """import {init} from '@plausible-analytics/tracker';
        init({domain: 'shop.test', endpoint: API + '/event',
            outboundLinks: true, fileDownloads: true, formSubmissions: true})""",
    "plausible-tracker": (
        "import Plausible from 'plausible-tracker'; const p = Plausible({domain:"
        " 'shop.test', apiHost: API}); p.enableAutoPageviews(); p.enableAutoOutboundTracking()"
    ),
    "@counterscale/tracker": (
        "import * as c from '@counterscale/tracker'; c.init({siteId: 'shop', reporterUrl:"
        " API + '/collect'})"
    ),
    "ackee-tracker": (
        "import * as a from 'ackee-tracker';"
        " a.create(API).record('hd11f820-68a1-11e6-8047-79c0c2d9bce0')"
    ),
    "swetrix": (
        "import {init, trackViews} from 'swetrix'; init('shop', {apiURL: API + '/log'});"
        " trackViews()"
    ),
    "@openpanel/web": """import {OpenPanel} from '@openpanel/web';
        new OpenPanel({apiUrl: API, clientId: 'shop',
            trackScreenViews: true, trackOutgoingLinks: true, trackAttributes: true})""",
    "@snowplow/browser-tracker": """
        import {newTracker, enableActivityTracking, trackPageView} from '@snowplow/browser-tracker';
        newTracker('s', API, {appId: 'shop'});
        enableActivityTracking({minimumVisitLength: 5, heartbeatDelay: 10}); trackPageView()""",
    "posthog-js": (
        "import posthog from 'posthog-js'; posthog.init('shop', {api_host: API, defaults:"
        " '2025-05-24', disable_session_recording: true})"
    ),
}
# What each of them asks of its server before it goes on.
ANSWERS = {"/api": {"data": {"createRecord": {"payload": {"id": "1"}}}}}


class Sent(NamedTuple):
    """A request that the collector got."""

    method: str
    path: str
    bytes: int


class Collector:
    """Serves the pages by name, and takes everything else.

    `sent` is what came since it was emptied, `loaded` what pages asked for.
    """

    def __init__(self, scripts: dict[str, bytes]) -> None:
        self.sent: list[Sent] = []
        self.loaded: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                path = self.path.partition("?")[0]
                kind, content, status = "text/html", b"", 200
                if not self.headers["host"].startswith("collect.test"):
                    content, kind = document(path, scripts)
                    collector.loaded.add(path)
                else:
                    collector.sent.append(Sent(self.command, path, len(body) + len(self.path)))
                    if self.command == "POST":
                        status = 200 if path in ANSWERS else 202
                    kind, content = (
                        ("text/javascript", b"")
                        if path.endswith(".js")
                        else ("application/json", json.dumps(ANSWERS.get(path, {})).encode())
                    )
                self.send_response(status)
                asked_headers = self.headers.get("access-control-request-headers")
                headers = {
                    "content-type": f"{kind}; charset=utf-8",
                    "content-length": str(len(content)),
                    "access-control-allow-origin": self.headers.get("origin") or "*",
                    "access-control-allow-credentials": "true",
                    "access-control-allow-headers": asked_headers or "*",
                    "access-control-allow-methods": "GET, POST, PATCH",
                }
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_OPTIONS = do_PATCH = answer

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Pages that are left close their connections."""

        self.server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, name: str) -> str:
        """The page of a tracker."""
        return f"http://shop.test:{self.server.server_port}/{slug(name)}"

    def taken(self) -> str:
        """How many requests came since, and that some asked for leave first."""
        methods = [sent.method for sent in self.sent]
        self.sent.clear()
        asked = methods.count("OPTIONS")
        return f"{len(methods) - asked}" + (f"+{asked} preflight" if asked else "")


def document(path: str, scripts: dict[str, bytes]) -> tuple[bytes, str]:
    """A page long enough to be scrolled, or its script; and what that is."""
    if path in scripts:
        return scripts[path], "text/javascript"
    name = path[1:]
    script = f"/{name}/stdin.js"
    tag = f'<script type="module" src="{script}"></script>' if script in scripts else ""
    page = (
        f'<!doctype html><html lang="en"><title>{name}</title><link rel="icon" href="data:,">'
        f'{tag}<body style="height: 9000px">A page'
    )
    return page.encode(), "text/html"


def measure(rounds: int = ROUNDS) -> list[str]:
    """The lines to print; they are printed as they come."""
    lines = [
        say(
            "trackers, bundled alike; main thread: its processor time,"
            f" median of {rounds} page views less those without a tracker, taken in turn"
        )
    ]
    scripts = bundles()
    collector = Collector(scripts)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, "--host-resolver-rules=MAP *.test 127.0.0.1"]
        )
        requests = {name: visit(browser, collector, name) for name in ENTRIES}
        weights = {name: weight(scripts, collector.loaded, name) for name in ENTRIES}
        times: dict[str, list[float]] = defaultdict(list)
        for _ in range(rounds):
            for name in (NONE, *ENTRIES):
                times[name].append(busy(browser, collector, name))
        browser.close()
    collector.server.shutdown()
    bare = middle(times[NONE])
    took = {name: middle(times[name]) - bare for name in ENTRIES}
    lines.append(
        say(
            f"  {'':30}{'gzip bytes':>18}{'main thread':>20}   requests:"
            " opened, in-app page, left; kept in the browser"
        )
    )
    for name in ENTRIES:
        weight = f"{weights[name]:,} ({weights[name] / weights[OURS]:.1f})"
        time = f"{took[name]:.1f} ms ({took[name] / took[OURS]:.1f})"
        lines.append(say(f"  {name:30}{weight:>18}{time:>20}   {requests[name]}"))
    lines.append(
        say(
            f"  (in brackets: times {OURS}'s; the page alone took {bare:.1f} ms,"
            f" from {min(times[NONE]):.1f} to {max(times[NONE]):.1f})"
        )
    )
    served = len(gzip.compress(SERVED.read_bytes(), 9, mtime=0))
    lines.append(say(f"  {OURS} as it is served, /js/f.js: {served:,} bytes"))
    return lines


def weight(scripts: dict[str, bytes], loaded: set[str], name: str) -> int:
    """The bytes of a tracker's loaded scripts, each packed by gzip."""
    paths = [path for path in loaded if path.startswith(f"/{slug(name)}/")]
    return sum(len(gzip.compress(scripts[path], 9, mtime=0)) for path in paths)


def bundles() -> dict[str, bytes]:
    """The minified files of each entry by their paths; code loaded late has files of its own."""
    files: dict[str, bytes] = {}
    for name, entry in ENTRIES.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [
                "node_modules/.bin/esbuild",
                "--bundle",
                "--minify",
                "--format=esm",
                "--splitting",
                "--target=es2020",
                "--legal-comments=none",
                "--loader=ts",
                f"--outdir={folder}",
            ]
            source = f"const API = 'http://collect.test:' + location.port\n{entry}"
            subprocess.run(
                command, cwd=ROOM, input=source.encode(), capture_output=True, check=True
            )
            files |= {
                f"/{slug(name)}/{path.name}": path.read_bytes() for path in Path(folder).iterdir()
            }
    return files


def slug(name: str) -> str:
    """A package's name as a file's."""
    return name.removeprefix("@").replace("/", "-")


def visit(browser: Browser, collector: Collector, name: str) -> str:
    """What is sent when a page is opened, when another is shown in it, and when it is left.

    And what lies in the browser then.
    """
    page = browser.new_page()
    collector.sent.clear()
    page.goto(collector.url(name))
    page.wait_for_timeout(SETTLE_MS)
    page.mouse.wheel(0, 4_000)
    page.wait_for_timeout(STAY_MS)
    counts = [collector.taken()]
    page.evaluate("document.title = 'Second'; history.pushState(0, '', '/second')")
    page.wait_for_timeout(STAY_MS + SETTLE_MS)
    counts.append(collector.taken())
    kept = page.evaluate(
        "[document.cookie && 'cookies', localStorage.length && 'localStorage',"
        " sessionStorage.length && 'sessionStorage'].filter(Boolean).join(', ')"
    )
    page.goto(collector.url(NONE).replace("shop.test", "else.test"))
    page.wait_for_timeout(SETTLE_MS)
    counts.append(collector.taken())
    page.close()
    return f"{', '.join(counts)}; {kept or 'nothing'}"


def busy(browser: Browser, collector: Collector, name: str) -> float:
    """Milliseconds that a page view of a new visitor keeps the main thread.

    Loading, running, sending, and scrolling a little.
    """
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    # The thread's own time: that of others on the machine does not count.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(collector.url(name))
    page.mouse.wheel(0, 1_000)
    page.wait_for_timeout(QUIET_MS)
    metrics = {
        each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]
    }
    context.close()
    return float(metrics["TaskDuration"]) * 1e3
