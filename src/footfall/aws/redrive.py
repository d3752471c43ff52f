"""Counting what Lambda gave up, out of a stack's bucket."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from footfall import compose
from footfall.aws.account import CannotDeploy, part
from footfall.aws.stack import Shown, Stack
from footfall.functions.failures import ANONYMOUS, KEPT_US, YOUNG_US, Redriven, records_in, redrive
from footfall.store.port import Late, StoreBroken

OLD, YOUNG = timedelta(microseconds=KEPT_US), timedelta(microseconds=YOUNG_US)


class Redrive(NamedTuple):
    """Hits counted now and known before; batches that are too young or too old."""

    counted: int = 0
    known: int = 0
    young: int = 0
    old: int = 0


def redriven(
    stack: Stack, progress: Callable[[str, int | None], AbstractContextManager[Shown]]
) -> Redrive:
    """Count what was given up, and delete it then.

    Raises `CannotDeploy`; what was counted until then stays counted once.
    """
    table, archive, bucket = map(stack.resource, ("Table", "ArchiveBucket", "FailuresBucket"))
    s3 = stack.account.client("s3")
    dynamodb = stack.account.client("dynamodb")
    facts = part("footfall.compose.functions").facts_in(dynamodb, s3, table, archive)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=ANONYMOUS)
    waiting = [each for page in pages for each in page.get("Contents", ())]
    total = Redrive()
    now = datetime.now(UTC)
    with progress("counting what was given up", len(waiting)) as shown:
        for done, each in enumerate(waiting):
            shown("", done)
            age = now - each["LastModified"]
            if age < YOUNG:
                total = total._replace(young=total.young + 1)
            elif age > OLD:
                total = total._replace(old=total.old + 1)
            else:
                total = _add(total, _counted(facts, s3, bucket, each["Key"]))
    return total


def _counted(facts: Late, s3: Any, bucket: str, key: str) -> Redriven:
    """Count the records of an object, and delete it when none is left."""
    data = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        found = redrive(facts, records_in(data), compose.sources(), compose.now())
    except StoreBroken as exc:
        raise CannotDeploy(
            f"the table cannot be written just now ({exc}): do it again; nothing counts twice"
        ) from exc
    if not found.left:
        s3.delete_object(Bucket=bucket, Key=key)
    return found


def _add(total: Redrive, found: Redriven) -> Redrive:
    counted = total.counted + found.counted
    return total._replace(counted=counted, known=total.known + found.known)
