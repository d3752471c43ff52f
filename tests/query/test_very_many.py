"""Days of very many values: what is kept of them, what is answered, and how it is marked."""

import random
import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from footfall.query.answer import Answers
from footfall.query.bounds import Bounds
from footfall.query.standard import REPORTS
from footfall.query.upkeep import SLACK_DAYS, Upkeep
from footfall.store.sqlite import SqliteRollups
from tests.oracle import DAY
from tests.query.asking import Told, days, differences, rows_of
from tests.query.cutting import REST, CutQuestion, bound, firsts
from tests.query.reckoning import COUNTS, Row, report
from tests.traffic import PEOPLE, SITE, Act, at, crowd, often

FIRST = date(2026, 5, 30)
DAYS = 4
BOUNDS = Bounds(groups=60, values=5)
BY_ONE = [(dimensions[0], metrics) for dimensions, metrics in REPORTS if dimensions and dimensions[0] not in ("time:hour", "event:goal")]
SUMS = (*COUNTS, "total_revenue")


class Kept:
    """Days of more values than are kept; the facts of all, some or none of them are gone."""

    def __init__(self, seed: int, gone: int) -> None:
        dice = random.Random(seed)
        acts = crowd(seed, FIRST, DAYS, 40)
        for number in range(DAYS):
            noon = at(f"{FIRST + timedelta(number)} 12:00")
            names = dice.choices(range(90), weights=range(1, 91), k=dice.choice((3, 70, 120)))
            for second, name in enumerate(names):
                moment, who = noon + second * 1_000_000, dice.choice(sorted(PEOPLE))
                revenue = dice.choice((None, ("EUR", "1.5")))
                acts.append(Act(moment, who, page=f"/many/{name}"))
                acts.append(Act(moment, who, page="/", kind="custom", name=f"n{name}", revenue=revenue))
        self.told = Told(acts)
        self.rollups = SqliteRollups(":memory:", lambda: date(2026, 6, 20))
        keep = 30
        self.now = at(f"{FIRST + timedelta(gone)} 12:00") + (keep + SLACK_DAYS) * DAY
        self.told.facts.settle(frozenset(), self.now // DAY, self.now)
        site = replace(SITE["berlin"], retention_days=keep)
        Upkeep(self.told.facts, self.rollups, lambda: [site], lambda: self.now, BOUNDS).tend(threading.Event())
        trimmed = self.told.facts.rows("SELECT day FROM days WHERE site = 'berlin' AND trimmed ORDER BY day")
        self.gone = [day for (day,) in trimmed]
        assert all((day < FIRST + timedelta(gone)) for day in self.gone) and bool(self.gone) is bool(gone)

    def ask(self, **query: Any) -> dict[str, Any]:
        query = {"site_id": "berlin", "date_range": [str(FIRST), str(FIRST + timedelta(DAYS))]} | query
        return Answers(self.told.facts, lambda: self.now, self.rollups, BOUNDS).query(SITE["berlin"], query)

    def check(self, dimensions: list[str], metrics: tuple[str, ...], order: str, **pages: Any) -> bool:
        """That an answer is the oracle's, and what is not exact is marked; return whether anything is."""
        answer = self.ask(
            dimensions=dimensions,
            metrics=list(metrics),
            order_by=[[order, "desc"]],
            include={"total_rows": True},
            **pages,
        )
        visits = self.told.visits["berlin"]
        cut = firsts(visits, dimensions[-1], self.gone, BOUNDS.values)
        asked = CutQuestion(visits, days(str(FIRST), str(FIRST + timedelta(DAYS))), dimensions, (), SITE["berlin"].goals, firsts=cut)
        expected = report(asked, metrics)
        others = {key: row for key, row in expected.items() if REST in key}
        results, meta = answer["results"], answer["meta"]
        rows = [row for number, row in enumerate(results) if number not in meta.get("other", {"rows": ()})["rows"]]
        assert all(row["dimensions"][-1] == "(other)" for row in results[len(rows) :])
        rest = {tuple(REST if text == "(other)" else text for text in key): row for key, row in rows_of({"results": results[len(rows) :]}, metrics).items()}
        assert not differences(rest, others)
        assert meta.get("other", {"days": 0})["days"] == (len(cut) if others else 0)
        exact = {key: row for key, row in expected.items() if REST not in key}
        assert meta["total_rows"] == (None if cut else len(exact))
        marked = {each["row"]: (each["days"], each["events_lacking"]) for each in meta.get("at_least", ())}
        found = rows_of({"results": rows}, metrics)
        for number, (key, row) in enumerate(found.items()):
            lacks = bound(key, dimensions, cut, self.gone)
            assert marked.pop(number, (0, 0)) == lacks, key
            assert row == (_at_least(exact[key]) if lacks[0] else exact[key]), key
        assert not marked
        limit = pages.get("pagination", {"limit": 10_000})["limit"]
        assert len(found) == min(limit, len(exact))
        first = sorted((row[order] for row in exact.values()), reverse=True)
        assert [row[order] for row in found.values()] == first[: len(found)]
        return bool(cut)


def _at_least(row: Row) -> Row:
    return {name: value if name in SUMS else None for name, value in row.items()}


@often(1)
@pytest.mark.parametrize("gone", [DAYS + 1, 2, 0])
def test_any_standard_report(gone: int, examples: int) -> None:
    cut = 0
    for seed in range(examples):
        print(f"seed {seed}")
        kept = Kept(seed, min(gone, DAYS + 1))
        dice = random.Random(seed)
        for dimension, metrics in [*dice.sample(BY_ONE, 6), BY_ONE[0], ("event:name", ("visitors", "events", "total_revenue"))]:
            times = [] if dice.random() < 0.6 else [dice.choice(("time:day", "time:week", "time:month"))]
            order = dice.choice([name for name in metrics if name in COUNTS])
            pages = {"pagination": {"limit": dice.choice((3, 10_000))}}
            cut += kept.check([*times, dimension], metrics, order, **pages)
        kept.told.facts.close()
    assert bool(cut) is bool(gone)
