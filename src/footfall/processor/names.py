"""By which id a hit's site goes now: it may have been renamed while the hit was on its way."""

import logging
from collections.abc import Mapping
from time import monotonic

from footfall.domain.event import Hit, Tally
from footfall.registry.port import Registry, RegistryBroken
from footfall.stream.codec import decode

REFRESH_SECONDS = 0.3

log = logging.getLogger(__name__)


class Names:
    """Ids of sites by what they were called before, as they were a moment ago."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._version: int | None = None
        self._looked = -REFRESH_SECONDS
        self._known: Mapping[str, str] = {}

    def read(self, data: bytes) -> Hit | Tally:
        """Return what is on a record, under the site's id of today. Raises `Unreadable`."""
        if monotonic() - self._looked > REFRESH_SECONDS:
            self._refresh()
            self._looked = monotonic()
        found = decode(data)
        site = self._known.get(found.site, found.site)
        return found if site == found.site else found._replace(site=site)

    def _refresh(self) -> None:
        """Look whether anything has changed; when the registry fails, what was known stays."""
        try:
            version = self._registry.version()
            if version == self._version:
                return
            sites = self._registry.sites()
        except RegistryBroken as exc:
            log.error("the registry cannot be read: %s; going on with what is known", exc)
            return
        before = {name: site.id for site in sites for name in (*site.aliases, site.root)}
        self._known = before | {site.id: site.id for site in sites}
        self._version = version
