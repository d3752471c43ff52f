"""What the parts tell of themselves: log lines, and counters for Prometheus.

Every process writes its counters to files in one folder, and any gateway adds them up; the
registries that the library wants besides are each object's own.
"""

import logging

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def start_logging(level: str) -> None:
    """Log to standard error, one line an entry; no line ever holds an address or a user agent."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # else every malformed request is a line


def metrics_text() -> bytes:
    """The counters of all processes in Prometheus' text format; needs PROMETHEUS_MULTIPROC_DIR set."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


class GatewayMetrics:
    """Counters of one gateway process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.answers = Counter("footfall_answers", "Answers to collecting requests by status", ["status"], registry=registry)
        self.dropped = Counter("footfall_dropped", "Hits dropped at the door by reason", ["reason"], registry=registry)
        self.ignored = Counter("footfall_ignored", "Fields of hits that were cut or left out", ["field"], registry=registry)
        self.refused = Counter("footfall_refused", "Requests, hits and connections that met a limit, by which", ["limit"], registry=registry)
        self.unreadable = Counter("footfall_address_unreadable", "Requests whose address a proxy did not name", registry=registry)
        self.private = Gauge(
            "footfall_private_share",
            "Share of the latest hits that came from one private address",
            multiprocess_mode="mostrecent",
            registry=registry,
        )
        self.hits = Counter("footfall_hits", "Hits durable on the stream", registry=registry)
        self.commit = Histogram("footfall_commit_seconds", "Time of a group commit", buckets=SECONDS, registry=registry)


class EngineMetrics:
    """Counters of the engine."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._counted = Counter("footfall_events", "Events counted", registry=registry)
        self._copies = Counter("footfall_copies", "Copies left out", registry=registry)
        self._batch = Histogram("footfall_batch_seconds", "Time to apply a batch", buckets=SECONDS, registry=registry)
        self._lag = Gauge("footfall_lag_seconds", "Age of the oldest hit not applied yet", multiprocess_mode="mostrecent", registry=registry)

    def saw(self, lag_us: int) -> None:
        """The oldest hit on the stream is that old."""
        self._lag.set(max(lag_us, 0) / 1e6)

    def applied(self, counted: int, copies: int, seconds: float) -> None:
        """A batch has been applied."""
        self._counted.inc(counted)
        self._copies.inc(copies)
        self._batch.observe(seconds)
