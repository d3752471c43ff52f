"""`footfall aws cost`: what a month on AWS costs, item by item, without asking AWS."""

from typing import Any

from footfall.aws.cost import PRICED, Use, bill

FEWER = {"k": 1e3, "m": 1e6, "b": 1e9}


def cost(given: dict[str, Any]) -> int:
    """Print the bill."""
    use = Use(
        views=given["views"],
        hits_per_view=given["hits_per_view"],
        door=given["front_door"] or "rest",
        window_seconds=given["window"],
        sites=given["sites"],
        dashboard_hours=given["dashboard_hours"],
        web_acl=given["web_acl"],
    )
    lines = bill(use)
    print(f"{use.views:,} page views a month, {use.hits_per_view:g} hits each, {use.door} door\n")
    for line in lines:
        price = line.price
        print(
            f"{line.name:31}{line.amount:>17,.2f} {price.unit:21}"
            f"{_exact(price.dollars):>13} ${_per(price.units):7}{line.dollars:>9,.2f} $"
            f"   {PRICED}, {price.source}"
        )
    print(f"{'together':31}{'':60}{sum(line.dollars for line in lines):>9,.2f} $\n")
    print(
        "Prices are those of us-east-1, without free tiers and taxes."
        " Amounts are an estimate by sizes that were measured on emulators."
    )
    return 0


def _exact(dollars: float) -> str:
    """Return a price to the cent, or as small as it is."""
    if round(dollars, 2) == dollars:
        return f"{dollars:.2f}"
    return f"{dollars:.10f}".rstrip("0")


def _per(units: float) -> str:
    if units == 1:
        return ""
    return f"/{units / 1e6:.0f}M" if units >= 1e6 else f"/{units / 1e3:.0f}K"


def count(text: str) -> int:
    """Parse a number such as 250000, 1M or 2.5m; raise `ValueError`."""
    unit = text[-1:].lower()
    number = float(text[:-1]) * FEWER[unit] if unit in FEWER else float(text)
    if not 0 < number < 1e13:
        raise ValueError
    return int(number)
