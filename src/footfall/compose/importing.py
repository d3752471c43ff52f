"""From settings to what makes events of log lines."""

import os
from typing import TYPE_CHECKING

from footfall.compose import now, places, sources
from footfall.domain.identity import Salt
from footfall.domain.site import Offsets, Site
from footfall.registry.port import Salts
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.imports.columns import Columns
    from footfall.imports.request import Wanted


def makers(settings: Settings, site: Site, wanted: "Wanted", salts: Salts) -> "list[Columns]":
    """What makes events of a site's log lines, one for each of two cores: more would wait for the facts."""
    from footfall.gateway.clients import client_lookup, place_lookup
    from footfall.imports.columns import Columns, Lookups

    known: dict[int, Salt] = {}

    def salt_of(day: int) -> Salt:
        found = known.get(day)
        if found is None or now() >= found.destroyed_at:
            for old in [each for each, salt in list(known.items()) if now() >= salt.destroyed_at]:
                known.pop(old, None)
            found = known[day] = salts.make(day, now())
        return found

    lookups = Lookups(client_lookup(), place_lookup(places(settings)), Offsets(), sources(), salt_of)
    return [Columns(site, wanted, lookups) for _ in range(min(os.cpu_count() or 1, 2))]
