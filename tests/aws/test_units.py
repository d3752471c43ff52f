"""Units in the documentation are those that an emulator with DynamoDB's own rules counts."""

from datetime import date

import pytest

from bench.units import Units
from footfall.processor.batch import batch_of
from footfall.store.aws.commit import commit
from footfall.store.aws.pointer import Day, Pointer
from footfall.store.aws.table import Table, key
from tests.aws.emulators import Aws, clients
from tests.traffic import SOURCES, crowd, made

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("people", [1, 8, 60, 250])
def test_units_of_writes_and_reads(second: Aws, people: int) -> None:
    """Of a commit's items, put one by one, since this emulator knows no transactions.

    Of a query.
    """
    here = clients(second.url)
    table = second.table()
    units, rows = Units(here.dynamodb), Table(here.dynamodb, table)
    records = made(crowd(1, date(2026, 6, 10), 1, people), one_shard=True)
    actions = commit(rows, batch_of([each.record for each in records], {}, SOURCES, 0), 1)
    pointer = {
        **key("P#berlin", "2026-06-10"),
        **Pointer(
            Day(2**62, settled=False), {"events": "v" * 32, "visits": "w" * 32}, {"shard": 10**55}
        ).item(3),
    }
    items = [*(action["Put"]["Item"] for action in actions if "Put" in action), pointer]
    for item in items:
        before = units.writes
        told = here.dynamodb.put_item(TableName=table, Item=item, ReturnConsumedCapacity="TOTAL")[
            "ConsumedCapacity"
        ]["CapacityUnits"]
        assert units.writes - before == told, item["pk"]
    for pk in {item["pk"]["S"] for item in items} | {"nothing"}:
        units.reads = 0
        told = here.dynamodb.query(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
            ReturnConsumedCapacity="TOTAL",
        )["ConsumedCapacity"]["CapacityUnits"]
        assert units.reads == max(told, 0.5), pk
        units.reads = 0
        sk = next((item["sk"]["S"] for item in items if item["pk"]["S"] == pk), "none")
        one = here.dynamodb.get_item(
            TableName=table, Key=key(pk, sk), ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
        )["ConsumedCapacity"]["CapacityUnits"]
        assert units.reads == one, pk
