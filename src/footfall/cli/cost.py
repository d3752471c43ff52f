"""`footfall aws cost`: what a month on AWS costs, item by item, without asking AWS."""

from typing import Any

from footfall.aws.cost import PRICED, Use, bill

FEWER = {"k": 1e3, "m": 1e6, "b": 1e9}


def cost(given: dict[str, Any]) -> int:
    """Print the bill."""
    use = Use(given["views"], given["hits_per_view"], given["front_door"] or "rest", given["window"], given["sites"], given["dashboard_hours"])
    lines = bill(use)
    print(f"{use.views:,} page views a month, {use.hits_per_view:g} hits each, {use.door} door\n")
    for line in lines:
        print(f"{line.name:32}{line.amount:>18,.2f} {line.price.unit:20}{line.dollars:>10,.2f} $   {line.price.source}")
    print(f"{'together':32}{'':39}{sum(line.dollars for line in lines):>10,.2f} $\n")
    print(f"Prices of us-east-1, {PRICED}, without free tiers and taxes. Amounts are an estimate by sizes that were measured on emulators.")
    return 0


def count(text: str) -> int:
    """A number such as 250000, 1M or 2.5m; raises `ValueError`."""
    number = float(text[:-1]) * FEWER[text[-1].lower()] if text[-1:].lower() in FEWER else float(text)
    if not 0 < number < 1e13:
        raise ValueError
    return int(number)
