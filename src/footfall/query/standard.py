"""The dashboard's standard reports, whose roll-ups are made when a day ends and kept for good."""

from collections.abc import Iterator, Sequence
from datetime import date

from footfall.domain.period import Period
from footfall.domain.report import Report
from footfall.domain.site import Site
from footfall.query.catalogue import catalogue
from footfall.query.question import Question, question

FIGURES = ("visitors", "visits", "pageviews", "events", "bounce_rate", "visit_duration")
REPORTS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    *(((), (*FIGURES, "time_on_page", "scroll_depth", "exit_rate", "total_revenue")),),
    *((("time:hour",), (*FIGURES, "time_on_page", "total_revenue")),),
    *(((page,), (*FIGURES, "time_on_page", "scroll_depth", "exit_rate")) for page in ("event:page", "visit:exit_page")),
    *(((goal,), ("visitors", "events", "total_revenue")) for goal in ("event:goal", "event:name")),
    *(
        ((f"visit:{name}",), FIGURES)
        for name in (
            "entry_page", "source", "referrer", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term",
            "country", "region", "city", "device", "browser", "os", "screen", "language",
        )
    ),
)  # fmt: skip
"""Dimensions, and the metrics shown by them. Those without time serve days, weeks, months and years too."""


def standard(site: Site) -> Iterator[Question]:
    """The questions of all standard reports, each once."""
    whenever = Period("custom", date.min, date.min)
    seen = set()
    for dimensions, metrics in REPORTS:
        report = Report(site.id, metrics, whenever, dimensions)
        wanted = [catalogue()[name] for name in metrics]
        for source in sorted({each.source for metric in wanted for each in metric.sums.values()} | {source for metric in wanted for source in metric.presence}, key=str):
            asked = question(report, site.goals, source)
            if asked not in seen:
                seen.add(asked)
                yield asked


def groups(site: Site) -> Iterator[Sequence[Question]]:
    """The same questions, those by the same dimensions together."""
    found: dict[tuple[str, ...], list[Question]] = {}
    for each in standard(site):
        found.setdefault(each.dimensions, []).append(each)
    yield from found.values()
