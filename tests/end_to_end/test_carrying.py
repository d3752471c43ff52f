"""A site goes from a running server to another, while hits come and engines are killed."""

import csv
import io
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.patience import SECONDS, wait_until
from tests.server import BROWSER, FOOTFALL, Server, footfall

pytestmark = pytest.mark.slow
SITE = "demo-1"
ASKED: list[dict[str, Any]] = [
    {"metrics": ["visitors", "visits", "pageviews", "bounce_rate", "visit_duration", "total_revenue"]},
    {"metrics": ["visitors", "events", "conversion_rate"], "dimensions": ["event:goal"]},
    {"metrics": ["visits", "pageviews", "scroll_depth"], "dimensions": ["time:day", "visit:channel"]},
    {"metrics": ["visits"], "dimensions": ["visit:entry_page", "visit:exit_page"], "filters": [["contains", "event:page", ["o"]]]},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("carrying") / "from"
    footfall("demo-data", "--events", "40000", "--days", "20", "--sites", "1", "--until", "today", data=data)
    return data


@pytest.fixture(scope="module")
def source(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    server.wait_until_ready()
    yield server
    server.stop()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "to")
    server.wait_until_ready()
    yield server
    server.stop()


class Visitors(threading.Thread):
    """Send page views until told to stop; `counted` were acknowledged."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.url, self.stop, self.counted = server.url, threading.Event(), 0

    def run(self) -> None:
        with httpx.Client(base_url=self.url, timeout=SECONDS, headers={"user-agent": BROWSER}) as client:
            while not self.stop.is_set():
                body = {"url": f"https://demo-1.example/live/{self.counted}", "website": SITE, "id": str(uuid4())}
                self.counted += client.post("/v1/track", json=body).status_code == 202

    def __enter__(self) -> "Visitors":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.join()


def answers(server: Server, site: str = SITE) -> list[Any]:
    return [server.query(site, **asked) for asked in ASKED]


def started(*arguments: str, data: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([*FOOTFALL, *arguments, "--data", str(data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)


def ended(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=2 * SECONDS)
    assert process.returncode == 0, err
    return out + err


def live(data: Path) -> int:
    """How many of the page views sent are counted."""
    return int(footfall("query", "--site", SITE, "--metric", "pageviews", "--filter", "event:page==/live/*", "--period", "all", "--format", "csv", data=data).split()[-1])


def test_a_site_goes_from_a_running_server_to_another(source: Server, target: Server, tmp_path: Path) -> None:
    archive = tmp_path / "site.zip"
    with Visitors(source) as visitors:
        wait_until(lambda: visitors.counted)
        ended(started("export", "--site", SITE, "--archive", str(archive), data=source.data))
        rows = list(csv.DictReader(io.StringIO(footfall("export", "--site", SITE, "--output", "-", data=source.data))))
        seen = [row["page"] for row in rows if row["page"].startswith("/live/")]
        assert len(seen) == len(set(seen)) > 0
        wait_until(lambda: visitors.counted >= 50)
    wait_until(lambda: live(source.data) >= visitors.counted)
    footfall("export", "--site", SITE, "--archive", str(archive), "--force", data=source.data)
    assert f"added site {SITE}" in footfall("import", str(archive), data=target.data)
    assert answers(target) == answers(source)
    target.wait_until_ready()
    assert target.client.post("/v1/track", json={"url": "https://demo-1.example/after", "website": SITE}).status_code == 202
    assert target.wait_for_total(SITE, source.total(SITE) + 1) == source.total(SITE) + 1
    assert "was imported before" in footfall("import", str(archive), data=target.data)
    assert target.total(SITE) == source.total(SITE) + 1


def test_engines_that_are_killed_meanwhile_make_no_difference(source: Server, target: Server, tmp_path: Path) -> None:
    dice = random.Random(7)
    expected = answers(source)
    for number in range(2):
        archive, site = tmp_path / f"{number}.zip", f"copy-{number}"
        footfall("site", "add", f"{site}.example", "--id", site, "--public", data=target.data)
        taking_out = started("export", "--site", SITE, "--archive", str(archive), data=source.data)
        sleep(0.4 + dice.random())
        source.kill("engine")
        ended(taking_out)
        taking_in = started("import", str(archive), "--site", site, data=target.data)
        sleep(0.4 + dice.random())
        target.kill("engine")
        ended(taking_in)
        target.wait_until_ready()
        assert answers(target, site) == expected
    assert sorted(each.name for each in tmp_path.iterdir()) == ["0.zip", "1.zip", "to"]
    assert not [each.name for each in (*source.data.glob("exchange/*"), *target.data.glob("exchange/*")) if each.name != "import.lock"]
