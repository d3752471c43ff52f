"""Answers that are made while nobody waits for them.

| item | pk | sk | holds |
|---|---|---|---|
| an answer | `A#name` | `-` | `begun` (seconds), `maker`; once it is there `done` and `data` |
"""

import secrets
import zlib
from contextlib import suppress

from footfall.store.aws.table import Table, key, translated
from footfall.store.port import TooLarge

KEPT_SECONDS = 600
MOST_BYTES = 390_000
"""An item takes 400 KB."""


class DynamodbAnswers:
    """See `functions.reports.Kept`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, name: str, now: int, begun_after: int, done_after: int) -> bool:
        """See `Kept`."""
        refused = self._table.client.exceptions.ConditionalCheckFailedException
        maker = {"S": secrets.token_hex(8)}  # it is sent again where its answer was lost
        values = {":begun": {"N": str(begun_after)}, ":done": {"N": str(done_after)}, ":maker": maker}
        with translated(), suppress(refused):
            self._table.client.put_item(
                TableName=self._table.name, Item={**key(f"A#{name}", "-"), "begun": {"N": str(now)}, "maker": maker, "expires": {"N": str(now + KEPT_SECONDS)}},
                ConditionExpression="attribute_not_exists(pk) OR begun <= :begun OR done <= :done OR maker = :maker", ExpressionAttributeValues=values,
            )  # fmt: skip
            return True
        return False

    def put(self, name: str, now: int, data: bytes) -> None:
        """See `Kept`."""
        packed = zlib.compress(data)
        if len(packed) > MOST_BYTES:
            raise TooLarge
        times = {"begun": {"N": str(now)}, "done": {"N": str(now)}, "expires": {"N": str(now + KEPT_SECONDS)}}
        self._table.write([{"PutRequest": {"Item": {**key(f"A#{name}", "-"), **times, "data": {"B": packed}}}}])

    def get(self, name: str, now: int) -> tuple[int, bytes | None] | None:
        """See `Kept`."""
        item = self._table.item(f"A#{name}", "-")
        if item is None or int(item["expires"]["N"]) < now:
            return None
        return int(item["begun"]["N"]), zlib.decompress(item["data"]["B"]) if "data" in item else None

    def drop(self, name: str) -> None:
        """See `Kept`."""
        self._table.write([{"DeleteRequest": {"Key": key(f"A#{name}", "-")}}])
