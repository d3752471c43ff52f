"""A question: what a report asks of one relation, without its period."""

from dataclasses import dataclass, replace
from hashlib import blake2b

from footfall.domain.dimension import GOAL, PAGES, WHOLE_DAYS, is_time
from footfall.domain.filter import And, tests, without_goals
from footfall.domain.goal import Goal
from footfall.domain.report import Report
from footfall.query.catalogue import sums_of
from footfall.query.metric import Relation, Source

VERSION = 2
"""To be raised when the SQL of a question changes its meaning: roll-ups made before are then not found."""


@dataclass(frozen=True, slots=True)
class Question:
    """The sums of a source by dimensions (of time: by a step) under filters.

    `goals` are those that the filters speak of, `listed` those that have rows of their own.
    """

    site: str
    source: Source
    dimensions: tuple[str, ...]
    filters: And
    goals: tuple[Goal, ...] = ()
    listed: tuple[Goal, ...] = ()

    @property
    def sums(self) -> tuple[str, ...]:
        """The aggregates taken."""
        return sums_of(self.source.relation)

    @property
    def width(self) -> int:
        """How many columns its keys have: revenue has the currency besides."""
        return len(self.dimensions) + (self.source.relation is Relation.REVENUE)

    @property
    def key(self) -> bytes:
        """What names it and everything that its answer depends on but facts and days."""
        told = (VERSION, self.source.name, self.dimensions, self.filters, self.goals, self.listed, self.sums)
        return blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    @property
    def kept_as(self) -> tuple["Question", ...]:
        """The questions whose roll-ups it is made of.

        They lack the bucket of days, which the day of a roll-up tells, and there is one for each goal
        listed, so that a goal more or less leaves what is kept of the others as it is.
        """
        whole = replace(self, dimensions=tuple(name for name in self.dimensions if name not in WHOLE_DAYS))
        return tuple(replace(whole, listed=(goal,)) for goal in self.listed) if GOAL in self.dimensions else (whole,)


def question(report: Report, goals: tuple[Goal, ...], source: Source) -> Question:
    """What a report asks of a source. Sources that come to the same for it share one question."""
    step = report.time
    dimensions = tuple(f"time:{step[1]}" if step and is_time(name) else name for name in report.dimensions)
    filters = report.filters
    spoken = {*dimensions, *(test.dimension for test in tests(filters))}
    if source in (Source.ENTERED, Source.LEFT) and not spoken & set(PAGES):
        source = Source.VISITS
    if source is Source.VIEWED and "visit:exit_page" not in spoken:
        source = Source.EVENTS
    if source in (Source.WHOLE, Source.AUDIENCE):
        dimensions = ()
    if source is Source.GROUP_AUDIENCE:
        dimensions = tuple(name for name in dimensions if name != GOAL)
    if source in (Source.AUDIENCE, Source.GROUP_AUDIENCE):
        filters = without_goals(filters)
    if source in (Source.WHOLE, Source.AUDIENCE, Source.GROUP_AUDIENCE):
        source = Source.EVENTS
    return Question(report.site, source, dimensions, filters, _spoken_of(filters, goals), goals if GOAL in dimensions else ())


def _spoken_of(filters: And, goals: tuple[Goal, ...]) -> tuple[Goal, ...]:
    """The goals on which the filters depend: those named, or all where parts of names are."""
    named: set[str] = set()
    for test in tests(filters, inside_done=True):
        if test.dimension == GOAL:
            if test.operator not in ("is", "is_not") or not test.case_sensitive:
                return goals
            named.update(test.values)
    return tuple(goal for goal in goals if goal.name in named)


def kept_dimensions(source: Source, report: Report) -> list[int]:
    """Which of the report's dimensions a source's rows have."""
    if source in (Source.WHOLE, Source.AUDIENCE):
        return []
    return [index for index, name in enumerate(report.dimensions) if not (source is Source.GROUP_AUDIENCE and name == GOAL)]
