"""What a site's owner may have done by a key: erasing, renaming, merging, taking imports back."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import msgspec

from footfall.control.port import Commands
from footfall.domain.filter import parse_filters
from footfall.domain.period import NotAPeriod, resolve
from footfall.domain.site import Site, problems
from footfall.domain.wrong import Wrong
from footfall.query.access import Access, Unknown
from footfall.query.body import json_object
from footfall.query.erasure import OnlySums
from footfall.registry.port import Refused

AT_ONCE = 2
"""Erasing has threads of its own: nothing else waits for it."""

AN_ERASURE = '{"filters": [["is", "event:page", ["/users/ann"]]], "date_range": "all"}'
A_NAME = '{"id": "new-id"}'
A_MERGER = '{"into": "other.example", "into_key": "ff_..."}'

T = TypeVar("T")


class Elsewhere(Exception):
    """This server does not do it; the text says so."""


class Erasure(msgspec.Struct, forbid_unknown_fields=True):
    """What shall be erased. Unless `dry_run` is false it is only told."""

    filters: list[Any] = []
    date_range: Any = msgspec.UNSET
    dry_run: bool = True
    with_sums: bool = False


class NewName(msgspec.Struct, forbid_unknown_fields=True):
    """The id that a site shall have."""

    id: str


class Merger(msgspec.Struct, forbid_unknown_fields=True):
    """The site that another becomes part of, with a key of it."""

    into: str
    into_key: str


class Steward:
    """Gives the commands of the data folder's owner for who shows a key of scope `sites:erase`.

    All but `take` block.
    """

    def __init__(self, access: Access, commands: Commands) -> None:
        self._access = access
        self._commands = commands
        self._threads = ThreadPoolExecutor(AT_ONCE, "steward")
        self._under_way: dict[tuple[Any, ...], asyncio.Future[Any]] = {}

    async def take(self, work: Callable[..., T], *asked: Any) -> T:
        """Return what `work` gives for what is asked, which runs to its end in any case.

        Who asks the same meanwhile, by the same key, gets the same.
        """
        call = (work, *asked)
        future = self._under_way.get(call)
        if future is None:
            loop = asyncio.get_running_loop()
            future = loop.run_in_executor(self._threads, partial(work, *asked))
            self._under_way[call] = future
            future.add_done_callback(partial(self._over, call))
        given: T = await asyncio.shield(future)
        return given

    def _over(self, call: tuple[Any, ...], future: "asyncio.Future[Any]") -> None:
        del self._under_way[call]
        if not future.cancelled():
            future.exception()  # asyncio complains of one that nobody waits for any more

    def remove(self, site_id: str, authorization: str | None) -> Any:
        """Remove a site with all that was counted of it."""
        return self._run("remove_site", site=self._site(site_id, authorization).id)

    def erase(self, site_id: str, authorization: str | None, body: bytes) -> dict[str, Any]:
        """Erase the events of a period that pass filters, or tell what would go."""
        asked = _read(body, Erasure, AN_ERASURE)
        site = self._site(site_id, authorization)
        try:
            told = self._run(
                "erase",
                site=site.id,
                period=self._period(asked, site),
                filters=asked.filters,
                with_sums=asked.with_sums,
                dry=asked.dry_run,
            )
        except OnlySums as exc:
            advice = "erase all their sums too by with_sums, or name a later date_range"
            raise Refused(f"{exc.what}: {advice}") from None
        return _told(told)

    def rename(self, site_id: str, authorization: str | None, body: bytes) -> Any:
        """Give a site another id; the old one becomes an alias."""
        name = _read(body, NewName, A_NAME).id
        site = self._site(site_id, authorization)
        found = problems(replace(site, id=name))
        if found:
            raise Wrong("id", f"cannot be taken: {'; '.join(found)}")
        return self._run("rename_site", site=site.id, into=name, fresh=True)

    def merge(self, site_id: str, authorization: str | None, body: bytes) -> Any:
        """Make a site part of another."""
        asked = _read(body, Merger, A_MERGER)
        site = self._site(site_id, authorization)
        into = self._site(asked.into, f"Bearer {asked.into_key}")
        if site.id == into.id:
            raise Wrong("into", "must be another site")
        return self._run("merge_sites", site=site.id, into=into.id)

    def imports(self, site_id: str, authorization: str | None) -> list[dict[str, Any]]:
        """Return what was imported into a site."""
        site = self._site(site_id, authorization)
        found: list[dict[str, Any]] = self._run("imports", site=site.id)
        return found

    def take_back(self, site_id: str, authorization: str | None, number: int) -> Any:
        """Delete what an import brought."""
        known = [each["import"] for each in self.imports(site_id, authorization)]
        if number not in known:
            raise Unknown(f"site {site_id!r} has no import {number}")
        return self._run("take_back", number=number)

    def _site(self, site_id: str, authorization: str | None) -> Site:
        """Return the site of this very id; raises as `Access.erasable`."""
        site = self._access.erasable(site_id, authorization)
        if site.id != site_id:  # somebody who names a site that has ended means that one alone
            raise Unknown(f"{site_id[:60]!r} is another name of site {site.id!r}; give its id")
        return site

    def _run(self, name: str, **arguments: Any) -> Any:
        command = self._commands.get(name)
        if command is None:
            raise Elsewhere("this server does not erase, rename or merge; see docs/privacy.md")
        return command(**arguments)

    def _period(self, asked: Erasure, site: Site) -> Any:
        """Return the period asked for; raises `Wrong`, also for filters."""
        parse_filters(asked.filters)
        given = asked.date_range is not msgspec.UNSET
        if not given and not asked.filters:
            all_of_it = f"DELETE /api/sites/{site.id}"
            raise Wrong("filters", f"or date_range is needed; {all_of_it} erases all")
        period = asked.date_range if given else "all"
        now_us = self._access.now()
        try:
            moment = datetime.fromtimestamp(now_us / 1e6, UTC)
            resolve(period, moment, site.zone_at(now_us), None)
        except NotAPeriod as exc:
            raise Wrong("date_range", str(exc)) from None
        return period


def _told(told: Mapping[str, Any]) -> dict[str, Any]:
    days = [dict(zip(("date", "events", "visits"), each, strict=True)) for each in told["days"]]
    return {
        "site": told["site"],
        "events": sum(day["events"] for day in days),
        "visits": sum(day["visits"] for day in days),
        "days": days,
        "gone": told["gone"],
        "erased": told["erased"],
    }


def _read(body: bytes, kind: type[T], example: str) -> T:
    said = json_object(body, example)
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as exc:
        sentence, _, where = str(exc).partition(" - at ")
        field = where.strip("`").removeprefix("$.") or "the body"
        raise Wrong(f"{field}:", f"{sentence}; it must be such as {example}") from None
