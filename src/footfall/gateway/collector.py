"""From a request to a durable hit: who sent it, what came of it, and the counts of drops."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from random import getrandbits

from footfall.domain.event import Hit, Tally
from footfall.gateway.answer import ACCEPTED, FAILED, TOO_MANY, UNAUTHORISED, UNAVAILABLE, Answer, Reply
from footfall.gateway.appender import Appender
from footfall.gateway.batch import Batch
from footfall.gateway.callers import Callers, Headers
from footfall.gateway.collect import Door, Dropped, NeedsSalt, collect
from footfall.gateway.crowd import Crowd
from footfall.gateway.directory import Snapshot
from footfall.gateway.limit import Load, RateLimit
from footfall.gateway.protocols import own
from footfall.gateway.sighting import Caller, Invalid, Sighting
from footfall.registry.port import RegistryBroken
from footfall.stream.codec import encode
from footfall.stream.port import Writer
from footfall.telemetry import GatewayMetrics

log = logging.getLogger(__name__)


class Collector:
    """Takes sightings and replies when their hits are durable, or dropped, or refused."""

    def __init__(self, snapshot: Snapshot, door: Door, trusted_proxies: Sequence[str], limit: RateLimit, metrics: GatewayMetrics, now: Callable[[], int]) -> None:
        self.snapshot = snapshot
        self._door = door
        self._callers = Callers(snapshot, trusted_proxies)
        self._limit = limit
        self._metrics = metrics
        self._now = now
        self._tallies: Counter[Dropped] = Counter()
        self._unsent: deque[Tally] = deque()
        self._answers: Counter[int] = Counter()
        self._ignored: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        """What was not even looked at, by why; also of connections, which know this counter."""
        self._crowd = Crowd()
        self._accidents: set[str] = set()
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

    def take(self, read: Callable[[], Sighting], headers: Headers, peer: str, reply: Reply, size: int = 0) -> None:
        """Reply to a request of so many bytes once what it says is durable; `read` gives the sighting or raises `Invalid`."""
        try:
            sighting = read()
            caller = self._caller(sighting, headers, peer, Load(1, size))
            if isinstance(caller, Answer):
                reply(caller)
            else:
                self._take(sighting, caller, reply)
        except Invalid as exc:
            reply(Answer(400, fault=exc))
        except Exception as exc:
            reply(self._failed(exc))

    def shows_key(self, headers: Headers) -> bool:
        """Return whether a request shows a key that may write events."""
        return self._callers.key(dict(headers).get(b"authorization", b"")) is not None

    async def take_batch(self, body: bytes, headers: Headers, peer: str) -> Answer:
        """Take a key's events, all of those that count in one commit; the answer says which were not taken."""
        by_name = dict(headers)
        address = self._callers.address(by_name, headers, peer)
        authorization = by_name.get(b"authorization", b"")
        key = self._callers.key(authorization)
        if key is None:
            refused = self._refused(self._limit.refused(address, Load(1, len(body))))
            return TOO_MANY if refused else UNAUTHORISED
        agent = by_name.get(b"user-agent", b"").decode("latin-1")
        sender = Caller(address, agent, keyed=True, key_id=key.number)
        try:
            events = own.from_batch(body)
            load = Load(len(events), len(body))
            if self._refused(self._limit.refused(address, load, authorization)):
                return TOO_MANY
            return await self._take_events(events, key.site, sender)
        except Invalid as exc:
            return Answer(400, fault=exc)
        except RegistryBroken:
            return UNAVAILABLE
        except Exception as exc:
            return self._failed(exc)

    async def _take_events(self, events: Sequence[own.Told | Invalid], site: str, sender: Caller) -> Answer:
        now, taken = self._now(), Batch()
        for index, told in enumerate(events):
            if isinstance(told, Invalid):
                taken.reject(index, str(told))
                continue
            taken.add(index, await self._found_in_batch(told, site, sender, now), told.sighting.ignored)
        if taken.hits and not await self.durable(taken.hits):
            return UNAVAILABLE
        self._tallies.update(taken.dropped)  # only now: after a 503 they all come again
        for each in taken.ignored:
            self._note(each["fields"])
        return Answer(202, said=taken.answer())

    async def _found_in_batch(self, told: own.Told, site: str, sender: Caller, now: int) -> Hit | Dropped | Invalid:
        named = self.snapshot.sites.find(told.sighting.website, "") if told.sighting.website else None
        if told.sighting.website and (named is None or named.id != site):
            return Invalid("website", "must be the key's, or left out")
        told.sighting.website = site
        address = sender.address if told.address is None else told.address
        agent = sender.user_agent if told.user_agent is None else told.user_agent
        caller = sender._replace(address=address, user_agent=agent)
        try:
            return await self._found(told.sighting, caller, now)
        except Invalid as exc:
            return exc

    async def _found(self, sighting: Sighting, caller: Caller, now: int) -> Hit | Dropped:
        """What `collect` finds, once the salts it needs are there."""
        while True:
            try:
                return collect(sighting, caller, now, self.snapshot.sites, self.snapshot.salts, self._door)
            except NeedsSalt as need:
                await asyncio.to_thread(self.snapshot.make_salt, need.day, now)

    def _take(self, sighting: Sighting, caller: Caller, reply: Reply) -> None:
        now = self._now()
        try:
            found = collect(sighting, caller, now, self.snapshot.sites, self.snapshot.salts, self._door)
        except NeedsSalt:
            task = asyncio.ensure_future(self._take_with_new_salt(sighting, caller, now, reply))
            self._salting.add(task)
            task.add_done_callback(self._salting.discard)
        else:
            self._keep(found, sighting.ignored, reply)

    def count(self, status: int) -> None:
        """Count an answer; the counters for Prometheus cost a microsecond each, so they come later."""
        self._answers[status] += 1

    async def flush(self) -> None:
        """Put the counts of drops on the stream: they are counted exactly once like all else."""
        self._measure()
        counted, self._tallies = self._tallies, Counter()
        self._unsent += [Tally(dropped.site, dropped.day, dropped.reason, count, getrandbits(64)) for dropped, count in counted.items()]
        while self._unsent and await self.durable([encode(self._unsent[0])]):  # what fails may be on the stream all the same, so it goes again as it is
            tally = self._unsent.popleft()
            self._metrics.dropped.labels(tally.reason).inc(tally.hits)

    def _measure(self) -> None:
        """Bring the counters for Prometheus up to date."""
        for status, count in self._answers.items():
            self._metrics.answers.labels(status).inc(count)
        self._answers.clear()
        for field, count in self._ignored.items():
            self._metrics.ignored.labels(field).inc(count)
        self._ignored.clear()
        for reason, count in self.refused.items():
            self._metrics.refused.labels(reason).inc(count)
        self.refused.clear()
        self._metrics.unreadable.inc(self._callers.unreadable)
        self._callers.unreadable = 0
        share = self._crowd.share()
        if share is not None:
            self._metrics.private.set(share)

    async def durable(self, records: Sequence[bytes] = ()) -> bool:
        """Whether records came on the stream; without any, whether it takes some."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.appender.put(records, lambda answer: None if future.done() else future.set_result(answer))
        return await future == ACCEPTED

    async def _take_with_new_salt(self, sighting: Sighting, caller: Caller, now: int, reply: Reply) -> None:
        try:
            self._keep(await self._found(sighting, caller, now), sighting.ignored, reply)
        except RegistryBroken:
            reply(UNAVAILABLE)
        except Exception as exc:
            reply(self._failed(exc))

    def _failed(self, exc: Exception) -> Answer:
        """Log an accident, once of each kind and place, and nothing of the request."""
        place = exc.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "an unknown place"
        accident = f"{type(exc).__name__} at {where}"
        if accident not in self._accidents:
            self._accidents.add(accident)
            log.error("a hit could not be read: %s; it is answered 500, as are others of its kind", accident)
        return FAILED

    def _note(self, ignored: Sequence[str]) -> None:
        self._ignored.update([name.partition(".")[0] for name in ignored])

    def _keep(self, found: Hit | Dropped, ignored: tuple[str, ...], reply: Reply) -> None:
        if ignored:
            self._note(ignored)
            reply = _naming(ignored, reply)
        if isinstance(found, Dropped):
            self._tallies[found] += 1
            reply(Answer(202, dropped=found.reason))
        else:
            self.appender.put((encode(found),), reply)

    def _caller(self, sighting: Sighting, headers: Headers, peer: str, load: Load) -> Caller | Answer:
        by_name = dict(headers)
        address = self._callers.address(by_name, headers, peer)
        self._crowd.saw(address, by_name, peer)
        caller = self._callers.caller(sighting, by_name, address)
        shown = by_name[b"authorization"] if caller is not None and caller.keyed else None
        if self._refused(self._limit.refused(address, load, shown)):
            return TOO_MANY
        return caller or UNAUTHORISED

    def _refused(self, limit: str | None) -> bool:
        """Return whether a limit was met, and count it."""
        if limit is None:
            return False
        self.refused[f"hits_of_{limit}"] += 1
        return True

    def _committed(self, records: int, seconds: float) -> None:
        self._metrics.hits.inc(records)
        self._metrics.commit.observe(seconds)


def _naming(ignored: tuple[str, ...], reply: Reply) -> Reply:
    """Return a reply that says besides what was ignored."""
    return lambda answer: reply(answer._replace(ignored=ignored))
