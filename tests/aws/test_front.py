"""The AWS home from end to end in a real browser.

The example website, the door without code, the stream, the functions, the dashboard.
"""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Browser

from tests.aws.emulators import Aws
from tests.end_to_end.test_browser import browser, opened, walked
from tests.patience import SECONDS, wait_until
from tests.server import BROWSER, FOOTFALL

__all__ = ["browser"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def front(aws: Aws) -> Iterator[str]:
    """The address of `footfall aws front`."""
    running = subprocess.Popen(
        [*FOOTFALL, "aws", "front", "--endpoint-url", aws.url, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
    )
    assert running.stdout is not None
    try:
        first = running.stdout.readline()
        assert first.startswith("Dashboard: "), first
        yield first.removeprefix("Dashboard: ").strip().partition("?")[0]
    finally:
        running.terminate()
        running.wait(SECONDS)
        running.stdout.close()


def test_opening_the_example_site_changes_the_dashboard(front: str, browser: Browser) -> None:
    walked(browser, opened(browser, f"{front}?site=example"), f"{front}example/")


def test_the_originals_clients_get_the_originals_answers(front: str) -> None:
    with httpx.Client(base_url=front, headers={"user-agent": BROWSER}, timeout=SECONDS) as client:
        body = {
            "name": "Über – uns",
            "url": "http://127.0.0.1/original",
            "website": "example",
            "date": 1,
        }
        answer = client.post("/v1/track", json=body)
        assert (
            answer.status_code,
            answer.content,
            answer.headers["access-control-allow-origin"],
        ) == (202, b"", "*")
        assert (
            client.post(
                "/v1/track", content=b"x", headers={"content-type": "application/xml"}
            ).status_code
            == 415
        )
        assert client.options("/v1/track").status_code == 204
        pixel = client.get("/v1/track.gif", params={"w": "example", "u": "http://127.0.0.1/pixel"})
        assert (pixel.status_code, pixel.headers["content-type"], len(pixel.content)) == (
            200,
            "image/gif",
            43,
        )
        wanted = {
            ("Über – uns", "http://127.0.0.1/original", 1),
            ("", "http://127.0.0.1/pixel", 1),
        }
        wait_until(lambda: wanted <= ranking(client), lambda: ranking(client))


def ranking(client: httpx.Client) -> set[tuple[str, str, int]]:
    asked = {"website": "example", "date": f"YEAR:{datetime.now(UTC).year}"}
    rows = client.get("/v1/ranking", params=asked).json()
    return {(row["name"], row["url"], row["value"]) for row in rows}


def test_the_front_serves_no_real_account() -> None:
    done = subprocess.run(
        [
            *FOOTFALL,
            "aws",
            "front",
            "--endpoint-url",
            "https://dynamodb.eu-central-1.amazonaws.com",
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode != 0
    assert (
        "must be that of emulators on this machine" in done.stderr
        and "Traceback" not in done.stderr
    )
