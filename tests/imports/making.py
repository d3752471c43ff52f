"""Events made of lines, without a data folder."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb

from footfall import compose
from footfall.domain.identity import Salt
from footfall.domain.site import Offsets, Site
from footfall.gateway.clients import client_lookup, place_lookup
from footfall.imports.bundle import unknown
from footfall.imports.columns import Columns, Lookups, Made
from footfall.imports.format import Format
from footfall.imports.reading import Piece
from footfall.imports.request import Wanted
from footfall.settings import read

NOW = int(datetime(2026, 6, 11, tzinfo=UTC).timestamp()) * 1_000_000
OWN = Site("s", ("a.example",))
PLAIN = Wanted("a.example")


class Result(NamedTuple):
    """What was made, and its events as rows by name."""

    made: Made
    events: list[dict[str, Any]]

    @property
    def left(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for each in self.made.outcomes:
            counts[each.what] = counts.get(each.what, 0) + each.lines
        return counts


@cache
def lookups() -> Lookups:
    def salt_of(day: int) -> Salt:
        return Salt(day, b"%d" % day, 0)

    places = compose.places(read({}, {}))
    return Lookups(client_lookup(), place_lookup(places), Offsets(), compose.sources(), salt_of)


def made(lines: Sequence[str], format_: Format, site: Site = OWN, wanted: Wanted = PLAIN, now: int = NOW) -> Result:
    """Make events of some lines; each line is an event or was left out."""
    columns = Columns(site, wanted, lookups())
    piece = Piece(list(lines), 1, len(lines), b"x", 1, [])
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "part.parquet"
        found = columns.make(unknown(0, piece, ()), format_, now, path)
        columns.close()
        query = "SELECT * FROM read_parquet(?) ORDER BY sequence"
        connection.execute(query, [str(path)])
        names = [each[0] for each in connection.description or ()]
        events = [dict(zip(names, row, strict=True)) for row in connection.fetchall()]
    result = Result(found, events)
    assert sum(found.events.values()) == len(events)
    assert len(events) + sum(result.left.values()) == len(lines)
    return result
