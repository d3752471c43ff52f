"""The files of a data folder: whether they are whole, and of which versions."""

import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from footfall.keeping import sqlite
from footfall.keeping.patient import Finding, Findings, Patient, readable
from footfall.keeping.port import FACTS, REGISTRY, ROLLUPS, SALTS, STREAM
from footfall.stream import frame

RESTORE = "stop the server, and bring back a backup with 'footfall restore DIR --replace'"
REMEDIES = {
    STREAM: "restart the server: it sets the file aside and keeps what can be read",
    ROLLUPS: "restart the server: it sets the file aside and makes the sums again",
    REGISTRY: RESTORE,
    SALTS: (
        "stop the server and delete the file:"
        " today's visitors are counted anew then, and nothing else is lost"
    ),
    FACTS: RESTORE,
}
MOST_VALUES = 10_000
CUT_SHORT = """
SELECT site, day, data FROM rollups JOIN questions USING (number)
WHERE question = CAST('days cut short' AS BLOB) ORDER BY site, day
"""
FRAMES = "SELECT number, shard, first, data FROM frames ORDER BY number"
LARGE = 1_000_000_000


def versions(patient: Patient) -> Findings:
    """What runs here."""
    named = [f"{name} {number}" for name, number in patient.versions.items()]
    yield Finding("versions", ", ".join(named))


def whole(patient: Patient) -> Findings:
    """Check whether each file can be read."""
    for name in (REGISTRY, SALTS, STREAM, ROLLUPS):
        path = patient.places.get(name)
        if path is None or not path.exists():
            continue
        fault = sqlite.fault(path) or (_broken_frame(path) if name == STREAM else None)
        if fault:
            yield Finding("files", f"{path.name} is damaged: {fault}", REMEDIES[name])
        else:
            yield Finding("files", f"{path.name} is whole ({_size(path)})")


def _size(path: Path) -> str:
    """Return its size, with what is in its log."""
    files = (path, Path(f"{path}-wal"), Path(f"{path}.wal"))
    return readable(sum(file.stat().st_size for file in files if file.exists()))


def _broken_frame(path: Path) -> str | None:
    """Name the first frame that is not as it was written."""
    with sqlite.looking(path) as connection:
        try:
            for number, *row in connection.execute(FRAMES):
                if not _is_whole(row):
                    return f"frame {number} is not as it was written"
        except sqlite3.Error as exc:
            return str(exc)
    return None


def _is_whole(row: Sequence[Any]) -> bool:
    try:
        frame.unpack(*row)
    except (frame.Damaged, TypeError, AttributeError, ValueError):
        return False
    return True


def facts(patient: Patient) -> Findings:
    """Check whether the facts can be read, and whether this program knows their schema."""
    path = patient.places.get(FACTS, Path(FACTS))
    if patient.unread:
        yield Finding(
            "files",
            f"{path.name} cannot be looked at: {patient.unread}",
            f"if it stays so while a server starts, {RESTORE}",
        )
    if patient.facts is None:
        return
    damage, schema = patient.facts["damage"], patient.facts["schema"]
    if damage:
        yield Finding("files", f"{path.name} is damaged: {damage}", RESTORE)
    else:
        yield Finding("files", f"{path.name} is whole ({_size(path)})")
    if schema > patient.schema:
        yield Finding(
            "versions",
            f"the facts are of schema {schema}, and this program knows {patient.schema}",
            "upgrade Footfall to the version that wrote them",
        )
    elif schema < patient.schema:
        yield Finding(
            "versions",
            f"the facts are of schema {schema}, and this program's is {patient.schema}",
            "back up, then run 'footfall migrate', or start the server, which does it too",
        )
    else:
        yield Finding("versions", f"the facts are of schema {schema}, as this program's are")


def rollups(patient: Patient) -> Findings:
    """Check whether the sums take more room than what they are sums of."""
    path, others = patient.places.get(ROLLUPS), patient.places.get(FACTS)
    if path is None or others is None or not path.exists() or not others.exists():
        return
    size = path.stat().st_size
    if size > LARGE and size > others.stat().st_size:
        todo = (
            "ask fewer different reports: unused ones are forgotten after 35 days;"
            f" to give the room back, stop the server and run: sqlite3 {path} VACUUM"
        )
        yield Finding("roll-ups", f"{path.name} has {readable(size)}, more than the facts", todo)
    else:
        yield Finding("roll-ups", f"{path.name} has {readable(size)}")


def cut(patient: Patient) -> Findings:
    """Which days have more values of something than are kept."""
    path = patient.places.get(ROLLUPS)
    if path is None or not path.exists():
        return
    try:
        with sqlite.looking(path) as connection:
            noted = connection.execute(CUT_SHORT).fetchall()
    except sqlite3.Error:
        return  # said of the file already
    for site, day, data in noted:
        _, keys, *_ = msgspec.msgpack.decode(zlib.decompress(data))  # as `query.partial` packs them
        named = ", ".join(text for column in keys for text in column)
        if named:
            yield Finding(
                "roll-ups",
                f"{day} of site {site} has more than {MOST_VALUES:,} values of {named}: once"
                " its facts are gone, those that led stay, and the rest is one row, (other)",
            )
