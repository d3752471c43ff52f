"""The command by which the owner of the facts says how they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from footfall.domain.site import date_day
from footfall.store.port import Facts, Interrupted, NoMemory, Reading, StoreBroken

SCHEMA = "SELECT coalesce(max(version), 0) FROM schema_version"
NEWEST = "SELECT epoch_us(max(time)) FROM events"
UNSETTLED = "SELECT day, count(*) FROM days WHERE NOT settled GROUP BY day ORDER BY day"
TABLES = (
    "SELECT table_name FROM duckdb_tables()"
    " WHERE NOT temporary AND NOT internal ORDER BY estimated_size"
)
EVERY_BYTE = 'SELECT bit_xor(hash(each)) FROM "{}" AS each'
"""Blocks are checked against their sums as they are read, so every column must be."""


@dataclass(frozen=True, slots=True)
class Health:
    """The command `health`: what `examined` says."""

    facts: Facts

    def __call__(self) -> Mapping[str, Any]:
        """Beside batches and reports."""
        with self.facts.reading() as reading:
            return examined(reading)


def examined(reading: Reading) -> Mapping[str, Any]:
    """Examine facts of any schema.

    Returns their version, the newest event in microseconds, unsettled days with their number of
    sites, and what is damaged.
    """
    schema = reading.rows(SCHEMA)[0][0]
    newest = reading.rows(NEWEST)[0][0]
    unsettled = [(date_day(day), sites) for day, sites in reading.rows(UNSETTLED)]
    damage = _damage(reading)
    return {"schema": schema, "newest": newest, "unsettled": unsettled, "damage": damage}


def _damage(reading: Reading) -> str | None:
    for (table,) in reading.rows(TABLES):
        if fault := _fault(reading, table):
            return f"{table}: {fault}"
    return None


def _fault(reading: Reading, table: str) -> str | None:
    try:
        reading.rows(EVERY_BYTE.format(table))
    except (StoreBroken, Interrupted, NoMemory) as exc:
        return str(exc).splitlines()[0]
    return None
