"""What goes on in a data folder: hits that wait, clocks, secrets and days whose time is over."""

import http.client
import json
import socket
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from footfall.domain.event import DAY_US, HOUR_US
from footfall.domain.identity import Salt
from footfall.domain.site import day_date
from footfall.keeping import request, sqlite
from footfall.keeping.patient import Finding, Findings, Patient, lasting, several
from footfall.keeping.port import SALTS, STREAM

SLACK_US = 60_000_000
"""So much do clocks of one machine differ when nothing is wrong."""

LATE_US = HOUR_US
"""The engine does each minute what is due."""

START = "start the engine: it does so within two minutes of its start"
HELD_UP = "hits that wait hold it up"
CLOCK = "set the clock, and keep it right: timedatectl set-ntp true"
WAITING = """
SELECT coalesce(sum(count), 0), min(received), max(received), coalesce(max(before - received), 0)
FROM (
    SELECT count, received, max(received) OVER (
        ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS before
    FROM frames
)
"""


def running(patient: Patient) -> Findings:
    """Check whether gateway and engine answer."""
    if _engine_answers(patient.engine):
        yield Finding("engine", "answers")
    else:
        yield Finding(
            "engine",
            "does not answer, so nothing is counted",
            "start it with 'footfall serve'; its log says why if it does not stay",
        )
    where = f"{request.host(patient)} port {patient.port}"
    if request.of_gateway(patient, "/livez")[0] != 200:
        yield Finding(
            "gateway",
            f"nothing answers on {where}, so no hit is taken there",
            "start it with 'footfall serve', or name its port with --port",
        )
        return
    status, body = request.of_gateway(patient, "/readyz")
    if status != 200:
        yield Finding(
            "gateway",
            f"it lives on {where} but cannot store hits: {_reason(body)}",
            "see what is said of disk and stream; visitors' trackers try again meanwhile",
        )
    else:
        yield Finding("gateway", f"takes hits on {where}")


def waiting(patient: Patient) -> Findings:
    """Check how many hits wait, how long, and whether the clock went back since they came."""
    path = patient.places.get(STREAM)
    if path is None or not path.exists():
        return
    try:
        ((hits, oldest, newest, back),) = sqlite.rows(path, WAITING)
    except sqlite3.Error:  # said of its file
        return
    if not hits:
        yield Finding("stream", "no hit waits")
        return
    age = patient.now - oldest
    if age > SLACK_US:
        yield Finding(
            "stream",
            f"{several(hits, 'hit')} wait for the engine, the oldest for {lasting(age)}",
            "see that the engine runs, and look into its log",
        )
    else:
        yield Finding("stream", f"{several(hits, 'hit')} wait for the engine, none for long")
    if newest > patient.now + SLACK_US:
        ahead = lasting(newest - patient.now)
        yield Finding(
            "clock",
            f"the newest hit on the stream came {ahead} in the future: the clock went back",
            CLOCK,
        )
    elif back > SLACK_US:
        yield Finding("clock", f"the clock went back by {lasting(back)} while hits came", CLOCK)


def clock(patient: Patient) -> Findings:
    """What time it is, and whether facts are of the future."""
    newest = patient.facts["newest"] if patient.facts else None
    if newest is not None and newest > patient.now + SLACK_US:
        ahead = lasting(newest - patient.now)
        yield Finding(
            "clock",
            f"the newest event lies {ahead} in the future: the clock is behind, or was ahead",
            CLOCK,
        )
    else:
        last = f"; the newest event is {lasting(patient.now - newest)} old" if newest else ""
        now = datetime.fromtimestamp(patient.now / 1e6, UTC)
        yield Finding("clock", f"{now:%Y-%m-%d %H:%M} UTC{last}")


def secrets(patient: Patient) -> Findings:
    """Check whether the secrets of old days are gone, and their days settled."""
    try:
        salts = _salts(patient.places[SALTS])
    except (KeyError, sqlite3.Error):
        return
    overdue = [salt.day for salt in salts if _is_due(salt, patient.now)]
    if overdue:
        said = (
            f"the secrets of {several(len(overdue), 'day')} should be destroyed by now,"
            f" the oldest of {day_date(overdue[0])}"
        )
        yield Finding("secrets", said, START)
    elif salts:
        yield Finding("secrets", f"{several(len(salts), 'day')} have one, none for too long")
    days = _unsettled(patient, salts)
    if days:
        said = f"{several(len(days), 'day')} should be settled by now"
        oldest = day_date(days[0])
        yield Finding("days", f"{said}, the oldest of {oldest}", f"{START}; {HELD_UP}")
    elif patient.facts:
        yield Finding("days", "all that are over are settled")


def _salts(path: Path) -> list[Salt]:
    """Return the salts in a file, without what is secret of them; raise `sqlite3.Error`."""
    if not path.exists():
        return []
    rows = sqlite.rows(path, "SELECT day, made FROM salts ORDER BY day")
    return [Salt(day, b"", made) for day, made in rows]


def _is_due(salt: Salt, now: int) -> bool:
    return salt.destroyed_at + LATE_US < now


def _unsettled(patient: Patient, salts: Sequence[Salt]) -> list[int]:
    """Return the days that should be settled by now."""
    alive = {salt.day for salt in salts}
    days = [day for day, _ in (patient.facts or {}).get("unsettled", ()) if day not in alive]
    return [day for day in days if _is_due(Salt(day, b"", (day + 1) * DAY_US), patient.now)]


def _engine_answers(path: str) -> bool:
    engine = http.client.HTTPConnection("engine", timeout=request.SECONDS)
    engine.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    engine.sock.settimeout(request.SECONDS)
    if engine.sock.connect_ex(path):
        engine.close()
        return False
    return request.answer(engine, "/api/sites")[0] == 200


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["reason"])
    except (ValueError, TypeError, KeyError):
        return "it does not say why"
