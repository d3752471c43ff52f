"""Pointers of more days than one transaction takes: all of them count, or none.

| item | pk | sk |
|---|---|---|
| a part of them, packed | `Q#site` | number |

The transaction that makes a site's new generation brings them and says how many parts there are.
From then on they count. Whoever changes pointers next puts them into their places first.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from footfall.store.aws.table import Item, Table, key

PART_BYTES = 300_000
"""Of what is packed; an item has 400 KB, and all that goes in a transaction 4 MB."""

DIGITS = 4


def packed(site: str, items: Mapping[str, Item]) -> Sequence[Item]:
    """Return the parts that hold pointers, by day."""
    data = zlib.compress(json.dumps(items).encode())
    starts = range(0, len(data), PART_BYTES)
    return [
        {**_place(site, number), "data": {"B": data[start : start + PART_BYTES]}}
        for number, start in enumerate(starts)
    ]  # fmt: skip


def unpacked(table: Table, site: str, parts: int) -> Mapping[str, Item] | None:
    """Return the pointers of so many parts, by day; None where some are not there, or no more."""
    if not parts:
        return {}
    found = list(table.items(f"Q#{site}"))
    if len(found) != parts:
        return None
    data = b"".join(item["data"]["B"] for item in found)
    items: Mapping[str, Item] = json.loads(zlib.decompress(data))
    return items


def deletes(table: Table, site: str, parts: int) -> Sequence[Any]:
    """Return what deletes so many parts, in a transaction."""
    places = [_place(site, number) for number in range(parts)]
    return [{"Delete": {"TableName": table.name, "Key": each}} for each in places]


def _place(site: str, number: int) -> Item:
    return key(f"Q#{site}", f"{number:0{DIGITS}}")
