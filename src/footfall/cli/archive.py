"""Taking in a site from its archive, for `footfall import`."""

import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from footfall import compose
from footfall.cli.output import FOLDER, tidied
from footfall.imports.archive import unpack
from footfall.settings import Settings

INTERRUPTED = 130


def take_in(settings: Settings, path: Path, site: str | None) -> int:
    """Take the archive in, as another site if named, or change nothing; return the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is half done goes either way
    try:
        _say(path, _taken(settings, path, site))
    except KeyboardInterrupt:
        print(
            "footfall: stopped; give the same command again to be sure that all is there",
            file=sys.stderr,
        )
        return INTERRUPTED
    return 0


def _taken(settings: Settings, path: Path, site: str | None) -> dict[str, Any]:
    """Take it in by way of a folder that the owner of the facts can read."""
    size = path.stat().st_size
    exchange = tidied(compose.exchange(settings))
    with (
        tempfile.TemporaryDirectory(prefix=FOLDER, dir=exchange) as folder,
        compose.owner(settings) as owner,
        _progress() as progress,
    ):
        task = progress.add_task("checking", total=size)
        unpack(path, Path(folder), lambda count: progress.advance(task, count))
        progress.update(task, description="taking in", total=None)
        told: dict[str, Any] = owner("adopt", folder=Path(folder).name, size=size, site=site)
        return told


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def _say(path: Path, told: dict[str, Any]) -> None:
    events = f"{told['events']:,} events of {told['visits']:,} visits on {told['days']:,} days"
    what = f"site {told['site']}: {events}"
    if not told["adopted"]:
        print(f"{path} was imported before: nothing to do ({what})")
        return
    print(f"imported {what}")
    if told["new"]:
        print(f"added site {told['site']}")
        return
    print(
        f"site {told['site']} was there: it has the archive's goals and time zones now,"
        " and keeps its other settings"
    )
