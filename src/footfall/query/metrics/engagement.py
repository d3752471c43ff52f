"""How visits went: means over them, and shares of them."""

from footfall.query.metric import Metric, Source, Sum, ratio
from footfall.query.metrics.counts import PAGEVIEWS, VISITS

BOUNCES = "count(*) FILTER (v.pageviews = 1 AND v.interactions = 0)"
MICROSECONDS = "sum(epoch_us(v.last) - epoch_us(v.start))"
ENDED = "count(v.exit_page)"

METRICS = (
    Metric(
        "views_per_visit",
        {"pageviews": Sum(Source.EVENTS, PAGEVIEWS), "visits": Sum(Source.VISITS, VISITS)},
        lambda sums: ratio(sums["pageviews"], sums["visits"], 2),
    ),
    Metric(
        "bounce_rate",
        {"bounces": Sum(Source.ENTERED, BOUNCES), "visits": Sum(Source.ENTERED, VISITS)},
        lambda sums: ratio(100 * sums["bounces"], sums["visits"], 1),
        points=True,
    ),
    Metric(
        "visit_duration",
        {"microseconds": Sum(Source.VISITS, MICROSECONDS), "visits": Sum(Source.VISITS, VISITS)},
        lambda sums: ratio(sums["microseconds"], 1_000_000 * sums["visits"], 1),
    ),
    Metric(
        "time_on_page",
        {"milliseconds": Sum(Source.ENGAGED, "sum(engaged)"), "visits": Sum(Source.VISITS, VISITS)},
        lambda sums: ratio(sums["milliseconds"], 1_000 * sums["visits"], 1),
    ),
    Metric(
        "scroll_depth",
        {"depth": Sum(Source.ENGAGED, "sum(deepest)"), "told": Sum(Source.ENGAGED, "count(deepest)")},
        lambda sums: ratio(sums["depth"], sums["told"], 0),
        points=True,
    ),
    Metric(
        "exit_rate",
        {"ended": Sum(Source.LEFT, ENDED), "pageviews": Sum(Source.VIEWED, PAGEVIEWS)},
        lambda sums: ratio(100 * sums["ended"], sums["pageviews"], 1),
        points=True,
    ),
)
