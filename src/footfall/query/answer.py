"""Answering reports in the shapes of the wire."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from hashlib import blake2b
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from footfall import __version__
from footfall.domain.filter import And, tests
from footfall.domain.period import NAMES, Period, labels, resolve
from footfall.domain.report import Report, parse
from footfall.domain.site import Site
from footfall.domain.wrong import Wrong
from footfall.query.bounds import BOUNDS, Bounds
from footfall.query.catalogue import catalogue
from footfall.query.leading import Leading
from footfall.query.limit import Limit
from footfall.query.metric import Metric, Source
from footfall.query.partial import Key, Partial
from footfall.query.question import question
from footfall.query.rollup import Look, Sums, TooMany, look
from footfall.query.table import Page, Row, Table, table
from footfall.store.port import NO_DAYS, Facts, Reading, Rollups, StoreBroken

EARLIEST = "SELECT min(day) FROM days WHERE site = ?"
CURRENT = "SELECT count(DISTINCT visitor) FROM events WHERE site = ? AND day >= ? AND time > ? AND time <= ? AND kind <> 'engagement'"
DROPPED = "SELECT reason, sum(count) AS hits FROM drops WHERE site = ? AND day BETWEEN ? AND ? GROUP BY reason HAVING hits > 0 ORDER BY hits DESC, reason"
CURRENT_US = 300_000_000


class Answers:
    """Reports of sites, from facts and roll-ups. `now` gives microseconds since 1970."""

    def __init__(
        self,
        facts: Facts,
        now: Callable[[], int],
        rollups: Rollups | None = None,
        bounds: Bounds = BOUNDS,
    ) -> None:
        self._facts = facts
        self._now = now
        self._sums = Sums(rollups, bounds)

    @contextmanager
    def asked(self, site: Site, query: Mapping[str, Any], limit: Limit | None = None) -> Iterator["Asked"]:
        """A query understood, at one moment; raises `Wrong` and, here and when it is answered, `TooCostly` and `GoneAway`."""
        now_us = self._now()
        now, zone = _moment(now_us), site.zone_at(now_us)
        with self._facts.reading(site.id) as reading, (limit or Limit()).over(reading):
            earliest: date | None = reading.rows(EARLIEST, [site.id], NO_DAYS)[0][0] if query.get("date_range") == "all" else None
            report = parse({**query, "site_id": site.id}, now, zone, earliest, catalogue())
            check_expressions(report.filters, reading)
            today = now.astimezone(ZoneInfo(zone)).date()
            periods = [report.period, report.compared] if report.compared else [report.period]
            looks = [look(reading, site.id, period, today) for period in periods]
            for each in looks:
                each.stranger = limit is not None and limit.stranger
            yield Asked(site, report, query, zone, self._sums, looks)

    def query(self, site: Site, query: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to `POST /api/v2/query`; raises `Wrong` and `TooCostly`."""
        with self.asked(site, query) as asked:
            return asked.answer()

    def current_visitors(self, site: Site) -> int:
        """Distinct visitors with an event in the last five minutes."""
        now_us = self._now()
        now = _moment(now_us).replace(tzinfo=None)
        since = _moment(now_us - CURRENT_US).replace(tzinfo=None)
        day = _moment(now_us - CURRENT_US - 86_400_000_000).date()
        with self._facts.reading(site.id) as reading:
            return int(reading.rows(CURRENT, [site.id, day, since, now], (day, date.max))[0][0])

    def dropped(self, site: Site, name: str) -> list[dict[str, Any]]:
        """Hits of a named period that were left out, by reason, most first; raises `Wrong`."""
        if name not in NAMES:
            raise Wrong("period", f"must be one of {', '.join(NAMES)}, not {name[:40]!r}")
        now_us = self._now()
        period = resolve(name, _moment(now_us), site.zone_at(now_us), date(1970, 1, 1))
        with self._facts.reading(site.id) as reading:
            rows = reading.rows(DROPPED, [site.id, period.first, period.last], (period.first, period.last))
        return [{"reason": reason, "hits": int(hits)} for reason, hits in rows]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query at one moment: what it means, and what there is to answer it. `looks` are of the period and the one compared."""

    site: Site
    report: Report
    query: Mapping[str, Any]
    zone: str
    sums: Sums
    looks: list[Look]

    @property
    def tag(self) -> str:
        """Equal for equal answers: it names the question and the versions of all that is asked about."""
        return version(self.report, self.query, self.site.goals, self.zone, [sorted(each.days.items()) for each in self.looks])

    def answer(self) -> dict[str, Any]:
        """Rows, what is to be said of them, and the question as it was understood."""
        page = self._page()
        results: list[dict[str, Any]] = [{"dimensions": list(key), "metrics": values} for key, values in page.rows]
        if self.report.compared:
            for number, comparison in enumerate(self._compared(page.rows, self.report.compared)):
                results[number]["comparison"] = None if number in page.at_least else comparison
        meta = self._meta(page.total) | self._marks(page)
        if "other" in meta:
            for key, values in page.others:
                alone = {"comparison": None} if self.report.compared else {}
                results.append({"dimensions": list(key), "metrics": values} | alone)
        return {"results": results, "meta": meta, "query": self._echo()}

    def _marks(self, page: Page) -> dict[str, Any]:
        """What is to be said of rows that are not exact, and of the one that is the rest."""
        meta: dict[str, Any] = {}
        if page.others and not self.report.offset:
            rows = [len(page.rows) + number for number in range(len(page.others))]
            meta["other"] = {"rows": rows, "days": page.days}
        if page.at_least:
            meta["at_least"] = [{"row": number, "days": lack.days, "events_lacking": lack.bound} for number, lack in page.at_least.items()]
        return meta

    def _page(self) -> Page:
        """The rows asked for."""
        try:
            return self.table(self.report.period, self.looks[0]).page()
        except TooMany:
            return self._leading(self.report.period, self.looks[0]).page()

    def _rows(self, period: Period, at: Look, keys: Sequence[Key]) -> tuple[Mapping[Key, list[Any]], set[Key]]:
        """Rows of a period by their dimensions; all, or where these are too many those named. Of these, which may lack something."""
        try:
            found = self.table(period, at)
        except TooMany:
            found = self._leading(period, at).table(keys)
        return found.rows(), found.lacking(keys)

    def _leading(self, period: Period, at: Look) -> Leading:
        return Leading(self.report, self.site.goals, self.sums, period, at)

    def table(self, period: Period, at: Look) -> Table:
        """All rows of a period. The dimension `time` means the same bucket whatever the period."""
        answers: dict[Any, Partial] = {}

        def ask(source: Source) -> tuple[Partial, tuple[str, ...]]:
            asked = question(self.report, self.site.goals, source)
            if asked not in answers:
                answers[asked] = self.sums.over(asked, period, at)
            return answers[asked], asked.sums

        return table(self.report, ask)

    def _compared(self, rows: Sequence[Row], period: Period) -> Iterator[dict[str, Any] | None]:
        metrics = [catalogue()[name] for name in self.report.metrics]
        nothing = [0 if metric.count else None for metric in metrics]
        partner = self._partners(period)
        others = [partner(key) for key, _ in rows]
        named = [other for other in others if None not in other]
        before, inexact = self._rows(period, self.looks[1], named)
        for (_, values), other in zip(rows, others, strict=True):
            if other in inexact:
                yield None
                continue
            old = before.get(other, nothing)
            yield {
                "dimensions": list(other),
                "metrics": old,
                "change": [change(metric, *pair) for metric, *pair in zip(metrics, old, values, strict=True)],
            }

    def _partners(self, period: Period) -> Callable[[Key], tuple[Any, ...]]:
        """Which row of the compared period belongs to a row: buckets of time by their order, none where it has fewer."""
        time = self.report.time
        if time is None:
            return lambda key: key
        place = self.report.dimensions.index(time[0])
        steps: dict[str, Any] = dict(zip(labels(self.report.period, time[1], self.zone), labels(period, time[1], self.zone), strict=False))
        return lambda key: (*key[:place], steps.get(key[place]), *key[place + 1 :])

    def _meta(self, rows: int | None) -> dict[str, Any]:
        meta: dict[str, Any] = {}
        report = self.report
        if report.time_labels and report.time:
            meta["time_labels"] = labels(report.period, report.time[1], self.zone)
        if report.total_rows:
            meta["total_rows"] = rows
        if report.imports:
            meta |= {"imports_included": False, "imports_skip_reason": "no_imported_data"}
        if left_out := sorted({day for each in self.looks for day in each.left_out}):
            meta["left_out"] = {
                "first": str(left_out[0]),
                "last": str(left_out[-1]),
                "days": len(left_out),
                "reason": "the facts of these days are gone, and this report was not kept",
            }
        return meta

    def _echo(self) -> dict[str, Any]:
        """The question as it was understood, its period as two dates or instants."""
        report = self.report
        echo = {
            "site_id": report.site,
            "metrics": report.metrics,
            "date_range": _dates(report.period),
            "dimensions": report.dimensions,
            "filters": self.query.get("filters", []),
            "order_by": report.order_by,
            "include": self.query.get("include", {}),
            "pagination": {"limit": report.limit, "offset": report.offset},
        }
        return echo | ({"comparison_date_range": _dates(report.compared)} if report.compared else {})


def version(*told: Any) -> str:
    """What names an answer that depends on no more than what is told, and on this version of the code."""
    return blake2b(repr((__version__, *told)).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def change(metric: Metric, old: Any, new: Any) -> float | int | None:
    """From one value to another: in whole percent, of rates in points."""
    if isinstance(old, dict) and isinstance(new, dict) and old["currency"] == new["currency"]:
        old, new = old["value"], new["value"]
    if not isinstance(old, int | float) or not isinstance(new, int | float):
        return None
    before, after = Fraction(str(old)), Fraction(str(new))
    if metric.points:
        return floor((after - before) * 10 + Fraction(1, 2)) / 10
    if not before:
        return 100 if after else 0
    return floor((after - before) / abs(before) * 100 + Fraction(1, 2))


def check_expressions(filters: And, reading: Reading) -> None:
    """Refuse what is no regular expression before it is part of a statement; raise `Wrong`."""
    for test in tests(filters, inside_done=True):
        for value in test.values if test.operator.startswith("matches") else ():
            try:
                reading.rows("SELECT regexp_matches('', ?)", [value], NO_DAYS)
            except StoreBroken as exc:
                reason = str(exc).rpartition("Error: ")[2]
                raise Wrong("filters", f"holds {value[:60]!r}, which is no regular expression of RE2: {reason}") from None


def _dates(period: Period) -> list[str]:
    span = (period.since, period.until) if period.since and period.until else (period.first, period.last)
    return [each.isoformat() for each in span]


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)
