"""Answering reports in the shapes of the wire."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from footfall.domain.period import NotAPeriod, labels, resolve
from footfall.domain.report import Report, Wrong, parse
from footfall.domain.site import Site
from footfall.query.compiler import compiled
from footfall.store.port import Facts

EARLIEST = "SELECT min(day) FROM days WHERE site = ?"
CURRENT = "SELECT count(DISTINCT visitor) FROM events WHERE site = ? AND day >= ? AND time > ? AND time <= ? AND kind <> 'engagement'"
DROPPED = "SELECT reason, sum(count) AS hits FROM drops WHERE site = ? AND day BETWEEN ? AND ? GROUP BY reason HAVING hits > 0 ORDER BY hits DESC, reason"
CURRENT_US = 300_000_000


class Answers:
    """Reports of sites, from facts. `now` gives microseconds since 1970."""

    def __init__(self, facts: Facts, now: Callable[[], int]) -> None:
        self._facts = facts
        self._now = now

    def query(self, site: Site, query: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to `POST /api/v2/query`; raises `domain.report.Wrong`."""
        now_us = self._now()
        zone = site.zone_at(now_us)
        earliest: date | None = self._facts.rows(EARLIEST, [site.id])[0][0] if query.get("date_range") == "all" else None
        report = parse({**query, "site_id": site.id}, _moment(now_us), zone, earliest)
        rows = self._rows(report)
        width = len(report.dimensions)
        results = [{"dimensions": list(row[:width]), "metrics": [_number(value) for value in row[width:-1]]} for row in rows]
        total = self._total(report, rows) if report.total_rows else None
        return {"results": results, "meta": _meta(report, total, zone), "query": _echo(report, query)}

    def current_visitors(self, site: Site) -> int:
        """Distinct visitors with an event in the last five minutes."""
        now_us = self._now()
        now = _moment(now_us).replace(tzinfo=None)
        since = _moment(now_us - CURRENT_US).replace(tzinfo=None)
        day = _moment(now_us - CURRENT_US - 86_400_000_000).date()
        return int(self._facts.rows(CURRENT, [site.id, day, since, now])[0][0])

    def dropped(self, site: Site, name: str) -> list[dict[str, Any]]:
        """Hits of a named period that were left out, by reason, most first; raises `domain.report.Wrong`."""
        now_us = self._now()
        try:
            period = resolve(name, _moment(now_us), site.zone_at(now_us), date(1970, 1, 1))
        except NotAPeriod as exc:
            raise Wrong("period", str(exc)) from None
        rows = self._facts.rows(DROPPED, [site.id, period.first, period.last])
        return [{"reason": reason, "hits": int(hits)} for reason, hits in rows]

    def _rows(self, report: Report) -> Sequence[tuple[Any, ...]]:
        question = compiled(report)
        return self._facts.rows(question.sql, question.parameters)

    def _total(self, report: Report, rows: Sequence[tuple[Any, ...]]) -> int:
        """Rows of all pages; a page beyond the last has none that could tell."""
        told = rows or (self._rows(replace(report, limit=1, offset=0)) if report.offset else ())
        return int(told[0][-1]) if told else 0


def _meta(report: Report, total: int | None, zone: str) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if report.time_labels and report.time:
        meta["time_labels"] = labels(report.period, report.time[1], zone)
    if total is not None:
        meta["total_rows"] = total
    return meta


def _echo(report: Report, query: Mapping[str, Any]) -> dict[str, Any]:
    """The question as it was understood, its period as two dates or instants."""
    period = report.period
    span = (period.since, period.until) if period.since and period.until else (period.first, period.last)
    return {
        "site_id": report.site,
        "metrics": report.metrics,
        "date_range": [each.isoformat() for each in span],
        "dimensions": report.dimensions,
        "filters": [],
        "order_by": report.order_by,
        "include": query.get("include", {}),
        "pagination": {"limit": report.limit, "offset": report.offset},
    }


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)
