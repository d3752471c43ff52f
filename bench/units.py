"""What DynamoDB charges for."""

import json
from collections import Counter
from collections.abc import Mapping
from math import ceil
from typing import Any


class Units:
    """Counts what DynamoDB charges.

    1 KB a write and 4 KB a consistent read, twice in a transaction; and calls of S3.
    """

    def __init__(self, *clients: Any) -> None:
        self.writes = self.reads = 0.0
        self.calls: Counter[str] = Counter()
        for client in clients:
            client.meta.events.register("before-call", self._before)
            client.meta.events.register("after-call", self._after)

    def _before(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        self.calls[model.name] += 1
        body = json.loads(params["body"]) if model.service_model.service_name == "dynamodb" else {}
        for item in body.get("TransactItems", ()):
            ((_, what),) = item.items()
            self.writes += 2 * ceil(
                max(
                    size(
                        what.get("Item")
                        or {**what["Key"], **what.get("ExpressionAttributeValues", {})}
                    ),
                    1,
                )
                / 1_024
            )
        if model.name in ("PutItem", "UpdateItem", "DeleteItem"):
            self.writes += ceil(max(size(body.get("Item") or body["Key"]), 1) / 1_024)
        for requests in body.get("RequestItems", {}).values():
            self.writes += sum(
                ceil(max(size(each["PutRequest"]["Item"]), 1) / 1_024)
                for each in requests
                if "PutRequest" in each
            )

    def _after(self, model: Any, parsed: Mapping[str, Any], **_: Any) -> None:
        if model.name == "Query":
            self.reads += max(ceil(sum(map(size, parsed.get("Items", ()))) / 4_096), 0.5)
        if model.name == "GetItem":
            self.reads += max(ceil(size(parsed.get("Item", {})) / 4_096), 1)


def size(item: Mapping[str, Any]) -> int:
    """Bytes of an item, as DynamoDB counts them: names and values."""
    return sum(len(name) + _bytes(value) for name, value in item.items())


def _bytes(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "M":
        return 3 + size(held)
    if kind == "B":
        return len(held) if isinstance(held, bytes) else len(held) * 3 // 4
    return {"N": lambda: len(held) // 2 + 2, "BOOL": lambda: 1}.get(
        kind, lambda: len(str(held).encode())
    )()
