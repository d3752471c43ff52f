"""Who may read which site: anyone the public ones, a key its own."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footfall.domain.site import Site
from footfall.registry.directory import Directory
from footfall.registry.key import Keyring
from footfall.registry.port import Refused, Registry, Scope

TRIES = 10
BEARER = "as 'Authorization: Bearer KEY'"
READING = f"this site is not open to all: send an API key of its own {BEARER}"
CHANGING = f"changing a site takes an API key of its own with scope sites:write, {BEARER}"
SENT = f"{BEARER}, of the other site in a merger as into_key"
ERASING = f"this takes an API key of the site's own with scope sites:erase, {SENT}"
NO_SITE = "there is no such site, or the API key is not one of it; check the name and the key"
"""Never the name of the site, nor more of a private one than of one that does not exist."""


class Denied(Exception):
    """No key, or not the right one."""


class Unknown(Exception):
    """There is no such site."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A site that may be read, and whether by a key of its own."""

    site: Site
    keyed: bool


class Access:
    """Asks the registry only when it has changed.

    A private site is answered as one that does not exist.
    """

    def __init__(self, registry: Registry, now: Callable[[], int]) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._version: int | None = None
        self._sites: Sequence[Site] = ()
        self._directory = Directory(())
        self._keys = Keyring(())
        self.now = now

    def site(self, name: str, authorization: str | None) -> Site:
        """Return the site of an id, alias or domain; raises `Denied` or `Unknown`."""
        return self.reader(name, authorization).site

    def reader(self, name: str, authorization: str | None) -> Reader:
        """Return the site, and whether it is read with its key; raises as `site`."""
        self._refresh()
        own = self._own(authorization) if authorization is not None else None
        found = self._directory.find(name, "")
        if found is not None and (found.public or found.id == own):
            return Reader(found, found.id == own)
        if own is None:
            raise Denied(READING)
        raise Unknown(NO_SITE)

    def as_plausible(self, name: str, authorization: str | None) -> Reader:
        """Do as `reader`, but raise only `Denied`, as Plausible's clients expect."""
        try:
            return self.reader(name, authorization)
        except Unknown as exc:
            raise Denied(str(exc)) from None

    def change(self, name: str, authorization: str | None, changed: Callable[[Site], Site]) -> Site:
        """Change a site as `changed` says, which may be called several times; raises `Denied`, `Unknown` or `registry.port.Refused`.

        Where another process changes the site in between, the change is made again, of what the site is then.
        """
        with self._changing:
            for _ in range(TRIES):
                site = self._changeable(name, authorization)
                after = changed(site)
                try:
                    self._registry.put_site(after, new=False, was=site)
                except Refused:
                    if self._changeable(name, authorization) == site:
                        raise
                else:
                    return after
        raise Refused(f"site {name[:60]!r} is being changed by others all the time; try again in a moment")

    def _changeable(self, name: str, authorization: str | None) -> Site:
        """Return the site as it is now, for a key that may change it."""
        return self._by_key(name, authorization, Scope.SITES_WRITE, CHANGING)

    def erasable(self, name: str, authorization: str | None) -> Site:
        """Return a site for a key of its own that may erase; raises `Denied` or `Unknown`."""
        return self._by_key(name, authorization, Scope.SITES_ERASE, ERASING)

    def _by_key(
        self,
        name: str,
        authorization: str | None,
        scope: Scope,
        denial: str,
    ) -> Site:
        """Look at the key before the site, so that strangers learn of no site."""
        self._refresh()
        key = self._keys.key(authorization)
        if key is None or scope not in key.scopes:
            raise Denied(denial)
        found = self._directory.find(name, "")
        if found is None or found.id != key.site:
            raise Unknown(NO_SITE)
        return found

    def readable(self, authorization: str | None) -> list[Site]:
        """All that may be read; raises `Denied` for a key that does not hold."""
        self._refresh()
        own = self._own(authorization) if authorization is not None else None
        return [site for site in self._sites if site.public or site.id == own]

    def _own(self, authorization: str) -> str:
        key = self._keys.key(authorization)
        if key is None or Scope.STATS_READ not in key.scopes:
            raise Denied("the API key is not known, or does not allow reading")
        return key.site

    def _refresh(self) -> None:
        with self._lock:
            version = self._registry.version()
            if version != self._version:
                self._sites, self._keys = self._registry.sites(), Keyring(self._registry.all_keys())
                self._directory = Directory(self._sites)
                self._version = version
