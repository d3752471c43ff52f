"""A table of DynamoDB, its errors as those of the port."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import random
from time import sleep
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from footfall.store.port import StoreBroken

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

AT_ONCE = 25
"""Writes that one call may carry."""

PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8, 0.0)


CONFLICT_PAUSES_SECONDS = [min(0.02 * 2**n, 1.0) for n in range(24)]
"""Some ten seconds in the mean: a function that counts has 120, and others take milliseconds."""

CONFLICT, UNMET, REFUSED = "TransactionConflict", "ConditionalCheckFailed", "ValidationError"
NEVER = {"ValidationException", "SerializationException", "RequestEntityTooLarge", "413"}
"""Errors of a call that will be refused whenever it comes."""


class Cancelled(StoreBroken):
    """A transaction that changed nothing: the codes of the reasons, and the items in the way."""

    def __init__(self, error: Exception, reasons: Sequence[Any]) -> None:
        super().__init__(str(error))
        self.codes = {each.get("Code", "None") for each in reasons} - {"None"}
        self.items = [each["Item"] for each in reasons if each.get("Item")]


class Table:
    """Items by partition and sort key, always as they are now."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self.client = client
        self.name = name

    def items(self, pk: str, low: str = "", high: str = "", only: Sequence[str] = ()) -> Iterator[Item]:
        """All items of a partition, or those between two sort keys; of each all attributes or some, at the same price. Raises `StoreBroken`."""
        asked: dict[str, Any] = {"TableName": self.name, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": pk}}, "ConsistentRead": True}
        if high:
            asked["KeyConditionExpression"] += " AND sk BETWEEN :low AND :high"
            asked["ExpressionAttributeValues"] |= {":low": {"S": low}, ":high": {"S": high}}
        if only:
            asked["ProjectionExpression"] = ", ".join(f"#{name}" for name in only)
            asked["ExpressionAttributeNames"] = {f"#{name}": name for name in only}
        while True:
            with translated():
                page = self.client.query(**asked)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def item(self, pk: str, sk: str) -> Item | None:
        """One item. Raises `StoreBroken`."""
        with translated():
            return self.client.get_item(TableName=self.name, Key=key(pk, sk), ConsistentRead=True).get("Item")

    def write(self, requests: Sequence[Any]) -> None:
        """Put and delete items, each by itself. Raises `StoreBroken`."""
        for start in range(0, len(requests), AT_ONCE):
            left = list(requests[start : start + AT_ONCE])
            for pause in PAUSES_SECONDS:
                with translated():
                    left = self.client.batch_write_item(RequestItems={self.name: left})["UnprocessedItems"].get(self.name, [])
                if not left:
                    break
                sleep(pause * random())
            else:
                raise StoreBroken(f"{len(left)} items were refused again and again")

    def put(self, item: Item, condition: str = "", values: Item | None = None) -> Item:
        """What puts an item, in a transaction."""
        conditions = {"ConditionExpression": condition, **({"ExpressionAttributeValues": values} if values else {})} if condition else {}
        return {"Put": {"TableName": self.name, "Item": item, **conditions}}

    def transact(self, actions: Sequence[Any]) -> None:
        """Do all of it, or nothing, again while only other transactions are in the way.

        Raises `Cancelled`, whose only code is `REFUSED` for what never goes, and `StoreBroken`.
        """
        for pause in CONFLICT_PAUSES_SECONDS:
            try:
                self._transact(actions)
                return
            except Cancelled as exc:
                if exc.codes != {CONFLICT}:
                    raise
                sleep(pause * random())
        self._transact(actions)

    def _transact(self, actions: Sequence[Any]) -> None:
        try:
            self.client.transact_write_items(TransactItems=list(actions))
        except self.client.exceptions.TransactionCanceledException as exc:
            raise Cancelled(exc, exc.response.get("CancellationReasons", [])) from exc
        except (ClientError, BotoCoreError) as exc:
            if _never(exc):
                raise Cancelled(exc, [{"Code": REFUSED}]) from exc
            raise StoreBroken(str(exc)) from exc


def key(pk: str, sk: str) -> Item:
    """The attributes that name an item."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _never(error: ClientError | BotoCoreError) -> bool:
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in NEVER
    return isinstance(error, ParamValidationError)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of AWS as `StoreBroken`."""
    try:
        yield
    except (ClientError, BotoCoreError) as exc:
        raise StoreBroken(str(exc)) from exc
