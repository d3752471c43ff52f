"""A look at a DuckDB file that nobody owns just now, whatever version of Footfall wrote it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import duckdb

from footfall.store.duckdb import SETTINGS, DuckdbReading
from footfall.store.port import Reading, StoreBroken


@contextmanager
def look(path: str, memory_limit: str) -> Iterator[Reading]:
    """The relations as they are; nothing is changed, nor brought to another schema. Raises `StoreBroken`."""
    try:
        connection = duckdb.connect(path, read_only=True, config={"memory_limit": memory_limit})
        for name, value in SETTINGS.items():
            connection.execute(f"SET {name} = '{value}'")
    except (duckdb.Error, OSError) as exc:
        raise StoreBroken(f"cannot open the facts in {path}: {exc}") from exc
    with closing(connection):
        yield DuckdbReading(connection)
