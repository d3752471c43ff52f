"""The function that makes files of segments, settles days, rolls them up and deletes old ones.

Runs on a schedule for all sites, each in an invocation of its own.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from footfall.domain.event import DAY_US, HOUR_US
from footfall.domain.site import Site, local_date
from footfall.query.upkeep import EXPECTED, UNUSED, RollUp, Trim, oldest_kept, standing_of
from footfall.registry.port import Salts
from footfall.store.port import Compacting

KEPT_US = 24 * HOUR_US
"""How long the stream keeps a hit: so long one may be on its way."""

SECONDS = 900
"""How long an invocation may take: the function's `Timeout`."""

ENOUGH_US = 600_000_000
"""After so long no further round is begun; what is left is done the next time."""

FORGET_US = 3 * HOUR_US
"""Time of day from which, for five minutes, roll-ups that nobody asks for are dropped.

All of them have to be read for it.
"""

EVERY_US = 300_000_000

LIFE_US = 12 * HOUR_US + 48 * HOUR_US
"""From the end of a date to that of its salt."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Compact:
    """`invoke` calls functions of Lambda, `now` is the clock in microseconds."""

    facts: Compacting
    salts: Salts
    sites: Callable[[], Sequence[Site]]
    roll_up: RollUp
    trim: Trim
    invoke: Callable[..., Any]
    now: Callable[[], int]

    def __call__(self, event: Mapping[str, Any], context: Any) -> None:
        """Tidy the site of an event; without one, destroy salts that are due and call all sites.

        This function is called for each site that needs it. What fails raises, so that Lambda
        counts an error and an alarm rings: segments do not wait for ever.
        """
        now = self.now()
        if "site" in event:
            self._alone(event["site"], now)
            return
        self.salts.destroy(now)
        old = {site.id for site in self.sites() if self._has_old(site, now)}
        due = self.facts.due(self._alive(now), _today(now))
        for site in sorted({*due, *old}):
            self.invoke(
                FunctionName=context.invoked_function_arn,
                InvocationType="Event",
                Payload=json.dumps({"site": site}).encode(),
            )
        if 0 <= now % DAY_US - FORGET_US < EVERY_US:
            self._forget(now)

    def _has_old(self, site: Site, now: int) -> bool:
        """Return whether a site has days that it keeps no longer."""
        return bool(self.facts.older(site.id, oldest_kept(site, _date(site, now))))

    def _forget(self, now: int) -> None:
        standing = {each for site in self.sites() for each in standing_of(site)}
        unused = local_date(now, "UTC") - UNUSED
        self.roll_up.rollups.forget(standing, unused, self.facts.last_trimmed)

    def _alone(self, site_id: str, now: int) -> None:
        with self.facts.alone(site_id, SECONDS) as alone:
            if alone:
                self._tidy(site_id, now)
            else:
                log.info("site %r is being tidied", site_id)

    def _tidy(self, site_id: str, now: int) -> None:
        settled = self.facts.tidy(
            site_id,
            self._alive(now),
            _today(now),
            now - KEPT_US,
            lambda: self.now() - now > ENOUGH_US,
        )
        if settled:
            log.info("settled %d days of site %r", len(settled), site_id)
        for site in self.sites():
            if site.id == site_id:
                self._roll_up(site, now)

    def _roll_up(self, site: Site, now: int) -> None:
        try:
            self.roll_up(site, _date(site, now), threading.Event())
            self.trim(site, _date(site, now))
        except EXPECTED as exc:
            log.error("%s; the roll-ups of site %r are tried again the next time", exc, site.id)

    def _alive(self, now: int) -> frozenset[int]:
        """Return the days that have a salt, or whose hits may still be on the stream."""
        oldest = (now - LIFE_US - KEPT_US) // DAY_US
        salted = {salt.day for salt in self.salts.all()}
        return frozenset({*salted, *range(oldest, _today(now) + 1)})


def _date(site: Site, now: int) -> date:
    return local_date(now, site.zone_at(now))


def _today(now: int) -> int:
    """The latest day begun anywhere."""
    return (now + 14 * HOUR_US) // DAY_US
