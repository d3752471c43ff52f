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
    print(f"footfall {__version__} (Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, DuckDB {version('duckdb')})")
