"""`footfall backup`: a copy of everything but the salts, while all runs."""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from footfall import compose
from footfall.compose import keeping
from footfall.control.port import Refusal
from footfall.keeping import backup
from footfall.keeping.patient import readable
from footfall.keeping.port import CannotKeep
from footfall.registry.port import RegistryBroken
from footfall.settings import Settings
from footfall.store.port import StoreBroken

EXPECTED = (CannotKeep, Refusal, RegistryBroken, StoreBroken, OSError)
INTERRUPTED = 130
LOOK_SECONDS = 0.1


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Make it and say what it holds."""
    target = Path(given["folder"])
    folders = [
        backup.unfinished(target.absolute()),
        backup.unfinished(settings.data / backup.BETWEEN),
    ]
    try:
        with (
            compose.owner(settings) as owner,
            _growing(folders, backup.size(compose.parts(settings))),
        ):
            saved = backup.backup(keeping.backup_source(settings, owner), target)
    except KeyboardInterrupt:
        print("footfall: stopped; nothing was kept of the backup", file=sys.stderr)
        return INTERRUPTED
    holds = saved.manifest.holds
    print(
        f"saved {holds['events']:,} events, {holds['visits']:,} visits"
        f" and {holds['waiting']:,} hits that wait for the engine,"
        " and all sites, keys and roll-ups"
    )
    print(
        f"in {target}: {readable(saved.manifest.size)}, checked;"
        " the secrets of days are left out;"
        f" counting waited {saved.waited_seconds:.1f} s for it"
    )
    return 0


def progress() -> Progress:
    """Shown on a terminal only."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())


@contextmanager
def _growing(folders: Sequence[Path], total: int) -> Iterator[None]:
    """Show how folders come to a size."""
    done = threading.Event()
    with progress() as shown:
        task = shown.add_task("saving", total=total)

        def watch() -> None:
            while not done.wait(LOOK_SECONDS):
                shown.update(task, completed=sum(map(_bytes, folders)))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield
        finally:
            done.set()
            watching.join()


def _bytes(folder: Path) -> int:
    found = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # moved meanwhile
            found += path.stat().st_size
    return found
