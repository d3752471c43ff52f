"""`footfall site remove --with-facts`, `rename` and `merge`: what concerns all that was counted."""

import sys
from typing import Any

from footfall import compose
from footfall.control.port import Refusal
from footfall.settings import BadSettings, Settings


def run(settings: Settings, given: dict[str, Any]) -> None:
    """Do what `action` says."""
    local(settings)
    ACTIONS[given["action"]](settings, given)


def _remove(settings: Settings, given: dict[str, Any]) -> None:
    site = given["site_id"]
    confirm(f"Erase site {site} and all that was counted of it, for good?", given["yes"])
    with compose.owner(settings) as owner:
        gone = owner("remove_site", site=site)
    print(f"removed {site}, and {gone['events']:,} events")


def _rename(settings: Settings, given: dict[str, Any]) -> None:
    site, name = given["site_id"], given["new_id"]
    with compose.owner(settings) as owner:
        moved = owner("rename_site", site=site, into=name)
    tell_renamed(site, name, moved["events"])


def _merge(settings: Settings, given: dict[str, Any]) -> None:
    site, into = given["site_id"], given["into_id"]
    confirm_merger(given)
    with compose.owner(settings) as owner:
        moved = owner("merge_sites", site=site, into=into)
    tell_merged(site, into, moved["events"])


ACTIONS = {"remove": _remove, "rename": _rename, "merge": _merge}


def local(settings: Settings) -> None:
    """Refuse where the facts do not lie on this machine."""
    if settings.registry.startswith(compose.FAR):
        raise BadSettings(
            "the facts are on AWS, for which there are 'footfall aws erase', 'aws remove-site',"
            " 'aws rename-site' and 'aws merge-sites'"
        )


def tell_renamed(site: str, name: str, events: int) -> None:
    """Print what was renamed."""
    print(f"renamed {site} to {name}, with {events:,} events; pages may go on naming {site}")


def tell_merged(site: str, into: str, events: int) -> None:
    """Print what was merged."""
    print(f"merged {site} into {into}, with {events:,} events; pages may go on naming {site}")


def confirm_merger(given: dict[str, Any]) -> None:
    """Ask whether two sites shall become one; raises `Refusal`."""
    site, into = given["site_id"], given["into_id"]
    confirm(f"Make site {site} part of {into}? They cannot be told apart again.", given["yes"])


def confirm(question: str, yes: bool) -> None:
    """Ask on a terminal, unless told; raises `Refusal`."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refusal("nothing was done; give --yes to do it")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refusal("nothing was done")
