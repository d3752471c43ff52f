"""What is answered when something fails that should not."""

import asyncio
import logging

import pytest

from footfall.domain.client import Client
from footfall.domain.site import Offsets, Site
from footfall.gateway.answer import Answer
from footfall.gateway.collect import Door, Place
from footfall.gateway.collector import Collector
from footfall.gateway.directory import Snapshot
from footfall.gateway.limit import RateLimit
from footfall.gateway.sighting import Sighting
from footfall.registry.sqlite import SqliteRegistry, SqliteSalts
from footfall.telemetry import GatewayMetrics

NOW = 1_790_000_000_000_000
SECRET = "88.198.1.7"


def failing(address: str) -> Place:
    raise TypeError(f"cannot look up {address}")


def client_of(user_agent: str) -> Client:
    return Client(None, None, None, None, "desktop", robot=False)


def test_an_accident_is_answered_500_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    registry, salts = SqliteRegistry(":memory:"), SqliteSalts(":memory:")
    registry.put_site(Site("example.com", ("example.com",)), new=True)
    collector = Collector(
        Snapshot(registry, salts),
        Door(client_of, failing, Offsets()),
        (),
        RateLimit(0, lambda: NOW),
        GatewayMetrics(),
        lambda: NOW,
    )
    answers: list[Answer] = []
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            collector.take(lambda: Sighting("https://example.com/"), [], SECRET, answers.append)
    assert [answer.status for answer in answers] == [500] * 3
    assert len(caplog.records) == 1
    assert "TypeError" in caplog.text
    assert SECRET not in caplog.text
    registry.close()
    salts.close()


def test_an_accident_while_a_salt_is_made_is_answered_too(caplog: pytest.LogCaptureFixture) -> None:
    registry, salts = SqliteRegistry(":memory:"), SqliteSalts(":memory:")
    registry.put_site(Site("example.com", ("example.com",)), new=True)
    collector = Collector(
        Snapshot(registry, salts),
        Door(client_of, lambda address: Place(b"", None), Offsets()),
        (),
        RateLimit(0, lambda: NOW),
        GatewayMetrics(),
        lambda: NOW,
    )
    salts.close()  # what fails now is no failure of the registry's that it knows

    async def answered() -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        collector.take(lambda: Sighting("https://example.com/"), [], SECRET, future.set_result)
        return await asyncio.wait_for(future, 20)

    assert asyncio.run(answered()).status in (500, 503)
    registry.close()
