"""What an import adds to facts, and how it is taken back: in one transaction, beside the fold."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from footfall.domain.site import day_date
from footfall.store import apply
from footfall.store.batch import add_staged, one, refold, staged_spans
from footfall.store.facts import STAGED
from footfall.store.importing import Import, Returned

EVENTS_AT_ONCE = 500_000
"""So many are taken back together; folding more of them at once would need much memory."""

PAGE_VIEWS = "page_views"

BASE = "SELECT base FROM runs WHERE token = $token"
BEGIN = """
INSERT INTO runs
SELECT (SELECT coalesce(max(run), 0) + 1 FROM runs), (SELECT coalesce(max(import), 0) + 1 FROM files),
    $token, $site, make_timestamp(epoch_us(now())), $source
"""
NOTES = """
CREATE OR REPLACE TEMP TABLE notes AS
SELECT unnest(CAST($imports AS UINTEGER[])) AS import, unnest(CAST($names AS VARCHAR[])) AS name,
    unnest(CAST($digests AS BLOB[])) AS digest, unnest(CAST($uptos AS BIGINT[])) AS upto,
    unnest(CAST($lines AS BIGINT[])) AS lines, unnest(CAST($took AS BIGINT[][])) AS took,
    unnest(CAST($instead AS BLOB[])) AS instead
"""
NOTED = """
SELECT i.import, n.import FROM imports i JOIN notes n ON i.digest = n.digest AND i.upto = n.upto
WHERE i.site = $site AND (i.took IS NULL OR i.took = n.took)
"""
FORGET_KNOWN = "DELETE FROM {table} WHERE list_contains($known, import)"
KEEP_FILES = """
INSERT INTO files
SELECT n.import, r.run, n.name FROM notes n CROSS JOIN (SELECT run FROM runs WHERE token = $token) r
WHERE n.import NOT IN (SELECT import FROM files)
"""
INSTEAD = """
DELETE FROM imports
WHERE site = $site AND (import, digest) IN (SELECT (import, instead) FROM notes WHERE instead <> '')
"""
KEEP_NOTES = """
INSERT INTO imports (site, digest, upto, lines, "at", import, took)
SELECT $site, digest, upto, lines, make_timestamp(epoch_us(now())), import, took FROM notes
"""
OUTCOMES = """
CREATE OR REPLACE TEMP TABLE came AS
SELECT unnest(CAST($imports AS UINTEGER[])) AS import, unnest(CAST($days AS DATE[])) AS day,
    unnest(CAST($whats AS VARCHAR[])) AS outcome, unnest(CAST($counts AS BIGINT[])) AS count
"""
COUNT_DROPS = """
INSERT INTO drops (site, day, reason, count, import)
SELECT $site, day, outcome, count, import FROM came WHERE day IS NOT NULL
"""
COUNT_EVENTS = f"INSERT INTO came SELECT import, day, '{PAGE_VIEWS}', count(*) FROM staged GROUP BY ALL"
ADD_OUTCOMES = """
UPDATE outcomes SET count = outcomes.count + c.count FROM came c
WHERE outcomes.import = c.import AND outcomes.outcome = c.outcome
    AND outcomes.day IS NOT DISTINCT FROM c.day
"""
KEEP_OUTCOMES = """
INSERT INTO outcomes
SELECT * FROM came c WHERE NOT EXISTS (
    FROM outcomes o WHERE o.import = c.import AND o.outcome = c.outcome
        AND o.day IS NOT DISTINCT FROM c.day)
"""

_mine = "list_contains($imports, import)"
DAYS = f"""
SELECT day, count(*) FROM events WHERE site = $site AND {_mine} GROUP BY day ORDER BY day
"""
KEPT_DAYS = f"""
SELECT count(DISTINCT day) FROM outcomes JOIN days USING (day)
WHERE site = $site AND trimmed AND outcome = '{PAGE_VIEWS}' AND {_mine}
"""
_span = f"site = $site AND day BETWEEN $first AND $last AND {_mine}"
TAKEN_BACK = f"CREATE OR REPLACE TEMP TABLE displaced AS FROM events WHERE {_span}"
DELETE_EVENTS = f"DELETE FROM events WHERE {_span}"
FORGET_IDS = "DELETE FROM ids WHERE (id, time) IN (SELECT (id, time) FROM displaced)"
NOTHING = f"SELECT {', '.join(f'NULL AS {name}' for name in STAGED)} WHERE false"
_kept = "SELECT day FROM days WHERE site = $site AND trimmed"
UNCOUNT_DROPS = f"DELETE FROM drops WHERE site = $site AND {_mine} AND day NOT IN ({_kept})"
FORGET_DAYS = """
DELETE FROM days WHERE site = $site AND NOT trimmed AND day BETWEEN $first AND $last
    AND day NOT IN (SELECT day FROM events WHERE site = $site AND day BETWEEN $first AND $last)
    AND day NOT IN (SELECT day FROM visits WHERE site = $site AND day BETWEEN $first AND $last)
"""
FORGET = tuple(f"DELETE FROM {table} WHERE {_mine}" for table in ("imports", "outcomes", "spares"))


def take_in(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, Any],
    part: Import,
) -> list[int]:
    """Add a part of an import; the places of files that others have noted already."""
    base = _base(connection, part)
    _stage_notes(connection, part, base)
    noted = connection.execute(NOTED, {"site": part.site}).fetchall()
    others = {number for other, number in noted if other not in (number, *part.replaces)}
    known = sorted(others)
    if any(other == number for other, number in noted):
        return [number - base for number in known]
    if part.replaces:
        take_back(connection, part.site, part.replaces)
    _stage_outcomes(connection, part, base)
    numbered = f"SELECT * REPLACE (import + {base} AS import) FROM ({sql})"
    connection.execute(apply.STAGE.format(sql=numbered), dict(parameters))
    for table in ("notes", "came", "staged"):
        connection.execute(FORGET_KNOWN.format(table=table), {"known": known})
    _keep(connection, part)
    for count, low, high in staged_spans(connection):
        add_staged(connection, count, (low, high))
    return [number - base for number in known]


def take_back(connection: duckdb.DuckDBPyConnection, site: str, imports: Sequence[int]) -> Returned:
    """Delete what numbered files brought, and fold anew whom that concerns."""
    mine = {"site": site, "imports": list(imports)}
    kept_days = one(connection, KEPT_DAYS, mine)
    days = connection.execute(DAYS, mine).fetchall()
    for first, last in _spans(days):
        span = {**mine, "first": first, "last": last}
        connection.execute(TAKEN_BACK, span)
        connection.execute(apply.STAGE.format(sql=NOTHING))
        connection.execute(FORGET_IDS)
        connection.execute(DELETE_EVENTS, span)
        refold(connection, {"low": first - apply.REACH, "high": last + apply.REACH}, displaced=True)
    connection.execute(UNCOUNT_DROPS, mine)
    if days:
        connection.execute(FORGET_DAYS, {"site": site, "first": days[0][0], "last": days[-1][0]})
    for statement in FORGET:
        connection.execute(statement, {"imports": list(imports)})
    return Returned(sum(count for _, count in days), kept_days)


def _base(connection: duckdb.DuckDBPyConnection, part: Import) -> int:
    """Return the number of the import's first file; its others follow, since only one import runs."""
    token = {"token": part.token}
    base = one(connection, BASE, token)
    if base is None:
        connection.execute(BEGIN, {**token, "site": part.site, "source": part.source})
        base = one(connection, BASE, token)
    return int(base)


def _stage_notes(connection: duckdb.DuckDBPyConnection, part: Import, base: int) -> None:
    columns = {
        "imports": [base + note.file for note in part.notes],
        "names": [note.name for note in part.notes],
        "digests": [note.digest for note in part.notes],
        "uptos": [note.upto for note in part.notes],
        "lines": [note.lines for note in part.notes],
        "took": [list(note.took) for note in part.notes],
        "instead": [note.instead for note in part.notes],
    }
    connection.execute(NOTES, columns)


def _stage_outcomes(connection: duckdb.DuckDBPyConnection, part: Import, base: int) -> None:
    came = part.outcomes
    columns = {
        "imports": [base + each.file for each in came],
        "days": [None if each.day is None else day_date(each.day) for each in came],
        "whats": [each.what for each in came],
        "counts": [each.lines for each in came],
    }
    connection.execute(OUTCOMES, columns)


def _keep(connection: duckdb.DuckDBPyConnection, part: Import) -> None:
    connection.execute(KEEP_FILES, {"token": part.token})
    connection.execute(INSTEAD, {"site": part.site})
    connection.execute(KEEP_NOTES, {"site": part.site})
    connection.execute(COUNT_DROPS, {"site": part.site})
    connection.execute(COUNT_EVENTS)
    connection.execute(ADD_OUTCOMES)
    connection.execute(KEEP_OUTCOMES)


def _spans(days: Sequence[tuple[date, int]]) -> Iterator[tuple[date, date]]:
    """Yield stretches of days, none of several with more events than are taken back at once."""
    stretch: list[date] = []
    events = 0
    for day, count in days:
        if stretch and events + count > EVENTS_AT_ONCE:
            yield stretch[0], stretch[-1]
            stretch, events = [], 0
        stretch.append(day)
        events += count
    if stretch:
        yield stretch[0], stretch[-1]
