"""`footfall goal`: add, list and remove goals of sites."""

from dataclasses import replace
from typing import Any

from footfall.compose import open_registry
from footfall.domain.goal import Goal, default_name
from footfall.domain.site import Site
from footfall.registry.port import Refused, Registry, RegistryBroken
from footfall.settings import Settings

EXPECTED = (Refused, RegistryBroken)


def run(settings: Settings, given: dict[str, Any]) -> None:
    """Do what `action` says."""
    registry = open_registry(settings)
    try:
        ACTIONS[given["action"]](registry, given)
    finally:
        registry.close()


def _add(registry: Registry, given: dict[str, Any]) -> None:
    site = _site(registry, given["site_id"])
    name = given["goal_name"] or default_name(given["page"], given["event"])
    goal = Goal(name, given["page"], given["event"], tuple(given["props"]), given["currency"])
    registry.put_site(replace(site, goals=(*site.goals, goal)), new=False, was=site)
    print(goal.name)


def _list(registry: Registry, given: dict[str, Any]) -> None:
    for goal in _site(registry, given["site_id"]).goals:
        condition = f"page {goal.page}" if goal.page is not None else f"event {goal.event}"
        more = [f"{key}={text}" for key, text in goal.props]
        if goal.currency:
            more.append(goal.currency)
        print("  ".join([goal.name, condition, *more]))


def _remove(registry: Registry, given: dict[str, Any]) -> None:
    site = _site(registry, given["site_id"])
    left = tuple(goal for goal in site.goals if goal.name != given["goal_name"])
    if len(left) == len(site.goals):
        raise Refused(
            f"site {site.id!r} has no goal {given['goal_name']!r};"
            f" 'footfall goal list --site {site.id}' shows all"
        )
    registry.put_site(replace(site, goals=left), new=False, was=site)
    print(f"removed {given['goal_name']}")


ACTIONS = {"add": _add, "list": _list, "remove": _remove}


def _site(registry: Registry, site_id: str) -> Site:
    for site in registry.sites():
        if site.id == site_id:
            return site
    raise Refused(f"there is no site {site_id!r}; 'footfall site list' shows all")
