"""Facts in a table of DynamoDB and a bucket of S3, for functions that share nothing else.

A commit is one transaction: how far its shards have come, and what it adds, as a segment for each
site and local day. Nothing is counted in place. Who reads takes the files of the days and the
segments that these do not hold yet, and folds them as at home; who compacts writes what came of
that as new versions of the files. Shards have names that no other stream's have. What lies in the
table is told in `commit` and `pointer`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import date
from itertools import takewhile
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from footfall.domain.event import Position
from footfall.domain.site import date_day
from footfall.store.apply import REACH
from footfall.store.aws.cache import Cache
from footfall.store.aws.commit import commit
from footfall.store.aws.contents import Contents, Loader, further, held_of, marks_in, within
from footfall.store.aws.lease import lease
from footfall.store.aws.pointer import Day, Pointer, Pointers, file_key, padded
from footfall.store.aws.segment import unpack_bad
from footfall.store.aws.shelf import Shelf
from footfall.store.aws.table import REFUSED, UNMET, Cancelled, Table, key, translated
from footfall.store.port import (
    Applied,
    Bad,
    Batch,
    Outrun,
    Reading,
    Stretch,
    Unfit,
)

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

CACHE_SHARE, CACHE_BYTES = 0.6, 6_000_000_000
"""Of its disk, and at most, for files that a warm function keeps; the rest is for what it writes and reckons with."""

MOST_EVENTS = 1_000_000
"""That a round of compaction takes from segments."""


class DynamodbFacts:
    """See `port.Facts`. `sites` gives the ids there are, as no item lists them; `cache` is a folder for files that were fetched.

    What a reading saw holds for `believed_us` microseconds: many who look at one site at once ask the table once.
    """

    def __init__(
        self, dynamodb: "DynamoDBClient", s3: "S3Client", table: str, bucket: str, sites: Callable[[], Sequence[str]], now: Callable[[], int], memory_limit: str, cache: Path,
        believed_us: int = 0,
    ) -> None:  # fmt: skip
        self._dynamodb = dynamodb
        self._s3 = s3
        self._table = table
        self._rows = Table(dynamodb, table)
        self.pointers = Pointers(self._rows)
        self._bucket = bucket
        self._sites = sites
        self._now = now
        self._memory_limit = memory_limit
        self._cache = Cache(s3, bucket, cache, min(int(disk_usage(cache).total * CACHE_SHARE), CACHE_BYTES))
        self._loader = Loader(self._rows, self.pointers, self._cache)
        self._believed_us = believed_us
        self._seen: dict[str, tuple[int, object]] = {}
        self._shelf: Shelf[tuple[Window, Contents]] = Shelf(WINDOWS, lambda made: made[0].close())

    def marks(self) -> Mapping[str, int]:
        """See `port.Facts`."""
        return marks_in(self._rows)

    def apply(self, batch: Batch) -> Applied:
        """See `port.Facts`. Copies are found when days are folded, so all count as counted here."""
        self._commit(commit(self._rows, batch, self._expiry()))
        return Applied(len(batch.events), 0)

    def apply_late(self, batch: Batch, late: Sequence[Position]) -> None:
        """See `port.Late`."""
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
        return [site for site in self._sites() if self._loader.changes(site) or self._unsettled(site, alive, today)]

    def alone(self, site: str, seconds: float) -> AbstractContextManager[bool]:
        """See `port.Compacting`."""
        return lease(self._rows, site, self._now() / 1e6, seconds)

    def tidy(self, site: str, alive: frozenset[int], today: int, applied_up_to: int, enough: Callable[[], bool] = lambda: False) -> Sequence[int]:
        """See `port.Compacting`."""
        unsettled = self._unsettled(site, alive, today)
        return self._compact(site, unsettled, lambda window: window.settle(alive, today, applied_up_to) if unsettled else (), enough)

    def compact(self, site: str) -> None:
        """Write files that hold all segments of a site, and settle nothing."""
        self._compact(site, (), lambda _: (), lambda: False)

    def lay(self, site: str, sql: str, file: Path) -> Collection[date]:
        """Write files of the days on which nothing was counted, with the events that a SELECT of `$file` gives, in the columns of `facts.EVENTS` but for the site; these days.

        They are settled, and belong to no visits. Many days go in several transactions: what an
        interruption left out is put in when it is done again. Raises `StoreBroken`.
        """
        known, changed = self.pointers.of(site), self._loader.changes(site)
        with self._window(file.parent) as window:
            window.lay(site, sql, file, {*known.days, *changed})
            laid = {day: self._written(window, site, day, {}) for day in sorted(window.days(site))}
            self.pointers.put(site, known.generation, laid)
        self._drop(site, laid)
        return laid

    def _drop(self, site: str, pointers: Mapping[date, Pointer]) -> None:
        """Have no files here of some days, or of what they were."""
        for day, pointer in pointers.items():
            for part, version in pointer.files.items():
                self._cache.drop(file_key(site, day, part), version)

    def last_trimmed(self, site: str) -> date | None:
        """See `port.Compacting`."""
        return max((day for day, pointer in self.pointers.of(site).days.items() if pointer.day.trimmed), default=None)

    def older(self, site: str, before: date) -> bool:
        """See `port.Compacting`."""
        return any(day < before and pointer.day.settled and not pointer.day.trimmed for day, pointer in self.pointers.of(site).days.items())

    def trim(self, site: str, days: Mapping[date, int]) -> Sequence[date]:
        """See `port.Trimming`. Days that somebody adds to just now are left for later."""
        known, changed = self.pointers.of(site), self._loader.changes(site)
        due = {day: version for day, version in days.items() if day in known.days and day not in changed and known.days[day].day == Day(version, settled=True)}
        if not due:
            return ()
        first, last = min(due), max(due)
        thinned = {day: pointer for day, pointer in known.days.items() if day in due or (pointer.day.trimmed and first - REACH <= day <= last)}
        beside = {day: pointer for day, pointer in known.days.items() if first <= day <= last + REACH and day not in thinned}
        with self._window() as window:
            window.name_days(site, {day: pointer.day for day, pointer in known.days.items()})
            window.load_visits(site, list(self._loader.files(site, "visits", thinned).values()), list(self._loader.files(site, "events", beside).values()))
            gone = window.trim(site, due)
            self.pointers.put(site, known.generation, {day: self._thinned(window, site, day, pointer) for day, pointer in thinned.items()})
        with translated():
            for day in gone:
                for part in ("events", "ids", "spares"):  # what was the latest version would stay for ever
                    self._s3.delete_object(Bucket=self._bucket, Key=file_key(site, day, part))
        return gone

    def _thinned(self, window: "Window", site: str, day: date, pointer: Pointer) -> Pointer:
        left = self._written(window, site, day, pointer.marks)
        return replace(left, files={**{part: file for part, file in pointer.files.items() if part == "drops"}, **left.files})

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """See `port.Facts`."""
        with self.reading() as reading:
            return reading.rows(sql, parameters)

    @contextmanager
    def reading(self, site: str | None = None) -> Iterator[Reading]:
        """See `port.Facts`."""
        if site is None:
            with self._window() as window:
                yield from self._read(window, {each: self._loader.load(window, each) for each in self._sites()})
            return
        with self._shelf.use(site, self._look(site), lambda: self._made(site)) as (window, contents):
            yield from self._read(window, {site: contents})

    def _look(self, site: str) -> object:
        """What is another whenever something has come to a site."""
        at, seen = self._seen.get(site, (0, None))
        if seen is None or not 0 <= self._now() - at < self._believed_us:
            at = self._now()
            # In this order: what is committed in between makes the next reader look again.
            seen = dict(self.marks()), dict(self._loader.changes(site)), self.pointers.generation(site)
            self._seen[site] = at, seen
        return seen

    def _read(self, window: "Window", contents: Mapping[str, Contents]) -> Iterator[Reading]:
        def fetch(part: str, near: Stretch | None, stopped: Callable[[], bool]) -> Mapping[str, Sequence[str]]:
            return {site: list(self._loader.files(site, part, within(each, part, near), stopped).values()) for site, each in contents.items()}

        with window.reading_with(fetch) as reading:
            yield reading

    def _made(self, site: str) -> "tuple[Window, Contents]":
        from footfall.store.aws.window import Window

        window = Window(self._cache.folder, self._cache.folder, self._memory_limit)
        try:
            return window, self._loader.load(window, site)
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

    def _compact(self, site: str, also: Collection[date], finish: Callable[["Window"], Sequence[int]], enough: Callable[[], bool]) -> Sequence[int]:
        """In rounds of bounded size, each of which stays, until it is `enough`; the last one does something to `finish`."""
        while True:
            with self._window() as window:
                contents = self._loader.load(window, site, also, MOST_EVENTS)
                done = () if contents.left else finish(window)
                before = contents.known.days
                days = {day for day, each in window.days(site).items() if day not in before or (day in contents.borrowed and (before[day].day != each or done))}
                days |= {day for day, marks in contents.marks.items() if marks != held_of(before, day)}
                marks = {day: contents.marks.get(day) or further(held_of(before, day), contents.reached) for day in sorted(days)}
                self.pointers.put(site, contents.known.generation, {day: self._written(window, site, day, marks[day]) for day in marks})
            self._drop(site, {day: before[day] for day in marks.keys() & before.keys()})
            for day in contents.changed.keys() - contents.left:
                self._clear(site, day, contents.changed[day])
            if not contents.left or enough():
                return done

    def _unsettled(self, site: str, alive: frozenset[int], today: int) -> Collection[date]:
        """All unsettled days of a site, if it is time for any of them."""
        unsettled = [day for day, pointer in self.pointers.of(site).days.items() if not pointer.day.settled and pointer.day.version is not None]
        days = {*unsettled, *self._loader.changes(site)}
        return days if any(date_day(day) not in alive and date_day(day) < today for day in days) else ()

    def _written(self, window: "Window", site: str, day: date, marks: Mapping[str, int]) -> Pointer:
        files = {}
        for part, path in window.write(site, day):
            with translated(), path.open("rb") as body:
                files[part] = self._s3.put_object(Bucket=self._bucket, Key=file_key(site, day, part), Body=body)["VersionId"]
            self._cache.keep(file_key(site, day, part), files[part], path)
        return Pointer(window.days(site).get(day, Day(None, settled=False)), files, marks)

    def _clear(self, site: str, day: date, version: str) -> None:
        """Take a day's mark away if it is the one that was read; left where a commit is under way."""
        errors = self._dynamodb.exceptions
        replaced = (errors.ConditionalCheckFailedException, errors.TransactionConflictException)
        with translated(), suppress(*replaced):
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
            self._rows.transact(actions)
        except Cancelled as exc:
            if UNMET in exc.codes:
                reached = {each["sk"]["S"]: int(each["hwm"]["S"]) for each in exc.items}
                raise Outrun(reached) from exc
            if REFUSED in exc.codes:
                raise Unfit(str(exc)) from exc
            raise

    def _expiry(self) -> int:
        return self._now() // 1_000_000 + KEPT_SECONDS
