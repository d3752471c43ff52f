"""Shows how far something on AWS has come."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from footfall.aws.stack import Shown


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Shown]:
    """Show progress, on a terminal only."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        *(_steps() if total else ()),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as shown:
        task = shown.add_task(what, total=total, step="")
        yield lambda step, done: shown.update(task, completed=min(done, total or 0), step=step)


def _steps() -> tuple[BarColumn, MofNCompleteColumn, TextColumn]:
    return BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[step]}")
