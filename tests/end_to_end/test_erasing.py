"""Sites are renamed, merged, erased from and removed while a server runs and hits go on coming."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.patience import wait_until
from tests.server import BROWSER, Server, footfall

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    for site in ("shop.example", "blog.example"):
        footfall("site", "add", site, "--public", data=tmp_path)
    found = Server(tmp_path, "--trusted-proxy", "127.0.0.1")
    found.wait_until_ready()
    yield found
    found.stop()


class Sender(threading.Thread):
    """Sends page views under one site's name until told to stop; counts what was acknowledged."""

    def __init__(self, server: Server, website: str) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._website = website
        self._over = threading.Event()
        self.taken = 0

    def run(self) -> None:
        with httpx.Client(base_url=self._server.url, headers={"user-agent": BROWSER}) as client:
            while not self._over.is_set():
                hit = {"website": self._website, "url": f"https://{self._website}/{self.taken}"}
                answer = client.post("/v1/track", json=hit)
                assert answer.status_code == 202, answer.text
                assert "x-footfall-dropped" not in answer.headers, answer.headers
                self.taken += 1

    def end(self) -> int:
        self._over.set()
        self.join()
        return self.taken


def sent(server: Server, site: str, *pages: str, address: str = "192.0.2.1") -> None:
    headers = {"x-forwarded-for": address}
    for page in pages:
        hit = {"url": f"https://{site}{page}"}
        assert server.client.post("/v1/track", json=hit, headers=headers).status_code == 202


@pytest.mark.parametrize(
    ("command", "into"),
    [
        pytest.param(("rename", "shop.example", "shop"), "shop", id="rename"),
        pytest.param(("merge", "shop.example", "blog.example", "--yes"), "blog.example", id="merge"),
    ],
)
def test_no_hit_is_lost_while_a_site_moves(server: Server, command: tuple[str, ...], into: str) -> None:
    sender = Sender(server, "shop.example")
    sender.start()
    wait_until(lambda: sender.taken > 100)
    footfall("site", *command, data=server.data)
    before = sender.taken
    wait_until(lambda: sender.taken > before + 100)
    taken = sender.end()
    assert server.wait_for_total(into, taken) == taken
    footfall("site", *command, data=server.data)  # given again it changes nothing
    assert server.total(into) == taken


def test_a_visit_goes_on_under_another_name(server: Server) -> None:
    sent(server, "shop.example", "/a")
    server.wait_for_total("shop.example", 1)
    footfall("site", "rename", "shop.example", "shop", data=server.data)
    sent(server, "shop.example", "/b")
    assert server.wait_for_total("shop", 2) == 2
    assert server.query("shop", ["visitors", "visits"])[0]["metrics"] == [1, 1]


def test_what_is_erased_is_gone_from_reports(server: Server) -> None:
    sent(server, "shop.example", "/users/ann", "/users/bob", "/")
    sent(server, "shop.example", "/users/ann", address="192.0.2.2")
    server.wait_for_total("shop.example", 4)
    erase = ("erase", "--site", "shop.example", "--filter", "event:page==/users/*")
    assert "would erase 3 events of 1 days; give --yes to do it" in footfall(*erase, data=server.data)
    assert server.total("shop.example") == 4
    assert "erased 3 events of 1 days" in footfall(*erase, "--yes", data=server.data)
    rows = server.query("shop.example", ["pageviews", "visitors"], dimensions=["visit:entry_page"])
    assert [(row["dimensions"], row["metrics"]) for row in rows] == [(["/"], [1, 1])]


def test_a_removed_site_leaves_nothing_behind(server: Server) -> None:
    sent(server, "shop.example", *(f"/{number}" for number in range(50)))
    sent(server, "blog.example", "/")
    said = footfall("site", "remove", "shop.example", "--with-facts", "--yes", data=server.data)
    assert "removed shop.example, and 50 events" in said
    footfall("site", "add", "shop.example", "--public", data=server.data)
    server.wait_until_known("https://shop.example/")
    assert server.total("shop.example") == 0
    sent(server, "shop.example", "/new")
    assert server.wait_for_total("shop.example", 1) == 1
    assert server.total("blog.example") == 1


def test_what_waits_on_the_stream_goes_too(tmp_path: Path) -> None:
    """Where no engine runs, the command counts what waits before it removes it."""
    footfall("site", "add", "shop.example", "--public", data=tmp_path)
    gateway = Server(tmp_path, command="serve")
    gateway.wait_until_ready()
    sent(gateway, "shop.example", "/")
    gateway.process.kill()
    gateway.stop()
    said = footfall("site", "remove", "shop.example", "--with-facts", "--yes", data=tmp_path)
    assert "removed shop.example, and 1 events" in said


def key_of(server: Server, site: str) -> dict[str, str]:
    """The header that lets a program erase."""
    add = ("key", "add", "--site", site, "--scope", "sites:erase")
    return {"authorization": f"Bearer {footfall(*add, data=server.data).splitlines()[-1]}"}


def test_a_program_erases_what_was_counted(server: Server) -> None:
    sent(server, "shop.example", "/users/ann", "/users/bob", "/")
    sent(server, "shop.example", "/users/ann", address="192.0.2.2")
    server.wait_for_total("shop.example", 4)
    key, path = key_of(server, "shop.example"), "/api/sites/shop.example/erase"
    body = {"filters": [["contains", "event:page", ["/users/"]]]}
    told = server.client.post(path, json=body, headers=key)
    assert (told.status_code, told.json()["events"]) == (200, 3)
    assert server.total("shop.example") == 4
    for wrong, status in (({}, 401), (key_of(server, "blog.example"), 404)):
        refused = server.client.post(path, json=body | {"dry_run": False}, headers=wrong)
        assert refused.status_code == status
    done = server.client.post(path, json=body | {"dry_run": False}, headers=key)
    assert done.json() == told.json() | {"erased": True}
    rows = server.query("shop.example", ["pageviews", "visitors"], dimensions=["visit:entry_page"])
    assert [(row["dimensions"], row["metrics"]) for row in rows] == [(["/"], [1, 1])]


def test_a_program_renames_merges_and_removes(server: Server) -> None:
    sent(server, "shop.example", "/a", "/b")
    sent(server, "blog.example", "/")
    server.wait_for_total("shop.example", 2)
    key, other = key_of(server, "shop.example"), key_of(server, "blog.example")
    named = server.client.patch("/api/sites/shop.example", json={"id": "shop"}, headers=key)
    assert named.json() == {"site": "shop", "events": 2}
    sent(server, "shop.example", "/c")
    assert server.wait_for_total("shop", 3) == 3
    body = {"into": "blog.example", "into_key": other["authorization"].removeprefix("Bearer ")}
    merged = server.client.post("/api/sites/shop/merge", json=body, headers=key)
    assert merged.json() == {"site": "blog.example", "events": 3}
    assert server.wait_for_total("blog.example", 4) == 4
    gone = server.client.delete("/api/sites/blog.example", headers=other)
    assert gone.json() == {"site": "blog.example", "events": 4}
    assert server.client.get("/api/sites").json() == {"sites": []}


def test_a_program_takes_an_import_back(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    line = '192.0.2.{} - - [10/Jun/2026:12:00:00 +0000] "GET /{} HTTP/1.1" 200 5 "-" "{}"\n'
    log.write_text("".join(line.format(number, number, BROWSER) for number in range(1, 6)))
    footfall("import", str(log), "--site", "shop.example", data=server.data)
    assert server.total("shop.example") == 5
    key, path = key_of(server, "shop.example"), "/api/sites/shop.example/imports"
    assert server.client.get(path).status_code == 401
    (found,) = server.client.get(path, headers=key).json()["imports"]
    assert (found["page_views"], found["source"]) == (5, str(log))
    other = key_of(server, "blog.example")
    theirs = f"/api/sites/blog.example/imports/{found['import']}"
    assert server.client.delete(theirs, headers=other).status_code == 404
    taken = server.client.delete(f"{path}/{found['import']}", headers=key)
    assert taken.json() == {"events": 5, "kept_days": 0}
    assert server.total("shop.example") == 0
    assert server.client.get(path, headers=key).json() == {"imports": []}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("site", "remove", "shop.example", "--with-facts"), "nothing was done; give --yes to do it"),
        (("site", "remove", "nobody", "--with-facts", "--yes"), "there is no site 'nobody'"),
        (("site", "merge", "shop.example", "shop.example", "--yes"), "name two sites"),
        (("site", "rename", "shop.example", "a b"), "site id 'a b' must be"),
        (("erase", "--site", "shop.example"), "--filter or --period is needed"),
        (("erase", "--site", "shop.example", "--period", "ever"), "--period must be one of"),
        (("erase", "--site", "shop.example", "--filter", "page"), "cannot be read at 'page'"),
    ],
)
def test_what_cannot_be_is_refused_by_a_sentence(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    footfall("site", "add", "shop.example", "--public", data=tmp_path)
    listed = footfall("site", "list", data=tmp_path)
    command = [sys.executable, "-m", "footfall", *arguments, "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert says in line
    assert not done.stdout
    assert footfall("site", "list", data=tmp_path) == listed
