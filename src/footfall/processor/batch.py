"""From records of the stream to a batch of facts: the steps between the two, without I/O."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from traceback import extract_tb
from typing import TypeVar

from footfall.domain.channel import Sources, channel, source
from footfall.domain.event import DAY_US, Event, Hit, Tally
from footfall.domain.reason import Reason
from footfall.processor.range import impossible
from footfall.registry.port import RegistryBroken
from footfall.store.port import Bad, Batch, StoreBroken
from footfall.stream.codec import Unreadable, decode
from footfall.stream.port import Record

Read = Callable[[bytes], Hit | Tally]

NOT_ANSWERING = (RegistryBroken, StoreBroken)
"""Errors that say nothing of a record: it comes again."""

T = TypeVar("T")


def batch_of(
    records: Sequence[Record],
    marks: Mapping[str, int],
    sources: Sources,
    now_us: int,
    read: Read = decode,
) -> Batch:
    """What the records add to facts that have come as far as `marks`.

    Records at or below their shard's mark were applied before and are left out. One that cannot
    be read is counted, and holds up none of the others. Raises `NOT_ANSWERING`.
    """
    events: list[Event] = []
    tallies: list[Tally] = []
    unreadable: Counter[int] = Counter()
    bad: list[Bad] = []
    reached = dict(marks)
    firsts: dict[str, int] = {}
    for record in records:
        shard, sequence = record.position
        if sequence <= reached.get(shard, 0):
            continue
        reached[shard] = sequence
        firsts.setdefault(shard, sequence)
        found = attempt(partial(_event_or_tally, record, sources, read))
        if isinstance(found, Event):
            events.append(found)
        elif isinstance(found, Tally):
            tallies.append(found)
        else:
            unreadable[now_us // DAY_US] += 1
            bad.append(Bad(record.position, str(found), found.kept))
    tallies += [Tally("", day, Reason.UNREADABLE, count) for day, count in unreadable.items()]
    moved = {shard: last for shard, last in reached.items() if marks.get(shard) != last}
    return Batch(events, tallies, moved, firsts, bad)


def attempt(make: Callable[[], T]) -> T | Unreadable:
    """What is made of a record, or why nothing can be. Raises `NOT_ANSWERING` only."""
    try:
        return make()
    except Unreadable as exc:
        return exc
    except (*NOT_ANSWERING, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as exc:  # what panics in a parser written in Rust is no Exception
        return unexpected(exc)


def unexpected(error: BaseException) -> Unreadable:
    """The reason of an error that nobody foresaw: its place, as its text may quote it."""
    places = extract_tb(error.__traceback__)
    where = f" in {places[-1].name}, line {places[-1].lineno}" if places else ""
    return Unreadable(f"{type(error).__name__}{where}")


def _event_or_tally(record: Record, sources: Sources, read: Read) -> Event | Tally:
    found = read(record.data)
    if wrong := impossible(found):
        raise Unreadable(wrong)
    return event_of(found, record, sources) if isinstance(found, Hit) else found


def event_of(hit: Hit, record: Record, sources: Sources) -> Event:
    """A hit with its source and channel."""
    name = source(hit, sources)
    return Event(hit, name, channel(hit, name, sources), record.position)
