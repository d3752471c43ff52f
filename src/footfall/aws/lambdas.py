"""What Lambda calls.

The parts of a function are made once, when a sandbox starts. It imports nothing that it does not
need.
"""

import logging
import os
from functools import cache
from typing import TYPE_CHECKING, Any

from footfall import settings
from footfall.compose import functions

if TYPE_CHECKING:
    from footfall.functions.collect import Collect
    from footfall.functions.compact import Compact
    from footfall.functions.failures import Failures
    from footfall.functions.process import Process
    from footfall.functions.reports import Reports

# A line for every request would cost more than the request.
logging.getLogger("mangum").setLevel(logging.WARNING)

ORIGINAL = ("/ranking", "/series")
"""Paths of the original's API, which has its version in the name of the stage."""


def process(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Records of the stream."""
    return _process()(event)


def compact(event: dict[str, Any], context: Any) -> None:
    """The schedule, or a site."""
    _compact()(event, context)


def query(event: dict[str, Any], context: Any) -> Any:
    """A request to the reading API, or a report that took longer than its asker could wait."""
    if event.get("path") in ORIGINAL:
        event = {**event, "path": "/v1" + event["path"]}
    return _query()(event, context)


def collect(event: dict[str, Any], context: Any) -> Any:
    """A request to the gateway."""
    return _collect()(event, context)


def failures(event: dict[str, Any], _: Any) -> None:
    """Batches that Lambda gave up."""
    _failures()(event)


@cache
def _failures() -> "Failures":
    return functions.failures(_settings())


@cache
def _process() -> "Process":
    return functions.process(_settings())


@cache
def _compact() -> "Compact":
    return functions.compact(_settings())


@cache
def _query() -> "Reports":
    return functions.reports(_settings())


@cache
def _collect() -> "Collect":
    return functions.collect(_settings(), os.environ["FOOTFALL_ORIGIN_SECRET"])


def _settings() -> settings.Settings:
    """Read the settings; half of a function's memory is for what reports and compaction hold.

    The rest is Python's, and of files on their way.
    """
    memory = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"))
    return settings.read({}, {"FOOTFALL_STORE_MEMORY": f"{memory // 2}MB", **os.environ})
