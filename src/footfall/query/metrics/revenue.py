"""Money, per currency."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from footfall.domain.currency import decimals
from footfall.query.metric import Column, Metric, Source, Sum

UNIT = 10_000
"""Amounts are summed in ten-thousandths: the finest minor unit of any currency (ISO 4217)."""

AMOUNT = f"CAST(sum(CAST(e.amount AS DECIMAL(18, 4))) * {UNIT} AS HUGEINT)"
SALES = "count(*)"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$", "CHF": "CHF "}
STEPS = (("B", 10**9), ("M", 10**6), ("K", 10**3))


def money(currency: str, minor: int) -> dict[str, Any]:
    """Return an amount, in minor units, in the shape of Plausible's API.

    `short` is in tenths of units, thousands, millions or thousands of millions; of a currency
    without decimals, no tenths of units.
    """
    unit = 10 ** decimals(currency)
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return {
        "currency": currency,
        "value": minor / unit,
        "short": _short(symbol, minor, unit),
        "long": _long(symbol, minor, unit),
    }


def _long(symbol: str, minor: int, unit: int) -> str:
    whole, rest = divmod(abs(minor), unit)
    fraction = f".{rest:0{len(str(unit)) - 1}}" if unit > 1 else ""
    return f"{_sign(minor, minor)}{symbol}{whole:,}{fraction}"


def _short(symbol: str, minor: int, unit: int) -> str:
    reached = [(suffix, step) for suffix, step in STEPS if abs(minor) >= unit * step]
    suffix, step = reached[0] if reached else ("", 1)
    tenths = _rounded(abs(minor) * 10, unit * step)
    shown = f"{tenths // 10}.{tenths % 10}".removesuffix(".0")
    return f"{_sign(minor, tenths)}{symbol}{shown}{suffix}"


def _sign(value: int, shown: int) -> str:
    return "-" if value < 0 and shown else ""


def _told(sums: Mapping[str, Column], divisor: Callable[[int], int]) -> Column:
    """Return for each row, of its sums by currency, the amounts divided as sales tell."""
    found = np.full(len(sums["amount"]), None, dtype=object)
    for index, (amounts, sales) in enumerate(zip(sums["amount"], sums["sales"], strict=True)):
        if amounts:
            several = [money(currency, _minor(currency, amounts[currency], divisor(sales[currency]))) for currency in sorted(amounts)]
            found[index] = several[0] if len(several) == 1 else several
    return found


def _minor(currency: str, amount: int, divisor: int) -> int:
    """Return an amount of ten-thousandths, divided, in the currency's minor units."""
    return _rounded(amount, UNIT // 10 ** decimals(currency) * divisor)


def _rounded(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)


SUMS = {"amount": Sum(Source.REVENUE, AMOUNT), "sales": Sum(Source.REVENUE, SALES)}
METRICS = (
    Metric("total_revenue", SUMS, lambda sums: _told(sums, lambda sales: 1), grows=True),
    Metric("average_revenue", SUMS, lambda sums: _told(sums, lambda sales: sales)),
)
