"""From a request to a durable hit: who sent it, what came of it, and the counts of drops."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from footfall.domain.event import Hit, Tally
from footfall.gateway.answer import ACCEPTED, TOO_MANY, UNAUTHORISED, UNAVAILABLE, Answer, Reply
from footfall.gateway.appender import Appender
from footfall.gateway.collect import Door, Dropped, NeedsSalt, collect
from footfall.gateway.directory import Snapshot
from footfall.gateway.limit import RateLimit
from footfall.gateway.sighting import Caller, Invalid, Sighting
from footfall.gateway.trust import trust_in
from footfall.registry.port import RegistryBroken, Scope
from footfall.stream.codec import encode
from footfall.stream.port import Writer
from footfall.telemetry import GatewayMetrics

Headers = Sequence[tuple[bytes, bytes]]


class Collector:
    """Takes sightings and replies when their hits are durable, or dropped, or refused."""

    def __init__(self, snapshot: Snapshot, door: Door, trusted_proxies: Sequence[str], limit: RateLimit, metrics: GatewayMetrics, now: Callable[[], int]) -> None:
        self.snapshot = snapshot
        self._door = door
        self._trusts = trust_in(trusted_proxies) if trusted_proxies else None
        self._limit = limit
        self._metrics = metrics
        self._now = now
        self._tallies: Counter[Dropped] = Counter()
        self._answers: Counter[int] = Counter()
        self._salting: set[asyncio.Task[None]] = set()
        self.appender: Appender

    def open(self, stream: Writer) -> None:
        """Begin, on the running event loop."""
        self.appender = Appender(stream, self._committed)

    async def close(self) -> None:
        """Put what is left on the stream and end."""
        await asyncio.gather(*self._salting)
        await self.flush()
        await self.appender.close()

    def take(self, read: Callable[[], Sighting], headers: Headers, peer: str, reply: Reply) -> None:
        """Reply to a request once what it says is durable; `read` gives the sighting or raises `Invalid`."""
        try:
            sighting = read()
            caller = self._caller(sighting, headers, peer)
            if isinstance(caller, Answer):
                reply(caller)
            else:
                self._take(sighting, caller, reply)
        except Invalid as exc:
            reply(Answer(400, fault=exc))

    def _take(self, sighting: Sighting, caller: Caller, reply: Reply) -> None:
        now = self._now()
        try:
            found = collect(sighting, caller, now, self.snapshot.sites, self.snapshot.salts, self._door)
        except NeedsSalt as need:
            task = asyncio.ensure_future(self._take_with_new_salt(sighting, caller, now, need.day, reply))
            self._salting.add(task)
            task.add_done_callback(self._salting.discard)
        else:
            self._keep(found, reply)

    def count(self, status: int) -> None:
        """Count an answer; the counters for Prometheus cost a microsecond each, so they come later."""
        self._answers[status] += 1

    async def flush(self) -> None:
        """Put the counts of drops on the stream: they are counted exactly once like all else."""
        for status, count in self._answers.items():
            self._metrics.answers.labels(status).inc(count)
        self._answers.clear()
        tallies, self._tallies = self._tallies, Counter()
        for dropped, count in tallies.items():
            if await self.durable(encode(Tally(dropped.site, dropped.day, dropped.reason, count))):
                self._metrics.dropped.labels(dropped.reason).inc(count)
            else:
                self._tallies[dropped] += count

    async def durable(self, record: bytes | None) -> bool:
        """Whether a record came on the stream; without one, whether the stream takes any."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.appender.put(record, lambda answer: None if future.done() else future.set_result(answer))
        return await future == ACCEPTED

    async def _take_with_new_salt(self, sighting: Sighting, caller: Caller, now: int, day: int, reply: Reply) -> None:
        while True:
            try:
                await asyncio.to_thread(self.snapshot.make_salt, day, now)
                found = collect(sighting, caller, now, self.snapshot.sites, self.snapshot.salts, self._door)
            except NeedsSalt as need:
                day = need.day
            except RegistryBroken:
                reply(UNAVAILABLE)
                return
            else:
                self._keep(found, reply)
                return

    def _keep(self, found: Hit | Dropped, reply: Reply) -> None:
        if isinstance(found, Dropped):
            self._tallies[found] += 1
            reply(Answer(202, dropped=found.reason))
        else:
            self.appender.put(encode(found), reply)

    def _caller(self, sighting: Sighting, headers: Headers, peer: str) -> Caller | Answer:
        by_name = dict(headers)
        address = self._address(by_name, headers, peer)
        if not self._limit.allows(address):
            return TOO_MANY
        keyed = False
        if b"authorization" in by_name:
            keyed = self._keyed(sighting, by_name[b"authorization"])
            if not keyed:
                return UNAUTHORISED
        return Caller(
            address,
            by_name.get(b"user-agent", b"").decode("latin-1"),
            by_name.get(b"sec-gpc") == b"1",
            by_name.get(b"dnt") == b"1",
            b"prefetch" in by_name.get(b"sec-purpose", b"") or b"prefetch" in by_name.get(b"purpose", b""),
            keyed,
        )

    def _keyed(self, sighting: Sighting, authorization: bytes) -> bool:
        """Whether a key allows the hit to set its time."""
        key = self.snapshot.keys.key(authorization.decode("latin-1"))
        if key is None or Scope.EVENTS_WRITE not in key.scopes:
            return False
        if sighting.website is None:
            raise Invalid("website", "is required when a key is used")
        site = self.snapshot.sites.find(sighting.website, "")
        return site is not None and site.id == key.site

    def _address(self, by_name: dict[bytes, bytes], headers: Headers, peer: str) -> str:
        """The client's address: the peer, or what trusted proxies say, read from the right."""
        if self._trusts is None or b"x-forwarded-for" not in by_name or not self._trusts(peer):
            return peer
        lists = [value for name, value in headers if name == b"x-forwarded-for"]
        for address in reversed(b",".join(lists).decode("latin-1").split(",")):
            bare = address.strip(" \t[]")
            if not self._trusts(bare):
                return bare
        return peer

    def _committed(self, records: int, seconds: float) -> None:
        self._metrics.hits.inc(records)
        self._metrics.commit.observe(seconds)
