"""Script and hits by the host of the site itself.

The configurations of docs/snippet.md, in real nginx and Caddy, and before a real Footfall.
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from tests.end_to_end.test_browser import AGENT, CHROMIUM
from tests.install.manual import blocks
from tests.install.proxy import (
    BELOW,
    TRUSTING,
    UPSTREAM,
    Proxy,
    free_ports,
    pages,
    run_caddy,
    run_nginx,
)
from tests.patience import SECONDS
from tests.server import Server, footfall

pytestmark = pytest.mark.slow
PAGE = "snippet.md"
UNKNOWN = "When the proxy's addresses are not known"
VISITOR, OTHER = "127.0.0.2", "127.0.0.3"
SERVER = (
    "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/cert.pem;"
    " ssl_certificate_key {folder}/key.pem; root {root}; {more} }}"
)


def own_nginx(folder: Path, upstream: str) -> Proxy:
    """The page's location, in a server that has the site's pages."""
    ports = free_ports()
    (location,) = blocks(PAGE, "nginx", heading="nginx")
    assert UPSTREAM in location
    return run_nginx(
        folder,
        SERVER.format(
            port=ports[0],
            folder=folder,
            root=pages(folder),
            more=location.replace(UPSTREAM, upstream),
        ),
        ports,
    )


def own_caddy(folder: Path, upstream: str) -> Proxy:
    """The page's Caddyfile."""
    (site,) = blocks(PAGE, "caddy", heading="Caddy")
    return run_caddy(folder, upstream, "{\n}\n" + site, BELOW)


STARTS: dict[str, Callable[[Path, str], Proxy]] = {"nginx": own_nginx, "caddy": own_caddy}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("own") / "data"
    footfall("site", "add", "example.com", "--public", data=data)
    running = Server(data, "--trusted-proxy", "127.0.0.1")
    yield running
    running.stop()


@pytest.fixture(params=STARTS)
def proxy(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[Proxy]:
    running = STARTS[request.param](tmp_path, urlsplit(server.url).netloc)
    yield running
    running.stop()


def visitors(server: Server, path: str, views: int) -> int:
    """How many were told apart on a page, once it has so many page views."""
    total = server.total("example.com")
    for _ in range(200):
        found = server.query(
            "example.com", ["pageviews", "visitors"], filters=[["is", "event:page", [path]]]
        )[0]["metrics"]
        if found[0] >= views:
            break
        total = server.wait_for_total("example.com", total + 1)
    assert found[0] == views
    return int(found[1])


def hit(path: str) -> dict[str, str]:
    return {"url": f"https://{BELOW}{path}", "website": "example.com"}


def test_the_script_comes_from_there_and_sends_its_hits_there(server: Server, proxy: Proxy) -> None:
    (tag,) = blocks(PAGE, "html", heading="Under your own host")
    path = f"/{proxy.folder.name}.html"
    (pages(proxy.folder) / path[1:]).write_text(
        f"<!doctype html><html lang=en><title>Own</title>{tag}<body>"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=TRUSTING)
        page = browser.new_page()
        page.set_default_timeout(1_000 * SECONDS)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        with page.expect_response("**/v1/track") as told:
            page.goto(proxy.url(BELOW, path))
        assert (told.value.status, told.value.url) == (202, proxy.url(BELOW, "/bits/v1/track"))
        browser.close()
    assert {urlsplit(url).netloc for url in asked} == {f"{BELOW}:{proxy.port}"}
    assert visitors(server, path, 1) == 1


def test_each_hit_counts_once_under_its_visitors_address(server: Server, proxy: Proxy) -> None:
    path = f"/{proxy.folder.name}"
    for source, said in (
        (VISITOR, "203.0.113.1"),
        (VISITOR, "203.0.113.2, 127.0.0.1"),
        (OTHER, "203.0.113.3"),
    ):
        with proxy.client(source) as client:
            answer = client.post(
                f"https://{BELOW}/bits/v1/track",
                json=hit(path),
                headers={
                    "user-agent": AGENT,
                    "x-forwarded-for": said,
                    "content-type": "text/plain",
                },
            )
            assert (answer.status_code, answer.headers.get("x-footfall-dropped")) == (202, None)
    with proxy.client(OTHER) as client:
        image = client.get(
            f"https://{BELOW}/bits/v1/track.gif",
            params={"u": f"https://{BELOW}{path}", "w": "example.com"},
            headers={"user-agent": AGENT},
        )
    assert image.headers["content-type"] == "image/gif"
    assert visitors(server, path, 4) == 2


def test_nothing_else_is_passed_on(proxy: Proxy) -> None:
    with proxy.client() as client:
        for path in ("", "livez", "api/sites", "v1/batch", "js/../livez", "v1/trackers"):
            answer = client.get(f"https://{BELOW}/bits/{path}")
            assert answer.status_code == 404, path
        assert "The other site" in client.get(f"https://{BELOW}/").text


def with_secret(
    folder: Path, upstream: str, header: str = "http_x_nf_client_connection_ip"
) -> Proxy:
    """nginx in front of Footfall, which believes a header beside a secret."""
    ports = free_ports()
    believed, line = blocks(PAGE, "nginx", heading=UNKNOWN)
    server = SERVER.format(
        port=ports[0],
        folder=folder,
        root=folder,
        more=f"location / {{ proxy_pass http://{upstream}; {line} }}",
    )
    return run_nginx(
        folder, believed.replace("http_x_nf_client_connection_ip", header) + server, ports
    )


def test_a_header_is_believed_beside_the_secret_alone(server: Server, tmp_path: Path) -> None:
    proxy = with_secret(tmp_path, urlsplit(server.url).netloc)
    with proxy.client() as client:
        for path, secret in (("/right", "a-long-secret"), ("/wrong", "a-guess"), ("/none", None)):
            for address in ("203.0.113.1", "203.0.113.2"):
                headers = {"user-agent": AGENT, "x-nf-client-connection-ip": address} | (
                    {"x-bits": secret} if secret else {}
                )
                assert (
                    client.post(
                        "https://stats.example.com/v1/track", json=hit(path), headers=headers
                    ).status_code
                    == 202
                )
    proxy.stop()
    assert [visitors(server, path, 2) for path in ("/right", "/wrong", "/none")] == [2, 1, 1]


def test_the_worker_passes_hits_on(server: Server, tmp_path: Path) -> None:
    """In Node, whose requests are those of Workers; the network around it is Cloudflare's."""
    proxy = with_secret(tmp_path, urlsplit(server.url).netloc, "http_x_bits_visitor")
    (worker,) = blocks(PAGE, "js", heading="Cloudflare")
    assert "https://stats.example.com" in worker
    (tmp_path / "worker.mjs").write_text(
        worker.replace("https://stats.example.com", f"https://127.0.0.1:{proxy.port}")
    )
    (tmp_path / "edge.mjs").write_text(
        """
import worker from './worker.mjs'
const told = []
for (const address of ['203.0.113.1', '203.0.113.2']) {
  const headers = {
    'CF-Connecting-IP': address,
    'User-Agent': process.env.AGENT,
    Cookie: 'session=1',
  }
  const options = { method: 'POST', body: process.env.HIT, headers }
  const request = new Request('https://www.example.com/bits/v1/track', options)
  told.push((await worker.fetch(request)).status)
}
for (const path of ['js/f.js', 'livez']) {
  const request = new Request('https://www.example.com/bits/' + path)
  told.push((await worker.fetch(request)).status)
}
console.log(JSON.stringify(told))
"""
    )
    environment = os.environ | {
        "NODE_TLS_REJECT_UNAUTHORIZED": "0",
        "NODE_NO_WARNINGS": "1",
        "AGENT": AGENT,
        "HIT": json.dumps(hit("/worker")),
    }
    done = subprocess.run(
        ["node", "edge.mjs"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    proxy.stop()
    assert json.loads(done.stdout) == [202, 202, 200, 404]
    assert visitors(server, "/worker", 2) == 2


def test_the_rules_of_others_can_be_read() -> None:
    """They cannot be run here: form and addresses alone are looked at."""
    (listed,) = blocks(PAGE, "text", heading="Netlify")
    rules = [tuple(line.split()) for line in listed.splitlines()]
    (told,) = blocks(PAGE, "toml", heading="Netlify")
    redirects = tomllib.loads(told)["redirects"]
    (rewrites,) = blocks(PAGE, "json", heading="Vercel")
    pairs = (
        [rule[:2] for rule in rules]
        + [(each["from"], each["to"]) for each in redirects]
        + [(each["source"], each["destination"]) for each in json.loads(rewrites)["rewrites"]]
    )
    assert {rule[2] for rule in rules} | {str(each["status"]) for each in redirects} == {"200"}
    assert redirects[-1]["headers"] == {"X-Bits": "a-long-secret"}
    assert len(pairs) == 7
    for path, target in pairs:
        assert target.replace(":splat", "*") == "https://stats.example.com" + path.removeprefix(
            "/bits"
        )
