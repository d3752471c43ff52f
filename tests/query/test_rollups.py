"""What is kept of days that are over never makes an answer differ from what has been applied."""

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from footfall.query.answer import Answers
from footfall.query.bounds import Bounds
from footfall.query.limit import Limit
from footfall.query.standard import REPORTS
from footfall.query.upkeep import Upkeep
from footfall.store.duckdb import DuckdbFacts, DuckdbReading
from footfall.store.port import Stretch
from footfall.store.sqlite import SqliteRollups
from tests.oracle import DAY, HOUR, MINUTE
from tests.query.asking import Inside, askable, days, differences, rows_of, visits_of
from tests.query.reckoning import Filter, Question, report
from tests.store.relations import empty
from tests.traffic import SITE, Act, Made, apply, crowd, made, offset_at, often, traffic

BOUGHT = ["has_done", ["is", "event:goal", ["Sale"]]]
Asked = tuple[Any, ...]
"""Dimensions, filters, period, and the metrics if not all."""
QUESTIONS: tuple[Asked, ...] = (
    ([], [], "all"),
    ([], [], "7d"),
    (["time:day"], [], "days"),
    (["time:hour"], [], "days"),
    (["time:day", "event:page"], [], "7d"),
    (["event:page"], [], "days"),
    (["visit:exit_page"], [], "7d"),
    (["visit:source", "visit:exit_page"], [], "all"),
    (["event:goal"], [], "7d"),
    (["event:props:plan", "event:goal"], [["is", "visit:device", ["desktop"]]], "all"),
    (["event:page"], [BOUGHT], "days"),
    (["time:day"], [["has_not_done", ["is", "event:page", ["/a"]]]], "7d"),
    (["visit:source"], [["is", "event:page", ["/", "/c/d"]]], "days"),
    (["event:hostname"], [["is", "visit:exit_page", ["/", "/a"]], ["is_not", "event:name", ["sign up"]]], "all"),
    ([], [["matches", "event:page", ["^/c"]]], "instants"),
)
STANDARD: tuple[Asked, ...] = tuple((list(dimensions), [], "all", *metrics) for dimensions, metrics in REPORTS)


class Watched(SqliteRollups):
    """Roll-ups that count how many days they gave."""

    given = 0

    def get(self, site: str, question: bytes, first: date, last: date) -> Mapping[date, tuple[int, bytes]]:
        found = super().get(site, question, first, last)
        self.given += len(found)
        return found


class Growing:
    """A store that grows, asked again and again by one `Answers` while the clock moves."""

    def __init__(self, site: str, facts: DuckdbFacts | None = None) -> None:
        self.site, self.facts, self.now, self.applied = site, facts or empty(), 0, list[Made]()
        self.rollups = Watched(":memory:", lambda: date(1970, 1, 1) + timedelta(self.now // DAY))
        self.answers = Answers(self.facts, lambda: self.now, self.rollups)

    def add(self, batch: Sequence[Made]) -> None:
        apply(self.facts, batch)
        self.applied += batch

    def tend(self) -> None:
        """Make the roll-ups of the dashboard's reports."""
        Upkeep(self.facts, self.rollups, lambda: [SITE[self.site]], lambda: self.now).tend(threading.Event())

    def close(self) -> None:
        self.facts.close()
        self.rollups.close()

    def agree(self, questions: Sequence[Asked] = QUESTIONS) -> None:
        """Every answer is the oracle's on what has been applied so far."""
        visits = visits_of([each.seen for each in self.applied]).get(self.site, [])
        for dimensions, filters, period, *only in questions:
            date_range, inside = self._period(period)
            metrics = only or askable(dimensions, filters)
            query = {"site_id": self.site, "metrics": list(metrics), "dimensions": dimensions, "filters": filters, "date_range": date_range}
            expected = report(Question(visits, inside, dimensions, filters, SITE[self.site].goals), metrics)
            assert not differences(rows_of(self.answers.query(SITE[self.site], query), metrics), expected), (dimensions, filters, date_range)

    def _period(self, period: str) -> tuple[object, Inside]:
        today = date(1970, 1, 1) + timedelta((self.now + offset_at(self.now, self.site) * 1_000_000) // DAY)
        if period == "all":
            return "all", days("1970-01-01", str(today))
        if period == "7d":
            return "7d", days(str(today - timedelta(6)), str(today))
        span = [str(today - timedelta(3)), str(today + timedelta(1))]
        if period == "days":
            return span, days(*span)
        since = (self.now - 50 * HOUR) // HOUR * HOUR
        moments = [f"{date(1970, 1, 1) + timedelta(each // DAY)}T{each // HOUR % 24:02}:00:00Z" for each in (since, since + 44 * HOUR)]
        return moments, lambda event: since <= event.time < since + 44 * HOUR


@often(3)
def test_answers_follow_late_hits_copies_and_the_clock(examples: int) -> None:
    # Not shrunk: an example takes so long that the test would time out.
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
    @given(traffic(), st.randoms(use_true_random=False), st.sampled_from((0, 7 * HOUR, DAY)))
    def compare(acts: list[Act], dice: random.Random, step: int) -> None:
        growing = Growing(acts[0].site)
        growing.now = min(act.at for act in acts) + 12 * HOUR
        for batch in batches(made(acts), dice):
            growing.add(batch)
            growing.agree(dice.sample((*QUESTIONS, *STANDARD), 6))
            growing.now += step
        growing.agree()
        used.append(growing.rollups.given)
        growing.close()

    used: list[int] = []
    compare()
    assert any(used)


@often(1)
def test_answers_follow_days_of_traffic(examples: int) -> None:
    for seed in range(examples):
        dice = random.Random(seed)
        site, first = dice.choice((("berlin", date(2026, 3, 27)), ("berlin", date(2026, 6, 9)), ("coast", date(2026, 10, 31)), ("moved", date(2026, 6, 9))))
        acts = crowd(seed, first, 4, 25, site)
        records = made([*acts, *(displacing(act, dice) for act in dice.sample(acts, 12))])
        growing = Growing(site)
        for batch in batches(sorted(records, key=lambda each: each.seen.arrived + dice.randrange(30) * HOUR), dice):
            growing.add(batch)
            growing.now = max(growing.now, max(each.seen.arrived for each in batch) - dice.randrange(2) * DAY)
            growing.agree(dice.sample(QUESTIONS, 7))
            if dice.random() < 0.5:
                growing.tend()
            growing.agree(dice.sample(STANDARD, 5))
        for _ in range(2):
            growing.now += DAY
            growing.agree()
        assert growing.rollups.given
        growing.close()


def displacing(act: Act, dice: random.Random) -> Act:
    """A copy that came later and is of an earlier time, perhaps of another day, so that it takes the place of the first."""
    back = dice.choice((MINUTE, HOUR, 20 * HOUR, 40 * HOUR))
    # Two days later the salt is gone, and whoever comes then is another visitor.
    late = min(act.late + back + dice.randrange(1, 47) * HOUR, 47 * HOUR)
    return replace(act, at=act.at - back, late=late, page="/displaced", keyed=True)


def batches(records: Sequence[Made], dice: random.Random) -> list[list[Made]]:
    """The records in a few batches, some of which come out of order."""
    cuts = sorted({0, len(records), *(dice.randrange(len(records) + 1) for _ in range(4))})
    several = [list(records[low:high]) for low, high in pairwise(cuts)]
    if dice.random() < 0.5 and len(several) > 1:
        late = several.pop(dice.randrange(len(several)))
        several.append(late)
    return several


class Recorded(DuckdbFacts):
    """Facts that write down which days were read of events and visits."""

    def __init__(self) -> None:
        super().__init__(":memory:", "256MB")
        self.read: set[date] = set()

    @contextmanager
    def reading(self, site: str | None = None) -> Iterator[DuckdbReading]:
        with super().reading(site) as reading:
            plain = reading.columns

            def columns(sql: str, parameters: Mapping[str, Any], near: Stretch | None = None) -> Mapping[str, Any]:
                found = plain(sql, parameters, near)
                self.read |= set(np.asarray(found["day"]).astype("datetime64[D]").tolist())
                return found

            reading.columns = columns  # type: ignore[method-assign]
            yield reading


def test_a_filtered_report_asked_again_computes_only_today() -> None:
    growing = Growing("berlin", Recorded())
    assert isinstance(growing.facts, Recorded)
    growing.add(made(crowd(3, date(2026, 6, 1), 9, 20)))
    growing.now = max(each.seen.time for each in growing.applied) + MINUTE
    query: dict[str, Any] = {
        "site_id": "berlin",
        "metrics": ["visitors", "visits"],
        "dimensions": ["event:page"],
        "filters": [["is", "visit:device", ["desktop"]]],
        "date_range": "30d",
    }
    growing.answers.query(SITE["berlin"], query)
    assert len(growing.facts.read) > 4
    for restart in (False, True):
        if restart:
            growing.answers = Answers(growing.facts, lambda: growing.now, growing.rollups)
        growing.facts.read.clear()
        growing.add(made([Act(growing.now, page="/now")], prefix="r" if restart else "q"))
        assert ["/now"] in [row["dimensions"] for row in growing.answers.query(SITE["berlin"], query)["results"]]
        assert growing.facts.read == {date(2026, 6, 9)}
    growing.close()


def test_roll_ups_of_other_facts_are_not_taken_for_these() -> None:
    """As after a restore, or when one file is removed and the other stays."""
    query: dict[str, Any] = {"site_id": "berlin", "metrics": ["pageviews"], "dimensions": ["event:page"], "date_range": "7d"}
    rollups = SqliteRollups(":memory:", lambda: date(2026, 6, 12))
    now = int(datetime(2026, 6, 12, 12, tzinfo=UTC).timestamp()) * 1_000_000
    for pages in (["/a"], ["/b", "/c"]):
        facts = empty()
        apply(facts, made([Act(now - 2 * DAY, page=page) for page in pages]))
        found = Answers(facts, lambda: now, rollups).query(SITE["berlin"], query)["results"]
        assert sorted(row["dimensions"][0] for row in found) == pages
        facts.close()
    rollups.close()


def test_the_limit_is_of_a_report_s_rows_not_of_its_days() -> None:
    """Forty pages on forty days are forty rows; eighty are more than are held."""
    query: dict[str, Any] = {"site_id": "berlin", "metrics": ["pageviews"], "dimensions": ["event:page"], "date_range": ["2026-05-01", "2026-06-30"]}
    growing = Growing("berlin")
    growing.answers = Answers(growing.facts, lambda: growing.now, growing.rollups, Bounds(groups=60))
    growing.now = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp()) * 1_000_000
    growing.add(made([Act(growing.now - (2 + day) * DAY + page * 1_000_000, page=f"/{page}") for day in range(40) for page in range(40)]))
    for _ in range(2):
        assert [row["metrics"] for row in growing.answers.query(SITE["berlin"], query)["results"]] == [[40]] * 40
    growing.add(made([Act(growing.now - (2 + number) * DAY, page=f"/more{number}") for number in range(40)], prefix="m"))
    assert len(growing.answers.query(SITE["berlin"], query)["results"]) == 80
    growing.close()


def test_a_goal_that_changes_changes_the_answer() -> None:
    """Goals are the site's of today, not those of when a day was summed."""
    growing = Growing("berlin")
    growing.add(made(crowd(7, date(2026, 6, 9), 2, 15)))
    growing.now = growing.applied[0].seen.time + 10 * DAY
    site = SITE["berlin"]
    query: dict[str, Any] = {"site_id": "berlin", "metrics": ["visitors"], "dimensions": ["event:goal"], "date_range": "30d"}

    def visitors(renamed: Filter) -> dict[str, int]:
        goals = tuple(replace(goal, event=event) for goal in site.goals if goal.name == "Sale" for event in renamed)
        return {row["dimensions"][0]: row["metrics"][0] for row in growing.answers.query(replace(site, goals=goals), query)["results"]}

    for name in ("sale", "sign up", "Öffnen", "sale"):
        expected = len({(each.who, each.day) for visit in visits_of([each.seen for each in growing.applied])["berlin"] for each in visit.acts if each.name == name})
        assert visitors([name]) == {"Sale": expected}
    growing.close()


def kept_after(asking: Sequence[Limit]) -> bool:
    """Whether a question's sums are kept once it was asked by these, none of whom remembers it."""
    query = {"site_id": "berlin", "metrics": ["pageviews"], "dimensions": ["event:title"], "date_range": "7d"}
    rollups = SqliteRollups(":memory:", lambda: date(2026, 6, 12))
    now = int(datetime(2026, 6, 12, 12, tzinfo=UTC).timestamp()) * 1_000_000
    facts = empty()
    answers = Answers(facts, lambda: now, rollups)
    for number, limit in enumerate(asking):
        apply(facts, made([Act(now - 2 * DAY, page=f"/{number}")], prefix=f"{number}"))  # makes the day a new one
        with answers.asked(SITE["berlin"], query, limit) as asked:
            asked.answer()
    held = rollups._connection.execute("SELECT count(*) FROM rollups").fetchone()[0]
    rollups.close()
    facts.close()
    return bool(held)


def test_what_strangers_ask_is_kept_the_second_time() -> None:
    assert not kept_after([Limit(stranger=True)])
    assert kept_after([Limit(stranger=True), Limit(stranger=True)])
    assert kept_after([Limit()])


@pytest.mark.parametrize("count", [pytest.param(100, marks=pytest.mark.slow), pytest.param(1_000, marks=pytest.mark.torture)])
def test_questions_of_strangers_leave_nothing(tmp_path: Path, count: int) -> None:
    """Each another one, of a month with facts, over a file that a budget holds."""
    budget = 200_000
    path = tmp_path / "rollups.db"
    rollups = SqliteRollups(str(path), lambda: date(2026, 6, 12), budget)
    now = int(datetime(2026, 6, 12, 12, tzinfo=UTC).timestamp()) * 1_000_000
    facts = empty()
    apply(facts, made([Act(now - day * DAY, page=f"/{page}") for day in range(2, 10) for page in range(10)]))
    answers = Answers(facts, lambda: now, rollups)
    for stranger in (True, False):
        for number in range(count):
            query = {
                "site_id": "berlin",
                "metrics": ["pageviews"],
                "dimensions": ["event:page"],
                "date_range": "month",
                "filters": [["is_not", "event:page", [f"/x{stranger}{number}"]]],
            }
            with answers.asked(SITE["berlin"], query, Limit(stranger=stranger)) as asked:
                assert len(asked.answer()["results"]) == 10
        rollups.sync()
        held = rollups._connection.execute("SELECT count(*) FROM rollups").fetchone()[0]
        size = path.stat().st_size
        print(f"{count} questions, strangers: {stranger}: {held} roll-ups, {size:,} bytes")
        assert (held == 0) is stranger
        assert size <= 2 * budget
    rollups.close()
    facts.close()
