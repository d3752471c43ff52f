"""Strangers who ask much of a public site keep nobody waiting who shows a key of another."""

import asyncio
from collections import Counter
from pathlib import Path
from time import perf_counter

import httpx
import pytest

from tests.patience import PAUSE_SECONDS, SECONDS
from tests.server import BROWSER, Server, footfall

STRANGERS = 100
PUBLIC, PRIVATE = "demo-1", "private"
WORDS = "abcdefghijklmnopqrst"

Answers = list[httpx.Response]


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(20_000, marks=pytest.mark.slow),
        pytest.param(1_000_000, marks=pytest.mark.torture),
    ],
)
def test_a_report_with_a_key_waits_for_no_stranger(tmp_path: Path, history: int) -> None:
    data = tmp_path / "data"
    key = _sites(data, history)
    server = Server(data, "--trusted-proxy", "127.0.0.1")
    server.wait_until_ready()
    answers, made, left, seconds = asyncio.run(_crowd(server, key))
    server.stop()
    statuses = Counter(each.status_code for each in answers)
    refused = [each for each in answers if each.status_code == 429]
    print(f"{history:,} events: a report with a key took {seconds:.2f} s")
    print(f"strangers: {made} had reports when it came, {left} waited; answers {dict(statuses)}")
    assert len(answers) == STRANGERS
    assert all(int(each.headers["retry-after"]) > 0 for each in refused)
    assert made < left
    full = history == 1_000_000
    too_long = {422} if full else set()
    assert set(statuses) <= {200, 429} | too_long
    if full:  # on a machine that does nothing else
        assert seconds < 2


def _sites(data: Path, history: int) -> str:
    """Make a public site with a past, and a private one; return a key that reads the latter."""
    footfall("demo-data", "--events", str(history), "--sites", "1", data=data)
    footfall("site", "edit", PUBLIC, "--public", data=data)
    footfall("site", "add", "private.example", "--id", PRIVATE, data=data)
    printed = footfall("key", "add", "--site", PRIVATE, "--scope", "stats:read", data=data)
    return printed.split()[-1]


async def _crowd(server: Server, key: str) -> tuple[Answers, int, int, float]:
    """Let all strangers ask, then ask with a key once no more of them may wait.

    Return what they were answered, how many had their reports and how many had no answer when
    the one with a key came, and the seconds that this took.
    """
    answers: Answers = []
    limits = httpx.Limits(max_connections=STRANGERS + 1)
    client = httpx.AsyncClient(
        base_url=server.url,
        limits=limits,
        timeout=SECONDS,
        headers={"user-agent": BROWSER},
    )
    async with client, asyncio.TaskGroup() as group:
        for number in range(STRANGERS):
            group.create_task(_strange(client, number, answers))
        async with asyncio.timeout(SECONDS):
            while not any(each.status_code == 429 for each in answers):
                await asyncio.sleep(PAUSE_SECONDS)
        began = perf_counter()
        await _keyed(client, key)
        seconds = perf_counter() - began
        made = sum(each.status_code != 429 for each in answers)
        left = STRANGERS - len(answers)
    return answers, made, left, seconds


async def _strange(client: httpx.AsyncClient, number: int, answers: Answers) -> None:
    """Ask for all that there is, as nobody did before, from an address of one's own."""
    some = f"^/[{WORDS[number % len(WORDS)]}-z0-9]*(/.*)?.*{number}?$"
    report = {
        "site_id": PUBLIC,
        "metrics": ["visitors", "pageviews"],
        "date_range": "all",
        "dimensions": ["event:page", "visit:source", "visit:country"],
        "filters": [["matches", "event:page", [some]]],
    }
    address = {"x-forwarded-for": f"88.198.{number}.1"}
    answers.append(await client.post("/api/v2/query", json=report, headers=address))


async def _keyed(client: httpx.AsyncClient, key: str) -> None:
    report = {"site_id": PRIVATE, "metrics": ["pageviews"], "date_range": "all"}
    headers = {"authorization": f"Bearer {key}", "x-forwarded-for": "81.2.69.142"}
    answer = await client.post("/api/v2/query", json=report, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["results"][0]["metrics"] == [0]
