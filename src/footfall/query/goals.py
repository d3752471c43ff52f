"""Goals as the API takes, gives and changes them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import msgspec

from footfall.domain.dimension import PROPERTY_LENGTH
from footfall.domain.filter import VALUE_LENGTH
from footfall.domain.goal import Goal, default_name, goal_problems
from footfall.domain.site import Site
from footfall.query.access import Unknown

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=PROPERTY_LENGTH)]
Text = Annotated[str, msgspec.Meta(max_length=VALUE_LENGTH)]


class NotAGoal(ValueError):
    """What was sent cannot be a goal of the site; its text says why."""


class NewGoal(msgspec.Struct, forbid_unknown_fields=True):
    """A page (with `*` for any characters), or an event with any properties and a currency."""

    name: str | None = None
    page: str | None = None
    event: str | None = None
    props: dict[Key, Text] = {}
    currency: str | None = None


def new_goal(said: Mapping[str, Any]) -> Goal:
    """The goal that a body asks for; raises `NotAGoal`."""
    try:
        new = msgspec.convert(said, NewGoal)
    except msgspec.ValidationError as exc:
        sentence, _, where = str(exc).partition(" - at ")
        raise NotAGoal(f"{where.rpartition('$.')[2].rstrip('`') or 'a goal'}: {sentence}") from None
    return Goal(new.name or default_name(new.page, new.event), new.page, new.event, tuple(new.props.items()), new.currency)


def with_goal(site: Site, goal: Goal) -> Site:
    """The site with one goal more; raises `NotAGoal`."""
    several = (*site.goals, goal)
    if found := goal_problems(several):
        raise NotAGoal("; ".join(found))
    return replace(site, goals=several)


def without_goal(site: Site, name: str) -> Site:
    """The site without a goal; raises `Unknown`."""
    left = tuple(goal for goal in site.goals if goal.name != name)
    if len(left) == len(site.goals):
        raise Unknown(f"site {site.id!r} has no goal {name[:60]!r}")
    return replace(site, goals=left)


def goal_told(goal: Goal) -> dict[str, Any]:
    """A goal as it is shown."""
    return {"name": goal.name, "page": goal.page, "event": goal.event, "props": dict(goal.props), "currency": goal.currency}
