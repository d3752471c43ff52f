"""Who works on something alone, and until when at the latest.

| item | pk | sk |
|---|---|---|
| a lease | `K#name` | `-` |
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from footfall.store.aws.table import Table, key, translated


@contextmanager
def lease(table: Table, name: str, now: float, seconds: float) -> Iterator[bool]:
    """Whether it is had: nobody else has it within the context, nor once the `seconds` are over that its last holder named.

    Only work that would be done twice is saved by it: clocks differ, and who is stopped gives nothing back. Raises `StoreBroken`.
    """
    refused = table.client.exceptions.ConditionalCheckFailedException
    place, holder = key(f"K#{name}", "-"), {"S": secrets.token_hex(8)}
    ours = False
    with translated(), suppress(refused):
        table.client.put_item(
            TableName=table.name, Item={**place, "holder": holder, "expires": {"N": str(int(now + seconds))}},
            ConditionExpression="attribute_not_exists(pk) OR expires < :now OR holder = :ours",
            ExpressionAttributeValues={":now": {"N": str(int(now))}, ":ours": holder},  # it is sent again where its answer was lost
        )  # fmt: skip
        ours = True
    try:
        yield ours
    finally:
        if ours:
            with translated(), suppress(refused):
                table.client.delete_item(TableName=table.name, Key=place, ConditionExpression="holder = :ours", ExpressionAttributeValues={":ours": holder})
