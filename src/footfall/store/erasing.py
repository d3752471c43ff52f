"""Facts that go for good, or to another site: in one transaction, beside the fold."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from footfall.store import apply
from footfall.store.batch import one, refold
from footfall.store.facts import STAGED
from footfall.store.removal import DayErased, not_moved

EVENTS_AT_ONCE = 500_000
"""So many go together; folding more visitors at once would need much memory."""

RELATIONS = ("events", "visits", "drops", "imports", "runs", "spares")
"""Those, besides the days, of which each row is a site's."""

CHOOSE = "CREATE OR REPLACE TEMP TABLE chosen AS {sql}"
DAYS = """
SELECT day, count(*), count(DISTINCT visit) FROM events
WHERE site = $site AND (id, time) IN (SELECT (id, time) FROM chosen) GROUP BY day ORDER BY day
"""
_span = "site = $site AND day BETWEEN $first AND $last"
_chosen = f"{_span} AND (id, time) IN (SELECT (id, time) FROM chosen)"
DISPLACED = f"CREATE OR REPLACE TEMP TABLE displaced AS FROM events WHERE {_chosen}"
DELETE = f"DELETE FROM events WHERE {_chosen}"
NOTHING = f"SELECT {', '.join(f'NULL AS {name}' for name in STAGED)} WHERE false"
FORGET_SENDERS = "UPDATE ids SET sender = NULL WHERE (id, time) IN (SELECT (id, time) FROM displaced)"
"""Ids stay, so that no copy brings back what is erased; whose they were does not."""

FORGET_SPARES = "DELETE FROM spares WHERE site = $site"
"""All of them: whether a chosen one is among them, nobody asks."""

FORGET_EMPTY = f"""
DELETE FROM days WHERE {_span} AND NOT coalesce(trimmed, false)
    AND day NOT IN (SELECT day FROM events WHERE {_span})
    AND day NOT IN (SELECT day FROM visits WHERE {_span})
"""
FORGET_GONE = f"DELETE FROM days WHERE {_span} AND trimmed"
GONE_DAYS = f"SELECT day FROM days WHERE {_span} AND trimmed ORDER BY day"

_runs = "SELECT run FROM runs WHERE site = $site"
_files = f"SELECT import FROM files WHERE run IN ({_runs})"
FORGET_IMPORTS = (
    f"DELETE FROM outcomes WHERE import IN ({_files})",
    f"DELETE FROM files WHERE run IN ({_runs})",
)

UNMOVABLE = """
SELECT a.day FROM days a JOIN days b ON b.site = $into AND b.day = a.day
WHERE a.site = $site AND (coalesce(a.trimmed, false) OR coalesce(b.trimmed, false)) ORDER BY a.day
"""
MOVE_DAYS = """
INSERT INTO days (site, day, version, settled, trimmed)
SELECT $into, day, greatest(version + 1, epoch_us(now())), settled, trimmed FROM days WHERE site = $site
ON CONFLICT (site, day) DO UPDATE SET
    version = greatest(days.version + 1, excluded.version),
    settled = days.settled AND excluded.settled
"""


def erase(
    connection: duckdb.DuckDBPyConnection,
    site: str,
    chosen: str,
    parameters: Mapping[str, Any],
) -> Sequence[DayErased]:
    """Delete the events that a SELECT of id and time gives, and fold anew whom that concerns."""
    connection.execute(CHOOSE.format(sql=chosen), dict(parameters))
    days = [DayErased(*row) for row in connection.execute(DAYS, {"site": site}).fetchall()]
    for first, last in _spans(days):
        span = {"site": site, "first": first, "last": last}
        near = {"low": first - apply.REACH, "high": last + apply.REACH}
        connection.execute(DISPLACED, span)
        connection.execute(apply.STAGE.format(sql=NOTHING))
        connection.execute(DELETE, span)
        connection.execute(FORGET_SENDERS)
        refold(connection, near, displaced=True, melt=True)
    if days:
        around = {"first": days[0].day - apply.REACH, "last": days[-1].day + apply.REACH}
        connection.execute(FORGET_EMPTY, {"site": site, **around})
    connection.execute(FORGET_SPARES, {"site": site})
    connection.execute("DROP TABLE chosen")
    return days


def forget_gone(connection: duckdb.DuckDBPyConnection, site: str, first: date, last: date) -> Sequence[date]:
    """Forget days whose facts are gone already; which they were."""
    span = {"site": site, "first": first, "last": last}
    days = [day for (day,) in connection.execute(GONE_DAYS, span).fetchall()]
    connection.execute(FORGET_GONE, span)
    return days


def remove(connection: duckdb.DuckDBPyConnection, site: str) -> int:
    """Delete all facts of a site; how many events these were."""
    events = one(connection, "SELECT count(*) FROM events WHERE site = $site", {"site": site})
    for statement in FORGET_IMPORTS:
        connection.execute(statement, {"site": site})
    for relation in (*RELATIONS, "days"):
        connection.execute(f"DELETE FROM {relation} WHERE site = $site", {"site": site})
    return int(events)


def check_move(connection: duckdb.DuckDBPyConnection, site: str, into: str) -> None:
    """Raise `NotMoved` where both sites have a day, and the facts of one of them are gone."""
    rows = connection.execute(UNMOVABLE, {"site": site, "into": into}).fetchall()
    if rows:
        raise not_moved(site, into, [day for (day,) in rows], "footfall erase")


def move(connection: duckdb.DuckDBPyConnection, site: str, into: str) -> int:
    """Make all facts of a site those of another and mark every day that it had."""
    events = one(connection, "SELECT count(*) FROM events WHERE site = $site", {"site": site})
    both = {"site": site, "into": into}
    connection.execute(MOVE_DAYS, both)
    connection.execute("DELETE FROM days WHERE site = $site", {"site": site})
    for relation in RELATIONS:
        connection.execute(f"UPDATE {relation} SET site = $into WHERE site = $site", both)
    return int(events)


def _spans(days: Sequence[DayErased]) -> Iterator[tuple[date, date]]:
    """Yield stretches of days, none of several with more events than go at once."""
    first, last, events = None, None, 0
    for each in days:
        if first and last and events + each.events > EVENTS_AT_ONCE:
            yield first, last
            first, events = None, 0
        first, last = first or each.day, each.day
        events += each.events
    if first and last:
        yield first, last
