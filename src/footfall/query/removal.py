"""Removing, renaming and merging sites with all that was counted, for the owner of the data folder."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from time import sleep
from typing import Any

from footfall.control.port import Refusal
from footfall.domain.site import Site
from footfall.query.erasure import known
from footfall.registry.port import Refused, Registry, Scope
from footfall.store.port import NO_DAYS, Facts, Rollups
from footfall.store.removal import Erasing, Moving, NotMoved

HEARD_SECONDS = 1.0
"""Gateways and the worker have heard of a change by then."""

OF_NO_VERSION = 0
"""Sums of days without facts are believed whatever their version."""

GONE = "SELECT day FROM days WHERE site = $site AND trimmed"
HAS_FACTS = "SELECT EXISTS (FROM days WHERE site = $site) OR EXISTS (FROM events WHERE site = $site)"


@dataclass(frozen=True, slots=True)
class RemoveSite:
    """The command `remove_site`: a site, its keys, and all that was counted of it.

    `caught_up` returns once all hits accepted so far are counted.
    """

    facts: Erasing
    rollups: Rollups
    registry: Registry
    caught_up: Callable[[], None]

    def __call__(self, site: str) -> dict[str, Any]:
        """Return how many events went. Done again, it erases what was left; raises `Refusal`."""
        if any(each.id == site for each in self.registry.sites()):
            self.registry.remove_site(site)
            sleep(HEARD_SECONDS)
        elif not has_facts(self.facts, site):
            known(self.registry, site)
        self.caught_up()
        events = self.facts.remove(site)
        self.rollups.clear(site)
        self.rollups.sync()
        return {"site": site, "events": events}


@dataclass(frozen=True, slots=True)
class MoveSite:
    """The commands `rename_site` and `merge_sites`. Hits of the old name count for the new one."""

    facts: Moving
    rollups: Rollups
    registry: Registry

    def rename(self, site: str, into: str, fresh: bool = False) -> dict[str, Any]:
        """Give a site another id; its old one becomes an alias. Raises `Refusal`.

        A `fresh` id is one that no site had, of which something is counted still.
        """
        if not self._is_done(site, into):
            was = known(self.registry, site)
            if into == site:
                raise Refusal(f"site {site!r} is called so already")
            if any(each.id == into for each in self.registry.sites()):
                raise Refusal(f"there is a site {into!r}; 'footfall site merge {site} {into}' makes both one")
            if fresh and has_facts(self.facts, into):
                left = f"a site was called {into!r}, and what was counted of it is still kept"
                raise Refusal(f"{left}; take another id")
            aliases = tuple(each for each in (*was.aliases, site) if each != into)
            self._put(site, replace(was, id=into, aliases=aliases, first_id=was.root), tuple(Scope))
        return self._move(site, into)

    def merge(self, site: str, into: str) -> dict[str, Any]:
        """Make a site part of another, whose settings and goals stay; raises `Refusal`."""
        if not self._is_done(site, into):
            gone, stays = known(self.registry, site), known(self.registry, into)
            if site == into:
                raise Refusal("name two sites")
            names = {stays.id, *stays.domains, *stays.aliases}
            domains = [name for name in gone.domains if name not in names]
            aliases = dict.fromkeys([*stays.aliases, *gone.aliases, gone.id])
            merged = replace(
                stays,
                domains=(*stays.domains, *domains),
                aliases=tuple(name for name in aliases if name not in (*stays.domains, *domains)),
            )
            self._check(site, into)
            self._put(site, merged, (Scope.EVENTS_WRITE,))
        return self._move(site, into)

    def _is_done(self, site: str, into: str) -> bool:
        """Whether the registry has it so already, as after a command that was killed."""
        sites = self.registry.sites()
        found = next((each for each in sites if each.id == into), None)
        return bool(found and all(each.id != site for each in sites) and site in (*found.domains, *found.aliases))

    def _check(self, site: str, into: str) -> None:
        try:
            self.facts.check_move(site, into)
        except NotMoved as exc:
            raise Refusal(str(exc)) from None

    def _put(self, site: str, into: Site, scopes: tuple[Scope, ...]) -> None:
        try:
            self.registry.move_site(site, into, scopes)
        except Refused as exc:
            raise Refusal(str(exc)) from None

    def _move(self, site: str, into: str) -> dict[str, Any]:
        self._carry(site, into)
        try:
            events = self.facts.move(site, into)
            sleep(HEARD_SECONDS)
            events += self.facts.move(site, into)  # what was under way
        except NotMoved as exc:
            raise Refusal(str(exc)) from None
        self.rollups.clear(site)
        return {"site": into, "events": events}

    def _carry(self, site: str, into: str) -> None:
        """Take along the sums of days whose facts are gone; all others are made again."""
        with self.facts.reading(site) as reading:
            gone: list[date] = [day for (day,) in reading.rows(GONE, {"site": site}, NO_DAYS)]
        for question, day, data in list(self.rollups.every(site, gone)):
            self.rollups.put(into, question, {day: (OF_NO_VERSION, data)})
        self.rollups.sync()


def has_facts(facts: Facts, site: str) -> bool:
    """Return whether anything is counted of a site, be it known or removed."""
    with facts.reading(site) as reading:
        return bool(reading.rows(HAS_FACTS, {"site": site}, NO_DAYS)[0][0])
