"""The function that applies what Lambda hands on of a stream.

Each record is applied once, however often and in whatever pieces it comes.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from footfall.domain.channel import Sources
from footfall.processor.batch import NOT_ANSWERING, Read, batch_of
from footfall.processor.sieve import by_parts
from footfall.store.port import Batch, Facts, Outrun
from footfall.stream.port import Record

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Count:
    """Numbers of records that were applied, and of the hits, drops and bad ones among them.

    `failed` is the first that must come again, with all that follow it.
    """

    applied: int = 0
    hits: int = 0
    drops: int = 0
    bad: int = 0
    failed: Record | None = None

    def add(self, batch: Batch) -> None:
        """Count a batch that was applied. One of its tallies stands for all bad records."""
        bad = len(batch.bad)
        tallies = len(batch.tallies) - (1 if bad else 0)
        self.applied += len(batch.events) + tallies + bad
        self.hits += len(batch.events)
        self.drops += sum(tally.hits for tally in batch.tallies) - bad
        self.bad += bad


@dataclass(slots=True)
class Process:
    """Applies events of Lambda, and remembers how far shards have come as far as it heard.

    `records_of` takes an event apart, `refresh` learns of new sites, `read` makes hits of
    records, `now` is the clock in microseconds.
    """

    facts: Facts
    sources: Sources
    now: Callable[[], int]
    records_of: Callable[[Mapping[str, Any]], Sequence[Record]]
    refresh: Callable[[], None]
    read: Read
    _marks: dict[str, int] = field(default_factory=dict)

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Apply an event's records; the answer names the first that must come again, if any."""
        records = self.records_of(event)
        count = self.apply(records)
        print(json.dumps(_metrics(count, len(records), self.now())), flush=True)
        failures = []
        if count.failed:
            failures.append({"itemIdentifier": str(count.failed.position.sequence)})
        return {"batchItemFailures": failures}

    def apply(self, records: Sequence[Record]) -> Count:
        """Apply records in order, in as few transactions as they fit into."""
        count = Count()
        try:
            self.refresh()
            for batch in by_parts(records, self.read, self._apply):
                count.add(batch)
        except NOT_ANSWERING as exc:
            log.error("%s; the rest comes again", exc)
            count.failed = next((each for each in records if self._is_new(each)), None)
        return count

    def _apply(self, records: Sequence[Record], read: Read) -> Batch:
        """Apply what others had not applied before, in one transaction, and return it."""
        while True:
            batch = batch_of(records, self._marks, self.sources, self.now(), read)
            try:
                if batch.marks:
                    self.facts.apply(batch)
            except Outrun as exc:
                self._heard(exc.marks)
                continue
            self._heard(batch.marks)
            return batch

    def _is_new(self, record: Record) -> bool:
        shard, sequence = record.position
        return sequence > self._marks.get(shard, 0)

    def _heard(self, marks: Mapping[str, int]) -> None:
        for shard, last in marks.items():
            self._marks[shard] = max(last, self._marks.get(shard, last))


def _metrics(count: Count, records: int, now_us: int) -> dict[str, Any]:
    """A line of the log that CloudWatch makes metrics of."""
    values = {
        "Records": records,
        "Applied": count.applied,
        "Hits": count.hits,
        "Drops": count.drops,
        "BadRecords": count.bad,
        "ReportedFailures": int(count.failed is not None),
    }
    metrics = [{"Name": name, "Unit": "Count"} for name in values]
    told = {"Namespace": "Footfall", "Dimensions": [["FunctionName"]], "Metrics": metrics}
    return {
        "_aws": {"Timestamp": now_us // 1000, "CloudWatchMetrics": [told]},
        "FunctionName": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
        **values,
    }
