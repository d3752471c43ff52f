"""Who works on something alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from footfall.store.aws.answers import DynamodbAnswers
from footfall.store.aws.lease import lease
from footfall.store.aws.table import Table
from tests.aws.emulators import Aws, clients
from tests.aws.fault import lose, network

pytestmark = pytest.mark.slow


@pytest.fixture(params=["aws", "second"])
def table(request: pytest.FixtureRequest) -> Table:
    aws: Aws = request.getfixturevalue(request.param)
    return Table(aws.dynamodb, aws.table())


@contextmanager
def crashed(table: Table, now: float) -> Iterator[None]:
    """Who has the lease is gone without a word."""
    held = lease(table, "site", now, 900)
    assert held.__enter__()
    yield


def test_one_at_a_time(table: Table) -> None:
    with lease(table, "site", 1_000, 900) as first, lease(table, "site", 1_100, 900) as second, lease(table, "another", 1_100, 900) as other:
        assert (first, second, other) == (True, False, True)
    with lease(table, "site", 1_101, 900) as again:
        assert again


def test_who_is_gone_holds_it_no_longer_than_they_said(table: Table) -> None:
    with crashed(table, 1_000):
        with lease(table, "site", 1_900, 900) as early:
            assert not early
        with lease(table, "site", 1_901, 900) as late:
            assert late


def test_who_was_too_slow_takes_nothing_from_the_next(table: Table) -> None:
    slow = lease(table, "site", 1_000, 900)
    assert slow.__enter__()
    with lease(table, "site", 2_000, 900) as second:
        assert second
        slow.__exit__(None, None, None)
        with lease(table, "site", 2_001, 900) as third:
            assert not third


def test_a_lost_answer_is_no_refusal(aws: Aws) -> None:
    """The SDK sends it again; who has it must not think that another does."""
    with network(aws.url) as far:
        wild = clients(far.url)
        far.faults["PutItem"] = [lose, lose]
        with lease(Table(wild.dynamodb, aws.table()), "site", 1_000, 900) as had:
            assert had
        far.faults["PutItem"] = [lose]
        assert DynamodbAnswers(Table(wild.dynamodb, aws.table())).begin("name", 1_000, 0, 0)
        assert far.seen["lose"] == 3
        wild.dynamodb.close()
