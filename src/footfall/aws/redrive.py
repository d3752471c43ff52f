"""Counting what Lambda gave up, out of a stack's bucket."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from footfall import compose
from footfall.aws.account import CannotDeploy, part
from footfall.aws.stack import Shown, Stack
from footfall.functions.failures import ANONYMOUS, KEPT_US, YOUNG_US, records_in, redrive
from footfall.store.port import StoreBroken

OLD, YOUNG = timedelta(microseconds=KEPT_US), timedelta(microseconds=YOUNG_US)


class Redrive(NamedTuple):
    """Hits counted now and known before; batches that are too young or too old."""

    counted: int = 0
    known: int = 0
    young: int = 0
    old: int = 0


def redriven(stack: Stack, progress: Callable[[str, int | None], AbstractContextManager[Shown]]) -> Redrive:
    """Count what was given up, and delete it then. Raises `CannotDeploy`; what was counted until then stays counted once."""
    table, archive, bucket = map(stack.resource, ("Table", "ArchiveBucket", "FailuresBucket"))
    s3 = stack.account.client("s3")
    facts = part("footfall.compose.functions").facts_in(stack.account.client("dynamodb"), s3, table, archive)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=ANONYMOUS)
    waiting = [each for page in pages for each in page.get("Contents", ())]
    total, now = Redrive(), datetime.now(UTC)
    with progress("counting what was given up", len(waiting)) as shown:
        for done, each in enumerate(waiting):
            shown("", done)
            age = now - each["LastModified"]
            if age < YOUNG:
                total = total._replace(young=total.young + 1)
            elif age > OLD:
                total = total._replace(old=total.old + 1)
            else:
                try:
                    found = redrive(facts, records_in(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()), compose.sources(), compose.now())
                except StoreBroken as exc:
                    raise CannotDeploy(f"the table cannot be written just now ({exc}): do it again; nothing counts twice") from exc
                if not found.left:
                    s3.delete_object(Bucket=bucket, Key=each["Key"])
                total = total._replace(counted=total.counted + found.counted, known=total.known + found.known)
    return total
