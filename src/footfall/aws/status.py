"""How a stack is doing, in figures of the last hour."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import sleep
from typing import Any, NamedTuple

from footfall.aws.account import Account, code, part
from footfall.aws.stack import Stack

PROCESS, FAILURES, TABLE, ARCHIVE = "ProcessFunction", "FailuresBucket", "Table", "ArchiveBucket"
"""What the template calls the function that counts, where Lambda puts what that could not, and where the facts are."""

MANY_BAD, SHOWN_REASONS = 100, 5
HOUR_SECONDS = 3_600
MOST_LISTED = 1_000
DRIFT_TRIES = 60
LATE_SECONDS = 60


class Figure(NamedTuple):
    """One line of a stack's state; `bad` where somebody should look."""

    name: str
    text: str
    bad: bool


def figures(stack: Stack) -> Iterator[Figure]:
    """A stack's state, line by line."""
    account, resources = stack.account, stack.resources()
    there = stack.described() or {}
    yield Figure("stack", str(there.get("StackStatus", "")).lower().replace("_", " "), not str(there.get("StackStatus", "")).endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")))
    named = {name: identifier for name, (kind, identifier) in resources.items() if kind == "AWS::Lambda::Function"}
    process = named.get(PROCESS, "")
    lag = _metric(account, "AWS/Lambda", "IteratorAge", "FunctionName", process, "Maximum") if process else None
    yield Figure("lag", "nothing came in the last hour" if lag is None else f"{lag / 1000:,.0f} s at most", lag is not None and lag > LATE_SECONDS * 1000)
    for kind, identifier in resources.values():
        if kind == "AWS::Kinesis::Stream":
            came = _metric(account, "AWS/Kinesis", "IncomingRecords", "StreamName", identifier, "Sum") or 0
            yield Figure("hits", f"{came:,.0f}", False)
            yield _count("throttled writes", _metric(account, "AWS/Kinesis", "WriteProvisionedThroughputExceeded", "StreamName", identifier, "Sum"))
    for name, identifier in sorted(named.items()):
        for metric in ("Errors", "Throttles"):
            yield _count(f"{name} {metric.lower()}", _metric(account, "AWS/Lambda", metric, "FunctionName", identifier, "Sum"))
    bad = (process and _metric(account, "Footfall", "BadRecords", "FunctionName", process, "Sum")) or 0
    yield Figure("bad records", f"{bad:,.0f}", bad > MANY_BAD)
    yield from _reasons(account, resources)
    yield from _failures(account, resources)
    yield from _alarms(account, [identifier for kind, identifier in resources.values() if kind == "AWS::CloudWatch::Alarm"])
    yield _drift(stack)


def _count(name: str, value: float | None) -> Figure:
    return Figure(name, f"{value or 0:,.0f}", bool(value))


def _metric(account: Account, namespace: str, metric: str, dimension: str, value: str, statistic: str) -> float | None:
    end = datetime.now(UTC)
    found = account.client("cloudwatch").get_metric_statistics(
        Namespace=namespace, MetricName=metric, Dimensions=[{"Name": dimension, "Value": value}], StartTime=end - timedelta(seconds=HOUR_SECONDS), EndTime=end,
        Period=HOUR_SECONDS, Statistics=[statistic],
    )["Datapoints"]  # fmt: skip
    together: Callable[[list[float]], float] = max if statistic == "Maximum" else sum
    return together([point[statistic] for point in found]) if found else None


def _reasons(account: Account, resources: dict[str, tuple[str, str]]) -> Iterator[Figure]:
    """Why records of the last days are no hits, the commonest reasons first."""
    if all(name in resources for name in (TABLE, ARCHIVE)):
        facts = part("footfall.compose.functions").facts_in(account.client("dynamodb"), account.client("s3"), resources[TABLE][1], resources[ARCHIVE][1])
        reasons = Counter(each.reason for each in islice(facts.bad(), MOST_LISTED))
        yield from (Figure("bad records of 8 days", f"{count:,} {reason}", False) for reason, count in reasons.most_common(SHOWN_REASONS))


def _failures(account: Account, resources: dict[str, tuple[str, str]]) -> Iterator[Figure]:
    """The batches that Lambda gave up and nobody has counted since."""
    _, bucket = resources.get(FAILURES, ("", ""))
    if bucket:
        listed = account.client("s3").list_objects_v2(Bucket=bucket, MaxKeys=MOST_LISTED)
        given_up = len(listed.get("Contents", ()))
        yield Figure("batches given up", f"{given_up:,}{' or more' if listed.get('IsTruncated') else ''}", bool(given_up))


def _alarms(account: Account, names: list[str]) -> Iterator[Figure]:
    if names:
        pages = account.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNames=names[:100])
        ringing = [each["AlarmName"] for page in pages for each in page["MetricAlarms"] if each["StateValue"] == "ALARM"]
        yield Figure("alarms", ", ".join(ringing) or f"none of {len(names)}", bool(ringing))


def _drift(stack: Stack) -> Figure:
    """Whether somebody has changed resources by hand."""
    try:
        found = _drifted(stack.account.client("cloudformation"), stack.name)
    except Exception as exc:
        if not code(exc):
            raise
        return Figure("drift", f"not told ({code(exc)})", False)
    return Figure("drift", "not told" if found is None else ", ".join(found) or "none", bool(found))


def _drifted(cloudformation: Any, name: str) -> list[str] | None:
    asked = cloudformation.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    for _ in range(DRIFT_TRIES):
        status = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=asked)["DetectionStatus"]
        if status == "DETECTION_COMPLETE":
            drifts = cloudformation.describe_stack_resource_drifts(StackName=name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"])["StackResourceDrifts"]
            return [f"{each['LogicalResourceId']} {each['StackResourceDriftStatus'].lower()}" for each in drifts]
        if status == "DETECTION_FAILED":
            return None
        sleep(1)
    return None
