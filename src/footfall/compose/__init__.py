"""From settings to wired parts: the one place that names adapters.

An adapter is imported when it is chosen, so that the gateway's process does not carry DuckDB,
nor the engine's the tables of user agents.
"""

import json
import os
import platform
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from hashlib import blake2b
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, NamedTuple

from footfall import __version__
from footfall.domain.address import inside
from footfall.domain.channel import Sources
from footfall.domain.site import Offsets, Site
from footfall.keeping.owner import own as own_folder
from footfall.registry.port import Refused, Registry, Salts
from footfall.settings import BadSettings, Settings
from footfall.store import migrations
from footfall.store.port import Facts, Rollups
from footfall.stream.port import OwnReader, Writer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from footfall.control.client import Owner
    from footfall.control.port import Commands
    from footfall.control.server import Control
    from footfall.gateway.files import File
    from footfall.gateway.http import Gateway
    from footfall.gateway.script import Script
    from footfall.keeping.port import Places
    from footfall.processor.worker import Worker
    from footfall.query.answer import Answers
    from footfall.query.upkeep import Upkeep
    from footfall.store.duckdb import DuckdbFacts

MEMORY = ":memory:"
FAR = "dynamodb:"
"""How the address of a part in a table of DynamoDB begins."""

SCHEMA = migrations.VERSION
"""That of the facts, which this program reads and writes."""

EXAMPLE = Site("example", domains=("127.0.0.1", "localhost"), public=True)
SOCKET_LENGTH = 100
"""A unix socket's path must fit in 108 bytes."""


def now() -> int:
    """The clock: microseconds since 1970."""
    return time_ns() // 1000


def open_registry(settings: Settings) -> Registry:
    """Sites and keys."""
    if settings.registry.startswith(FAR):
        from footfall.compose import functions

        return functions.open_registry(settings)
    from footfall.registry.sqlite import SqliteRegistry

    return SqliteRegistry(path_of(settings.registry))


def open_table(client: "DynamoDBClient", table: str) -> Registry:
    """Sites and keys in a table, by a client of the caller's."""
    from footfall.registry.dynamodb import DynamodbRegistry

    return DynamodbRegistry(client, table)


def open_salts(settings: Settings) -> Salts:
    """The secrets of days."""
    if settings.salts.startswith(FAR):
        from footfall.compose import functions

        return functions.open_salts(settings)
    from footfall.registry.sqlite import SqliteSalts

    return SqliteSalts(path_of(settings.salts))


def open_writer(settings: Settings) -> Writer:
    """The gateway's end of the stream."""
    from footfall.stream.sqlite import SqliteStream

    return SqliteStream(path_of(settings.stream), settings.stream_limit)


def open_reader(settings: Settings) -> OwnReader:
    """The engine's end of the stream."""
    from footfall.stream.sqlite import SqliteStream

    return SqliteStream(path_of(settings.stream), settings.stream_limit)


def open_facts(settings: Settings, alone: bool = False) -> "DuckdbFacts":
    """The facts; `alone` for a process beside which no gateway needs a core."""
    from footfall.store.duckdb import CORES, DuckdbFacts

    threads = CORES if alone else max(1, CORES - 1)
    return DuckdbFacts(path_of(settings.store), settings.store_memory, threads, exchange(settings))


def exchange(settings: Settings) -> Path:
    """The folder through which files come into the facts and go out of them."""
    return settings.data.absolute() / "exchange"


def open_rollups(settings: Settings) -> Rollups:
    """The roll-ups."""
    from footfall.store.sqlite import SqliteRollups

    def today() -> date:
        return datetime.fromtimestamp(now() / 1e6, UTC).date()

    return SqliteRollups(path_of(settings.rollups), today, settings.rollups_limit)


def sources() -> Sources:
    """The table of known sources."""
    return Sources.from_table(json.loads((_data() / "sources.json").read_text("utf-8")))


def spammers() -> frozenset[str]:
    """Return the hosts that are known for referrer spam."""
    return frozenset(json.loads((_data() / "spammers.json").read_text("utf-8"))["hosts"])


def engine_socket(settings: Settings) -> str:
    """Where the engine's API listens for the gateway: where nobody else can listen in its place.

    Raises `NotOurs`.
    """
    path = str((settings.data / "engine.sock").absolute())
    if len(os.fsencode(path)) <= SOCKET_LENGTH:
        return path
    digest = blake2b(os.fsencode(path), digest_size=8).hexdigest()
    folder = own_folder(Path(tempfile.gettempdir()) / f"footfall-{os.geteuid()}-{digest}")
    return str(folder / "engine.sock")


def add_example(registry: Registry) -> None:
    """Add the example site where it is missing."""
    if all(site.id != EXAMPLE.id for site in registry.sites()):
        try:
            registry.put_site(EXAMPLE, new=True)
        except Refused:
            registry.put_site(Site(EXAMPLE.id, domains=("example.invalid",), public=True), new=True)


def gateway(settings: Settings, files: int) -> "Gateway":
    """The gateway's application, in a process that may have so many files open."""
    from footfall.gateway import connections
    from footfall.gateway.callers import Callers
    from footfall.gateway.clients import client_lookup, place_lookup
    from footfall.gateway.collect import Door
    from footfall.gateway.collector import Collector
    from footfall.gateway.directory import Snapshot
    from footfall.gateway.forward import Forwarder
    from footfall.gateway.http import Gateway
    from footfall.gateway.limit import RateLimit
    from footfall.gateway.script import DEFAULT_PATH, serve
    from footfall.telemetry import GatewayMetrics

    registry = open_registry(settings)
    if settings.demo:
        add_example(registry)
    found = pages(demo=settings.demo) | serve(script(), settings.data / "scripts", {DEFAULT_PATH, settings.script})
    snapshot = Snapshot(registry, open_salts(settings))
    trusts = inside(settings.trusted_proxy)
    collector = Collector(
        snapshot, Door(client_lookup(), place_lookup(places(settings)), Offsets(), spammers()),
        settings.trusted_proxy, RateLimit(settings.rate_limit, now, trusts), GatewayMetrics(), now,
    )  # fmt: skip
    most = min(connections.MOST, files // connections.PER_FILE)
    kept = connections.Connections(trusts, most)
    callers = Callers(snapshot, settings.trusted_proxy)
    forward = Forwarder(engine_socket(settings), callers.pseudonym)
    return Gateway(collector, lambda: open_writer(settings), forward, found, kept)


def pages(*, demo: bool) -> "dict[str, File]":
    """What is served as it lies there: the dashboard, the reference, the tracker, and for a demonstration the example website."""
    from footfall.gateway.files import REVALIDATE, load, made
    from footfall.gateway.script import DEFAULT_PATH

    static = Path(str(files("footfall") / "static"))
    found = load(static / "dashboard", "/") | load(static / "docs", "/api/docs/") | (load(static / "example", "/example/") if demo else {})
    return {**found, DEFAULT_PATH: made(DEFAULT_PATH, script().body, REVALIDATE, ())}


class Engine(NamedTuple):
    """What the engine's process runs: the worker and the upkeep in threads of their own, and the API."""

    worker: "Worker"
    upkeep: "Upkeep"
    application: "Control"
    facts: Facts
    rollups: Rollups


def engine(settings: Settings, now: Callable[[], int] = now) -> Engine:
    """The engine's parts; `now` is the clock they go by."""
    from footfall.control.server import Control
    from footfall.query.access import Access
    from footfall.query.answer import Answers
    from footfall.query.http import application
    from footfall.query.original import Original
    from footfall.query.upkeep import Upkeep

    facts, rollups, registry = open_facts(settings), open_rollups(settings), open_registry(settings)
    worker = _worker(settings, facts, registry, now)
    answers = Answers(facts, now, rollups)
    given = commands(settings, facts, rollups, answers, registry, worker.catch_up)
    api = application(Access(registry, now), answers, Original(facts, rollups), commands=given)
    upkeep = Upkeep(facts, rollups, registry.sites, now)
    return Engine(worker, upkeep, Control(given, api), facts, rollups)


def _worker(
    settings: Settings,
    facts: Facts,
    registry: Registry,
    now: Callable[[], int],
) -> "Worker":
    from footfall.processor.names import Names
    from footfall.processor.worker import Worker
    from footfall.telemetry import EngineMetrics

    return Worker(
        open_reader(settings),
        facts,
        open_salts(settings),
        sources(),
        settings.batch,
        now,
        EngineMetrics(),
        Names(registry).read,
    )


def commands(
    settings: Settings,
    facts: "DuckdbFacts",
    rollups: Rollups,
    answers: "Answers",
    registry: Registry,
    caught_up: Callable[[], None],
) -> "Commands":
    """What the owner of the facts does for other processes of its user; no key is asked for.

    `caught_up` returns once all hits accepted so far are counted.
    """
    from footfall.exports.archive import Archive
    from footfall.exports.facts import Export
    from footfall.imports.adopt import Adopt
    from footfall.imports.command import Imported, Imports, TakeBack, TakeIn
    from footfall.keeping.copies import Copies
    from footfall.keeping.health import Health
    from footfall.keeping.port import ROLLUPS
    from footfall.query.command import Report
    from footfall.query.erasure import Erase
    from footfall.query.partial import unpacked
    from footfall.query.removal import MoveSite, RemoveSite

    folder = exchange(settings)
    moving = MoveSite(facts, rollups, registry)
    return {
        "report": Report(answers, registry),
        "imported": Imported(facts),
        "take_in": TakeIn(facts, folder),
        "imports": Imports(facts),
        "take_back": TakeBack(facts),
        "export": Export(facts, registry, folder),
        "archive": Archive(facts, rollups, registry, folder),
        "adopt": Adopt(facts, rollups, registry, folder, unpacked, now),
        "copies": Copies(facts, parts(settings).get(ROLLUPS)),
        "health": Health(facts),
        "erase": Erase(facts, rollups, registry, now),
        "remove_site": RemoveSite(facts, rollups, registry, caught_up),
        "rename_site": moving.rename,
        "merge_sites": moving.merge,
    }


def owner(settings: Settings) -> "Owner":
    """Commands to the engine that runs on this data folder, or to this process in its place."""
    from footfall.control.client import Owner
    from footfall.query.answer import Answers

    def own() -> tuple["Commands", Callable[[], None]]:
        facts = open_facts(settings, alone=True)
        rollups, registry = open_rollups(settings), open_registry(settings)

        def close() -> None:
            for each in (facts, rollups, registry):
                each.close()

        def caught_up() -> None:
            over = threading.Event()
            over.set()
            _worker(settings, facts, registry, now).run(over)

        answers = Answers(facts, now, rollups)
        return commands(settings, facts, rollups, answers, registry, caught_up), close

    return Owner(engine_socket(settings), own)


def script() -> "Script":
    """The tracker of this version."""
    from footfall.gateway.script import Script

    return Script((Path(str(files("footfall") / "static")) / "tracker" / "f.js").read_bytes())


def places(settings: Settings) -> Path | None:
    """The database of places."""
    country = _data() / "country.mmdb"
    return settings.places or (country if country.is_file() else None)


def parts(settings: Settings) -> "Places":
    """Where the parts of the data folder lie."""
    from footfall.keeping.port import FACTS, REGISTRY, ROLLUPS, SALTS, STREAM

    named = {FACTS: settings.store, STREAM: settings.stream, ROLLUPS: settings.rollups, REGISTRY: settings.registry, SALTS: settings.salts}
    return {name: Path(path_of(url)) for name, url in named.items() if path_of(url) != MEMORY}


def versions() -> Mapping[str, str]:
    """Those of Footfall and of the parts that matter."""
    return {"footfall": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "duckdb": version("duckdb")}


def path_of(url: str) -> str:
    """Where a part lies on this machine; raises `BadSettings`."""
    scheme, _, path = url.partition(":")
    if scheme in ("dynamodb", "kinesis"):
        raise BadSettings(f"{url} is for the functions that 'footfall aws deploy' makes; here it must be a file")
    return MEMORY if scheme == "memory" else path


def _data() -> Path:
    return Path(str(files("footfall") / "data"))
