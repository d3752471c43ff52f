"""`footfall erase`: delete some of what was counted."""

from collections.abc import Mapping
from typing import Any

from footfall import compose
from footfall.cli.removal import local
from footfall.control.port import Refusal
from footfall.registry.port import RegistryBroken
from footfall.settings import BadSettings, Settings
from footfall.store.port import StoreBroken

EXPECTED = (Refusal, RegistryBroken, StoreBroken, OSError)
SHOWN_DAYS = 31


def run(settings: Settings, given: dict[str, Any]) -> None:
    """Show what would be erased, or erase it."""
    local(settings)
    wanted = asked(given, "site remove {} --with-facts")
    with compose.owner(settings) as owner:
        tell(owner("erase", **wanted), given)


def asked(given: Mapping[str, Any], all_of_it: str) -> dict[str, Any]:
    """Return what the command is asked for; raise `BadSettings` where that is everything."""
    if not given["conditions"] and not given["period"]:
        command = all_of_it.format(given["site_id"])
        raise BadSettings(
            f"--filter or --period is needed; 'footfall {command}' erases all of a site"
        )
    period = given["period"] or "all"
    if "," in period:
        period = [each.strip() for each in period.split(",")]
    return {
        "site": given["site_id"],
        "period": period,
        "conditions": given["conditions"],
        "with_sums": given["with_sums"],
        "dry": not given["yes"],
    }


def tell(told: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Print what was erased, or would be."""
    days, gone = told["days"], told["gone"]
    for day, events, visits in days[:SHOWN_DAYS]:
        print(f"{day}  {events:>9,} events of {visits:>9,} visits")
    if len(days) > SHOWN_DAYS:
        print(f"... and {len(days) - SHOWN_DAYS:,} days more")
    events = sum(count for _, count, _ in days)
    if told["erased"]:
        sums = f", and all sums of {len(gone):,} days" if gone else ""
        print(f"erased {events:,} events of {len(days):,} days{sums}")
        return
    print(f"would erase {events:,} events of {len(days):,} days; give --yes to do it")
    if gone:
        flag = "goes too" if given["with_sums"] else "can go with --with-sums only"
        days_gone = f"{len(gone):,} days, {gone[0]} to {gone[-1]}"
        print(f"of {days_gone}, only sums are left: all of them {flag}")
