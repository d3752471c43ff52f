"""What a month on AWS is said to cost."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from footfall.aws.cost import PRICES, Use, bill
from footfall.aws.shipped import TEMPLATE, shipped
from footfall.aws.template import parsed
from footfall.cli.cost import count
from tests.patience import SECONDS
from tests.server import FOOTFALL


def dollars(**use: Any) -> float:
    return sum(line.dollars for line in bill(Use(**use)))


def test_a_million_views_by_hand() -> None:
    """2.2 million hits, one shard, a batch every ten seconds, a dashboard open for sixty hours."""
    found = {line.name: line for line in bill(Use(1_000_000))}
    panels = 60 * 360 * 10
    assert found["API Gateway, requests"].amount == 2_200_000 + panels
    assert found["API Gateway, requests"].dollars == pytest.approx(7.70 + panels * 3.5e-6)
    assert found["Kinesis, shards"].dollars == pytest.approx(720 * 0.015)
    assert found["Kinesis, records"].dollars == pytest.approx(2.2 * 0.014)
    # 8.5 hits a batch, 99 bytes each: four items of one unit, each twice.
    assert found["DynamoDB, writes"].amount == 259_200 * 8 + 8_640 * 8
    assert found["CloudWatch, alarms"].dollars == pytest.approx(1.20)
    assert "CloudFront, requests" in found and found["CloudFront, requests"].amount == panels


@pytest.mark.parametrize("door", ["rest", "function"])
def test_a_web_acl_costs_what_it_costs(door: str) -> None:
    """Five dollars, one for its rule, and 60 cents a million requests: hits and panels."""
    more = dollars(views=1_000_000, door=door, web_acl=True) - dollars(views=1_000_000, door=door)
    assert more == pytest.approx(6 + (2.2 + 0.216) * 0.6)


def test_more_costs_more_and_the_function_door_less() -> None:
    for door in ("rest", "function"):
        costs = [
            dollars(views=views, door=door)
            for views in (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
        ]
        assert costs == sorted(costs) and costs[0] > 10
    for views in (1_000_000, 10_000_000, 100_000_000):
        assert dollars(views=views, door="function") < dollars(views=views, door="rest")
        assert dollars(views=views, hits_per_view=1.0) < dollars(views=views)
    assert dollars(views=1_000_000, window_seconds=60) < dollars(views=1_000_000)


def test_the_documentation_says_the_same() -> None:
    text = (Path(__file__).parents[2] / "docs" / "aws.md").read_text()
    for door, name in (("rest", "REST"), ("function", "function")):
        cells = []
        for views in (10**5, 10**6, 10**7, 10**8):
            least = dollars(views=views, hits_per_view=1.0, door=door)
            usual = dollars(views=views, hits_per_view=2.2, door=door)
            cells.append(f"${least:,.0f} / {usual:,.0f}")
        assert f"| {name} door, 1.0 / 2.2 hits a view | {' | '.join(cells)} |" in text


@pytest.mark.parametrize(("door", "other"), [("rest", "Function"), ("function", "Rest")])
def test_the_template_has_as_many_alarms_and_secrets(door: str, other: str) -> None:
    made = [
        each["Type"]
        for each in parsed(shipped(TEMPLATE))["Resources"].values()
        if each.get("Condition") != other
    ]
    amounts = {line.name: line.amount for line in bill(Use(1_000_000, door=door))}
    assert amounts["CloudWatch, alarms"] == made.count("AWS::CloudWatch::Alarm")
    assert amounts.get("Secrets Manager", 0) == made.count("AWS::SecretsManager::Secret")


def test_every_price_has_a_source() -> None:
    assert all(
        price.dollars > 0 and price.units > 0 and price.source.startswith("aws.amazon.com/")
        for price in PRICES.values()
    )
    assert {
        line.name
        for door in ("rest", "function")
        for line in bill(Use(10_000_000, door=door, web_acl=True))
    } == set(PRICES)


@pytest.mark.parametrize(
    ("text", "number"), [("250000", 250_000), ("1M", 1_000_000), ("2.5m", 2_500_000), ("3k", 3_000)]
)
def test_numbers_of_views(text: str, number: int) -> None:
    assert count(text) == number


def test_the_command() -> None:
    done = subprocess.run(
        [*FOOTFALL, "aws", "cost", "--views", "1M"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert done.stdout.startswith("1,000,000 page views a month, 2.2 hits each, rest door\n")
    assert f"{dollars(views=1_000_000):,.2f} $" in done.stdout
    for wrong in ("", "many", "-1", "nan", "1e99"):
        done = subprocess.run(
            [*FOOTFALL, "aws", "cost", "--views", wrong],
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 2 and "must be a number such as 250000 or 1M" in done.stderr
