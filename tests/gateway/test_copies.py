"""Strangers who know an event's id, and send it with another page, another amount and an earlier time."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.patience import wait_until
from tests.server import BROWSER, Server, footfall

pytestmark = pytest.mark.slow

HOUR_MS = 3_600_000
ORDERS = [20, pytest.param(200, marks=pytest.mark.torture)]
STRANGERS = ("198.51.100.7", "203.0.113.9", "2001:db8:77::1")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    data = tmp_path / "data"
    footfall("site", "add", "shop.test", "--id", "shop", "--public", data=data)
    running = Server(data, "--trusted-proxy", "127.0.0.1", "--rate-limit", "0")
    yield running
    assert running.stop() == 0


def claims() -> list[dict[str, Any]]:
    """Each way in which one without a key may say that it was before."""
    now = datetime.now(UTC)
    dates = [int((now - timedelta(hours=hours)).timestamp() * 1000) for hours in (0, 1, 30)]
    ages: list[dict[str, Any]] = [{"age": 10_000}, {"age": 3 * HOUR_MS}, {"a": 23 * HOUR_MS}]
    told: list[dict[str, Any]] = [{"date": dates[1]}, {"d": dates[2]}, {"at": now.isoformat()}, {"date": dates[0] - 9_000}]
    return [*ages, *told, {"age": 5_000, "date": dates[0] - 14_000}, {}]


def order(number: int) -> dict[str, Any]:
    revenue = {"currency": "EUR", "amount": 10}
    url = f"https://shop.test/thanks/{number}"
    return {"url": url, "event": "Order", "id": f"order-{number}", "revenue": revenue}


def forged(number: int) -> dict[str, Any]:
    revenue = {"currency": "EUR", "amount": 9_999}
    return {**order(number), "url": "https://shop.test/stolen", "revenue": revenue}


def send(server: Server, body: dict[str, Any], address: str, agent: str = BROWSER) -> None:
    headers = {"x-forwarded-for": address, "user-agent": agent}
    answer = server.client.post("/v1/track", content=json.dumps(body), headers=headers)
    assert answer.status_code == 202, answer.text


def attack(server: Server, orders: int) -> None:
    for number in range(orders):
        for turn, claim in enumerate(claims()):
            send(server, {**forged(number), **claim}, STRANGERS[turn % len(STRANGERS)])
            send(server, {**forged(number), **claim}, f"192.0.2.{number % 50}", "Other/1.0 (X11) Firefox/140.0")
        query = urlencode({"u": "https://shop.test/stolen", "e": "Order", "k": f"order-{number}"})
        headers = {"x-forwarded-for": STRANGERS[0]}
        assert server.client.get(f"/v1/track.gif?{query}", headers=headers).status_code == 200


def pages(server: Server) -> dict[str, int]:
    server.wait_until_counted()
    rows = server.query("shop", ["events"], dimensions=["event:page"], pagination={"limit": 10_000})
    return {row["dimensions"][0]: row["metrics"][0] for row in rows}


@pytest.mark.parametrize("orders", ORDERS)
@pytest.mark.parametrize("while_counting", [True, False], ids=["counted before", "in one batch"])
def test_no_stranger_puts_his_event_in_anothers_place(server: Server, orders: int, while_counting: bool) -> None:
    for number in range(orders):
        send(server, order(number), f"192.0.2.{number % 50}")
    if while_counting:
        server.wait_until_counted()
    attack(server, orders)
    assert pages(server) == {f"/thanks/{number}": 1 for number in range(orders)}


def test_a_shop_with_a_key_has_its_orders_though_strangers_came_first(server: Server) -> None:
    """Who guesses an id beforehand holds its place until it comes with a key."""
    attack(server, 3)
    assert pages(server) == {"/stolen": 3}
    secret = footfall("key", "add", "--site", "shop", "--scope", "events:write", data=server.data).splitlines()[-1]
    batch = [order(number) for number in range(3)]
    headers = {"authorization": f"Bearer {secret}"}

    def accepted() -> bool:
        return server.client.post("/v1/batch", json=batch, headers=headers).status_code == 202

    wait_until(accepted, lambda: server.log)
    attack(server, 3)
    assert pages(server) == {f"/thanks/{number}": 1 for number in range(3)}
