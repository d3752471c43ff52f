"""From acknowledged to visible in a report."""

import threading
from statistics import quantiles
from time import monotonic, sleep

import httpx

from bench.collecting import say
from bench.machine import SITE, memory, running
from tests.server import BROWSER, Server, footfall

PROBES = 100
BACKGROUND = 100


def measure(seconds: int) -> list[str]:
    """The lines to print; they are printed as they come."""
    lines = [say("from acknowledged to visible in a report")]
    with running("serve") as server:
        footfall("site", "add", "probe.example", "--public", data=server.data)
        sleep(1.0)
        lines.append(say(f"  idle            {probe(server)}"))
        stop = threading.Event()
        crowd = threading.Thread(target=trickle, args=(server, stop))
        crowd.start()
        try:
            lines.append(say(f"  {BACKGROUND} hits/s beside {probe(server)}"))
        finally:
            stop.set()
            crowd.join()
        pids = {name: server.pids(name) for name in ("gateway", "engine")} | {
            "serve": [server.process.pid]
        }
        each = ", ".join(f"{name} {memory(found):.0f} MB" for name, found in pids.items())
        lines.append(
            say(
                "  resident memory"
                f" {memory([pid for found in pids.values() for pid in found]):.0f} MB ({each};"
                " goal 250)"
            )
        )
    return lines


def probe(server: Server) -> str:
    """Times of single hits, each seen by asking again and again."""
    times = []
    for number in range(PROBES):
        before = current(server)
        server.client.post(
            "/v1/track", json={"url": f"https://probe.example/{number}"}
        ).raise_for_status()
        acknowledged = monotonic()
        while current(server) == before:
            sleep(0.002)
        times.append((monotonic() - acknowledged) * 1000)
        sleep(0.01 * (number % 7))
    cut = quantiles(times, n=100)
    return f"median {cut[49]:.0f} ms   p99 {cut[98]:.0f} ms   (goals 150 and 500)"


def current(server: Server) -> int:
    answer = server.client.get(
        "/v1/ranking", params={"website": "probe.example", "date": "YEAR:2026"}
    )
    return sum(row["value"] for row in answer.json())


def trickle(server: Server, stop: threading.Event) -> None:
    with httpx.Client(base_url=server.url, headers={"user-agent": BROWSER}) as client:
        number = 0
        while not stop.wait(1 / BACKGROUND):
            number += 1
            client.post(
                "/v1/track",
                json={"url": f"https://example.com/{number % 50}", "website": SITE},
                headers={"x-forwarded-for": f"81.2.{number % 250}.{number % 7}"},
            )
