"""A real log replayed as hits has the same numbers in both homes."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from footfall.aws.velocity import Request
from footfall.compose import sources
from footfall.domain.event import Position, Tally
from footfall.domain.site import Offsets, Site
from footfall.functions.process import Process
from footfall.gateway.clients import client_lookup, place_lookup
from footfall.gateway.collect import Door, Dropped, NeedsSalt, collect
from footfall.gateway.directory import Snapshot
from footfall.gateway.envelope import RestDoor
from footfall.gateway.protocols import own
from footfall.gateway.sighting import Caller
from footfall.processor.batch import batch_of
from footfall.registry.sqlite import SqliteRegistry, SqliteSalts
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.port import Facts
from footfall.stream.codec import encode
from footfall.stream.kinesis import KinesisReader, KinesisWriter
from footfall.stream.port import Record
from tests.aws.emulators import Aws
from tests.aws.events import wrapped
from tests.aws.kinesis import Kinesis
from tests.aws.test_same_numbers import _far, _home
from tests.imports.sample import log

pytestmark = pytest.mark.slow


LINE = re.compile(
    r'(\S+) \S+ \S+ \[([^\]]+)\] "(?:GET|HEAD|POST) (\S+) [^"]*" \d+ \S+ "([^"]*)" "([^"]*)"'
)

REPLAYED = Site("semicomplete.com", ("semicomplete.com",))


@dataclass(frozen=True)
class Line:
    """What a line of the log tells of a hit."""

    address: str
    time: int
    url: str
    referrer: str
    agent: str


def log_lines(path: Path, most: int) -> list[Line]:
    found = []
    for text in path.read_text(errors="replace").splitlines():
        if match := LINE.match(text):
            address, when, target, referrer, agent = match.groups()
            moment = datetime.strptime(when, "%d/%b/%Y:%H:%M:%S %z")
            time = int(moment.astimezone(UTC).timestamp()) * 1_000_000
            url = f"https://semicomplete.com{target}"
            came_from = "" if referrer == "-" else referrer
            found.append(Line(address, time, url, came_from, agent))
    step = max(len(found) // most, 1)
    return sorted(found[::step], key=lambda line: line.time)


@pytest.mark.parametrize(
    "most",
    [pytest.param(1_000, id="fast"), pytest.param(10_000, id="torture", marks=pytest.mark.torture)],
)
def test_a_real_log_replayed_as_hits(aws: Aws, kinesis: Kinesis, tmp_path: Path, most: int) -> None:
    """By the door without code and a real stream there, and by the gateway's own steps here."""
    lines = log_lines(log(tmp_path), most)
    assert len(lines) >= most * 0.9
    registry, salts = SqliteRegistry(":memory:"), SqliteSalts(":memory:")
    registry.put_site(REPLAYED, new=True)
    snapshot, door = Snapshot(registry, salts), Door(client_lookup(), place_lookup(None), Offsets())
    home, (far, facts) = _home(":memory:"), _far(aws, [REPLAYED.id], tmp_path)
    _replay_home(home.facts, lines, snapshot, door)
    _replay_far(facts, lines, snapshot, door, kinesis)
    facts.compact(REPLAYED.id)
    now = max(line.time for line in lines)
    for dimensions in (
        (),
        ("event:page",),
        ("visit:source",),
        ("visit:browser",),
        ("visit:os", "visit:device"),
        ("time:day",),
        ("time:hour",),
        ("visit:channel",),
    ):
        query = {
            "metrics": ["visitors", "visits", "pageviews", "bounce_rate"],
            "dimensions": list(dimensions),
            "date_range": "all",
        }
        assert home.answer(REPLAYED, now, query) == far.answer(REPLAYED, now, query)
    counted = "SELECT count(*) FROM events"
    drops = "SELECT reason, sum(count) FROM drops GROUP BY reason ORDER BY reason"
    assert home.facts.rows(counted) == facts.rows(counted) != [(0,)]
    assert home.facts.rows(drops) == facts.rows(drops) != []


def _replay_home(facts: Facts, lines: Sequence[Line], snapshot: Snapshot, door: Door) -> None:
    records = []
    for number, line in enumerate(lines):
        sighting = own.from_json(json.dumps({"url": line.url, "referrer": line.referrer}).encode())
        sighting.event_id = f"{number:032x}"
        while True:
            try:
                found = collect(
                    sighting,
                    Caller(line.address, line.agent),
                    line.time,
                    snapshot.sites,
                    snapshot.salts,
                    door,
                )
                break
            except NeedsSalt as need:
                snapshot.make_salt(need.day, line.time)
        told = (
            Tally(found.site, found.day, found.reason, 1) if isinstance(found, Dropped) else found
        )
        records.append(Record(Position("here", number + 1), encode(told)))
    for start in range(0, len(records), 700):
        facts.apply(batch_of(records[start : start + 700], facts.marks(), sources(), 0))


def _replay_far(
    facts: DynamodbFacts, lines: Sequence[Line], snapshot: Snapshot, door: Door, kinesis: Kinesis
) -> None:
    stream = kinesis.stream(2)
    records = []
    for number, line in enumerate(lines):
        body = json.dumps({"url": line.url, "referrer": line.referrer, "id": f"{number:032x}"})
        request = Request(
            {"User-Agent": line.agent},
            body=body,
            address=line.address,
            time_ms=line.time // 1000,
            extended_id=str(number),
        )
        records.append(wrapped(request, kind="text/plain")[1])
    KinesisWriter(kinesis.client, stream).append(records)
    reader = KinesisReader(kinesis.client, stream, {})
    process = Process(
        facts, sources(), lambda: 0, lambda _: (), lambda: None, RestDoor(snapshot, (), door).read
    )
    while (chunk := reader.read(230)).records:
        count = process.apply(chunk.records)
        assert (count.bad, count.failed) == (0, None)
        reader.discard(chunk.through)
