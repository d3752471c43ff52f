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
"""Names in the template: the function that counts, what it could not, and where the facts are."""

MANY_BAD, SHOWN_REASONS = 100, 5
HOUR_SECONDS = 3_600
MOST_LISTED = 1_000
DRIFT_TRIES = 60
LATE_SECONDS = 60


Resources = dict[str, tuple[str, str]]
"""Types and physical ids of resources by their names."""


class Figure(NamedTuple):
    """One line of a stack's state; `bad` where somebody should look."""

    name: str
    text: str
    bad: bool


def figures(stack: Stack) -> Iterator[Figure]:
    """Yield a stack's state, line by line."""
    account, resources = stack.account, stack.resources()
    functions = {
        name: identifier
        for name, (kind, identifier) in resources.items()
        if kind == "AWS::Lambda::Function"
    }
    process = functions.get(PROCESS, "")
    yield _state(stack)
    yield _lag(account, process)
    for identifier in _of_kind(resources, "AWS::Kinesis::Stream"):
        yield from _stream(account, identifier)
    for name, identifier in sorted(functions.items()):
        for metric in ("Errors", "Throttles"):
            value = _of_function(account, "AWS/Lambda", metric, identifier)
            yield _count(f"{name} {metric.lower()}", value)
    bad = 0.0
    if process:
        bad = _of_function(account, "Footfall", "BadRecords", process) or 0.0
    yield Figure("bad records", f"{bad:,.0f}", bad > MANY_BAD)
    yield from _reasons(account, resources)
    yield from _failures(account, resources)
    yield from _alarms(account, _of_kind(resources, "AWS::CloudWatch::Alarm"))
    yield _drift(stack)


def _of_kind(resources: Resources, kind: str) -> list[str]:
    return [identifier for each, identifier in resources.values() if each == kind]


def _state(stack: Stack) -> Figure:
    status = str((stack.described() or {}).get("StackStatus", ""))
    is_good = status.endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE"))
    return Figure("stack", status.lower().replace("_", " "), not is_good)


def _lag(account: Account, process: str) -> Figure:
    lag = None
    if process:
        lag = _of_function(account, "AWS/Lambda", "IteratorAge", process, "Maximum")
    if lag is None:
        return Figure("lag", "nothing came in the last hour", False)
    return Figure("lag", f"{lag / 1000:,.0f} s at most", lag > LATE_SECONDS * 1000)


def _stream(account: Account, name: str) -> Iterator[Figure]:
    dimension = {"Name": "StreamName", "Value": name}
    came = _metric(account, "AWS/Kinesis", "IncomingRecords", dimension, "Sum") or 0
    yield Figure("hits", f"{came:,.0f}", False)
    metric = "WriteProvisionedThroughputExceeded"
    yield _count("throttled writes", _metric(account, "AWS/Kinesis", metric, dimension, "Sum"))


def _count(name: str, value: float | None) -> Figure:
    return Figure(name, f"{value or 0:,.0f}", bool(value))


def _of_function(
    account: Account, namespace: str, metric: str, name: str, statistic: str = "Sum"
) -> float | None:
    dimension = {"Name": "FunctionName", "Value": name}
    return _metric(account, namespace, metric, dimension, statistic)


def _metric(
    account: Account, namespace: str, metric: str, dimension: dict[str, str], statistic: str
) -> float | None:
    end = datetime.now(UTC)
    answer = account.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[dimension],
        StartTime=end - timedelta(seconds=HOUR_SECONDS),
        EndTime=end,
        Period=HOUR_SECONDS,
        Statistics=[statistic],
    )
    points = [point[statistic] for point in answer["Datapoints"]]
    together: Callable[[list[float]], float] = max if statistic == "Maximum" else sum
    return together(points) if points else None


def _reasons(account: Account, resources: Resources) -> Iterator[Figure]:
    """Why records of the last days are no hits, the commonest reasons first."""
    if all(name in resources for name in (TABLE, ARCHIVE)):
        facts = part("footfall.compose.functions").facts_in(
            account.client("dynamodb"),
            account.client("s3"),
            resources[TABLE][1],
            resources[ARCHIVE][1],
        )
        reasons = Counter(each.reason for each in islice(facts.bad(), MOST_LISTED))
        for reason, count in reasons.most_common(SHOWN_REASONS):
            yield Figure("bad records of 8 days", f"{count:,} {reason}", False)


def _failures(account: Account, resources: Resources) -> Iterator[Figure]:
    """The batches that Lambda gave up and nobody has counted since."""
    _, bucket = resources.get(FAILURES, ("", ""))
    if bucket:
        listed = account.client("s3").list_objects_v2(Bucket=bucket, MaxKeys=MOST_LISTED)
        given_up = len(listed.get("Contents", ()))
        more = " or more" if listed.get("IsTruncated") else ""
        yield Figure("batches given up", f"{given_up:,}{more}", bool(given_up))


def _alarms(account: Account, names: list[str]) -> Iterator[Figure]:
    if not names:
        return
    paginator = account.client("cloudwatch").get_paginator("describe_alarms")
    pages = paginator.paginate(AlarmNames=names[:100])
    alarms = [each for page in pages for each in page["MetricAlarms"]]
    ringing = [each["AlarmName"] for each in alarms if each["StateValue"] == "ALARM"]
    yield Figure("alarms", ", ".join(ringing) or f"none of {len(names)}", bool(ringing))


def _drift(stack: Stack) -> Figure:
    """Say whether somebody has changed resources by hand."""
    try:
        found = _drifted(stack.account.client("cloudformation"), stack.name)
    except Exception as exc:
        if not code(exc):
            raise
        return Figure("drift", f"not told ({code(exc)})", False)
    if found is None:
        return Figure("drift", "not told", False)
    return Figure("drift", ", ".join(found) or "none", bool(found))


def _drifted(cloudformation: Any, name: str) -> list[str] | None:
    asked = cloudformation.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    for _ in range(DRIFT_TRIES):
        answer = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=asked)
        if answer["DetectionStatus"] == "DETECTION_COMPLETE":
            return _drifts(cloudformation, name)
        if answer["DetectionStatus"] == "DETECTION_FAILED":
            return None
        sleep(1)
    return None


def _drifts(cloudformation: Any, name: str) -> list[str]:
    answer = cloudformation.describe_stack_resource_drifts(
        StackName=name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
    )
    return [
        f"{each['LogicalResourceId']} {each['StackResourceDriftStatus'].lower()}"
        for each in answer["StackResourceDrifts"]
    ]
