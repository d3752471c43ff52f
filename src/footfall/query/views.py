"""Page views per URL of days that are over, kept as roll-ups: what the original counted one by one, at the same cost to ask."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from footfall.domain.page import canonical
from footfall.query.partial import Partial, packed, unpacked
from footfall.query.rollup import KEPT_ROWS, Look
from footfall.store.port import Rollups

LOCAL = "time + to_seconds(utc_offset)"
URL = "scheme || '://' || hostname || CASE WHEN port IS NULL THEN '' ELSE ':' || port END || page"
SELECT = f"""
SELECT {{label}} AS label, {URL} AS url, count(*) AS value, coalesce(arg_max(title, (time, id)) FILTER (title IS NOT NULL), '') AS name,
    coalesce(epoch_us(max(time) FILTER (title IS NOT NULL)), 0) AS named, coalesce(arg_max(id, (time, id)) FILTER (title IS NOT NULL), 0) AS by
FROM events WHERE site = $site AND kind = 'pageview' AND day BETWEEN $first AND $last AND {{where}}
GROUP BY label, url LIMIT $most
"""


class Count(NamedTuple):
    """Page views of a URL, its latest title, and when, in microseconds, and by which event it had that."""

    value: int
    name: str
    named: int
    by: int


Key = tuple[str, str]
"""A label, such as an hour, and a URL."""

Counts = dict[Key, Count]


class Step(NamedTuple):
    """How finely the views of a day are kept: `key` names the roll-up, `label` is SQL."""

    key: bytes
    label: str


DAY = Step(b"views of a day", "''")
HOUR = Step(b"views by hour", f"strftime({LOCAL}, '%H')")


def taken(rows: Iterable[tuple[Any, ...]]) -> Counts:
    """What a SELECT gave, by URLs as links to them are written."""
    found: Counts = {}
    for label, url, *rest in rows:
        _count(found, (label, canonical(url)), Count(*rest))
    return found


def add(into: Counts, counts: Counts, label_of: Callable[[str], str | None] = str) -> None:
    """Add counts, each under the label that comes of its own; where None does, it is left out."""
    for (label, url), more in counts.items():
        named = label_of(label)
        if named is None:
            continue
        _count(into, (named, url), more)


def _count(into: Counts, key: Key, more: Count) -> None:
    held = into.get(key)
    if held is None:
        into[key] = more
    else:
        latest = max(held, more, key=lambda each: each[2:])
        into[key] = latest._replace(value=held.value + more.value)


def kept(rollups: Rollups, step: Step, site: str, days: Mapping[date, tuple[int, bool]]) -> dict[date, Counts]:
    """Those that hold, of days given by version and whether their facts are gone; then any does."""
    if not days:
        return {}
    found = rollups.get(site, step.key, min(days), max(days))
    return {day: _unpacked(data) for day, (version, data) in found.items() if day in days and (days[day][0] == version or days[day][1])}


def roll_up(rollups: Rollups, site: str, at: Look) -> None:
    """Keep the counts of all days that are over, but for those of very many URLs; raises `StoreBroken`."""
    days = {day: version for day, version in at.days.items() if day < at.today and day not in at.trimmed}
    for step in (DAY, HOUR) if days else ():
        versions = rollups.versions(site, step.key, min(days), max(days))
        made = {}
        for day in sorted(day for day, version in days.items() if versions.get(day) != version):
            counts = taken(at.reading.rows(SELECT.format(label=step.label, where="true"), {"site": site, "first": day, "last": day, "most": KEPT_ROWS + 1}, (day, day)))
            if len(counts) <= KEPT_ROWS:
                made[day] = days[day], _packed(counts)
        if made:
            rollups.put(site, step.key, made)


def _packed(counts: Counts) -> bytes:
    keys = [(label, url, count.name) for (label, url), count in counts.items()]
    values, named, by = (np.array([count[place] for count in counts.values()], dtype) for place, dtype in ((0, "i8"), (2, "i8"), (3, object)))
    return packed(Partial(keys, [values, named, by]))


def _unpacked(data: bytes) -> Counts:
    part = unpacked(data)
    return taken((label, url, value, name, named, by) for (label, url, name), value, named, by in zip(part.keys, *(column.tolist() for column in part.sums), strict=True))
