"""From settings to what keeps the data folder: backups, migration, the doctor."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.compose import SCHEMA, engine_socket, now, open_reader, parts, path_of, versions
from footfall.settings import Settings
from footfall.store.port import Reading, StoreBroken

if TYPE_CHECKING:
    from footfall.control.client import Owner
    from footfall.keeping.backup import Source
    from footfall.keeping.patient import Patient


def alone(settings: Settings) -> AbstractContextManager[None]:
    """The data folder for this process alone; raises `use.InUse`."""
    from footfall.keeping import use

    return use.alone(settings.data, parts(settings), engine_socket(settings))


@contextmanager
def look(settings: Settings) -> Iterator[Reading]:
    """The facts as they are, whatever their schema, while no engine has them; changes nothing. Raises `StoreBroken`."""
    from footfall.store.look import look

    with look(path_of(settings.store), settings.store_memory) as reading:
        yield reading


def backup_source(settings: Settings, owner: "Owner") -> "Source":
    """What a backup copies."""
    from footfall.keeping.backup import Source
    from footfall.store.duckdb import CORES, DuckdbFacts

    def opened(path: Path) -> Mapping[str, int]:
        facts = DuckdbFacts(str(path), settings.store_memory, CORES)
        try:
            ((events, visits),) = facts.rows("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM visits)")
        finally:
            facts.close()
        return {"events": events, "visits": visits}

    return Source(settings.data, parts(settings), lambda: open_reader(settings), lambda folder: owner("copies", folder=folder), opened, versions(), SCHEMA)


def schema(settings: Settings) -> int:
    """The version of the facts' schema; raises `StoreBroken`."""
    from footfall.keeping.health import SCHEMA

    with look(settings) as reading:
        return int(reading.rows(SCHEMA)[0][0])


def patient(settings: Settings) -> "Patient":
    """What the doctor looks at: the facts by their engine, or where none runs as they lie there."""
    from footfall.control.client import asked
    from footfall.control.port import Refusal
    from footfall.keeping.health import examined
    from footfall.keeping.patient import Patient
    from footfall.keeping.port import FACTS

    facts, unread, where = None, None, parts(settings)
    try:
        facts = asked(engine_socket(settings), "health", {})
    except (StoreBroken, Refusal) as exc:
        unread = str(exc)
    except (OSError, HTTPException):
        try:
            if FACTS in where and where[FACTS].exists() and where[FACTS].stat().st_size:
                with look(settings) as reading:
                    facts = examined(reading)
        except StoreBroken as exc:
            unread = str(exc)
    return Patient(
        settings.data, where, settings.stream_limit, now(), settings.host, settings.port, engine_socket(settings), facts, unread, SCHEMA, versions(),
    )  # fmt: skip
