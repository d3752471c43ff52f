"""What keeping goes by: the parts of a data folder, and how it goes wrong."""

from collections.abc import Mapping
from pathlib import Path

FACTS, STREAM, ROLLUPS, REGISTRY, SALTS = (
    "facts.duckdb",
    "stream.db",
    "rollups.db",
    "registry.db",
    "salts.db",
)
SAVED = (STREAM, FACTS, ROLLUPS, REGISTRY)
"""The files of a backup, by the names they have there. Salts are not among them."""

COMPANIONS = {
    FACTS: (".wal",),
    STREAM: ("-wal", "-shm"),
    ROLLUPS: ("-wal", "-shm"),
    REGISTRY: ("-wal", "-shm"),
    SALTS: ("-wal", "-shm"),
}
"""What may lie beside a file and is nothing without it."""

Places = Mapping[str, Path]
"""Where the parts of a data folder lie; one that is kept in memory lies nowhere."""


class CannotKeep(Exception):
    """A backup, restore or migration that is not done; its text is a sentence for the user."""
