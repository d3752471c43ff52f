"""What stands for the event source mapping of Lambda, at its worst.

It hands on a stream's records in batches and does all that may go wrong.

Batches have whatever size; what failed comes again in other pieces; functions crash before, in and
after their writes; some only seem to have failed, hang, and write long after others took over.
"""

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from botocore.client import BaseClient

from tests.patience import SECONDS
from tests.traffic import Made

Function = Callable[[Mapping[str, Any]], Mapping[str, Any]]
CALL = "dynamodb.TransactWriteItems"


class Crash(BaseException):
    """The end of a sandbox."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard.

    Its records in order, and those that it came of by a split or a merge, which are read to their
    ends before.
    """

    name: str
    records: Sequence[Made]
    parents: Sequence[str] = ()


def lineage(records: Sequence[Made], dice: Random) -> list[Shard]:
    """The records of a stream on a shard that may be split, and merged again."""
    cuts = sorted(dice.randint(0, len(records)) for _ in range(2))
    first, middle, last = records[: cuts[0]], records[cuts[0] : cuts[1]], records[cuts[1] :]
    shards = [
        ("shardId-0", first, ()),
        ("shardId-1", middle[::2], ("shardId-0",)),
        ("shardId-2", middle[1::2], ("shardId-0",)),
        ("shardId-3", last, ("shardId-1", "shardId-2")),
    ]
    return [Shard(name, some, parents) for name, some, parents in shards]


class Fate(threading.local):
    """What befalls the function that this thread runs, at its next write.

    It crashes before or after it, or hangs until `go`.
    """

    before = after = False
    hangs: "threading.Event | None" = None
    go: "threading.Event | None" = None


FATE = Fate()


def doom(client: BaseClient) -> None:
    """Have writes of a client meet the fate of their thread."""

    def before(**_: Any) -> None:
        if FATE.hangs:
            hangs, FATE.hangs = FATE.hangs, None
            hangs.set()
            assert FATE.go and FATE.go.wait(SECONDS)
        if FATE.before:
            FATE.before = False
            raise Crash

    def after(**_: Any) -> None:
        if FATE.after:
            FATE.after = False
            raise Crash

    client.meta.events.register(f"before-call.{CALL}", before)
    client.meta.events.register(f"after-call.{CALL}", after)


@dataclass
class Zombie:
    """Work that hangs at its write; whoever waited for it has given it up."""

    work: Callable[[], object]
    go: threading.Event = field(default_factory=threading.Event)
    hangs: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        while self.thread.is_alive() and not self.hangs.wait(0.005):
            pass

    def _run(self) -> None:
        FATE.hangs, FATE.go = self.hangs, self.go
        self.work()

    def finish(self) -> None:
        """Let it do its late write."""
        self.go.set()
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()


@dataclass
class EventSourceMapping:
    """Hands on all records of shards; `new_sandbox` gives a function that knows nothing yet.

    `happened` counts what befell them.
    """

    shards: Sequence[Shard]
    new_sandbox: Callable[[], Function]
    dice: Random
    most: int
    zombies: list[Zombie] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)

    def run(self, between: Callable[[], None] = lambda: None) -> None:
        """Until everything is delivered and every zombie has finished.

        `between` is done after each invocation.
        """
        try:
            self._deliver(between)
        finally:
            for zombie in self.zombies:
                zombie.finish()

    def _deliver(self, between: Callable[[], None]) -> None:
        done = dict.fromkeys((shard.name for shard in self.shards), 0)
        sandboxes: dict[str, Function] = {}
        while ready := [
            shard
            for shard in self.shards
            if done[shard.name] < len(shard.records) and self._ended(shard.parents, done)
        ]:
            shard = self.dice.choice(ready)
            first = done[shard.name]
            batch = shard.records[first : first + self.dice.randint(1, self.most)]
            function = sandboxes.setdefault(shard.name, self.new_sandbox())
            failed = self._invoke(shard, batch, function)
            if failed is None:
                del sandboxes[shard.name]
            else:
                done[shard.name] = first + failed
            if self.zombies and self.dice.random() < 0.3:
                self.zombies.pop(self.dice.randrange(len(self.zombies))).finish()
            between()

    def _ended(self, parents: Sequence[str], done: Mapping[str, int]) -> bool:
        return all(
            done[shard.name] == len(shard.records) and self._ended(shard.parents, done)
            for shard in self.shards
            if shard.name in parents
        )

    def _invoke(self, shard: Shard, batch: Sequence[Made], function: Function) -> int | None:
        """How many of the batch need not come again.

        None where the sandbox is gone, and all of it must.
        """
        event = json.loads(json.dumps(event_of(shard.name, batch)))
        fate = self.dice.choice(("none", "none", "none", "before", "after", "zombie", "doubt"))
        self.happened.append(fate)
        if fate == "zombie":
            self.zombies.append(Zombie(lambda: function(event)))
            return None
        FATE.before, FATE.after = fate == "before", fate == "after"
        try:
            failures = function(event)["batchItemFailures"]
        except Crash:
            return None
        finally:
            FATE.before = FATE.after = False
        if fate == "doubt":  # the answer never comes back
            return 0
        sequences = [str(each.record.position.sequence) for each in batch]
        return min(
            (sequences.index(each["itemIdentifier"]) for each in failures), default=len(batch)
        )


def event_of(shard: str, batch: Sequence[Made]) -> dict[str, Any]:
    """A batch as Lambda gives it to a function."""
    return {
        "Records": [
            {
                "eventSource": "aws:kinesis",
                "eventID": f"{shard}:{each.record.position.sequence}",
                "eventSourceARN": "arn:aws:kinesis:eu-central-1:000000000000:stream/hits",
                "kinesis": {
                    "sequenceNumber": str(each.record.position.sequence),
                    "partitionKey": "1",
                    "data": b64encode(each.record.data).decode(),
                    "approximateArrivalTimestamp": each.seen.arrived / 1e6,
                },
            }
            for each in batch
        ]
    }
