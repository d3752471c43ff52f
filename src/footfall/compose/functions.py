"""From settings to the parts of the functions on AWS."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import boto3
from botocore.config import Config
from botocore.exceptions import ResponseStreamingError

from footfall.compose import now, places, script, sources, spammers
from footfall.domain.site import Offsets
from footfall.gateway.directory import Snapshot
from footfall.registry.dynamodb import DynamodbRegistry, DynamodbSalts
from footfall.settings import Settings

if TYPE_CHECKING:
    from litestar import Litestar

    from footfall.domain.event import Hit, Tally
    from footfall.functions.collect import Collect
    from footfall.functions.compact import Compact
    from footfall.functions.failures import Failures
    from footfall.functions.process import Process
    from footfall.functions.reports import Later, Reports
    from footfall.gateway.collect import Door
    from footfall.query.turns import Turns
    from footfall.store.aws.copies import Copies
    from footfall.store.aws.dynamodb import DynamodbFacts
    from footfall.store.aws.moving import DynamodbMoving
    from footfall.store.aws.rollups import DynamodbRollups
    from footfall.stream.kinesis import KinesisReader
    from footfall.stream.port import Record

BELIEVED_US = 1_000_000
"""So old may be what a dashboard's panels are answered from: they ask at once, and counting takes ten times as long."""

TRIES = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=3, read_timeout=10)


@cache
def client(service: str) -> Any:
    """A client of a service of AWS; region, credentials and addresses are found as every tool finds them."""
    made: Any = boto3.client
    return careful(made(service, config=TRIES))


def careful(client: Any) -> Any:
    """Have a client raise where its last try brought half an answer, which the SDK takes for one that says nothing: an item would not be there."""
    client.meta.events.register("after-call", _whole)
    return client


def _whole(http_response: Any, **_: Any) -> None:
    if (said := http_response.headers.get("x-amz-crc32")) and int(said) != crc32(http_response.content):
        raise ResponseStreamingError(error="it does not have the checksum that it says")


def open_registry(settings: Settings) -> DynamodbRegistry:
    """Sites and keys."""
    return DynamodbRegistry(client("dynamodb"), _named(settings.registry))


def open_salts(settings: Settings) -> DynamodbSalts:
    """The secrets of days."""
    return DynamodbSalts(client("dynamodb"), _named(settings.salts))


def open_facts(settings: Settings, registry: DynamodbRegistry, now: Callable[[], int] = now, believed_us: int = 0, folder: str = "files") -> "DynamodbFacts":
    """The facts; what no site is known of is kept under none. Who compacts needs a folder for itself."""
    from footfall.store.aws.dynamodb import DynamodbFacts

    table, _, bucket = _named(settings.store).partition("/")
    return DynamodbFacts(client("dynamodb"), client("s3"), table, bucket, _ids(registry), now, settings.store_memory, _temporary(folder), believed_us)


def facts_in(dynamodb: Any, s3: Any, table: str, bucket: str) -> "DynamodbFacts":
    """The facts of a stack, by clients of the caller's."""
    from footfall.store.aws.dynamodb import DynamodbFacts

    return DynamodbFacts(dynamodb, s3, table, bucket, _ids(DynamodbRegistry(dynamodb, table)), now, "512MB", _temporary("files"))


def erasing_in(
    dynamodb: Any,
    s3: Any,
    table: str,
    bucket: str,
) -> "tuple[DynamodbMoving, DynamodbRollups]":
    """The facts and roll-ups of a stack, to erase or move some of them."""
    from footfall.store.aws.moving import DynamodbMoving
    from footfall.store.aws.rollups import DynamodbRollups

    sites = _ids(DynamodbRegistry(dynamodb, table))
    folder = _temporary("files")
    facts = DynamodbMoving(dynamodb, s3, table, bucket, sites, now, "1GB", folder)
    return facts, DynamodbRollups(dynamodb, table, lambda: datetime.now(UTC).date())


def copies_in(dynamodb: Any, s3: Any, table: str, bucket: str) -> "Copies":
    """What copies the facts and roll-ups of a stack, by clients of the caller's."""
    from footfall.store.aws.copies import Copies
    from footfall.store.aws.dynamodb import KEPT_SECONDS
    from footfall.store.aws.table import Table

    return Copies(Table(dynamodb, table), s3, bucket, lambda: now() // 1_000_000 + KEPT_SECONDS)


def _ids(registry: DynamodbRegistry) -> Callable[[], Sequence[str]]:
    return lambda: [*(site.id for site in registry.sites()), ""]


def open_rollups(settings: Settings, now: Callable[[], int] = now) -> "DynamodbRollups":
    """The roll-ups."""
    from footfall.store.aws.rollups import DynamodbRollups

    def today() -> date:
        return datetime.fromtimestamp(now() / 1e6, UTC).date()

    return DynamodbRollups(
        client("dynamodb"),
        _named(settings.rollups),
        today,
        settings.rollups_limit,
    )


def open_reader(settings: Settings) -> "KinesisReader":
    """The end of the stream for who has no mapping. Shards have the stream's own names for them."""
    from footfall.stream.kinesis import KinesisReader

    return KinesisReader(client("kinesis"), _named(settings.stream), {})


def make(stream: str, table: str, salts: str, bucket: str) -> None:
    """Make in emulators what the functions need, as the template does, where it is not there."""
    dynamodb, kinesis, s3 = client("dynamodb"), client("kinesis"), client("s3")
    for name in {table, salts} - set(dynamodb.list_tables()["TableNames"]):
        keys = {"pk": "HASH", "sk": "RANGE"}
        dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        )  # fmt: skip
        dynamodb.get_waiter("table_exists").wait(TableName=name)
    if stream not in kinesis.list_streams()["StreamNames"]:
        kinesis.create_stream(StreamName=stream, ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName=stream)
    if bucket not in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def process(settings: Settings, now: Callable[[], int] = now) -> "Process":
    """What applies a stream."""
    from footfall.functions.process import Process

    incoming = _incoming(settings)
    return Process(open_facts(settings, incoming.registry, now), sources(), now, *incoming.parts)


def failures(settings: Settings) -> "Failures":
    """What makes anonymous what was given up."""
    from footfall.functions.failures import Failures

    return Failures(client("s3"), *_incoming(settings).parts)


class _Incoming(NamedTuple):
    """What it takes to read a stream: `parts` take an event apart, learn of new sites, and make hits of records."""

    registry: DynamodbRegistry
    parts: "tuple[Callable[[Mapping[str, Any]], Sequence[Record]], Callable[[], None], Callable[[bytes], Hit | Tally]]"


def _incoming(settings: Settings) -> _Incoming:
    from footfall.gateway.envelope import RestDoor
    from footfall.stream.kinesis import delivered, name_of

    registry = open_registry(settings)
    snapshot = Snapshot(registry, open_salts(settings))
    stream = name_of(client("kinesis"), _named(settings.stream))
    door = RestDoor(snapshot, settings.trusted_proxy, _door(settings))

    def refresh() -> None:
        snapshot.refresh()
        snapshot.refresh_salts()

    return _Incoming(registry, (partial(delivered, stream=stream), refresh, door.read))


def compact(settings: Settings, now: Callable[[], int] = now) -> "Compact":
    """What makes files of segments."""
    from footfall.functions.compact import Compact
    from footfall.query.upkeep import RollUp, Trim

    registry = open_registry(settings)
    facts = open_facts(settings, registry, now, folder="compacted")
    rollups = open_rollups(settings, now)
    return Compact(facts, open_salts(settings), registry.sites, RollUp(facts, rollups), Trim(facts, rollups), client("lambda").invoke, now)


def query(settings: Settings, now: Callable[[], int] = now) -> "Litestar":
    """The reading API."""
    return _reading(settings, now)(None, None)


def reports(settings: Settings, now: Callable[[], int] = now) -> "Reports":
    """The reading API behind API Gateway."""
    from mangum import Mangum

    from footfall.functions.reports import LONG_SECONDS, SOON_SECONDS, Later, Reports
    from footfall.query.turns import Turns
    from footfall.store.aws.answers import DynamodbAnswers
    from footfall.store.aws.table import Table, translated

    later = Later(DynamodbAnswers(Table(client("dynamodb"), _named(settings.registry))), translated()(client("lambda").invoke), now)
    application: Any = _reading(settings, now)
    soon, long = Mangum(application(Turns(SOON_SECONDS), later), lifespan="off"), Mangum(application(Turns(LONG_SECONDS), None), lifespan="off")
    return Reports(soon, long, later)


def _reading(settings: Settings, now: Callable[[], int]) -> "Callable[[Turns | None, Later | None], Litestar]":
    from footfall.query.access import Access
    from footfall.query.answer import Answers
    from footfall.query.http import application
    from footfall.query.original import Original

    registry = open_registry(settings)
    facts = open_facts(settings, registry, now, BELIEVED_US)
    rollups = open_rollups(settings, now)
    return partial(application, Access(registry, now), Answers(facts, now, rollups), Original(facts, rollups))


def collect(settings: Settings, secret: str, now: Callable[[], int] = now) -> "Collect":
    """The gateway, where it is a function."""
    from footfall.functions.collect import Collect, Elsewhere
    from footfall.gateway.collector import Collector
    from footfall.gateway.http import Gateway
    from footfall.gateway.limit import RateLimit
    from footfall.gateway.script import DEFAULT_PATH, serve
    from footfall.stream.kinesis import KinesisWriter
    from footfall.telemetry import GatewayMetrics

    snapshot = Snapshot(open_registry(settings), open_salts(settings))
    collector = Collector(snapshot, _door(settings), (), RateLimit(settings.rate_limit, now), GatewayMetrics(), now)
    pages = serve(script(), _temporary("scripts"), {DEFAULT_PATH, settings.script})
    return Collect(Gateway(collector, lambda: KinesisWriter(client("kinesis"), _named(settings.stream)), Elsewhere(), pages), secret)


def _door(settings: Settings) -> "Door":
    from footfall.gateway.clients import client_lookup, place_lookup
    from footfall.gateway.collect import Door

    return Door(client_lookup(), place_lookup(places(settings)), Offsets(), spammers())


def _temporary(name: str) -> Path:
    """The folder of this name in what a function has of a disk."""
    folder = Path(tempfile.gettempdir()) / "footfall" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _named(url: str) -> str:
    return url.partition(":")[2]
