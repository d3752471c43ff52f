"""The statements that lead from each version of the schema of facts to the next.

Literal text, never built from names that the program may change: what a released version did to
a file is done the same way for ever. To change the schema, add a version at the end.
"""

_MADE = (
    """
    CREATE TABLE events (
        site VARCHAR, id UBIGINT, kind VARCHAR, received TIMESTAMP, time TIMESTAMP, day DATE,
        utc_offset INTEGER, visitor UBIGINT, prev UBIGINT, scheme VARCHAR, hostname VARCHAR,
        port INTEGER, page VARCHAR, title VARCHAR, name VARCHAR, props VARCHAR, currency VARCHAR,
        amount DOUBLE, interactive BOOLEAN, page_view UBIGINT, engaged INTEGER, scroll UTINYINT,
        referrer VARCHAR, tag VARCHAR, click VARCHAR, utm_source VARCHAR, utm_medium VARCHAR,
        utm_campaign VARCHAR, utm_content VARCHAR, utm_term VARCHAR, country VARCHAR,
        region VARCHAR, city VARCHAR, browser VARCHAR, browser_version VARCHAR, os VARCHAR,
        os_version VARCHAR, device VARCHAR, screen VARCHAR, language VARCHAR, source VARCHAR,
        channel VARCHAR, visit UBIGINT, visit_source VARCHAR, visit_referrer VARCHAR,
        visit_channel VARCHAR, visit_utm_source VARCHAR, visit_utm_medium VARCHAR,
        visit_utm_campaign VARCHAR, visit_utm_content VARCHAR, visit_utm_term VARCHAR,
        entry_page VARCHAR, frozen BOOLEAN)
    """,
    """
    CREATE TABLE visits (
        site VARCHAR, visit UBIGINT, visitor UBIGINT, start TIMESTAMP, last TIMESTAMP, day DATE,
        utc_offset INTEGER, pageviews INTEGER, events INTEGER, interactions INTEGER,
        hostname VARCHAR, entry_page VARCHAR, exit_page VARCHAR, source VARCHAR, referrer VARCHAR,
        channel VARCHAR, utm_source VARCHAR, utm_medium VARCHAR, utm_campaign VARCHAR,
        utm_content VARCHAR, utm_term VARCHAR, country VARCHAR, region VARCHAR, city VARCHAR,
        browser VARCHAR, browser_version VARCHAR, os VARCHAR, os_version VARCHAR, device VARCHAR,
        screen VARCHAR, language VARCHAR)
    """,
    """
    CREATE TABLE ids (
        id UBIGINT, arrived TIMESTAMP, time TIMESTAMP, shard VARCHAR, sequence BIGINT)
    """,
    "CREATE TABLE marks (shard VARCHAR PRIMARY KEY, sequence BIGINT NOT NULL)",
    """
    CREATE TABLE days (
        site VARCHAR, day DATE, version BIGINT NOT NULL, settled BOOLEAN NOT NULL,
        PRIMARY KEY (site, day))
    """,
    "CREATE TABLE drops (site VARCHAR, day DATE, reason VARCHAR, count BIGINT)",
)
_TRIMMED_DAYS = (
    "ALTER TABLE days ADD COLUMN trimmed BOOLEAN DEFAULT false",
    "ALTER TABLE events DROP COLUMN received",
    "ALTER TABLE events DROP COLUMN page_view",
)
_IMPORTS = (
    """
    CREATE TABLE imports (site VARCHAR, digest BLOB, upto BIGINT, lines BIGINT, "at" TIMESTAMP)
    """,
)
_DROPS_ONCE = ("ALTER TABLE drops ADD COLUMN id UBIGINT",)
_NAMED_IMPORTS = (
    "ALTER TABLE events ADD COLUMN import UINTEGER",
    "ALTER TABLE imports ADD COLUMN import UINTEGER",
    "ALTER TABLE imports ADD COLUMN took BIGINT[]",
    "ALTER TABLE drops ADD COLUMN import UINTEGER",
    """
    CREATE TABLE runs (
        run UINTEGER, base UINTEGER, token VARCHAR, site VARCHAR, "at" TIMESTAMP, source VARCHAR)
    """,
    "CREATE TABLE files (import UINTEGER, run UINTEGER, name VARCHAR)",
    "CREATE TABLE outcomes (import UINTEGER, day DATE, outcome VARCHAR, count BIGINT)",
)

_SENDERS = (
    "ALTER TABLE ids ADD COLUMN keyed BOOLEAN",
    "ALTER TABLE ids ADD COLUMN sender UBIGINT",
    "ALTER TABLE ids ADD COLUMN since TIMESTAMP",
    "ALTER TABLE ids ADD COLUMN since_shard VARCHAR",
    "ALTER TABLE ids ADD COLUMN since_sequence BIGINT",
    """
    CREATE TABLE spares (
        site VARCHAR, id UBIGINT, kind VARCHAR, received TIMESTAMP, time TIMESTAMP, day DATE,
        utc_offset INTEGER, visitor UBIGINT, prev UBIGINT, scheme VARCHAR, hostname VARCHAR,
        port INTEGER, page VARCHAR, title VARCHAR, name VARCHAR, props VARCHAR, currency VARCHAR,
        amount DOUBLE, interactive BOOLEAN, page_view UBIGINT, engaged INTEGER, scroll UTINYINT,
        referrer VARCHAR, tag VARCHAR, click VARCHAR, utm_source VARCHAR, utm_medium VARCHAR,
        utm_campaign VARCHAR, utm_content VARCHAR, utm_term VARCHAR, country VARCHAR,
        region VARCHAR, city VARCHAR, browser VARCHAR, browser_version VARCHAR, os VARCHAR,
        os_version VARCHAR, device VARCHAR, screen VARCHAR, language VARCHAR, key_id UBIGINT,
        source VARCHAR, channel VARCHAR, shard VARCHAR, sequence BIGINT, import UINTEGER)
    """,
)

MIGRATIONS = (_MADE, _TRIMMED_DAYS, _IMPORTS, _DROPS_ONCE, _NAMED_IMPORTS, _SENDERS)
"""Statements by version, in order; the first ones make the schema."""

VERSION = len(MIGRATIONS)
