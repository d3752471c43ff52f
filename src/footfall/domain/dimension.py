"""What reports can be broken down by."""

from footfall.domain.period import Step

TIME_STEPS: dict[str, Step] = {f"time:{step}": step for step in ("minute", "hour", "day", "week", "month", "year")}
WHOLE_DAYS = ("time:day", "time:week", "time:month", "time:year")
"""Buckets that a local day lies in as a whole."""

PAGES = ("event:page", "event:hostname")
GOAL = "event:goal"
PROPERTY = "event:props:"
EVENT_DIMENSIONS = (*PAGES, "event:name", "event:title", GOAL)
VISIT_DIMENSIONS = tuple(
    f"visit:{name}"
    for name in (
        "entry_page", "exit_page", "source", "referrer", "channel",
        "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term",
        "country", "region", "city", "device", "browser", "browser_version", "os", "os_version", "screen", "language",
    )
)  # fmt: skip
DIMENSIONS = ("time", *TIME_STEPS, *EVENT_DIMENSIONS, *VISIT_DIMENSIONS)
PROPERTY_LENGTH = 300


def is_property(name: str) -> bool:
    """Whether a dimension is a property of events."""
    return name.startswith(PROPERTY) and 0 < len(name) - len(PROPERTY) <= PROPERTY_LENGTH


def is_time(name: str) -> bool:
    """Whether a dimension is a bucket of time."""
    return name == "time" or name in TIME_STEPS


def of_events(name: str) -> bool:
    """Whether a dimension is an event's own, not its visit's."""
    return name in EVENT_DIMENSIONS or is_property(name)
