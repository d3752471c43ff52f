"""Strangers who try, all at once and until they are stopped, to stop or to falsify counting.

Run as a program: server's host and port, site that they may read, how many of each there are. Each
line of standard input is the id of somebody's hit, told once it was acknowledged.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count

from tests.server import BROWSER

STRANGER = "127.0.0.66"
"""Where they come from; the honest come through a proxy."""

PAUSE_SECONDS = 0.05
IDLE_SECONDS = 5.0
CLAIMED_MS = 600_000
"""How long before it came a forged copy says that it was."""

PIECE = b"x" * 64_000
HEAD = "{} {} HTTP/1.1\r\nHost: footfall.example\r\nUser-Agent: " + BROWSER + "\r\n"
WORDS = "abcdefghijklmnopqrstuvwxyz"


class Strangers:
    """Those who attack one server. `size` is 1.0 for the full counts."""

    def __init__(self, host: str, port: int, site: str, size: float) -> None:
        self.host, self.port, self.site, self.size = host, port, site, size
        self._numbers = count()

    async def attack(self) -> None:
        """Attack in every way at once, for ever."""
        ways: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.many_names, 2),
            (self.new_questions, 2),
            (self.slow_report, max(4, int(100 * self.size))),
            (self.endless_head, 2),
            (self.endless_target, 2),
            (self.endless_field, 2),
            (self.endless_trailer, 2),
            (self.stay_idle, max(50, int(5_000 * self.size))),
            (self.large_properties, 2),
            (self.flood, 2),
        ]
        async with asyncio.TaskGroup() as group:
            group.create_task(self.forge())
            for way, times in ways:
                for _ in range(times):
                    group.create_task(self._again(way))

    async def _again(self, way: Callable[[], Awaitable[None]]) -> None:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await way()
            await asyncio.sleep(PAUSE_SECONDS)

    async def forge(self) -> None:
        """Send a copy of every hit that is told, with another page and an earlier time."""
        told = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
        while line := await told.readline():
            fields = {"url": f"https://honest.example/forged/{next(self._numbers)}"}
            hit = {**fields, "website": "honest", "id": line.decode().strip(), "age": CLAIMED_MS}
            with suppress(OSError):
                await self._call("POST", "/v1/track", json.dumps(hit))

    async def many_names(self) -> None:
        """Ask for 16,000 sites by name and go without the answer."""
        names = "&".join(f"site={number}" for number in range(16_000))
        await self._leave(HEAD.format("GET", f"/api/sites?{names}") + "\r\n")

    async def new_questions(self) -> None:
        """Ask what nobody asked before, and wait for the answer."""
        number = next(self._numbers)
        await self._ask(["event:page"], ["contains", "event:page", [f"/{number}"]])

    async def slow_report(self) -> None:
        """Ask for all that there is, in a way that no sums are kept for."""
        number = next(self._numbers)
        some = f"^/[{WORDS[number % 20]}-z0-9]*(/.*)?.*{number}?$"
        await self._ask(["event:page", "visit:source", "visit:country"], ["matches", "event:page", [some]])

    async def endless_head(self) -> None:
        """Send fields without end."""
        await self._endless(HEAD.format("GET", "/"), b"X-Field: " + b"y" * 1_000 + b"\r\n")

    async def endless_target(self) -> None:
        """Send a target without end."""
        await self._endless("GET /", PIECE)

    async def endless_field(self) -> None:
        """Send one field without end."""
        await self._endless(HEAD.format("GET", "/") + "X-Field: ", PIECE)

    async def endless_trailer(self) -> None:
        """Send trailers without end."""
        head = HEAD.format("POST", "/v1/track") + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
        await self._endless(head, b"X-Forwarded-For: 88.198.1.1\r\n")

    async def stay_idle(self) -> None:
        """Connect and say nothing, until the other side has enough."""
        reader, writer = await self._connect()
        with suppress(TimeoutError):
            await asyncio.wait_for(reader.read(), IDLE_SECONDS)
        writer.close()

    async def large_properties(self) -> None:
        """Send an event with properties as large as may be."""
        number = next(self._numbers)
        names = [f"{number:x}-{place}".ljust(300, "n") for place in range(30)]
        properties = dict.fromkeys(names, "v" * 2_000)
        await self._hit(f"/large/{number}", event="large", props=properties)

    async def flood(self) -> None:
        """Send hit after hit over one connection."""
        reader, writer = await self._connect()
        body = json.dumps({"url": "https://open.example/flood", "website": self.site})
        for _ in range(200):
            writer.write(_request("POST", "/v1/track", body))
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def _hit(self, page: str, **fields: object) -> None:
        hit = {"url": f"https://open.example{page}", "website": self.site, **fields}
        await self._call("POST", "/v1/track", json.dumps(hit))

    async def _ask(self, dimensions: list[str], condition: list[object]) -> None:
        report = {
            "site_id": self.site,
            "metrics": ["visitors", "pageviews"],
            "date_range": "all",
            "dimensions": dimensions,
            "filters": [condition],
        }
        await self._call("POST", "/api/v2/query", json.dumps(report))

    async def _call(self, method: str, target: str, body: str) -> None:
        reader, writer = await self._connect()
        writer.write(_request(method, target, body, close=True))
        await reader.read()
        writer.close()

    async def _leave(self, request: str) -> None:
        _, writer = await self._connect()
        writer.write(request.encode())
        await writer.drain()
        writer.close()

    async def _endless(self, head: str, piece: bytes) -> None:
        _, writer = await self._connect()
        writer.write(head.encode())
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port, local_addr=(STRANGER, 0))


def _request(method: str, target: str, body: str, *, close: bool = False) -> bytes:
    fields = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    end = "Connection: close\r\n\r\n" if close else "\r\n"
    return (HEAD.format(method, target) + fields + end + body).encode()


if __name__ == "__main__":
    host, port, site, size = sys.argv[1:]
    with suppress(KeyboardInterrupt):
        asyncio.run(Strangers(host, int(port), site, float(size)).attack())
