"""Look-ups of user agents and addresses, each remembered for a while, in memory only."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import maxminddb

from footfall.domain.address import address_key, bare_address, is_global
from footfall.domain.client import ROBOT, Client, client
from footfall.gateway.collect import Place
from footfall.gateway.names import name_lookup
from footfall.gateway.robots import robot_lookup

AGENTS = 20_000
ADDRESSES = 20_000
UNKNOWN = {"", "ZZ", "None"}


def client_lookup() -> Callable[[str], Client]:
    """Return the look-up of browser, system, device and verdict on robots of a user agent."""
    is_robot, names_of = robot_lookup(), name_lookup()

    @lru_cache(maxsize=AGENTS)
    def client_of(user_agent: str) -> Client:
        # The parsers take no lone surrogates.
        readable = user_agent.encode("utf-8", "replace").decode()
        if is_robot(readable):
            return ROBOT
        browser, system = names_of(readable)
        return client(readable, browser, system)

    return client_of


def place_lookup(database: Path | None) -> Callable[[str], Place]:
    """Return the look-up of where an address of the internet is; nowhere without a database."""
    reader = maxminddb.open_database(str(database)) if database else None

    @lru_cache(maxsize=ADDRESSES)
    def place_of(address: str) -> Place:
        key = address_key(address)
        bare = bare_address(address)
        if reader is None or bare is None or not is_global(bare):
            return Place(key, None)
        found = reader.get(bare)
        return _place(key, found) if isinstance(found, dict) else Place(key, None)

    return place_of


def _place(key: bytes, found: dict[str, object]) -> Place:
    """Both the flat records of ip-location-db and the nested ones of MaxMind are read."""
    country = found.get("country_code") or _inner(found.get("country"), "iso_code")
    regions = found.get("subdivisions")
    region = _inner(regions[0], "iso_code") if isinstance(regions, list) and regions else None
    names = _inner(found.get("city"), "names")
    city = names.get("en") if isinstance(names, dict) else found.get("city")
    code = str(country) if country and str(country) not in UNKNOWN else None
    return Place(key, code, f"{code}-{region}" if code and region else None, city if isinstance(city, str) else None)


def _inner(found: object, name: str) -> object:
    return found.get(name) if isinstance(found, dict) else None
