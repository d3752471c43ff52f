"""`footfall version`."""

import platform
import sqlite3
from importlib.metadata import version
from typing import Any

from footfall import __version__
from footfall.settings import Settings

EXPECTED: tuple[type[Exception], ...] = ()
LOCKS_ITSELF = True


def run(_: Settings, __: dict[str, Any]) -> None:
    """Print the versions."""
    parts = (
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        f"DuckDB {version('duckdb')}",
    )
    print(f"footfall {__version__} ({', '.join(parts)})")
