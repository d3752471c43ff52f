"""What an attack costs others: the same calls with it and without it, in turns within one run."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from time import perf_counter
from typing import NamedTuple

import httpx

from tests.patience import SECONDS
from tests.server import BROWSER, Server

ROUNDS = 3
CALLS = 20
AT_MOST = 20.0
"""How many times as long as others wait in peace one of them may wait at the longest; an attack that works makes it hundreds."""

HIT = {"url": "https://example.com/meanwhile"}
Attack = Callable[[], AbstractContextManager[object]]


class Cost(NamedTuple):
    """Milliseconds that others wait: the averages of the best rounds, and the longest wait in the best round of an attack."""

    calm: float
    attacked: float
    longest: float

    @property
    def times(self) -> float:
        return self.longest / self.calm


def cost(server: Server, attack: Attack) -> Cost:
    """Return what an attack that lasts within its context costs others."""
    calm, attacked, longest = [], [], []
    for _ in range(ROUNDS):
        peaceful = _waits(server)
        with attack():
            waits = _waits(server)
        calm.append(sum(peaceful) / len(peaceful))
        attacked.append(sum(waits) / len(waits))
        longest.append(max(waits))
    found = Cost(min(calm), min(attacked), min(longest))
    print(f"others wait {found.calm:.1f} ms in peace, {found.attacked:.1f} ms under attack ({found.longest:.1f} ms at the longest)")
    return found


def _waits(server: Server) -> list[float]:
    """Return how long a hit and a question take that come over a connection of their own."""
    found = []
    for _ in range(CALLS):
        started = perf_counter()
        with httpx.Client(base_url=server.url, timeout=SECONDS, headers={"user-agent": BROWSER}, verify=False) as client:
            assert client.post("/v1/track", json=HIT).status_code == 202
            assert client.get("/api/sites").status_code == 200
        found.append((perf_counter() - started) * 1000)
    return found
