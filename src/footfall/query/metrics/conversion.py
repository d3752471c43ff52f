"""Shares of visitors."""

from footfall.query.metric import Metric, Source, Sum, ratio
from footfall.query.metrics.counts import VISITORS


def _share(name: str, of: Source, decimals: int) -> Metric:
    sums = {"visitors": Sum(Source.EVENTS, VISITORS), "all": Sum(of, VISITORS)}
    return Metric(name, sums, lambda sums: ratio(100 * sums["visitors"], sums["all"], decimals), points=True)


METRICS = (
    _share("percentage", Source.WHOLE, 1),
    _share("conversion_rate", Source.AUDIENCE, 2),
    _share("group_conversion_rate", Source.GROUP_AUDIENCE, 2),
)
