"""How long a dashboard's reports take, alone and beside hits, and how large facts are, by sizes.

The data of a size is kept in a folder for some days, and served where it lies.
"""

import json
import math
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from typing import Any, NamedTuple

import duckdb
import httpx

from bench.collecting import say
from bench.day import SITE, small_batches, today
from bench.machine import Load, load, memory
from footfall.compose import now
from footfall.query.upkeep import Upkeep
from footfall.store import demo
from footfall.store.duckdb import DuckdbFacts
from footfall.store.sqlite import SqliteRollups
from tests.server import FOOTFALL, Server

PERIODS = ("30d", "12mo")
SAMPLES = 30
SECONDS_A_REPORT = 10
USABLE = timedelta(days=3)
FIRST_SECONDS = 40
"""Longer than a report may take."""

LOAD_SECONDS = 40
HITS_A_SECOND = 5_000
CONNECTIONS = 256
STORE_MEMORY = "4GB"

KPIS = ["visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration"]


def _top(dimension: str, *metrics: str) -> dict[str, Any]:
    """A panel of the dashboard: nine rows."""
    return {
        "metrics": ["visitors", *metrics],
        "dimensions": [dimension],
        "order_by": [["visitors", "desc"]],
        "pagination": {"limit": 9, "offset": 0},
    }


REPORTS: Mapping[str, dict[str, Any]] = {
    "key numbers": {"metrics": KPIS},
    "graph by day": {"metrics": KPIS, "dimensions": ["time:day"], "include": {"time_labels": True}},
    "event:page": _top("event:page", "pageviews"),
    **{
        f"visit:{name}": _top(f"visit:{name}")
        for name in (
            "entry_page",
            "exit_page",
            "source",
            "channel",
            "country",
            "browser",
            "os",
            "device",
        )
    },
    "event:goal": _top("event:goal", "events", "conversion_rate"),
    "event:page, Germany": {
        **_top("event:page", "pageviews"),
        "filters": [["is", "visit:country", ["DE"]]],
    },
}
GOALS_MS = {"30d": {10: 50.0, 100: 300.0}, "12mo": {10: 10.0, 100: 10.0}}
"""What 95 of 100 answers should stay below, by size in millions, when asked again alone."""


class Asked(NamedTuple):
    """A report: its name and period (none for `realtime`)."""

    name: str
    period: str | None


class Figures(NamedTuple):
    """What a size came to, for the table of growth."""

    millions: int
    seconds: float
    bytes_an_event: float
    memory: float
    worst: Mapping[str, float]


ASKED = [Asked(name, period) for period in PERIODS for name in REPORTS] + [Asked("realtime", None)]


def measure(sizes: Sequence[int], fresh: bool) -> list[str]:
    """The lines to print; they are printed as they come."""
    lines: list[str] = []
    found = [_size(millions, fresh, lines) for millions in sizes]
    lines += small_batches()
    lines.append(say("growth: the slowest report's p95, asked again, alone"))
    for each in found:
        worst = "   ".join(f"{period} {ms:6.0f} ms" for period, ms in each.worst.items())
        lines.append(
            say(
                f"  {each.millions:4d} million   made in {each.seconds:5.0f} s"
                f"   {each.bytes_an_event:5.1f} bytes an event   engine {each.memory:5.0f} MB"
                f"   {worst}"
            )
        )
    return lines


def _size(millions: int, fresh: bool, lines: list[str]) -> Figures:
    folder, made = data(millions, fresh)
    bytes_an_event = made["bytes"] / made["events"]
    lines.append(
        say(
            f"reports of {SITE}, {millions} million events on 20 sites in a year"
            f" ({made['of_site']:,} on {SITE})"
        )
    )
    lines.append(
        say(
            f"  made in {made['seconds']:.0f} s ({made['events'] / made['seconds']:,.0f}/s)"
            f"   {bytes_an_event:.1f} bytes an event in the file,"
            f" {made['used'] / made['events']:.1f} of them in use (goals 35, 25 once settled)"
        )
    )
    for kept in folder.glob("rollups.db*"):
        kept.unlink()
    with serving(folder) as server:
        server.client.timeout = httpx.Timeout(FIRST_SECONDS)
        first = {asked: ask(server, asked) for asked in ASKED}
    lines.append(
        say(
            f"  sums of a year's days for all standard reports of {SITE}:"
            f" made in {tended(folder):.0f} s"
        )
    )
    with serving(folder) as server:
        idle = memory(server.pids("engine"))
        cold = {asked: ask(server, asked) for asked in ASKED}
        warm = {asked: list(again(server, asked)) for asked in ASKED}
        hits, busy = beside_hits(server)
        asking = memory(server.pids("engine"))
    lines.append(
        say(
            f"  beside {hits.rate:,.0f} hits/s: acknowledged p50 {hits.p50:.0f} ms,"
            f" p99 {hits.p99:.0f} ms, {hits.errors} failed"
        )
    )
    lines.append(
        say(f"  engine's memory {idle:.0f} MB after its start, {asking:.0f} MB after all of it")
    )
    lines.append(
        say(
            "  ms                                  first    cold   again p50     p95   beside p50"
            "     p95   samples  goal"
        )
    )
    for asked in ASKED:
        goal = GOALS_MS.get(asked.period or "", {}).get(millions)
        shown = f"{goal:.0f}" if goal else ""
        row = _row(first[asked], cold[asked], warm[asked], busy[asked])
        lines.append(say(f"  {asked.period or '':5}{asked.name:27}{row}  {shown}"))
    worst = {period: _worst(warm, period) for period in PERIODS}
    return Figures(millions, made["seconds"], bytes_an_event, asking, worst)


def _worst(times: Mapping[Asked, Sequence[float]], period: str) -> float:
    """The slowest report's p95."""
    return max(_percentile(times[asked], 95) for asked in ASKED if asked.period == period)


def data(millions: int, fresh: bool) -> tuple[Path, dict[str, Any]]:
    """The folder of a size, made where there is none of late, and what making it came to."""
    folder = Path(f"/tmp/footfall-bench-data-{millions}m")
    note = folder / "made.json"
    made: dict[str, Any] = json.loads(note.read_text()) if note.is_file() else {}
    if fresh or "day" not in made or today() - date.fromisoformat(made["day"]) > USABLE:
        shutil.rmtree(folder, ignore_errors=True)
        started = monotonic()
        command = [
            *FOOTFALL,
            "demo-data",
            "--data",
            str(folder),
            "--events",
            str(millions * 1_000_000),
            "--until",
            "today",
            "--store-memory",
            STORE_MEMORY,
        ]
        subprocess.run(command, check=True, stdout=sys.stderr)
        made = {
            "day": str(today()),
            "seconds": monotonic() - started,
            **_stored(folder / "facts.duckdb"),
        }
        note.write_text(json.dumps(made))
    return folder, made


def _stored(path: Path) -> dict[str, int]:
    with duckdb.connect(str(path), read_only=True) as connection:
        events, of_site = connection.execute(
            "SELECT count(*), count(*) FILTER (site = ?) FROM events", [SITE]
        ).fetchall()[0]
        block, used = connection.execute(
            "SELECT block_size, used_blocks FROM pragma_database_size()"
        ).fetchall()[0]
    return {
        "events": events,
        "of_site": of_site,
        "bytes": path.stat().st_size,
        "used": block * used,
    }


def tended(folder: Path) -> float:
    """Seconds that it takes to make the roll-ups of a whole year.

    A server makes those of each day when it ends.
    """
    facts, rollups = (
        DuckdbFacts(str(folder / "facts.duckdb"), STORE_MEMORY),
        SqliteRollups(str(folder / "rollups.db"), today),
    )
    started = monotonic()
    Upkeep(facts, rollups, lambda: demo.sites(1), now).tend(threading.Event())
    seconds = monotonic() - started
    facts.close()
    rollups.close()
    return seconds


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    server = Server(folder, "--trusted-proxy", "127.0.0.1", "--stream-limit", "4GB")
    server.wait_until_ready()
    try:
        yield server
    finally:
        server.stop(300)


def ask(server: Server, asked: Asked) -> float | str:
    """How many ms an answer took, or why there was none."""
    started = monotonic()
    try:
        if asked.period is None:
            answer = server.client.get("/api/v1/stats/realtime/visitors", params={"site_id": SITE})
        else:
            answer = server.client.post(
                "/api/v2/query",
                json={"site_id": SITE, "date_range": asked.period, **REPORTS[asked.name]},
            )
    except httpx.TimeoutException:
        return f"not answered in {server.client.timeout.read:.0f} s"
    return (
        (monotonic() - started) * 1000
        if answer.status_code == 200
        else f"not answered ({answer.status_code})"
    )


def again(server: Server, asked: Asked) -> Iterator[float]:
    """Times of the same report asked again and again, within some seconds.

    None where it is not answered.
    """
    until = monotonic() + SECONDS_A_REPORT
    for number in range(SAMPLES):
        found = ask(server, asked)
        if isinstance(found, str) or (number and monotonic() > until):
            return
        yield found


def beside_hits(server: Server) -> tuple[Load, dict[Asked, list[float]]]:
    """All reports in turn while hits of the same site arrive."""
    times: dict[Asked, list[float]] = {asked: [] for asked in ASKED}
    hits: list[Load] = []
    thread = threading.Thread(
        target=lambda: hits.append(
            load(server.url, LOAD_SECONDS, CONNECTIONS, site=SITE, rate=HITS_A_SECOND)
        )
    )
    thread.start()
    sleep(2)
    silent: set[Asked] = set()
    while (
        thread.is_alive() and len(silent) < len(ASKED) and min(map(len, times.values())) < SAMPLES
    ):
        for asked in ASKED:
            if asked in silent or not thread.is_alive():
                continue
            found = ask(server, asked)
            if isinstance(found, str):
                silent.add(asked)
            elif thread.is_alive():
                times[asked].append(found)
    thread.join()
    return hits[0], times


def _row(
    first: float | str, cold: float | str, warm: Sequence[float], busy: Sequence[float]
) -> str:
    if isinstance(cold, str):
        return f"  {cold}"
    shown = first if isinstance(first, str) else f"{first:8.0f}"
    return (
        f"{shown}{cold:8.0f}{_percentile(warm, 50):12.1f}{_percentile(warm, 95):8.1f}"
        f"{_percentile(busy, 50):13.1f}{_percentile(busy, 95):8.1f}"
        f"   {len(warm):3d}+{len(busy):3d}"
    )


def _percentile(values: Sequence[float], percent: int) -> float:
    if not values:
        return math.nan
    return (
        median(values)
        if percent == 50
        else sorted(values)[min(len(values) - 1, len(values) * percent // 100)]
    )
