"""What comes of a batch, in order: its copies left out, its visitors folded anew, what differs written."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import numpy as np

from footfall.domain.event import COPY_WINDOW_US, Event
from footfall.domain.reason import Reason
from footfall.domain.site import day_date
from footfall.store import apply, fold
from footfall.store.facts import STAGED, values
from footfall.store.port import Applied

DTYPES = {"UBIGINT": "u8", "BIGINT": "i8", "INTEGER": "i4", "UTINYINT": "u1", "DOUBLE": "f8", "BOOLEAN": "?", "TIMESTAMP": "i8", "DATE": "i4"}
CASTS = {"TIMESTAMP": "make_timestamp({})", "DATE": "DATE '1970-01-01' + {}"}

Near = Mapping[str, date]


def spans(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """The events, in parts that each arrived within the window of copies: within one, one copy counts."""
    if not events:
        return
    arrivals = [event.hit.received for event in events]
    limit = min(arrivals) + COPY_WINDOW_US
    if max(arrivals) <= limit:
        yield events
        return
    yield [event for event in events if event.hit.received <= limit]
    yield from spans([event for event in events if event.hit.received > limit])


def add(connection: duckdb.DuckDBPyConnection, events: Sequence[Event]) -> Applied:
    """Stage and apply events."""
    _stage(connection, events)
    return add_staged(connection, len(events), [day_date(event.hit.day) for event in events])


def staged_spans(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, date, date]]:
    """Stage what is staged in parts such as `_spans` makes, where a copy may lie further off; the count and days of each."""
    if not one(connection, apply.HAS_REPEATED):
        yield from _staged_days(connection)
        return
    connection.execute(apply.SPLIT_STAGED)
    first = None
    while first := one(connection, apply.NEXT_SPAN, {"after": first}):
        connection.execute(apply.STAGE_SPAN, {"first": first})
        yield from _staged_days(connection)
    connection.execute(apply.DROP_LOADED)


def _staged_days(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, date, date]]:
    return [row for row in connection.execute(apply.STAGED_DAYS).fetchall() if row[0]]


def add_staged(connection: duckdb.DuckDBPyConnection, staged: int, days: Sequence[date]) -> Applied:
    """Apply what is staged: so many events, of no other days than between the first and last of these."""
    suspects, *known = connection.execute(apply.SUSPECTS).fetchall()[0]
    days = [*days, *(day for day in known if day)]
    near = {"low": min(days) - apply.REACH, "high": max(days) + apply.REACH}
    copies: list[tuple[str, date, int]] = []
    displaced = False
    if suspects:
        copies, displaced = _without_copies(connection, near)
    else:
        connection.execute(apply.KEEP_IDS)
    refold(connection, near, displaced)
    for site, day, count in copies:
        connection.execute(apply.DROP, {"site": site, "day": day, "reason": Reason.COPY, "count": count})
    dropped = sum(count for _, _, count in copies)
    return Applied(staged - dropped, dropped)


def _without_copies(connection: duckdb.DuckDBPyConnection, near: Near) -> tuple[list[tuple[str, date, int]], bool]:
    """Leave in `staged` what counts; how many copies went, and whether a stored event gave way."""
    connection.execute(apply.RETURNED)
    if one(connection, apply.HAS_RETURNED):
        run(connection, (apply.STAGE_RETURNED, apply.FORGET_RETURNED), near)
    run(connection, (apply.RANK, apply.DISPLACED, apply.SPARED), near)
    copies = connection.execute(apply.COPIES).fetchall()
    displaced = bool(one(connection, apply.HAS_DISPLACED))
    if one(connection, apply.HAS_SPARED):
        run(connection, (apply.KEEP_SPARES, apply.KEEP_DISPLACED), near)
    if displaced:
        run(connection, (apply.DROP_DISPLACED,), near)
    run(connection, (apply.DROP_COPIES, apply.FORGET_IDS, apply.KEEP_RANKED_IDS), near)
    return copies, displaced


def refold(
    connection: duckdb.DuckDBPyConnection,
    near: Near,
    displaced: bool,
    melt: bool = False,
) -> None:
    """Fold all visits of the touched visitors anew and write what differs.

    Where visits `melt`, those that were frozen are folded like all others: by what they share, who
    is linked is known as before.
    """
    connection.execute(apply.TOUCHED)
    if displaced:
        run(connection, (apply.TOUCH_DISPLACED,), near)
    linked = one(connection, apply.HAS_LINKS, near)
    members = apply.LINKED_MEMBERS if linked else apply.LONE_MEMBERS
    run(connection, (members, apply.STORED_SCOPE, apply.STAGED_SCOPE), near)
    frozen = _thaw(connection)
    cut = fold.CUT_FROZEN if frozen and not melt else fold.CUT
    run(connection, (apply.BEFORE,), near)
    if melt:
        connection.execute(apply.MELT)
    run(connection, (cut, fold.FRESH, fold.FOLDED), near)
    if displaced or frozen:
        _rewrite_all(connection, near, displaced)
    run(connection, (apply.GROWN, apply.CHANGED_DAYS, apply.GROW_VISITS, apply.DROP_VISITS, apply.ADD_VISITS), near)
    if one(connection, apply.HAS_VISITS_OF_STORED):
        run(connection, (apply.ADD_VISITS_OF_STORED,), near)
    if one(connection, apply.HAS_CHANGED):
        run(connection, (apply.REWRITE,), near)
    run(connection, (apply.ADD_EVENTS,), near)


def _rewrite_all(connection: duckdb.DuckDBPyConnection, near: Near, displaced: bool) -> None:
    """Where a visit's id does not tell whether its attributes changed, write all of them again."""
    if not displaced:
        connection.execute("CREATE OR REPLACE TEMP TABLE displaced AS FROM events LIMIT 0")
    run(connection, (apply.CHANGED_DAYS_OF_DISPLACED, apply.FORGET_BEFORE), near)
    connection.execute("DELETE FROM before")
    connection.execute(apply.CHANGE_ALL)


def _thaw(connection: duckdb.DuckDBPyConnection) -> bool:
    """Bring the rest of frozen visits into scope. Rare: only events sent late with a key touch one."""
    shared = connection.execute(apply.FROZEN).fetchall()
    chains: dict[int, int] = {}
    joined: dict[int, int] = {}
    for found, visit in shared:
        chain = joined.get(found, found)
        into = chains.setdefault(visit, chain)
        if into != chain:
            connection.execute(apply.JOIN_CHAINS, {"into": into, "chain": chain})
            joined[chain] = into
            for labels in (chains, joined):
                labels |= {key: into for key, label in labels.items() if label == chain}
    if shared:
        connection.execute(apply.REST_OF_FROZEN)
    return bool(shared)


def _stage(connection: duckdb.DuckDBPyConnection, events: Sequence[Event]) -> None:
    columns = dict(zip(STAGED, zip(*map(values, events), strict=True), strict=True))
    insert(connection, "CREATE OR REPLACE TEMP TABLE staged AS", columns)


def insert(connection: duckdb.DuckDBPyConnection, into: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """Complete a statement that takes rows with those of some columns of `STAGED`."""
    connection.register("arrived", {name: _array(column, STAGED[name]) for name, column in columns.items()})
    selected = ", ".join(f"{CASTS.get(STAGED[name], '{}').format(name)} AS {name}" for name in columns)
    connection.execute(f"{into} SELECT {selected} FROM arrived")
    connection.unregister("arrived")


def _array(column: Sequence[Any], kind: str) -> Any:
    """A column for DuckDB: by numpy a thousand rows take 5 ms, by `executemany` 1.8 s."""
    dtype = DTYPES.get(kind)
    if dtype is None:
        return np.array(column, dtype=object)
    if None not in column:
        return np.array(column, dtype=dtype)
    return np.ma.array([value or 0 for value in column], dtype=dtype, mask=[value is None for value in column])


def run(connection: duckdb.DuckDBPyConnection, statements: Sequence[str], near: Near) -> None:
    """Run statements, those that are bounded by days within `near`."""
    for statement in statements:
        connection.execute(statement, near if "$low" in statement else None)


def one(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
    """The first value that a statement gives, None for none."""
    row = connection.execute(sql, parameters).fetchone()
    return row[0] if row else None


def timestamp(microseconds: int) -> Any:
    """A moment (microseconds since 1970) as a parameter."""
    return np.datetime64(microseconds, "us").item()
