"""What a month costs: how much of each service so many page views use, times its price.

Sizes are those that `bench/aws.py` measures; times of functions are estimates. Prices are those of
us-east-1 without any free tier, as they were published in `PRICED`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

MONTH_SECONDS = 30 * 86_400
PRICED = "2025"

HIT_BYTES = 900
"""A record of the REST door; Kinesis counts 25 KB each."""

BUSY = 4
"""How many times the mean comes at the busiest hour."""

HITS_PER_SHARD = 500
PROCESS_GB, COMPACT_GB, QUERY_GB, COLLECT_GB = 0.5, 2.0, 1.77, 0.5
PROCESS_SECONDS, PROCESS_SECONDS_A_HIT = 0.15, 0.0002
COMPACT_SECONDS, COMPACT_SECONDS_A_HIT = 1.0, 0.00006
QUERY_SECONDS, COLLECT_SECONDS = 0.25, 0.02
PANELS, PANEL_SECONDS = 10, 10
LOG_BYTES = 700
ALARMS = 12
COMPACT_DISK_GB, QUERY_DISK_GB = 1.5, 0.5
"""Beyond what costs nothing."""

FILE_BYTES = 50
HISTORY_MONTHS = 12
SEGMENT_DAYS = 8
VERSIONS = 7 * 288 / 2
"""Of a day's replaced files: one every five minutes for a week, half a day in the mean."""


class Price(NamedTuple):
    """Dollars for so many units, and where that is published."""

    dollars: float
    units: float
    unit: str
    source: str


PRICES = {
    "API Gateway, requests": Price(3.50, 1e6, "requests", "aws.amazon.com/api-gateway/pricing"),
    "CloudFront, requests": Price(1.00, 1e6, "requests", "aws.amazon.com/cloudfront/pricing"),
    "CloudFront, functions": Price(0.10, 1e6, "calls", "aws.amazon.com/cloudfront/pricing"),
    "Kinesis, shards": Price(
        0.015, 1, "shard hours", "aws.amazon.com/kinesis/data-streams/pricing"
    ),
    "Kinesis, records": Price(
        0.014, 1e6, "units of 25 KB", "aws.amazon.com/kinesis/data-streams/pricing"
    ),
    "Lambda, calls": Price(0.20, 1e6, "calls", "aws.amazon.com/lambda/pricing"),
    "Lambda, time": Price(0.0000133334, 1, "GB seconds on arm64", "aws.amazon.com/lambda/pricing"),
    "Lambda, disk": Price(0.0000000309, 1, "GB seconds", "aws.amazon.com/lambda/pricing"),
    "Secrets Manager": Price(0.40, 1, "secrets", "aws.amazon.com/secrets-manager/pricing"),
    "DynamoDB, writes": Price(
        0.625, 1e6, "write units", "aws.amazon.com/dynamodb/pricing/on-demand"
    ),
    "DynamoDB, reads": Price(0.125, 1e6, "read units", "aws.amazon.com/dynamodb/pricing/on-demand"),
    "DynamoDB, storage and recovery": Price(
        0.45, 1, "GB months", "aws.amazon.com/dynamodb/pricing/on-demand"
    ),
    "S3, writes": Price(0.005, 1e3, "requests", "aws.amazon.com/s3/pricing"),
    "S3, reads": Price(0.0004, 1e3, "requests", "aws.amazon.com/s3/pricing"),
    "S3, storage": Price(0.023, 1, "GB months", "aws.amazon.com/s3/pricing"),
    "KMS, requests": Price(0.03, 1e4, "requests", "aws.amazon.com/kms/pricing"),
    "CloudWatch, logs": Price(0.50, 1, "GB", "aws.amazon.com/cloudwatch/pricing"),
    "CloudWatch, alarms": Price(0.10, 1, "alarms", "aws.amazon.com/cloudwatch/pricing"),
    "CloudWatch, metrics": Price(0.30, 1, "metrics", "aws.amazon.com/cloudwatch/pricing"),
    "WAF, web ACLs": Price(5.00, 1, "web ACLs", "aws.amazon.com/waf/pricing"),
    "WAF, rules": Price(1.00, 1, "rules", "aws.amazon.com/waf/pricing"),
    "WAF, requests": Price(0.60, 1e6, "requests", "aws.amazon.com/waf/pricing"),
    "transfer out": Price(0.09, 1, "GB", "aws.amazon.com/ec2/pricing/on-demand"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """How Footfall is used in a month; `dashboard_hours` are those of one open dashboard."""

    views: int
    hits_per_view: float = 2.2
    door: str = "rest"
    window_seconds: int = 10
    sites: int = 1
    dashboard_hours: float = 60.0
    web_acl: bool = False


class Line(NamedTuple):
    """One item of the bill."""

    name: str
    amount: float
    price: Price

    @property
    def dollars(self) -> float:
        """What it costs."""
        return self.amount / self.price.units * self.price.dollars


def bill(use: Use) -> list[Line]:
    """The items of a month that cost anything."""
    return [Line(name, amount, PRICES[name]) for name, amount in _amounts(use) if amount]


def _amounts(use: Use) -> Iterator[tuple[str, float]]:
    hits = use.views * use.hits_per_view
    shards = max(1, ceil(hits / MONTH_SECONDS * BUSY / HITS_PER_SHARD))
    batches = min(hits, shards * MONTH_SECONDS / use.window_seconds)
    collected = hits if use.door == "function" else 0
    panels = use.dashboard_hours * 3_600 / PANEL_SECONDS * PANELS
    compactions = min(use.sites * MONTH_SECONDS / 300, batches * use.sites)
    yield "API Gateway, requests", (hits if use.door == "rest" else 0) + panels
    yield "CloudFront, requests", collected + panels
    yield "CloudFront, functions", collected
    yield "Kinesis, shards", shards * MONTH_SECONDS / 3_600
    yield "Kinesis, records", hits * ceil(HIT_BYTES / 25_000)
    yield "Lambda, calls", batches + collected + panels + compactions + MONTH_SECONDS / 300
    process = batches * PROCESS_SECONDS + hits * PROCESS_SECONDS_A_HIT
    # A day is written anew as long as it grows.
    compact = compactions * COMPACT_SECONDS + hits * COMPACT_SECONDS_A_HIT * 20
    reading = panels * QUERY_SECONDS * QUERY_GB
    collecting = collected * COLLECT_SECONDS * COLLECT_GB
    yield "Lambda, time", process * PROCESS_GB + compact * COMPACT_GB + reading + collecting
    yield "Lambda, disk", compact * COMPACT_DISK_GB + panels * QUERY_SECONDS * QUERY_DISK_GB
    yield "Secrets Manager", 1 if use.door == "function" else 0
    batch_hits = hits / max(batches, 1)
    segments = hits / 30 * SEGMENT_DAYS * _segment_bytes(batch_hits)
    yield "DynamoDB, writes", batches * _writes(batch_hits, use.sites) + compactions * 8
    yield "DynamoDB, reads", batches * 2 + compactions * 30 + panels * 4 + collected
    yield "DynamoDB, storage and recovery", segments / 1e9
    yield "S3, writes", compactions * 4
    yield "S3, reads", compactions * 24 + panels
    yield "S3, storage", hits * FILE_BYTES * (HISTORY_MONTHS + VERSIONS / 30) / 1e9
    yield "KMS, requests", batches + MONTH_SECONDS / 300
    yield "CloudWatch, logs", (batches + compactions) * LOG_BYTES / 1e9
    yield "CloudWatch, alarms", ALARMS
    yield "CloudWatch, metrics", 6
    if use.web_acl:
        yield "WAF, web ACLs", 1
        yield "WAF, rules", 1
        yield "WAF, requests", hits + panels
    yield "transfer out", (hits * 300 + panels * 4_000) / 1e9


def _writes(hits: float, sites: int) -> float:
    """Return the write units of a batch: each item twice, as in any transaction.

    Items are the shard's mark, the range, and of each site a segment and its mark.
    """
    some = min(sites, max(hits, 1))
    return 2 * (2 + some * (1 + ceil(_segment_bytes(hits / some) * hits / some / 1_024)))


def _segment_bytes(hits: float) -> float:
    """Return the bytes of an event in a segment of so many."""
    return 40 + 213 / float(max(hits, 1) ** 0.6)
