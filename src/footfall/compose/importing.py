"""From settings to what makes events of log lines."""

import os
from collections.abc import Callable
from dataclasses import replace
from secrets import token_bytes
from typing import TYPE_CHECKING, NamedTuple

from footfall.compose import now, places, sources
from footfall.domain.identity import Salt
from footfall.domain.site import Offsets, Site
from footfall.registry.port import Salts
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.imports.columns import Columns
    from footfall.imports.request import Wanted

LEAST_MAKER = 64_000_000
"""Bytes; with less of it a second maker is no gain."""

PIECES_IN_MEMORY = 16
MOST_PIECE = 8_000_000
EVENTS_A_MEGABYTE = 250


class Budget(NamedTuple):
    """How `--store-memory` is shared: half is for those who make events of lines, half for facts.

    Sizes are in bytes, `facts` is as a setting.
    """

    facts: str
    makers: int
    maker: int
    piece: int
    events: int


def budget(settings: Settings) -> Budget:
    """Return the shares of an import."""
    megabytes = int(settings.store_memory.removesuffix("MB"))
    half = megabytes * 1_000_000 // 2
    makers = min(os.cpu_count() or 1, 2, max(half // LEAST_MAKER, 1))
    maker = half // makers
    return Budget(
        facts=f"{megabytes // 2}MB",
        makers=makers,
        maker=maker,
        piece=min(maker // PIECES_IN_MEMORY, MOST_PIECE),
        events=megabytes * EVENTS_A_MEGABYTE,
    )


def shared(settings: Settings) -> Settings:
    """Return the settings of the facts beside makers."""
    return replace(settings, store_memory=budget(settings).facts)


def makers(
    settings: Settings,
    site: Site,
    wanted: "Wanted",
    salts: Salts | None,
) -> "list[Columns]":
    """What makes events of a site's log lines, one for each of two cores: more would wait for the facts.

    Without `salts` nothing that they make is to be kept.
    """
    from footfall.gateway.clients import client_lookup, place_lookup
    from footfall.imports.columns import Columns, Lookups

    share = budget(settings)
    lookups = Lookups(
        client_of=client_lookup(),
        place_of=place_lookup(places(settings)),
        offsets=Offsets(),
        sources=sources(),
        salt_of=_kept(salts) if salts else _passing,
    )
    return [Columns(site, wanted, lookups, share.maker) for _ in range(share.makers)]


def _kept(salts: Salts) -> Callable[[int], Salt]:
    known: dict[int, Salt] = {}

    def salt_of(day: int) -> Salt:
        found = known.get(day)
        if found is None or now() >= found.destroyed_at:
            for old in [each for each, salt in list(known.items()) if now() >= salt.destroyed_at]:
                known.pop(old, None)
            found = known[day] = salts.make(day, now())
        return found

    return salt_of


def _passing(day: int) -> Salt:
    return Salt(day, token_bytes(16), now())
