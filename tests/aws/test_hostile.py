"""What anybody may send to the door without code, through its template and the function.

It counts, is dropped or set aside, and holds up nothing.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from footfall.aws.velocity import Request
from footfall.compose import places, sources
from footfall.domain.event import Position
from footfall.domain.site import Offsets
from footfall.gateway.clients import client_lookup, place_lookup
from footfall.gateway.collect import Door
from footfall.gateway.directory import Snapshot
from footfall.gateway.envelope import RestDoor
from footfall.processor.batch import batch_of
from footfall.settings import read as settings_of
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.stream.kinesis import name_of
from footfall.stream.port import Record
from tests.aws.emulators import Aws
from tests.aws.events import BROWSER, wrapped
from tests.aws.place import Place, place
from tests.aws.test_rest_door import HOSTILE, NAMES, TEXT
from tests.store.relations import empty, everything
from tests.traffic import often

__all__ = ["place"]
pytestmark = pytest.mark.slow
ADDRESS, FORWARDED = "2001:db8:77::9", "203.0.113.199"
SHARD = "shardId-000000000000"
DROPS = "SELECT site, day, reason, sum(count) FROM drops GROUP BY ALL ORDER BY ALL"

URL = st.one_of(
    st.sampled_from(["https://example.com/a?utm_source=x", "https://example.com/admin/x"]),
    TEXT.map("https://example.com/".__add__),
    TEXT,
)
ODD = st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), TEXT)
FIELDS: dict[str, Any] = {
    "name": TEXT,
    "referrer": URL,
    "event": TEXT,
    "website": st.just("example"),
    "id": st.uuids().map(str),
    "props": st.dictionaries(TEXT, ODD, max_size=4),
    "screen": st.integers(0, 5_000),
    "language": st.just("de-AT"),
    "engaged": st.integers(0, 10**6),
    "scroll": st.integers(0, 100),
    "interactive": st.booleans(),
    "page": st.uuids().map(str),
    "bot": ODD,
}
RIGHT = st.fixed_dictionaries({"url": URL}, optional=FIELDS)
WRONG = st.fixed_dictionaries(
    {"url": URL}, optional=dict.fromkeys((*FIELDS, "date", "revenue", "age", "hash"), ODD)
)
BODY = st.one_of(
    TEXT,
    *[RIGHT.map(json.dumps)] * 3,
    WRONG.map(json.dumps),
    st.lists(TEXT, max_size=3).map(json.dumps),
)
SAID = st.fixed_dictionaries(
    {"u": URL}, optional={"w": st.just("example"), "n": TEXT, "e": TEXT, "r": URL}
)
QUERY = st.builds(
    dict[str, str].__or__,
    st.dictionaries(TEXT, TEXT, max_size=3),
    st.one_of(SAID, SAID, st.just({})),
)
HEADERS = st.dictionaries(
    st.sampled_from([name for name in NAMES if name != "user-agent"]),
    st.one_of(TEXT, st.just(FORWARDED), st.just(BROWSER)),
    max_size=4,
)
REQUESTS = st.lists(
    st.tuples(st.sampled_from(["TrackPost", "PixelGet"]), HEADERS, QUERY, BODY),
    min_size=1,
    max_size=8,
)
ALWAYS: list[Any] = [
    ("TrackPost", {}, {}, json.dumps({"url": f"https://example.com/{page}"}))
    for page in ("a", "admin/x")
]
"""One that counts and one that is dropped, among what comes."""

JUNK = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(HOSTILE).map(str.encode),
    st.just(
        b'{"v":1,"door":"track","at":1,"id":"","ip":"","headers":{"x":"="},"query":[],"body":"!"}'
    ),
)


Sent = tuple[str, dict[str, str], dict[str, str], str]
"""A method of the API, and what of a request it gets: headers, query, body."""


class Shard:
    """Makes records of a shard out of what is sent."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.time_ms = time_ns() // 1_000_000
        self._numbers = count(1)

    def records(self, sent: list[Sent], junk: list[bytes]) -> Iterator[Record]:
        for name, headers, query, body in sent:
            number = next(self._numbers)
            request = Request(
                {"User-Agent": BROWSER, **headers},
                query,
                body,
                address=ADDRESS,
                time_ms=self.time_ms,
                extended_id=f"{number}=",
            )
            yield Record(Position(self.name, number), wrapped(request, name)[1])
        for data in junk:
            yield Record(Position(self.name, next(self._numbers)), data)


def told(record: Record) -> dict[str, Any]:
    """A record as Lambda hands it on."""
    number = str(record.position.sequence)
    data = b64encode(record.data).decode()
    return {
        "eventID": f"{SHARD}:{number}",
        "kinesis": {"sequenceNumber": number, "data": data},
    }


@often(30)
def test_whatever_is_sent_means_what_it_means_at_home(
    place: Place, aws: Aws, tmp_path: Path, examples: int
) -> None:
    home = empty()
    shard = Shard(f"{name_of(place.kinesis, place.names['Stream'])}/{SHARD}")
    now = shard.time_ms * 1000
    door = RestDoor(
        Snapshot(place.registry, place.salts),
        ("10.0.0.0/8",),
        Door(client_lookup(), place_lookup(places(settings_of({}, {}))), Offsets()),
    )

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(REQUESTS, st.lists(JUNK, max_size=2))
    def check(sent: list[Sent], junk: list[bytes]) -> None:
        batch = list(shard.records([*ALWAYS, *sent], [b"{", *junk]))
        answer = place.call("process", {"Records": list(map(told, batch))})["answer"]
        assert answer == {"batchItemFailures": []}
        home.apply(batch_of(batch, home.marks(), sources(), now, door.read))

    check()
    table, bucket = place.names["Table"], place.names["ArchiveBucket"]
    sites = ["example", ""]
    facts = DynamodbFacts(
        aws.dynamodb, aws.s3, table, bucket, lambda: sites, lambda: now, "512MB", tmp_path
    )
    bad = list(facts.bad())
    with facts.reading() as reading:
        assert everything(reading) == everything(home)
        assert reading.rows(DROPS) == home.rows(DROPS)
        kept = repr((everything(reading), reading.rows(DROPS), bad))
        counted = len(everything(reading)[0])
        dropped = sum(row[-1] for row in reading.rows(DROPS))
    numbers = (counted, dropped, len(bad))
    assert counted >= examples and len(bad) >= examples, numbers
    assert dropped - len(bad) >= examples, numbers
    assert ADDRESS not in kept and FORWARDED not in kept
    home.close()
