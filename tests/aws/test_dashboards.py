"""Many dashboards on one site: they must leave the table to the function that counts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

import pytest

from bench.units import Units
from footfall.processor.batch import batch_of
from footfall.query.access import Access
from footfall.query.answer import Answers
from footfall.registry.dynamodb import DynamodbRegistry
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.rollups import DynamodbRollups
from tests.aws.emulators import Aws, clients
from tests.traffic import SITE, SOURCES, Act, at, made

pytestmark = pytest.mark.slow

DASHBOARDS = 100
PAUSE_SECONDS = 10
SANDBOXES = 15
"""Of the function that answers: 70 requests a second, each a fifth of a second."""

HITS_A_SECOND, WINDOW_SECONDS, OPEN_SECONDS = 20, 10, 300
MOST_UNITS = 500
SECOND = 1_000_000
NOON = at("2026-06-10 12:00")
PEOPLE = ("ann", "bob")


class Sandbox:
    """What a warm function has of its own."""

    def __init__(
        self, aws: Aws, table: str, bucket: str, folder: Path, now: Callable[[], int]
    ) -> None:
        folder.mkdir()
        self.facts = DynamodbFacts(
            aws.dynamodb, aws.s3, table, bucket, lambda: ["berlin"], now, "512MB", folder, SECOND
        )
        self._access = Access(DynamodbRegistry(aws.dynamodb, table), now)
        self._answers = Answers(
            self.facts,
            now,
            DynamodbRollups(
                aws.dynamodb, table, lambda: datetime.fromtimestamp(now() / 1e6, UTC).date()
            ),
        )

    def requests(self) -> Iterator[Callable[[], object]]:
        """Those of a round in which the totals moved."""
        asked = {
            "site_id": "berlin",
            "metrics": ["visitors", "visits", "pageviews"],
            "date_range": "day",
        }
        yield lambda: self._answers.current_visitors(self._access.site("berlin", None))
        for dimensions in ([], ["time:hour"], ["event:page"], ["visit:source"], ["visit:country"]):
            yield partial(self._report, {**asked, "dimensions": dimensions})
        yield lambda: self._answers.dropped(self._access.site("berlin", None), "day")

    def _report(self, query: dict[str, object]) -> object:
        return self._answers.query(self._access.site("berlin", None), query)


def test_a_hundred_dashboards_stay_below_500_read_units_a_second(tmp_path: Path, aws: Aws) -> None:
    """While hits come, at the worst moment for it.

    Before what waited for five minutes becomes files.
    """
    here, table, bucket, dice, now = clients(aws.url), aws.table(), aws.bucket(), Random(1), NOON
    DynamodbRegistry(aws.dynamodb, table).put_site(replace(SITE["berlin"], public=True), new=True)
    counting = DynamodbFacts(
        aws.dynamodb, aws.s3, table, bucket, lambda: ["berlin"], lambda: now, "512MB", tmp_path
    )
    number = 0

    def count(since: int, seconds: int) -> None:
        """One batch of the function that counts."""
        nonlocal number
        acts = [
            Act(
                since + place * SECOND // HITS_A_SECOND,
                who=dice.choice(PEOPLE),
                page=f"/{dice.randint(0, 40)}",
            )
            for place in range(seconds * HITS_A_SECOND)
        ]
        records = [
            each.record._replace(
                position=each.record.position._replace(sequence=number + place + 1)
            )
            for place, each in enumerate(made(acts, prefix=f"s{number}", one_shard=True))
        ]
        records = [
            each._replace(position=each.position._replace(shard="shard")) for each in records
        ]
        number += len(records)
        counting.apply(batch_of(records, counting.marks(), SOURCES, now))

    count(NOON - 3_600 * SECOND, 100)
    counting.compact("berlin")
    for start in range(OPEN_SECONDS, 0, -WINDOW_SECONDS):
        count(NOON - start * SECOND, WINDOW_SECONDS)
    with ExitStack() as stack:
        sandboxes = [
            Sandbox(here, table, bucket, tmp_path / f"sandbox-{each}", lambda: now)
            for each in range(SANDBOXES)
        ]
        for each in sandboxes:
            stack.callback(each.facts.close)
        units = Units(here.dynamodb)
        asked = [
            request
            for dashboard in range(DASHBOARDS)
            for request in sandboxes[dashboard % SANDBOXES].requests()
        ]
        dice.shuffle(asked)
        for place, request in enumerate(asked):
            if place % (len(asked) // 2) == 0:
                count(now, WINDOW_SECONDS // 2)
            now = NOON + PAUSE_SECONDS * SECOND * place // len(asked)
            request()
    print(f"{units.reads / PAUSE_SECONDS:.0f} read units a second for {DASHBOARDS} dashboards")
    assert 0 < units.reads / PAUSE_SECONDS < MOST_UNITS
