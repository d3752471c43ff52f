"""How many there were."""

from footfall.query.metric import Metric, Source, Sum

VISITORS = "count(DISTINCT e.visitor)"
PAGEVIEWS = "count(*) FILTER (e.kind = 'pageview')"
VISITS = "count(*)"

METRICS = (
    Metric("visitors", {"visitors": Sum(Source.EVENTS, VISITORS)}, lambda sums: sums["visitors"], count=True),
    Metric("visits", {"visits": Sum(Source.VISITS, VISITS)}, lambda sums: sums["visits"], count=True),
    Metric("pageviews", {"pageviews": Sum(Source.EVENTS, PAGEVIEWS)}, lambda sums: sums["pageviews"], count=True),
    Metric("events", {"events": Sum(Source.EVENTS, "count(*)")}, lambda sums: sums["events"], count=True),
)
