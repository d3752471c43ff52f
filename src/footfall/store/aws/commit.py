"""What a batch becomes in one transaction of DynamoDB: how far its shards have come, and what it adds.

| item | pk | sk |
|---|---|---|
| how far a shard has come | `C` | shard |
| a range that was applied | `L#shard` | its last sequence number |
| records that nobody could read | `B` | shard, sequence number |
| a day with segments that no file holds | `X#site` | day |
| a segment | `S#site#day` | shard, sequence number |
"""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence

from footfall.domain.event import Event, Position, Tally
from footfall.domain.site import day_date
from footfall.store.aws.pointer import padded
from footfall.store.aws.segment import pack, pack_bad, place
from footfall.store.aws.table import Item, Table, key
from footfall.store.port import Bad, Batch, TooLarge

SEGMENT_BYTES = 300_000
MOST_ITEM_BYTES = 380_000
"""Of an item's data: with its names DynamoDB takes 400 KB."""

MOST_ITEMS, MOST_BYTES = 100, 3_500_000
"""Of a transaction: DynamoDB takes 100 items and 4 MB."""


def commit(table: Table, batch: Batch, expires: int, late: Sequence[Position] = ()) -> list[Item]:
    """The actions of the transaction, whose segments and ranges go at `expires` (seconds). Raises `TooLarge`.

    It goes through only where no shard has come as far as the batch's first of it, and where
    none of the `late` records, of shards that the batch does not move, was applied before.
    """
    expiry = {"expires": {"N": str(expires)}}
    shards = [
        action for shard, last in batch.marks.items() for action in _reached(table, shard, batch.firsts.get(shard, last), last, {**expiry, "events": {"N": str(len(batch.events))}})
    ]
    once = [table.put(_range(position.shard, position.sequence, position.sequence, expiry), "attribute_not_exists(pk)") for position in late]
    segments, days = _segments(batch)
    puts = [{**item, **expiry} for item in (*segments, *_bad(batch.bad))]
    changed = [table.put({**key(f"X#{site}", day), "version": {"S": secrets.token_hex(8)}}) for site, day in sorted(days)]
    actions = [*shards, *once, *map(table.put, puts), *changed]
    sizes = [len(item["data"]["B"]) for item in puts]
    if len(actions) > MOST_ITEMS or sum(sizes) > MOST_BYTES:
        raise TooLarge("a transaction would be too large")
    if max(sizes, default=0) > MOST_ITEM_BYTES:
        raise TooLarge("an item would be too large")
    return actions


def _reached(table: Table, shard: str, first: int, last: int, more: Item) -> list[Item]:
    """That a shard has come further, if it had not come as far as `first`."""
    mark = {
        "TableName": table.name, "Key": key("C", shard), "UpdateExpression": "SET hwm = :last",
        "ConditionExpression": "attribute_not_exists(hwm) OR hwm < :first", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        "ExpressionAttributeValues": {":last": {"S": padded(last)}, ":first": {"S": padded(first)}},
    }  # fmt: skip
    return [{"Update": mark}, table.put(_range(shard, first, last, more))]


def _range(shard: str, first: int, last: int, more: Item) -> Item:
    return {**key(f"L#{shard}", padded(last)), "first": {"S": padded(first)}, **more}


def _segments(batch: Batch) -> tuple[list[Item], set[tuple[str, str]]]:
    """What a batch adds; and the days that it touches."""
    events: dict[tuple[str, str], list[Event]] = defaultdict(list)
    tallies: dict[tuple[str, str], list[Tally]] = defaultdict(list)
    for event in batch.events:
        events[event.hit.site, str(day_date(event.hit.day))].append(event)
    for tally in batch.tallies:
        tallies[tally.site, str(day_date(tally.day))].append(tally)
    shard, last = min(batch.marks.items(), default=("", 0))
    days = {*events, *tallies}
    items = [
        {**key(f"S#{site}#{day}", f"{place(Position(shard, last))}#{number}"), "data": {"B": data}}
        for site, day in sorted(days)
        for number, data in enumerate(_packed(events[site, day], tallies[site, day]))
    ]
    return items, days


def _packed(events: Sequence[Event], tallies: Sequence[Tally]) -> Iterator[bytes]:
    """Segments that each fit into an item."""
    data = pack(events, tallies)
    if len(data) <= SEGMENT_BYTES or len(events) < 2:
        yield data
        return
    half = len(events) // 2
    yield from _packed(events[:half], tallies)
    yield from _packed(events[half:], ())


def _bad(bad: Sequence[Bad]) -> list[Item]:
    """Records that nobody could read, as few items as hold them."""
    data = pack_bad(bad)
    if len(data) > SEGMENT_BYTES and len(bad) > 1:
        return [*_bad(bad[: len(bad) // 2]), *_bad(bad[len(bad) // 2 :])]
    return [{**key("B", place(bad[0].position)), "data": {"B": data}}] if bad else []
