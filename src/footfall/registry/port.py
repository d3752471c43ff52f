"""What a registry promises: sites, API keys and salts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from footfall.domain.identity import Salt
from footfall.domain.site import Site


class Scope(StrEnum):
    """What a key allows."""

    STATS_READ = "stats:read"
    EVENTS_WRITE = "events:write"
    SITES_WRITE = "sites:write"
    SITES_ERASE = "sites:erase"


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as stored: the hash of its secret. `id` is its first characters, to name it by."""

    id: str
    digest: str
    site: str
    scopes: tuple[Scope, ...]
    made: int

    @property
    def number(self) -> int:
        """64 bits of the hash, which tell one key from another and nothing of its secret."""
        return int(self.digest[:16], 16)


class Refused(Exception):
    """A change that the registry does not take; its text is a sentence for the user."""


class RegistryBroken(Exception):
    """The registry cannot be used now."""


class Registry(Protocol):
    """Sites and keys. Every method may raise `RegistryBroken`."""

    def version(self) -> int:
        """A number that differs after any change, by whichever process; cheap to ask."""

    def sites(self) -> Sequence[Site]:
        """All sites, by id."""

    def put_site(self, site: Site, *, new: bool, was: Site | None = None) -> None:
        """Add or replace a site. Raises `Refused` when a name is taken, a new id is, or it has a fault.

        With `was` it is replaced only while it is that: of two changes at once the second is refused.
        """

    def remove_site(self, site_id: str) -> None:
        """Forget a site and its keys; its facts stay. Raises `Refused` when there is none."""

    def move_site(self, site_id: str, into: Site, scopes: Collection[Scope]) -> None:
        """Put a new or changed site in the place of another, in one step.

        The other's keys become keys of the site, for what `scopes` holds of theirs; those of which
        nothing is left are revoked. Raises `Refused`, as `put_site` does.
        """

    def all_keys(self) -> Sequence[Key]:
        """All keys, oldest first."""

    def put_key(self, key: Key) -> None:
        """Add a key. Raises `Refused` when its site is unknown."""

    def remove_key(self, key_id: str) -> None:
        """Revoke a key. Raises `Refused` when there is none."""

    def close(self) -> None:
        """Give up the registry."""


class Salts(Protocol):
    """The secrets of days. Every method may raise `RegistryBroken`."""

    def all(self) -> Sequence[Salt]:
        """Every salt that exists."""

    def make(self, day: int, now_us: int) -> Salt:
        """The day's salt, made now if there is none; all processes get the same."""

    def destroy(self, now_us: int) -> Sequence[int]:
        """Delete the salts whose time is over, beyond recovery; the days deleted by this call."""

    def close(self) -> None:
        """Give up the salts."""
