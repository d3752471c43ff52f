"""Figures as people read them."""

from typing import Any

import pytest

from footfall.cli.figures import bar, change, figure, sparkline, visible
from footfall.query.catalogue import catalogue
from footfall.query.metrics.revenue import money

SHOWN = [
    ("visitors", 1234567, "1,234,567"),
    ("pageviews", 0, "0"),
    ("views_per_visit", 2.5, "2.50"),
    ("bounce_rate", 45.2, "45.2 %"),
    ("bounce_rate", None, "–"),
    ("scroll_depth", 67.0, "67.0 %"),
    ("visit_duration", 0.0, "0 s"),
    ("visit_duration", 59.3, "59.3 s"),
    ("visit_duration", 59.7, "1 min 00 s"),
    ("time_on_page", 421.4, "7 min 01 s"),
    ("visit_duration", 3725.0, "1 h 02 min"),
    ("total_revenue", money("EUR", 1234567), "€12,345.67"),
    ("total_revenue", money("JPY", 1000), "¥1,000"),
    ("total_revenue", money("KRW", -1234567), "-KRW 1,234,567"),
    ("total_revenue", money("KWD", 1250), "KWD 1.250"),
    ("total_revenue", money("BHD", 5), "BHD 0.005"),
    ("total_revenue", money("CLF", 12345), "CLF 1.2345"),
    ("total_revenue", money("ABC", 1250), "ABC 12.50"),
    ("total_revenue", [money("EUR", 5), money("SEK", -123456)], "€0.05 + -SEK 1,234.56"),
    ("average_revenue", None, "–"),
]


@pytest.mark.parametrize(("metric", "value", "text"), SHOWN)
def test_a_value(metric: str, value: Any, text: str) -> None:
    assert figure(metric, value) == text


def test_shares_are_known() -> None:
    assert {name for name, metric in catalogue().items() if metric.points} == {
        name for name in catalogue() if figure(name, 1).endswith(" %")
    }


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("visitors", 37, "+37 %"),
        ("visitors", -5, "-5 %"),
        ("visitors", 0, "="),
        ("visitors", None, "–"),
        ("bounce_rate", -1.4, "-1.4 pt"),
        ("visits", 12345, "+12,345 %"),
    ],
)
def test_a_change(metric: str, value: Any, text: str) -> None:
    assert change(metric, value) == text


def test_bars_are_as_long_as_what_they_show() -> None:
    assert [bar(value, 16, 2) for value in (16, 8, 4, 1, 0.001, 0, None)] == [
        "██",
        "█",
        "▌",
        "▏",
        "▏",
        "",
        "",
    ]
    assert [bar(value, 0.0, 2) for value in (0, None)] == ["", ""]
    assert bar([money("EUR", 100), money("USD", 200)], 4, 2) == "█"
    assert bar(-3, 4, 2) == ""


def test_a_course_is_as_high_as_what_it_shows() -> None:
    assert sparkline([0, 1, 4, 7, None]) == "▁▂▅█▁"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""


def test_nothing_from_elsewhere_steers_the_terminal() -> None:
    assert (
        visible("/a\x1b[2J\x07\u202eb\n\x9b1m\u200b") == "/a\\x1b[2J\\x07\\u202eb\\n\\x9b1m\\u200b"
    )
    assert visible("/größe – 日本 🎉 [bold]") == "/größe – 日本 🎉 [bold]"


SHORT = [
    ("JPY", 950, 950.0, "¥950"),
    ("JPY", 1_000, 1_000.0, "¥1K"),
    ("JPY", 1_250_000, 1_250_000.0, "¥1.3M"),
    ("EUR", 100_000, 1_000.0, "€1K"),
    ("EUR", 99_999, 999.99, "€1000"),
    ("EUR", 1_250, 12.5, "€12.5"),
    ("KWD", 1_000_000, 1_000.0, "KWD 1K"),
    ("KWD", 1_250, 1.25, "KWD 1.3"),
    ("EUR", 0, 0.0, "€0"),
]


@pytest.mark.parametrize(("currency", "minor", "value", "short"), SHORT)
def test_money_is_in_its_currency_s_units(currency, minor, value, short):
    told = money(currency, minor)
    assert (told["value"], told["short"]) == (value, short)
