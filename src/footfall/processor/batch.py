"""From records of the stream to a batch of facts: the steps between the two, without I/O."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from footfall.domain.channel import Sources, channel, source
from footfall.domain.event import DAY_US, Event, Hit, Tally
from footfall.domain.reason import Reason
from footfall.store.port import Bad, Batch
from footfall.stream.codec import Unreadable, decode
from footfall.stream.port import Record


def batch_of(
    records: Sequence[Record], marks: Mapping[str, int], sources: Sources, now_us: int, read: Callable[[bytes], Hit | Tally] = decode
) -> Batch:  # fmt: skip
    """What the records add to facts that have come as far as `marks`.

    Records at or below their shard's mark were applied before and are left out. One that cannot
    be read is counted, and holds up none of the others.
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
        try:
            found = read(record.data)
        except Unreadable as exc:
            unreadable[now_us // DAY_US] += 1
            bad.append(Bad(record.position, str(exc), exc.kept))
            continue
        if isinstance(found, Hit):
            events.append(event_of(found, record, sources))
        else:
            tallies.append(found)
    tallies += [Tally("", day, Reason.UNREADABLE, count) for day, count in unreadable.items()]
    return Batch(events, tallies, {shard: sequence for shard, sequence in reached.items() if marks.get(shard) != sequence}, firsts, bad)


def event_of(hit: Hit, record: Record, sources: Sources) -> Event:
    """A hit with its source and channel."""
    name = source(hit, sources)
    return Event(hit, name, channel(hit, name, sources), record.position)
