"""Durable collects a second, against the same server doing nothing."""

import sqlite3
import threading
from time import monotonic

from bench.machine import SITE, Load, bare, load, memory, middle, running
from tests.server import Server

DASHBOARD = (
    {"metrics": ["visitors", "visits", "pageviews", "bounce_rate", "visit_duration"]},
    {"metrics": ["visitors", "pageviews"], "dimensions": ["time:hour"]},
    {"metrics": ["visitors"], "dimensions": ["event:page"]},
    {"metrics": ["visitors"], "dimensions": ["visit:source"]},
)


def measure(seconds: int, rounds: int) -> list[str]:
    """The lines to print; they are printed as they come."""
    return [*gateway_alone(seconds, rounds), *all_of_it(seconds, rounds)]


def say(line: str) -> str:
    print(line, flush=True)
    return line


def gateway_alone(seconds: int, rounds: int) -> list[str]:
    """Slices of two seconds in turn, since the speed of a shared machine changes."""
    lines = [say("gateway alone, durable, against the bare server (slices of 2 s in turn)")]
    slices = max(seconds * rounds // 2, 3)
    with bare() as url, running("gateway", "--stream-limit", "4GB") as server:
        load(server.url, 1)
        pairs = [
            (load(url, 2, seed=turn), load(server.url, 2, seed=turn)) for turn in range(slices)
        ]
        answers, stored = sum(found.answers for _, found in pairs), frames(server)
    assert stored >= answers and not any(found.errors for _, found in pairs), (stored, answers)
    for yardstick, found in pairs:
        lines.append(
            say(
                f"  bare {yardstick.rate:8,.0f}/s   collects {found.rate:8,.0f}/s"
                f"   p50 {found.p50:.1f} ms   p99 {found.p99:.1f} ms"
                f"   ratio {found.rate / yardstick.rate:.2f}"
            )
        )
    ratio = middle([found.rate / yardstick.rate for yardstick, found in pairs])
    best = max(found.rate for _, found in pairs)
    lines.append(
        say(
            f"  ratio, median {ratio:.2f} (goal 0.55, under 0.4 something is wrong)"
            f"   best {best:,.0f}/s   answered {answers:,}, stored {stored:,}"
        )
    )
    return lines


def all_of_it(seconds: int, rounds: int) -> list[str]:
    lines = [say("all of `serve`, with reports read meanwhile, against the bare server (in turn)")]
    ratios, rates = [], []
    for turn in range(rounds):
        with bare() as url:
            yardstick = load(url, seconds, seed=turn)
        with running("serve") as server:
            load(server.url, 1)
            before = memory(server.pids("gateway") + server.pids("engine") + [server.process.pid])
            found, reports = load_with_reports(server, seconds, turn)
            after = memory(server.pids("gateway") + server.pids("engine") + [server.process.pid])
            started = monotonic()
            counted = server.wait_for_total(SITE, found.answers)
            drained = monotonic() - started
        assert counted >= found.answers and not found.errors, (counted, found)
        ratios.append(found.rate / yardstick.rate)
        rates.append(found.rate)
        lines.append(
            say(
                f"  bare {yardstick.rate:8,.0f}/s   collects {found.rate:8,.0f}/s"
                f"   p50 {found.p50:.1f} ms   p99 {found.p99:.1f} ms   ratio {ratios[-1]:.2f}"
                f"   reports {reports}   counted {counted:,} ({drained:.1f} s after)"
                f"   memory {before:.0f} -> {after:.0f} MB"
            )
        )
    lines.append(
        say(
            f"  ratio, median {middle(ratios):.2f} (not under 0.25)"
            f"   collects/s, median {middle(rates):,.0f} (goal 15,000)"
        )
    )
    return lines


def load_with_reports(server: Server, seconds: int, seed: int) -> tuple[Load, int]:
    """A load while a dashboard is read twice a second; how many reports it got."""
    stop, count = threading.Event(), 0

    def read() -> None:
        nonlocal count
        while not stop.wait(0.5):
            for query in DASHBOARD:
                server.client.post(
                    "/api/v2/query", json={"site_id": SITE, "date_range": "day", **query}
                ).raise_for_status()
                count += 1

    reader = threading.Thread(target=read)
    reader.start()
    try:
        return load(server.url, seconds, seed=seed), count
    finally:
        stop.set()
        reader.join()


def frames(server: Server) -> int:
    with sqlite3.connect(server.data / "stream.db") as connection:
        (count,) = connection.execute("SELECT sum(count) FROM frames").fetchone()
    connection.close()
    return int(count)
