"""What Serverless Analytics counted, taken in as history.

Its table as its own code would have written it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from footfall.compose import now
from footfall.compose.functions import facts_in
from footfall.domain.site import Site, Zone
from footfall.processor.batch import batch_of
from footfall.query.answer import Answers
from footfall.query.original import Original as Views
from footfall.registry.dynamodb import DynamodbRegistry
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.port import Batch
from tests.aws.sky import Say, Sky, say, sky
from tests.traffic import SOURCES, Act, at, made

__all__ = ["say", "sky"]
pytestmark = pytest.mark.slow

TABLE = "sls-analytics-data"
STEPS = {"YEAR": 4, "MONTH": 7, "DATE": 10, "HOUR": 13, "MINUTE": 16}


def periods(moment: datetime) -> list[str]:
    """The dates that it counts a view under, cut of a text in which October is too long by one."""
    month = "010" if moment.month == 10 else f"{moment.month:02}"
    text = f"{moment.year}-{month}-{moment:%dT%H:%M}"
    return [f"{name}:{text[:length]}" for name, length in STEPS.items()]


class Original:
    """Its table, and what it does with views."""

    def __init__(self, sky: Sky) -> None:
        self.dynamodb = sky.client("dynamodb")
        keys: Any = [
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "date", "KeyType": "RANGE"},
        ]
        attributes: Any = [
            {"AttributeName": each["AttributeName"], "AttributeType": "S"} for each in keys
        ]
        self.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=keys,
            AttributeDefinitions=attributes,
            BillingMode="PAY_PER_REQUEST",
        )

    def count(self, website: str, url: str, moment: str, name: str, times: int = 1) -> None:
        for date in periods(datetime.fromisoformat(moment).replace(tzinfo=UTC)):
            self.dynamodb.update_item(
                TableName=TABLE,
                Key={"id": {"S": f"{website}:{url}"}, "date": {"S": date}},
                UpdateExpression="ADD #value :more SET #name = :name",
                ExpressionAttributeNames={"#value": "value", "#name": "name"},
                ExpressionAttributeValues={":more": {"N": str(times)}, ":name": {"S": name}},
            )

    def put(self, **item: dict[str, str]) -> None:
        self.dynamodb.put_item(TableName=TABLE, Item=item)


@pytest.fixture
def original(sky: Sky, say: Say) -> Any:
    say("deploy")
    found = Original(sky)
    DynamodbRegistry(found.dynamodb, sky.resource("Table")).put_site(SHOP, new=True)
    yield found
    found.dynamodb.delete_table(TableName=TABLE)


SHOP = Site("shop", ("shop.example",), zones=(Zone("Europe/Berlin"),), public=True)


def facts_of(sky: Sky) -> DynamodbFacts:
    return facts_in(
        sky.client("dynamodb"),
        sky.client("s3"),
        sky.resource("Table"),
        sky.resource("ArchiveBucket"),
    )


def told(sky: Sky, call: str, date: str, url: str | None = None) -> list[Mapping[str, Any]]:
    found = Views(facts_of(sky))
    with found.ranking(SHOP, date) if call == "ranking" else found.series(SHOP, date, url) as views:
        return views.answer()


HOME, SALE = "https://shop.example/", "https://shop.example/sale"


def test_history_is_taken_in(original: Original, sky: Sky, say: Say) -> None:
    """By the site's own dates, October where it belongs, other websites' left out."""
    original.count("shop", HOME, "2017-01-31T23:30", "Home", 3)
    original.count("shop", HOME, "2017-02-01T12:00", "Home, renewed", 2)
    original.count("shop", f"{SALE}?utm_source=letter", "2017-10-25T13:33", "Sale", 4)
    original.count("shop", HOME, "2017-12-05T00:00", "Home, renewed")
    original.count("shop2", HOME, "2017-02-01T12:00", "Another", 50)
    status, lines, errors = say("adopt", TABLE, "--website", "shop")
    assert (status, errors) == (0, "")
    assert lines == ["took in 10 page views of 3 days from 2017-02-01 to 2017-12-05"]
    assert told(sky, "ranking", date="YEAR:2017") == [
        {"name": "Home, renewed", "url": HOME, "value": 6},
        {"name": "Sale", "url": SALE, "value": 4},
    ]
    assert told(sky, "ranking", date="MONTH:2017-01") == []
    months = [("2017-02", HOME, 5), ("2017-10", SALE, 4), ("2017-12", HOME, 1)]
    assert told(sky, "series", date="YEAR:2017") == [
        {"date": f"MONTH:{month}", "url": url, "value": value} for month, url, value in months
    ]
    assert [row["date"] for row in told(sky, "series", date="DATE:2017-02-01", url=HOME)] == [
        "HOUR:2017-02-01T00",
        "HOUR:2017-02-01T13",
    ]
    assert told(sky, "series", date="HOUR:2017-10-25T15", url=SALE) == [
        {"date": "MINUTE:2017-10-25T15:30", "url": SALE, "value": 4}
    ]
    query = {
        "site_id": "shop",
        "metrics": ["pageviews", "visitors", "visits"],
        "date_range": ["2017-10-01", "2017-10-31"],
    }
    (row,) = Answers(facts_of(sky), now).query(SHOP, query)["results"]
    assert row["metrics"] == [4, 1, 0]
    assert say("adopt", TABLE, "--website", "shop")[1] == [
        "left alone, as something was counted on these days before,"
        " 10 page views of 3 days from 2017-02-01 to 2017-12-05"
    ]
    assert sum(each["value"] for each in told(sky, "ranking", date="YEAR:2017")) == 10


def test_what_is_no_count_is_left_out_with_its_reason(
    original: Original, sky: Sky, say: Say
) -> None:
    original.count("shop", HOME, "2017-02-01T12:00", "Home")
    original.count("shop", "/relative", "2017-02-01T12:00", "Home")
    wrong: list[Callable[[], None]] = [
        lambda: original.put(
            id={"S": f"shop:{HOME}"}, date={"S": "MINUTE:NaN-NaN-NaNTNaN:NaN"}, value={"N": "1"}
        ),
        lambda: original.put(
            id={"S": f"shop:{HOME}"}, date={"S": "MINUTE:2017-02-30T10:00"}, value={"N": "1"}
        ),
        lambda: original.put(
            id={"S": f"shop:{HOME}"}, date={"S": "MINUTE:9999-12-01T10:00"}, value={"N": "1"}
        ),
        lambda: original.put(
            id={"S": f"shop:{HOME}"}, date={"S": "MINUTE:2017-02-01T10:00"}, value={"N": "1.5"}
        ),
        lambda: original.put(
            id={"S": f"shop:{HOME}"},
            date={"S": "MINUTE:2017-02-01T10:01"},
            value={"N": "1000000000"},
        ),
        lambda: original.put(id={"S": f"shop:{HOME}"}, date={"S": "MINUTE:2017-02-01T10:02"}),
    ]
    for each in wrong:
        each()
    original.put(id={"S": f"shop:{HOME}"}, date={"S": "MINUTE:2017-02-01T10:03"}, value={"N": "1"})
    status, lines, _ = say("adopt", TABLE, "--website", "shop")
    assert (status, lines) == (
        0,
        [
            "took in 2 page views of 1 days from 2017-02-01 to 2017-02-01",
            "left out 1 items: it lies in the future or before 1970",
            "left out 2 items: it names no minute there is",
            "left out 1 items: its url is not absolute",
            "left out 3 items: its value is no number of views from 1 to 1,000,000",
        ],
    )
    assert told(sky, "ranking", date="DATE:2017-02-01") == [
        {"name": "Home", "url": HOME, "value": 2}
    ]


def test_who_asks_for_what_is_not_there_is_told_what_is(original: Original, say: Say) -> None:
    original.count("shop2", HOME, "2017-02-01T12:00", "Another")
    assert say("adopt", TABLE, "--website", "shop")[::2] == (
        1,
        f"footfall: the table {TABLE} has no page views of the website 'shop'; it has of 'shop2'\n",
    )
    assert (
        "there is no site shop2: add it with 'footfall site add DOMAIN --id shop2 --registry"
        " dynamodb:" in say("adopt", TABLE, "--website", "shop2")[2]
    )
    assert "AWS refused Scan" in say("adopt", "no-such-table", "--website", "shop")[2]


def test_days_that_were_counted_are_left_alone(original: Original, sky: Sky, say: Say) -> None:
    """Whether they are files by now or not.

    And what is counted later on a day taken in is added to it.
    """
    facts = facts_of(sky)

    def view(day: str, number: int) -> None:
        (record,) = made([Act(at(f"{day} 10:00"), keyed=True)])
        (event,) = batch_of([record.record], {}, SOURCES, 0).events
        moved = event._replace(
            hit=event.hit._replace(site="shop", id=number, hostname="shop.example", page="/")
        )
        facts.apply(Batch([moved], (), {"s": number}, {"s": number}))

    view("2026-06-09", 1)
    facts.compact("shop")
    view("2026-06-10", 2)
    for day in ("2026-06-09", "2026-06-10", "2026-06-11"):
        original.count("shop", HOME, f"{day}T12:00", "Home", 7)
    assert say("adopt", TABLE, "--website", "shop")[1] == [
        "took in 7 page views of 1 days from 2026-06-11 to 2026-06-11",
        "left alone, as something was counted on these days before,"
        " 14 page views of 2 days from 2026-06-09 to 2026-06-10",
    ]
    view("2026-06-11", 3)
    facts.compact("shop")
    assert [row["value"] for row in told(sky, "series", date="MONTH:2026-06", url=HOME)] == [
        1,
        1,
        8,
    ]
