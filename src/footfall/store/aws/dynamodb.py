"""Facts in a table of DynamoDB and a bucket of S3, for functions that share nothing else.

A commit is one transaction: how far its shards have come, and what it adds, as a segment for each
site and local day. Nothing is counted in place. Who reads takes the files of the days and the
segments that these do not hold yet, and folds them as at home; who compacts writes what came of
that as new versions of the files. Shards have names that no other stream's have. What lies in the
table is told in `commit` and `pointer`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from hashlib import blake2b
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from footfall.domain.event import Event, Position, Tally
from footfall.domain.site import date_day
from footfall.store.apply import REACH
from footfall.store.aws.cache import Cache
from footfall.store.aws.commit import commit, place
from footfall.store.aws.pointer import Day, Known, Pointer, Pointers, file_key, padded
from footfall.store.aws.segment import unpack, unpack_bad
from footfall.store.aws.shelf import Shelf
from footfall.store.aws.table import Table, key, translated
from footfall.store.port import Applied, Bad, Batch, Outrun, Reading, StoreBroken, Stretch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from footfall.store.aws.window import Window

KEPT_SECONDS = 8 * 86_400
"""How long segments and ranges are kept: longer than anything may be applied late."""

LATE = "!"
"""What stands for a shard where records are applied that theirs has gone past: one for all, whose numbers count the transactions."""

WINDOWS = 2
"""Kept for sites of which nothing changes: the panels of a dashboard are all of one."""

CACHE_BYTES = 300_000_000
"""Of files that a warm function keeps; it has 512 MB on disk unless told otherwise."""


class Filled(NamedTuple):
    """What a site's pointers are, and which days of them are loaded."""

    known: Known
    loaded: Collection[date]


class DynamodbFacts:
    """See `port.Facts`. `sites` gives the ids there are, as no item lists them; `cache` is a folder for files that were fetched."""

    def __init__(
        self, dynamodb: "DynamoDBClient", s3: "S3Client", table: str, bucket: str, sites: Callable[[], Sequence[str]], now: Callable[[], int], memory_limit: str, cache: Path
    ) -> None:
        self._dynamodb = dynamodb
        self._s3 = s3
        self._table = table
        self._rows = Table(dynamodb, table)
        self.pointers = Pointers(self._rows)
        self._bucket = bucket
        self._sites = sites
        self._now = now
        self._memory_limit = memory_limit
        self._cache = Cache(s3, bucket, cache, CACHE_BYTES)
        self._shelf: Shelf[tuple[Window, Filled]] = Shelf(WINDOWS, lambda made: made[0].close())

    def marks(self) -> Mapping[str, int]:
        """See `port.Facts`."""
        return {item["sk"]["S"]: int(item["hwm"]["S"]) for item in self._rows.items("C")}

    def apply(self, batch: Batch) -> Applied:
        """See `port.Facts`. Copies are found when days are folded, so all count as counted here. Raises `TooLarge`."""
        self._commit(commit(self._rows, batch, self._expiry()))
        return Applied(len(batch.events), 0)

    def apply_late(self, batch: Batch, late: Sequence[Position]) -> None:
        """See `port.Late`. Raises `TooLarge`."""
        number = max((int(item["hwm"]["S"]) for item in self._rows.items("C", LATE, LATE)), default=0) + 1
        marks = {LATE: number}
        self._commit(commit(self._rows, replace(batch, marks=marks, firsts=marks), self._expiry(), late))

    def bad(self) -> Iterator[Bad]:
        """The records of the last days that nobody could read."""
        for item in self._rows.items("B"):
            yield from unpack_bad(item["data"]["B"])

    def applied(self, shard: str, first: int, last: int) -> Sequence[tuple[int, int]]:
        """See `port.Late`."""
        ranges = ((int(item["first"]["S"]), int(item["sk"]["S"])) for item in self._rows.items(f"L#{shard}", padded(first), "~"))
        return list(takewhile(lambda each: each[0] <= last, ranges))

    def settle(self, alive: frozenset[int], today: int, applied_up_to: int) -> Sequence[int]:
        """See `port.Facts`. Compacts what it settles."""
        return sorted({day for site in self._sites() if self._unsettled(site, alive, today) for day in self.tidy(site, alive, today, applied_up_to)})

    def due(self, alive: frozenset[int], today: int) -> Sequence[str]:
        """See `port.Compacting`."""
        return [site for site in self._sites() if self._changes(site) or self._unsettled(site, alive, today)]

    def tidy(self, site: str, alive: frozenset[int], today: int, applied_up_to: int) -> Sequence[int]:
        """See `port.Compacting`."""
        unsettled = self._unsettled(site, alive, today)
        return self._compact(site, unsettled, lambda window: window.settle(alive, today, applied_up_to) if unsettled else ())

    def compact(self, site: str) -> None:
        """Write files that hold all segments of a site, and settle nothing."""
        self._compact(site, (), lambda _: ())

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """See `port.Facts`."""
        with self.reading() as reading:
            return reading.rows(sql, parameters)

    @contextmanager
    def reading(self, site: str | None = None) -> Iterator[Reading]:
        """See `port.Facts`."""
        if site is None:
            with self._window() as window:
                yield from self._read(window, {each: self._fill(window, each) for each in self._sites()})
            return
        # In this order: what is committed in between makes the next reader look again.
        seen = dict(self.marks()), dict(self._changes(site)), self.pointers.generation(site)
        with self._shelf.use(site, seen, lambda: self._made(site)) as (window, filled):
            yield from self._read(window, {site: filled})

    def _read(self, window: "Window", filled: Mapping[str, Filled]) -> Iterator[Reading]:
        def fetch(part: str, near: Stretch | None) -> Mapping[str, Sequence[str]]:
            return {site: self._files(site, part, _within(each, near)) for site, each in filled.items()}

        with window.reading_with(fetch) as reading:
            yield reading

    def _made(self, site: str) -> "tuple[Window, Filled]":
        from footfall.store.aws.window import Window

        window = Window(self._cache.folder, self._cache.folder, self._memory_limit)
        try:
            return window, self._fill(window, site)
        except BaseException:
            window.close()
            raise

    def close(self) -> None:
        """See `port.Facts`."""
        self._shelf.clear()

    @contextmanager
    def _window(self) -> Iterator["Window"]:
        from footfall.store.aws.window import Window  # who only applies does without DuckDB

        with TemporaryDirectory() as folder:
            window = Window(Path(folder), self._cache.folder, self._memory_limit)
            try:
                yield window
            finally:
                window.close()

    def _compact(self, site: str, also: Collection[date], further: Callable[["Window"], Sequence[int]]) -> Sequence[int]:
        # What was changed by now, all of it up to `reached`, will be in the files; what comes later changes the marks again.
        changed = self._changes(site)
        reached = self.marks()
        with self._window() as window:
            (generation, before), loaded = self._fill(window, site, reached, also)
            done = further(window)
            days = {day for day, each in window.days(site).items() if day not in before or (day in loaded and (before[day].day != each or done))} | set(changed)
            self.pointers.put(site, generation, {day: self._written(window, site, day, reached) for day in sorted(days)})
        for day, version in changed.items():
            self._clear(site, day, version)
        return done

    def _fill(self, window: "Window", site: str, upto: Mapping[str, int] | None = None, also: Collection[date] = ()) -> Filled:
        """Bring a site into a window: the segments that no file holds, up to some marks or to the end, and from files the days that may change by these or are `also` asked for."""
        reached = self.marks() if upto is None else upto
        changed = self._changes(site)  # before the pointers: who takes a mark away has put a pointer
        known = self.pointers.of(site)
        pointers = known.days
        events, tallies = list[Event](), list[Tally]()
        for day in changed:
            held = pointers[day].marks if day in pointers else {}
            for shard, last in reached.items():
                for item in self._rows.items(f"S#{site}#{day}", f"{shard}#{padded(held.get(shard, -1) + 1)}", f"{shard}#{padded(last)}#~"):
                    more, counts = unpack(item["data"]["B"])
                    events += map(_in_order, more)
                    tallies += counts
        named = {day: pointer.day for day, pointer in pointers.items()}
        window.name_days(site, named)
        loaded = self._load(window, site, pointers, {*changed, *also}, [event.hit.id for event in events])
        if events or tallies:
            window.apply(Batch(events, tallies))
            window.name_versions(site, named, _digest(changed.values()))
        return Filled(known, loaded)

    def _unsettled(self, site: str, alive: frozenset[int], today: int) -> Collection[date]:
        """All unsettled days of a site, if it is time for any of them."""
        unsettled = [day for day, pointer in self.pointers.of(site).days.items() if not pointer.day.settled and pointer.day.version is not None]
        days = {*unsettled, *self._changes(site)}
        return days if any(date_day(day) not in alive and date_day(day) < today for day in days) else ()

    def _load(self, window: "Window", site: str, pointers: Mapping[date, Pointer], days: Collection[date], ids: Sequence[int]) -> Collection[date]:
        """Load the days that events of some days and ids may change; returns which."""
        if not days:
            return ()
        window.load_files(site, "ids", self._files(site, "ids", pointers))
        centres = {*days, *window.days_of_ids(ids)}
        loaded = {day: pointer for day, pointer in pointers.items() if any(abs(day - each) <= REACH + timedelta(days=1) for each in centres)}
        for part in ("events", "visits", "drops"):
            window.load_files(site, part, self._files(site, part, loaded))
        return loaded

    def _files(self, site: str, part: str, pointers: Mapping[date, Pointer]) -> list[str]:
        with translated():
            return self._cache.paths([(file_key(site, day, part), pointer.files[part]) for day, pointer in pointers.items() if part in pointer.files])

    def _changes(self, site: str) -> Mapping[date, str]:
        return {date.fromisoformat(item["sk"]["S"]): item["version"]["S"] for item in self._rows.items(f"X#{site}")}

    def _written(self, window: "Window", site: str, day: date, marks: Mapping[str, int]) -> Pointer:
        files = {}
        for part, path in window.write(site, day):
            with translated(), path.open("rb") as body:
                files[part] = self._s3.put_object(Bucket=self._bucket, Key=file_key(site, day, part), Body=body)["VersionId"]
        return Pointer(window.days(site).get(day, Day(None, settled=False)), files, marks)

    def _clear(self, site: str, day: date, version: str) -> None:
        """Take a day's mark away if it is still the one that was read."""
        with translated(), suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
            self._dynamodb.delete_item(
                TableName=self._table,
                Key=key(f"X#{site}", str(day)),
                ConditionExpression="version = :seen",
                ExpressionAttributeValues={":seen": {"S": version}},
            )

    def _commit(self, actions: Sequence[Any]) -> None:
        if not actions:
            return
        try:
            self._dynamodb.transact_write_items(TransactItems=actions)
        except self._dynamodb.exceptions.TransactionCanceledException as exc:
            reasons = exc.response.get("CancellationReasons", [])
            failed: list[Any] = [each.get("Item", {}) for each in reasons if each.get("Code") == "ConditionalCheckFailed"]
            if not failed:
                raise StoreBroken(str(exc)) from exc
            raise Outrun({item["sk"]["S"]: int(item["hwm"]["S"]) for item in failed if item}) from exc
        except (ClientError, BotoCoreError) as exc:
            raise StoreBroken(str(exc)) from exc

    def _expiry(self) -> int:
        return self._now() // 1_000_000 + KEPT_SECONDS


def _in_order(event: Event) -> Event:
    """The event at a place that DuckDB can hold and that sorts as the true one does."""
    return event._replace(position=Position(place(event.position), 0))


def _within(filled: Filled, near: Stretch | None) -> Mapping[date, Pointer]:
    """Those of some days that are not loaded."""
    first, last = near or (date.min, date.max)
    return {day: pointer for day, pointer in filled.known.days.items() if first <= day <= last and day not in filled.loaded}


def _digest(versions: Iterable[str]) -> int:
    return int.from_bytes(blake2b("".join(sorted(versions)).encode(), digest_size=8).digest()) >> 1
