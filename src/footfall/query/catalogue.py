"""Every metric there is."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from footfall.query import metrics
from footfall.query.metric import Metric, Relation


@cache
def catalogue() -> Mapping[str, Metric]:
    """All metrics by name: each module of `metrics` has some in its `METRICS`."""
    modules = [import_module(f"{metrics.__name__}.{found.name}") for found in iter_modules(metrics.__path__)]
    return {metric.name: metric for module in modules for metric in module.METRICS}


@cache
def sums_of(relation: Relation) -> tuple[str, ...]:
    """All aggregates that any metric takes of a relation; they are taken together, so that reports share their roll-ups."""
    return tuple(sorted({each.sql for metric in catalogue().values() for each in metric.sums.values() if each.source.relation is relation}))
