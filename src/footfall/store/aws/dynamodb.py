"""Facts in a table of DynamoDB and a bucket of S3, for functions that share nothing else.

A commit is one transaction: how far its shards have come, and what it adds, as a segment for each
site and local day. Nothing is counted in place. Who reads takes the files of the days and the
segments that these do not hold yet, and folds them as at home; who compacts writes what came of
that as new versions of the files. Shards have names that no other stream's have. What lies in the
table is told in `commit` and `pointer`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from hashlib import blake2b
from itertools import groupby, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from footfall.domain.event import Position
from footfall.domain.site import date_day
from footfall.store.apply import REACH
from footfall.store.aws.cache import Cache
from footfall.store.aws.commit import commit
from footfall.store.aws.pointer import Day, Known, Pointer, Pointers, file_key, padded
from footfall.store.aws.segment import Unpacked, unpack, unpack_bad
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


MOST_EVENTS = 1_000_000
"""That a round of compaction takes from segments."""


class Filled(NamedTuple):
    """What came into a window of a site: its pointers, its changed days, how far shards had come, how far the segments of each changed day are there, of which some are left, and from which days something was borrowed."""

    known: Known
    changed: Mapping[date, str]
    reached: Mapping[str, int]
    marks: Mapping[date, Mapping[str, int]]
    left: Collection[date]
    borrowed: Collection[date]


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

    def lay(self, site: str, sql: str, file: Path) -> Collection[date]:
        """Write files of the days on which nothing was counted, with the events that a SELECT of `$file` gives, in the columns of `facts.EVENTS` but for the site; these days.

        They are settled, and belong to no visits. Many days go in several transactions: what an
        interruption left out is put in when it is done again. Raises `StoreBroken`.
        """
        known, changed = self.pointers.of(site), self._changes(site)
        with self._window(file.parent) as window:
            window.lay(site, sql, file, {*known.days, *changed})
            laid = {day: self._written(window, site, day, {}) for day in sorted(window.days(site))}
            self.pointers.put(site, known.generation, laid)
        return laid

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
            return {site: list(self._files(site, part, _within(each, part, near)).values()) for site, each in filled.items()}

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
    def _window(self, beside: Path | None = None) -> Iterator["Window"]:
        from footfall.store.aws.window import Window  # who only applies does without DuckDB

        with TemporaryDirectory() as folder:
            window = Window(Path(folder), beside or self._cache.folder, self._memory_limit)
            try:
                yield window
            finally:
                window.close()

    def _compact(self, site: str, also: Collection[date], further: Callable[["Window"], Sequence[int]]) -> Sequence[int]:
        """In rounds of bounded size, each of which stays; the last one does something `further`."""
        while True:
            with self._window() as window:
                filled = self._fill(window, site, also, MOST_EVENTS)
                done = () if filled.left else further(window)
                before = filled.known.days
                days = {day for day, each in window.days(site).items() if day not in before or (day in filled.borrowed and (before[day].day != each or done))}
                days |= {day for day, marks in filled.marks.items() if marks != _held(before, day)}
                marks = {day: filled.marks.get(day) or _further(_held(before, day), filled.reached) for day in sorted(days)}
                self.pointers.put(site, filled.known.generation, {day: self._written(window, site, day, marks[day]) for day in marks})
            for day in filled.changed.keys() - filled.left:
                self._clear(site, day, filled.changed[day])
            if not filled.left:
                return done

    def _state(self, site: str) -> tuple[Mapping[date, str], Mapping[str, int]]:
        """Which days of a site have changed since they became files, and how far shards have come, both of one moment."""
        changed = self._changes(site)
        while True:
            reached = self.marks()
            before, changed = changed, self._changes(site)
            if changed == before:
                return changed, reached

    def _fill(self, window: "Window", site: str, also: Collection[date] = (), most: int | None = None) -> Filled:
        """Bring a site into a window: of the segments that no file holds all or about the `most`, and from files what may change by these, or on days that are `also` asked for."""
        changed, reached = self._state(site)
        known = self.pointers.of(site)  # after the changes: who takes a mark of change away has put a pointer
        marks, left, arrived = {}, set(), 0
        for day in changed:
            marks[day] = held = _held(known.days, day)
            for (shard, last), segments in self._segments(site, day, held, reached):
                if most is not None and arrived >= most:
                    left.add(day)
                    break
                arrived += sum(map(window.arrive, segments))
                marks[day] = {**marks[day], shard: last}
            else:
                marks[day] = _further(held, reached)
        filled = Filled(known, changed, reached, marks, left, self._borrow(window, site, known.days, {*changed, *also}, settling=bool(also)))
        if window.fold():
            window.name_versions(site, {day: pointer.day for day, pointer in known.days.items()}, _digest(filled))
        return filled

    def _segments(self, site: str, day: date, held: Mapping[str, int], upto: Mapping[str, int]) -> Iterator[tuple[tuple[str, int], Iterator[Unpacked]]]:
        """Those of a day after some marks, by the positions that they reach to."""
        for shard, last in upto.items():
            if held.get(shard, -1) >= last:
                continue  # DynamoDB refuses a range that ends before it begins
            items = self._rows.items(f"S#{site}#{day}", f"{shard}#{padded(held.get(shard, -1) + 1)}", f"{shard}#{padded(last)}#~")
            for reaches, some in groupby(items, lambda item: int(item["sk"]["S"].rsplit("#", 2)[1])):
                yield (shard, reaches), (unpack(item["data"]["B"]) for item in some)

    def _unsettled(self, site: str, alive: frozenset[int], today: int) -> Collection[date]:
        """All unsettled days of a site, if it is time for any of them."""
        unsettled = [day for day, pointer in self.pointers.of(site).days.items() if not pointer.day.settled and pointer.day.version is not None]
        days = {*unsettled, *self._changes(site)}
        return days if any(date_day(day) not in alive and date_day(day) < today for day in days) else ()

    def _borrow(self, window: "Window", site: str, pointers: Mapping[date, Pointer], days: Collection[date], *, settling: bool) -> Collection[date]:
        """Borrow what events of some days may change; returns from which."""
        window.name_days(site, {day: pointer.day for day, pointer in pointers.items()})
        if not days:
            return ()
        ids = list(self._files(site, "ids", pointers).values())
        centres = {*days, *window.days_of_copies(ids)}
        near = {day: pointer for day, pointer in pointers.items() if any(abs(day - each) <= REACH + timedelta(days=1) for each in centres)}
        window.borrow(site, ids, {part: self._files(site, part, near) for part in ("events", "visits", "drops", "ids")}, settling=settling)
        return near

    def _files(self, site: str, part: str, pointers: Mapping[date, Pointer]) -> Mapping[date, str]:
        held = {day: pointer.files[part] for day, pointer in pointers.items() if part in pointer.files}
        with translated():
            return dict(zip(held, self._cache.paths([(file_key(site, day, part), version) for day, version in held.items()]), strict=True))

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


def _held(pointers: Mapping[date, Pointer], day: date) -> Mapping[str, int]:
    """Up to where a day's files hold its segments."""
    return pointers[day].marks if day in pointers else {}


def _further(held: Mapping[str, int], reached: Mapping[str, int]) -> Mapping[str, int]:
    """Marks that stand as far as both: another may have written files since."""
    return {**held, **{shard: max(last, held.get(shard, last)) for shard, last in reached.items()}}


def _within(filled: Filled, part: str, near: Stretch | None) -> Mapping[date, Pointer]:
    """The days near of which some of a part may not have been borrowed: of drops all are."""
    first, last = near or (date.min, date.max)
    return {day: pointer for day, pointer in filled.known.days.items() if first <= day <= last and not (part == "drops" and day in filled.borrowed)}


def _digest(filled: Filled) -> int:
    """A number that tells what came to a site's changed days."""
    told = [*sorted(filled.changed.values()), *([str(sorted(filled.marks.items()))] if filled.left else [])]
    return int.from_bytes(blake2b("".join(told).encode(), digest_size=8).digest()) >> 1
