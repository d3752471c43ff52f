"""What the home on AWS needs, in front of an emulator.

Units of the table by the sizes of what is written and read, sizes, imports, compaction, reports of
a month.

Times are those of this machine and of an emulator; units, bytes and counts of calls are what AWS
would see.
"""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import duckdb

from bench.cold import code
from bench.collecting import say
from bench.day import AS_EVENTS, SITE, a_day, as_events, today
from bench.units import Units
from footfall.compose import now
from footfall.domain.event import Event
from footfall.domain.site import date_day, day_date
from footfall.query.answer import Answers
from footfall.query.original import Original
from footfall.query.upkeep import RollUp
from footfall.store import demo
from footfall.store.aws.commit import commit
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.pointer import padded
from footfall.store.aws.rollups import DynamodbRollups
from footfall.store.aws.segment import pack
from footfall.store.aws.table import key
from footfall.store.aws.window import Window
from footfall.store.port import Batch
from tests.aws.emulators import Aws, emulated

BATCHES = (1, 24, 230, 2_266)
LOOKED_AT = BATCHES[-1]
ORIGINAL_WRITES = 5
COMPACTED = (200_000, 1_000_000)
BUSY = 1_000_000
MONTH = 30
PACKED = 2_000
"""Events a batch, where they come fast."""

PIECES = 200

COMPACT = r"""
import re, sys, tempfile, time
from pathlib import Path
from footfall.store.aws.dynamodb import DynamodbFacts
from tests.aws.emulators import clients
url, table, bucket, site = sys.argv[1:]
here = clients(url)
with tempfile.TemporaryDirectory() as cache:
    sites, now, memory = lambda: [site], lambda: 0, "1GB"
    facts = DynamodbFacts(here.dynamodb, here.s3, table, bucket, sites, now, memory, Path(cache))
    start = time.perf_counter(); facts.compact(site)
    seconds = time.perf_counter() - start
    status = Path('/proc/self/status').read_text()
    print(seconds, int(re.search(r'VmHWM:\s+(\d+)', status)[1]) / 1024)
"""
"""What a function of its own does, with the memory limit of the template.

The peak is that of this process: `getrusage` would tell what whoever started it had.
"""


def measure(millions: Sequence[int]) -> list[str]:
    """All of it, as lines."""
    lines = [say("AWS, in front of an emulator")]
    with ExitStack() as stack:
        aws = stack.enter_context(emulated())
        lines += _committing(aws)
        lines += [say(line) for line in code(aws)]
        for count in COMPACTED:
            lines += _compacting(aws, count)
        lines.append(_adding(aws))
        for each in millions:
            lines += _reports(aws, each)
    return lines


@contextmanager
def _facts(
    aws: Aws, of: DynamodbFacts | None = None
) -> Iterator[tuple[DynamodbFacts, DynamodbRollups, Units]]:
    """Facts of their own, or those of another function, by one that has none of the files."""
    with tempfile.TemporaryDirectory() as cache:
        table, bucket = (of._table, of._bucket) if of else (aws.table(), aws.bucket())
        facts = DynamodbFacts(
            aws.dynamodb, aws.s3, table, bucket, lambda: [SITE], now, "884MB", Path(cache)
        )
        yield facts, DynamodbRollups(aws.dynamodb, table, today), Units(aws.dynamodb, aws.s3)


def _committing(aws: Aws) -> list[str]:
    """Units by the size of batches, beside the original's five writes an event.

    Of a batch, and of a dashboard's look at what lies in such.
    """
    events, lines = a_day(), []
    for count in BATCHES:
        with _facts(aws) as (facts, _, units):
            for start in range(0, 3 * count, count):
                some = events[start : start + count]
                facts.apply(_batch(some))
            writes, reads = units.writes / (3 * count), units.reads / (3 * count)
            data = len(pack(events[:count], ())) / count
        with _facts(aws) as (facts, rollups, units):
            for start in range(0, LOOKED_AT, count):
                _lay(facts, events[start : min(start + count, LOOKED_AT)])
            view, again = _view(facts, rollups, units), _view(facts, rollups, units)
        lines += [
            say(
                f"{count:>6,} events a batch: {writes:.3f} write units an event (the original:"
                f" {ORIGINAL_WRITES}), {reads:.3f} read units,"
                f" a segment of {data:.1f} bytes an event"
            ),
            say(
                f"       a look at {LOOKED_AT:,} events in such batches:"
                f" {view:.0f} read units, {again:.0f} again"
            ),
        ]
    return lines


def _batch(events: Sequence[Event]) -> Batch:
    first, last = events[0].position.sequence, events[-1].position.sequence
    return Batch(events, (), {"bench": last}, {"bench": first})


def _compacting(aws: Aws, count: int) -> list[str]:
    """Segments of one day made into files; then a dashboard looks at it, before and after."""
    events = a_day(count)
    with _facts(aws) as (facts, rollups, units):
        for start in range(0, len(events), PACKED):
            facts.apply(_batch(events[start : start + PACKED]))
        before = _view(facts, rollups, units)
        units.calls.clear()
        seconds, peak = _compact_apart(aws, facts)
        files = sum(
            each["Size"]
            for page in aws.s3.get_paginator("list_objects_v2").paginate(Bucket=facts._bucket)
            for each in page.get("Contents", ())
        )
        after, again = _view(facts, rollups, units), _view(facts, rollups, units)
    return [
        say(
            f"compaction of {len(events):,} events of a day:"
            f" {seconds:.1f} s, {files / len(events):.1f} bytes of Parquet an event;"
            f" {peak:,.0f} MB of memory at most"
        ),
        say(
            f"a look at that day costs {before:.0f} read units while all of it lies in segments,"
            f" {after:.0f} once it lies in files, {again:.0f} asked again where nothing changed"
        ),
    ]


def measure_hour(millions: int) -> list[str]:
    """An hour with so many million events of one site, made files without a limit of time."""
    lines = [say("AWS, an hour of a site with very many events, in front of an emulator")]
    with ExitStack() as stack:
        aws = stack.enter_context(emulated())
        facts, _, _ = stack.enter_context(_facts(aws))
        started, count = monotonic(), 0
        for events in _hour(millions):
            _lay(facts, events)
            count += len(events)
        lines.append(
            say(
                f"{count:,} events packed in batches of {PACKED:,} and put:"
                f" {monotonic() - started:.0f} s"
            )
        )
        seconds, peak = _compact_apart(aws, facts)
        files = sum(
            each["Size"]
            for page in aws.s3.get_paginator("list_objects_v2").paginate(Bucket=facts._bucket)
            for each in page.get("Contents", ())
        )
        lines.append(
            say(
                f"compaction of {count:,} events of an hour:"
                f" {seconds:.0f} s, {files / count:.1f} bytes of Parquet an event;"
                f" {peak:,.0f} MB of memory at most"
            )
        )
    return lines


def _lay(facts: DynamodbFacts, events: Sequence[Event]) -> None:
    """What a commit puts, without its transaction.

    The emulator remembers the whole table for each.
    """
    actions = commit(facts._rows, _batch(events), 2**40)
    mark = {**key("C", "bench"), "hwm": {"S": padded(events[-1].position.sequence)}}
    items = [each["Put"]["Item"] for each in actions if "Put" in each]
    facts._rows.write([{"PutRequest": {"Item": item}} for item in [*items, mark]])


def _hour(millions: int) -> Iterator[list[Event]]:
    """Days of a million events each, all pressed into one hour, in the order of their arrival."""
    site, day = demo.sites(1), date_day(today()) - 1
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(str(Path(folder) / "hour.duckdb")) as connection,
    ):
        connection.execute("SET memory_limit = '3GB'")
        for seed in range(1, millions + 1):
            days = [each._asdict() for each in demo.site_days(site, 1_000_000, day, day, seed)]
            into = "CREATE TABLE hour AS" if seed == 1 else "INSERT INTO hour"
            connection.execute(
                f"{into} SELECT * FROM ({demo.EVENTS}) WHERE day = DATE '{day_date(day)}'",
                {"seed": seed, "until": now(), "days": days},
            )
        ((first, last),) = connection.execute(
            "SELECT epoch_us(min(received)), epoch_us(max(received)) FROM hour"
        ).fetchall()
        pressed = (
            f"SELECT * REPLACE (make_timestamp({first} + (epoch_us(time) - {first}) // 24)"
            " AS time) FROM hour"
        )
        number, step = 1, -(-(last + 1 - first) // PIECES)
        for start in range(first, last + 1, step):
            within = (
                f"received >= make_timestamp({start}) AND received < make_timestamp({start + step})"
            )
            rows = connection.execute(
                f"SELECT {AS_EVENTS} FROM ({pressed}) WHERE {within} ORDER BY received, id"
            ).fetchall()
            events = as_events(rows, number)
            number += len(rows)
            yield from (events[at : at + PACKED] for at in range(0, len(events), PACKED))


def _compact_apart(aws: Aws, facts: DynamodbFacts) -> tuple[float, float]:
    """Seconds and megabytes of compaction by a process of its own."""
    told = subprocess.run(
        [sys.executable, "-c", COMPACT, aws.url, facts._table, facts._bucket, SITE],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    seconds, peak = map(float, told.split())
    return seconds, peak


def _adding(aws: Aws) -> str:
    """Five minutes of a site with a million events a day, made part of the files of its week."""
    with _facts(aws) as (facts, rollups, units):
        today_day = date_day(today())
        _fill(facts, range(today_day - 6, today_day + 1), BUSY)
        events = [event for event in a_day(200_000)][: BUSY // 288]
        facts.apply(_batch(events))
        seconds, peak = _compact_apart(aws, facts)
        started = monotonic()
        _view(facts, rollups, units)
    return say(
        f"five minutes ({len(events):,} events) of a site with a million events a day:"
        f" files in {seconds:.1f} s, {peak:,.0f} MB;"
        f" a first look at that day then takes {monotonic() - started:.1f} s"
    )


def _fill(facts: DynamodbFacts, days: Iterable[int], count: int) -> None:
    """Files of days with so many events each."""
    site = demo.sites(1)[0]
    with tempfile.TemporaryDirectory() as folder:
        for day in days:
            window = Window(Path(folder), Path(folder), "2GB")
            made = demo.site_days([site], count, day, day, 1)
            made_days = [each._asdict() for each in made]
            window.load(demo.EVENTS, {"seed": 1, "until": now(), "days": made_days})
            facts.pointers.put(
                SITE,
                facts.pointers.generation(SITE),
                {
                    each: facts._written(window, SITE, each, {})
                    for each in window.days(SITE)
                    if date_day(each) == day
                },
            )
            window.close()


def _view(facts: DynamodbFacts, rollups: DynamodbRollups, units: Units) -> float:
    units.reads = 0.0
    Answers(facts, now, rollups).query(
        demo.sites(1)[0],
        {"site_id": SITE, "metrics": ["visitors", "pageviews"], "date_range": "day"},
    )
    return units.reads


def _reports(aws: Aws, millions: int) -> list[str]:
    """A month of events in files.

    Filtered reports by a function that has none of them, and by one that has.
    """
    site, last = demo.sites(1)[0], date_day(today()) - 1
    lines = []
    with ExitStack() as stack:
        compacting, _, _ = stack.enter_context(_facts(aws))
        _fill(compacting, range(last - MONTH + 1, last + 1), millions * 1_000_000 // MONTH)
        facts, rollups, units = stack.enter_context(_facts(aws, compacting))
        query = {
            "site_id": SITE,
            "metrics": ["visitors", "pageviews"],
            "dimensions": ["event:page"],
            "date_range": "30d",
            "filters": [["is", "visit:country", ["DE"]]],
        }
        for name in ("cold", "warm", "warm, another filter"):
            if name == "warm, another filter":
                query["filters"] = [["is", "visit:device", ["mobile"]]]
            elif name == "warm":
                rollups.clear(SITE)
            units.calls.clear()
            started = monotonic()
            Answers(facts, now, rollups).query(site, query)
            lines.append(
                say(
                    f"filtered report of 30 days, {millions}M events, {name}:"
                    f" {monotonic() - started:.2f} s, {units.calls['GetObject']} files fetched"
                )
            )
        views = Original(facts, rollups)
        for name in ("from files", "from counts that were kept"):
            units.reads, started = 0.0, monotonic()
            with views.ranking(site, f"YEAR:{today().year}") as found:
                found.answer()
            lines.append(
                say(
                    f"ranking of the year, {millions}M events, {name}:"
                    f" {monotonic() - started:.2f} s, {units.reads:.0f} read units"
                )
            )
            RollUp(facts, rollups)(site, today(), threading.Event())
    return lines
