"""Money, per currency."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from footfall.query.metric import Column, Metric, Source, Sum

UNIT = 10_000
"""Amounts are summed in ten-thousandths: the finest minor unit of any currency (ISO 4217)."""

AMOUNT = f"CAST(sum(CAST(e.amount AS DECIMAL(18, 4))) * {UNIT} AS HUGEINT)"
SALES = "count(*)"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$", "CHF": "CHF "}
STEPS = (("B", 10**9), ("M", 10**6), ("K", 10**3))


def money(currency: str, cents: int) -> dict[str, Any]:
    """An amount in the shape of Plausible's API: `short` in tenths of units, thousands, millions or thousands of millions."""
    symbol = SYMBOLS.get(currency, f"{currency} ")
    suffix, step = next(((suffix, step) for suffix, step in STEPS if abs(cents) >= 100 * step), ("", 1))
    tenths = _rounded(abs(cents), 10 * step)
    short = f"{_sign(cents, tenths)}{symbol}{f'{tenths // 10}.{tenths % 10}'.removesuffix('.0')}{suffix}"
    return {"currency": currency, "value": cents / 100, "short": short, "long": f"{_sign(cents, cents)}{symbol}{abs(cents) // 100:,}.{abs(cents) % 100:02}"}


def _sign(value: int, shown: int) -> str:
    return "-" if value < 0 and shown else ""


def _told(sums: Mapping[str, Column], cents: Callable[[int, int], int]) -> Column:
    """For each row, from its sums by currency."""
    found = np.full(len(sums["amount"]), None, dtype=object)
    for index, (amounts, sales) in enumerate(zip(sums["amount"], sums["sales"], strict=True)):
        if amounts:
            several = [money(currency, cents(amounts[currency], sales[currency])) for currency in sorted(amounts)]
            found[index] = several[0] if len(several) == 1 else several
    return found


def _rounded(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)


SUMS = {"amount": Sum(Source.REVENUE, AMOUNT), "sales": Sum(Source.REVENUE, SALES)}
METRICS = (
    Metric("total_revenue", SUMS, lambda sums: _told(sums, lambda amount, _: _rounded(amount, UNIT // 100))),
    Metric("average_revenue", SUMS, lambda sums: _told(sums, lambda amount, sales: _rounded(amount, UNIT // 100 * sales))),
)
