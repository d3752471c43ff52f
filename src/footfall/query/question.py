"""A question: what a report asks of one relation, without its period."""

from dataclasses import dataclass, replace
from hashlib import blake2b

from footfall.domain.dimension import GOAL, PAGES, WHOLE_DAYS, is_time
from footfall.domain.filter import And, tests, without_goals
from footfall.domain.goal import Goal
from footfall.domain.report import Report
from footfall.query.catalogue import sums_of
from footfall.query.metric import Source

VERSION = 1
"""To be raised when the SQL of a question changes its meaning: roll-ups made before are then not found."""


@dataclass(frozen=True, slots=True)
class Question:
    """The sums of a source by dimensions (of time: by a step) under filters. `goals` are those that it speaks of."""

    site: str
    source: Source
    dimensions: tuple[str, ...]
    filters: And
    goals: tuple[Goal, ...] = ()

    @property
    def sums(self) -> tuple[str, ...]:
        """The aggregates taken."""
        return sums_of(self.source.relation)

    @property
    def key(self) -> bytes:
        """What names it and everything that its answer depends on but facts and days."""
        told = (VERSION, self.source.name, self.dimensions, self.filters, self.goals, self.sums)
        return blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    @property
    def of_days(self) -> "Question":
        """The same without the bucket of days, which the day of a roll-up tells."""
        return replace(self, dimensions=tuple(name for name in self.dimensions if name not in WHOLE_DAYS))


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
    found = Question(report.site, source, dimensions, filters)
    of_goals = GOAL in dimensions or any(test.dimension == GOAL for test in tests(filters, inside_done=True))
    return replace(found, goals=goals) if of_goals else found


def kept_dimensions(source: Source, report: Report) -> list[int]:
    """Which of the report's dimensions a source's rows have."""
    if source in (Source.WHOLE, Source.AUDIENCE):
        return []
    return [index for index, name in enumerate(report.dimensions) if not (source is Source.GROUP_AUDIENCE and name == GOAL)]
