"""The largest properties that are taken: every report of them is answered within the memory set."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from footfall.gateway.protocols.field import PROP_KEY_BYTES, PROP_VALUE_BYTES, PROPS, PROPS_BYTES
from tests.server import BROWSER, Server, footfall

SITE = "large"
MEMORY_MEGABYTES = 512
ENGINE_MEGABYTES = MEMORY_MEGABYTES + 450
"""What reports and batches may take, and what the engine is besides, with a margin."""

MEGABYTE = 1_000_000
BATCH = 200
"""As many events as fit into a body of a batch."""

AROUND = 6
"""Bytes that JSON takes for a property besides its name and text: four quotes, two signs."""

LONG_NAMES = [f"long-{place}-".ljust(PROP_KEY_BYTES, "n") for place in range(3)]
MANY_BYTES = PROPS_BYTES // PROPS - AROUND
VALUES = 7
TEXT_BYTES = 20
MANY_NAMES = [f"many-{place}-".ljust(MANY_BYTES - TEXT_BYTES, "n") for place in range(PROPS)]
REST_NAME = "rest"

Properties = dict[str, str]


@pytest.mark.parametrize(
    "hits",
    [
        pytest.param(200, marks=pytest.mark.slow),
        pytest.param(2_000, marks=pytest.mark.torture),
    ],
)
def test_every_report_of_the_largest_properties_is_answered(tmp_path: Path, hits: int) -> None:
    data = tmp_path / "data"
    key = _site(data)
    sent = [_longest(number) if number % 2 else _most(number) for number in range(hits)]
    server = Server(data, "--store-memory", f"{MEMORY_MEGABYTES}MB")
    server.wait_until_ready()
    _send(server, key, sent)
    server.wait_until_counted()
    began = perf_counter()
    _check_reports(server, key, sent)
    _check_filters(server, key, sent)
    _check_all_at_once(server, key, sent)
    seconds = perf_counter() - began
    peak = max(map(_peak, server.pids("engine")))
    print(f"{hits} hits: all reports in {seconds:.1f} s, engine at most {peak:.0f} MB")
    server.stop()
    assert peak < ENGINE_MEGABYTES


def _site(data: Path) -> str:
    """Make a site; return a key that sends to it and reads it."""
    footfall("site", "add", "large.example", "--id", SITE, data=data)
    scopes = ["--scope", "events:write", "--scope", "stats:read"]
    return footfall("key", "add", "--site", SITE, *scopes, data=data).split()[-1]


def _longest(number: int) -> Properties:
    """Return properties of the longest names and texts, which no other hit has."""
    told = {name: f"{number}-".ljust(PROP_VALUE_BYTES, "v") for name in LONG_NAMES}
    return _filled(told, f"{number}-")


def _most(number: int) -> Properties:
    """Return as many properties as may be, of a few texts."""
    return {name: f"{number % VALUES}".ljust(TEXT_BYTES, "v") for name in MANY_NAMES}


def _filled(told: Properties, text: str) -> Properties:
    """Return properties with one more, so that all of the room is taken."""
    taken = 1 + sum(len(name) + len(value) + AROUND for name, value in told.items())
    left = PROPS_BYTES - taken - len(REST_NAME) - AROUND
    return {**told, REST_NAME: text.ljust(left, "v")}


def _send(server: Server, key: str, sent: list[Properties]) -> None:
    """Send an event with each, half of them as of yesterday; nothing may be cut."""
    events = list(_events(sent))
    for first in range(0, len(events), BATCH):
        some = events[first : first + BATCH]
        answer = server.client.post("/v1/batch", json=some, headers=_shown(key))
        assert answer.status_code == 202, answer.text
        assert "ignored" not in answer.json()
        assert answer.json()["accepted"] == len(some)


def _events(sent: list[Properties]) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    for number, properties in enumerate(sent):
        yield {
            "url": f"https://large.example/{number}",
            "website": SITE,
            "event": "large",
            "props": properties,
            "at": (now - timedelta(days=number // 2 % 2)).isoformat(),
            "ip": f"88.198.{number // 200}.{number % 200 + 1}",
            "user_agent": BROWSER,
        }


def _check_reports(server: Server, key: str, sent: list[Properties]) -> None:
    for name in (*LONG_NAMES, REST_NAME, *MANY_NAMES):
        wanted = Counter(properties.get(name, "(not set)") for properties in sent)
        for _ in range(2):  # from facts, and from sums where they were kept
            assert _ask(server, key, [name]) == {(text,): count for text, count in wanted.items()}


def _check_filters(server: Server, key: str, sent: list[Properties]) -> None:
    for name in (*LONG_NAMES, REST_NAME, *MANY_NAMES):
        text = next(properties[name] for properties in sent if name in properties)
        wanted = sum(properties.get(name) == text for properties in sent)
        dimension = f"event:props:{name}"
        assert _ask(server, key, [], ["is", dimension, [text]]) == {(): wanted}
        having = sum(name in properties for properties in sent)
        assert _ask(server, key, [], ["contains", dimension, ["v"]]) == {(): having}


def _check_all_at_once(server: Server, key: str, sent: list[Properties]) -> None:
    """Ask by four properties, as many as a report may have."""
    names = [*LONG_NAMES, REST_NAME]
    rows = (tuple(properties.get(name, "(not set)") for name in names) for properties in sent)
    assert _ask(server, key, names) == Counter(rows)


def _ask(
    server: Server,
    key: str,
    names: list[str],
    condition: list[Any] | None = None,
) -> dict[tuple[str, ...], int]:
    """Return events by texts of the properties."""
    report = {
        "site_id": SITE,
        "metrics": ["events"],
        "date_range": "all",
        "dimensions": [f"event:props:{name}" for name in names],
        "filters": [condition] if condition else [],
        "pagination": {"limit": 10_000},
    }
    answer = server.client.post("/api/v2/query", json=report, headers=_shown(key))
    assert answer.status_code == 200, answer.text
    rows = answer.json()["results"]
    return {tuple(row["dimensions"]): row["metrics"][0] for row in rows}


def _shown(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def _peak(pid: int) -> float:
    """Return the most memory that a process had, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1_024 / MEGABYTE
    raise AssertionError(f"process {pid} has no peak")
