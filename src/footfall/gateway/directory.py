"""What the door knows of the registry: a snapshot of sites, keys and salts, renewed in the background."""

import asyncio
import logging
from collections.abc import Mapping

from footfall.domain.identity import Salt
from footfall.registry.directory import Directory
from footfall.registry.key import Keyring
from footfall.registry.port import Registry, RegistryBroken, Salts

REFRESH_SECONDS = 0.3
SALTS_SECONDS = 10.0

log = logging.getLogger(__name__)


class Snapshot:
    """Sites and keys as they were at most a second ago; salts as first asked for."""

    def __init__(self, registry: Registry, salts: Salts) -> None:
        self._registry = registry
        self._salts = salts
        self._version = -1
        self.sites = Directory(())
        self.keys = Keyring(())
        self.salts: Mapping[int, Salt] = {}
        self.refresh()
        self.refresh_salts()

    def refresh(self) -> None:
        """Read again what has changed; when the registry fails, what was known stays."""
        version = self._registry.version()
        if version != self._version:
            self.sites, self.keys = Directory(self._registry.sites()), Keyring(self._registry.all_keys())
            self._version = version

    def refresh_salts(self) -> None:
        """Forget destroyed salts and learn of others' new ones."""
        self.salts = {salt.day: salt for salt in self._salts.all()}

    def make_salt(self, day: int, now_us: int) -> None:
        """See that a day has a salt that is not over."""
        salt = self._salts.make(day, now_us)
        if salt.destroyed_at <= now_us:  # due but not destroyed yet: a new one takes its place
            self._salts.destroy(now_us)
            salt = self._salts.make(day, now_us)
        self.salts = {**self.salts, day: salt}

    async def keep_fresh(self) -> None:
        """Refresh until cancelled."""
        since_salts = SALTS_SECONDS
        while True:
            try:
                await asyncio.to_thread(self.refresh)
                since_salts += REFRESH_SECONDS
                if since_salts >= SALTS_SECONDS:
                    await asyncio.to_thread(self.refresh_salts)
                    since_salts = 0.0
            except RegistryBroken as exc:
                log.error("the registry cannot be read: %s; going on with what is known", exc)
            except Exception:
                log.exception("the registry cannot be read; going on with what is known")
            await asyncio.sleep(REFRESH_SECONDS)
