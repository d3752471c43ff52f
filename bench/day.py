"""A day's events of one site, and how large its facts get that came in small batches."""

import tempfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import duckdb

from bench.collecting import say
from footfall.compose import now
from footfall.domain.event import Event, Hit, Position
from footfall.domain.site import date_day
from footfall.store import demo
from footfall.store.duckdb import DuckdbFacts
from footfall.store.facts import OWN
from footfall.store.port import Batch

SITE = "demo-1"
DAY_EVENTS = 50_000
DAY_BATCH = 100
DAY_SECONDS = 60


def today() -> date:
    return datetime.now(UTC).date()


def small_batches() -> list[str]:
    """The size of a day's facts that came in small batches, against that of the same at once."""
    events = a_day()
    with tempfile.TemporaryDirectory(prefix="footfall-bench-") as name:
        few, once = Path(name) / "few.duckdb", Path(name) / "once.duckdb"
        started = monotonic()
        facts, applied = DuckdbFacts(str(few), "512MB"), 0
        while applied < len(events) and monotonic() - started < DAY_SECONDS:
            facts.apply(Batch(events[applied : applied + DAY_BATCH]))
            applied += DAY_BATCH
        facts.close()
        seconds = monotonic() - started
        facts = DuckdbFacts(str(once), "512MB")
        facts.apply(Batch(events[:applied]))
        facts.close()
        ratio = few.stat().st_size / once.stat().st_size
        per = few.stat().st_size / min(applied, len(events))
    count = min(applied, len(events))
    return [
        say(
            f"a day of one site in batches of {DAY_BATCH}:"
            f" {count:,} events in {seconds:.0f} s ({count / seconds:,.0f}/s)"
        ),
        say(
            f"  file {per:.0f} bytes an event, {ratio:.2f} times that of the same written at once"
            " (goal 1.5)"
        ),
    ]


def a_day(events: int = DAY_EVENTS) -> list[Event]:
    """A day's events of one site in the order of their arrival, as they come from the stream."""
    day = date_day(today()) - 1
    made = {
        "seed": 1,
        "until": now(),
        "days": [each._asdict() for each in demo.site_days(demo.sites(1), events, day, day, 1)],
    }
    with duckdb.connect() as connection:
        return as_events(
            connection.execute(
                f"SELECT {AS_EVENTS} FROM ({demo.EVENTS}) ORDER BY received, id", made
            ).fetchall(),
            1,
        )


SHOWN = {"TIMESTAMP": "epoch_us({})", "DATE": "{} - DATE '1970-01-01'"}

AS_EVENTS = ", ".join(SHOWN.get(kind, "{}").format(name) for name, kind in OWN.items())


def as_events(rows: Iterable[tuple[Any, ...]], first: int) -> list[Event]:
    """Rows of `AS_EVENTS`, as they come from the stream, numbered from a first position."""
    return [
        Event(Hit._make(row[:-2]), row[-2], row[-1], Position("bench", number))
        for number, row in enumerate(rows, first)
    ]
