"""Page views that Serverless Analytics counted, as history of a site.

Its table has an item for each page and minute (`id` is `website:url`, `date` is
`MINUTE:2017-08-25T13:33`, in UTC), beside those of hours to years, which say nothing more. Who
viewed a page it never knew.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import numpy as np

from footfall.aws.account import CannotDeploy, part
from footfall.aws.stack import Stack
from footfall.compose import now
from footfall.domain.site import Offsets, Site, day_date, local_day
from footfall.gateway.collect import parse_page
from footfall.gateway.sighting import Invalid
from footfall.gateway.tags import NO_TAGS, TAGS
from footfall.store.facts import EVENTS
from footfall.store.port import StoreBroken

MINUTE = re.compile(r"MINUTE:(\d{4})-(0[1-9]|1[12])-(\d\d)T(\d\d):(\d\d)", re.ASCII)
OCTOBER = re.compile(r"MINUTE:(\d{4})-0(10)-(\d\d)T(\d\d):(\d)", re.ASCII)
"""It wrote October as `010`, and cut the last character: such minutes are known to ten."""

MOST_VIEWS = 1_000_000
"""Of a page in a minute, each a microsecond after the one before: more is no count of views."""

KINDS = {"number": "i8", "time": "i8", "day": "i4", "utc_offset": "i4", "value": "i8"}
COLUMNS = (
    "number",
    "time",
    "day",
    "utc_offset",
    "value",
    "title",
    "scheme",
    "hostname",
    "port",
    "page",
    *TAGS,
)
_own = {
    "id": "hash($site, number, time, page, view)",
    "kind": "'pageview'",
    "time": "make_timestamp(time + view)",
    "day": "DATE '1970-01-01' + day",
    "visitor": "hash($site, day)",
    "interactive": "true",
    "engaged": "0",
    "frozen": "false",
}
_as_given = {name: name for name in COLUMNS}
_values = {**dict.fromkeys(EVENTS, "NULL"), **_as_given, **_own}
_given = ", ".join(
    f"CAST({_values[name]} AS {kind}) AS {name}" for name, kind in EVENTS.items() if name != "site"
)
VIEWS = f"""
SELECT {_given}
FROM (SELECT *, unnest(range(value)) AS view FROM read_parquet($file))
"""
"""An event for each view. As nobody knows whose it was, a day has one visitor and no visits."""


class History(NamedTuple):
    """Page views by day, and items left out, by reason.

    Those of `known` days were left alone, as something had been counted on these.
    """

    days: Mapping[date, int]
    known: Mapping[date, int]
    left_out: Mapping[str, int]


class _Bad(Exception):
    """Why an item is no count of page views."""


def adopt(
    stack: Stack, table: str, website: str, site: Site, shown: Callable[[int], None]
) -> History:
    """Take in what a table holds of a website; raise `CannotDeploy`.

    Calls `shown` with how many items were read. Doing it again changes nothing.
    """
    views, left_out = _views(stack.account.client("dynamodb"), table, website, site, shown)
    facts = part("footfall.compose.functions").facts_in(
        stack.account.client("dynamodb"),
        stack.account.client("s3"),
        stack.resource("Table"),
        stack.resource("ArchiveBucket"),
    )
    by_day = Counter[date]()
    for _, _, day, _, value, *_ in views:
        by_day[day_date(day)] += value
    with TemporaryDirectory() as folder:
        file = Path(folder) / "views.parquet"
        _write(views, file)
        try:
            laid = facts.lay(site.id, VIEWS, file)
        except StoreBroken as exc:
            raise CannotDeploy(
                f"not all days were taken in ({exc}): do it again; nothing counts twice"
            ) from exc
    known = {day: value for day, value in by_day.items() if day not in laid}
    return History({day: by_day[day] for day in laid}, known, left_out)


def _views(
    dynamodb: Any, table: str, website: str, site: Site, shown: Callable[[int], None]
) -> tuple[Sequence[tuple[Any, ...]], Mapping[str, int]]:
    """Return rows of `COLUMNS`, and how many items are none, by reason."""
    views: list[tuple[Any, ...]] = []
    left_out = Counter[str]()
    others: set[str] = set()
    offsets = Offsets()
    latest = now()
    for number, item in enumerate(_items(dynamodb, table), 1):
        shown(number)
        of, _, url = item["id"].get("S", "").partition(":")
        if of != website:
            others.add(of)
            continue
        try:
            time = _time(item["date"].get("S", ""), latest)
            offset = offsets.at(time, site.zone_at(time))
            title = item.get("name", {}).get("S") or None
            day = local_day(time, offset)
            views.append((number, time, day, offset, _value(item), title, *_page(url)))
        except _Bad as exc:
            left_out[str(exc)] += 1
    if not views:
        held = ", ".join(map(repr, sorted(others)[:10])) or "none"
        raise CannotDeploy(
            f"the table {table} has no page views of the website {website!r}; it has of {held}"
        )
    return views, left_out


def _items(dynamodb: Any, table: str) -> Iterator[Mapping[str, Any]]:
    """Yield all items of minutes; the table has no other way to them than to read all of it."""
    names = {"#id": "id", "#date": "date", "#value": "value", "#name": "name"}
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression=", ".join(names),
        ExpressionAttributeNames=names,
        FilterExpression="begins_with(#date, :minute)",
        ExpressionAttributeValues={":minute": {"S": "MINUTE:"}},
    )
    for page in pages:
        yield from page["Items"]


def _time(text: str, latest: int) -> int:
    found = MINUTE.fullmatch(text) or OCTOBER.fullmatch(text)
    try:
        parts = found.groups() if found else ()
        year, month, day, hour, minute = map(int, parts)
        if found and found.re is OCTOBER:
            minute *= 10
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
        time = int(moment.timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        raise _Bad("it names no minute there is") from None
    if not 0 < time <= latest:
        raise _Bad("it lies in the future or before 1970")
    return time


def _value(item: Mapping[str, Any]) -> int:
    text = item.get("value", {}).get("N", "")
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= MOST_VIEWS:
        raise _Bad(f"its value is no number of views from 1 to {MOST_VIEWS:,}")
    return int(text)


def _page(url: str) -> tuple[Any, ...]:
    try:
        page = parse_page(url)
    except Invalid:
        raise _Bad("its url is not absolute") from None
    return *page[:4], *(page.tags or NO_TAGS)


def _write(views: Sequence[tuple[Any, ...]], file: Path) -> None:
    named = zip(COLUMNS, zip(*views, strict=True), strict=True)
    columns = {name: np.array(column, dtype=KINDS.get(name, object)) for name, column in named}
    selected = ", ".join(map(_selected, columns))
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("views", columns)
        connection.execute(f"COPY (SELECT {selected} FROM views) TO '{file}' (FORMAT parquet)")


def _selected(name: str) -> str:
    if name in KINDS:
        return name
    kind = "INTEGER" if name == "port" else "VARCHAR"
    return f"CAST({name} AS {kind}) AS {name}"
