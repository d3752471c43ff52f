"""The archive of a site: its parts, each a relation in a file, and the manifest that says what they are.

A part has no column `site`: the whole archive is one site's, and may be taken in as another's.
"""

from collections.abc import Mapping

import msgspec

from footfall.domain.site import Site
from footfall.store.facts import EVENTS, IDS, IMPORT, VISITS

FORMAT = 2
"""To be raised when a part changes its columns or its meaning; what is older stays readable."""

MANIFEST = "footfall.json"
ROLLUPS = "rollups.ndjson"
"""Sums of days whose facts are gone, a line each."""

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "events": {name: kind for name, kind in EVENTS.items() if name not in ("site", *IMPORT)},
    "visits": {name: kind for name, kind in VISITS.items() if name != "site"},
    "days": {"day": "DATE", "version": "BIGINT", "settled": "BOOLEAN", "trimmed": "BOOLEAN"},
    "drops": {"day": "DATE", "reason": "VARCHAR", "count": "BIGINT"},
    "ids": IDS,
}
"""The relations of an archive; `ids` are those by which copies of late hits are known."""

EARLIER = {"ids": dict(list(IDS.items())[:5])}
"""What parts had in formats before: in the first one ids told no senders."""

FILES = (*(f"{part}.parquet" for part in COLUMNS), ROLLUPS)

WRITE: Mapping[str, str] = {
    **{part: f"SELECT {', '.join(columns)} FROM {part} WHERE site = $site" for part, columns in COLUMNS.items()},
    "drops": "SELECT day, reason, CAST(sum(count) AS BIGINT) AS count FROM drops WHERE site = $site GROUP BY ALL",
    "ids": f"SELECT {', '.join(IDS)} FROM ids SEMI JOIN (SELECT id, time FROM events WHERE site = $site) USING (id, time)",
}
GONE = "SELECT day FROM days WHERE site = $site AND trimmed"

_DISGUISED = ("visitor", "prev", "visit", "id")


def _read(part: str) -> str:
    columns = COLUMNS[part]
    if part == "ids":
        names = ", ".join(columns)
        told = f"SELECT {names} FROM ids WHERE false UNION ALL BY NAME FROM read_parquet($file)"
        return f"INSERT INTO ids ({names}) SELECT {names} FROM ({told}) ANTI JOIN ids USING (id)"
    chosen = [f"xor({name}, CAST($disguise AS UBIGINT))" if name in _DISGUISED else name for name in columns]
    return f"INSERT INTO {part} (site, {', '.join(columns)}) SELECT $site, {', '.join(chosen)} FROM read_parquet($file)"


READ: Mapping[str, str] = {part: _read(part) for part in COLUMNS}
SHAPE = "SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet($file))"
KNOWN = "SELECT count(*) FROM imports WHERE site = $site AND digest = $digest"
OCCUPIED = "SELECT " + " OR ".join(f"EXISTS (FROM {relation} WHERE site = $site)" for relation in ("events", "visits", "days"))
REMEMBER = 'INSERT INTO imports (site, digest, upto, lines, "at") VALUES ($site, $digest, $upto, $lines, make_timestamp($now))'
ASTRAY = """
SELECT EXISTS (SELECT day FROM events WHERE site = $site AND (time IS NULL OR visitor IS NULL OR kind IS NULL OR kind NOT IN ('pageview', 'custom', 'engagement')))
    OR EXISTS (SELECT day FROM events WHERE site = $site EXCEPT SELECT day FROM days WHERE site = $site)
"""
"""Whether there are events that no store of ours writes."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the archive: rows, bytes, and their SHA-256."""

    rows: int
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an archive says of itself: by which version it was made, of which schema, when, and of which site; no keys."""

    format: int
    product: str
    schema: int
    made: str
    site: Site
    parts: dict[str, Part]


class Sum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of `ROLLUPS`: the sums of a question on a day."""

    question: bytes
    day: str
    data: bytes
