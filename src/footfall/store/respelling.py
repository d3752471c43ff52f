"""Pages stored before there was one spelling, brought to it once."""

import duckdb

from footfall.domain.page import readable

PAGES = {
    "events": ("page", "entry_page", "referrer", "visit_referrer"),
    "visits": ("entry_page", "exit_page", "referrer"),
}
ODD = "SELECT DISTINCT {column} FROM {relation} WHERE regexp_matches({column}, '[%;(]')"
RESPELLED = """
CREATE OR REPLACE TEMP TABLE respelled AS
SELECT unnest(CAST($before AS VARCHAR[])) AS before, unnest(CAST($after AS VARCHAR[])) AS after
"""
CHANGED_DAYS = """
UPDATE days SET version = greatest(version + 1, epoch_us(now()))
WHERE NOT coalesce(trimmed, false) AND (site, day) IN (
    SELECT (site, day) FROM {relation} WHERE {column} IN (SELECT before FROM respelled))
"""
RESPELL = """
UPDATE {relation} SET {column} = respelled.after FROM respelled
WHERE {relation}.{column} = respelled.before
"""


def respell(connection: duckdb.DuckDBPyConnection) -> None:
    """Write pages and referrers as people read them, and mark the days on which some change."""
    columns = [(relation, column) for relation, several in PAGES.items() for column in several]
    odd: set[str] = set()
    for relation, column in columns:
        found = connection.execute(ODD.format(relation=relation, column=column)).fetchall()
        odd.update(page for (page,) in found)
    changed = {page: readable(page) for page in odd if readable(page) != page}
    if not changed:
        return
    pages = {"before": list(changed), "after": list(changed.values())}
    connection.execute(RESPELLED, pages)
    for statement in (CHANGED_DAYS, RESPELL):
        for relation, column in columns:
            connection.execute(statement.format(relation=relation, column=column))
    connection.execute("DROP TABLE respelled")
