"""Who may read which site: anyone the public ones, a key its own."""

import threading
from collections.abc import Callable, Sequence

from footfall.domain.site import Site
from footfall.registry.directory import Directory
from footfall.registry.key import Keyring
from footfall.registry.port import Refused, Registry, Scope

TRIES = 10
SENT = "as 'Authorization: Bearer KEY', of the other site in a merger as into_key"
ERASING = f"this takes an API key of the site's own with scope sites:erase, {SENT}"


class Denied(Exception):
    """No key, or not the right one."""


class Unknown(Exception):
    """There is no such site."""


class Access:
    """Asks the registry only when it has changed."""

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
        """The site of that id, alias or domain; raises `Denied` or `Unknown`."""
        self._refresh()
        own = self._own(authorization) if authorization is not None else None
        found = self._named(name)
        if not found.public and found.id != own:
            raise Denied("this site is private: send an API key of its own as 'Authorization: Bearer KEY'")
        return found

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
        """The site as it is now, if the key may change it."""
        self._refresh()
        site, key = self._named(name), self._keys.key(authorization)
        if key is None or Scope.SITES_WRITE not in key.scopes or key.site != site.id:
            raise Denied("changing a site takes an API key of its own with scope sites:write, as 'Authorization: Bearer KEY'")
        return site

    def erasable(self, name: str, authorization: str | None) -> Site:
        """Return a site for a key of its own that may erase; raises `Denied` or `Unknown`."""
        self._refresh()
        site, key = self._named(name), self._keys.key(authorization)
        if key is None or Scope.SITES_ERASE not in key.scopes or key.site != site.id:
            raise Denied(ERASING)
        return site

    def readable(self, authorization: str | None) -> list[Site]:
        """All that may be read; raises `Denied` for a key that does not hold."""
        self._refresh()
        own = self._own(authorization) if authorization is not None else None
        return [site for site in self._sites if site.public or site.id == own]

    def _named(self, name: str) -> Site:
        found = self._directory.find(name, "")
        if found is not None:
            return found
        raise Unknown(f"there is no site {name[:60]!r}")

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
