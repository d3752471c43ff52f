"""`footfall restore`: a backup brought back into the data folder."""

import sys
from pathlib import Path
from typing import Any

from footfall import compose
from footfall.cli.backup import INTERRUPTED, progress
from footfall.compose import keeping
from footfall.keeping.patient import readable
from footfall.keeping.port import CannotKeep
from footfall.keeping.restore import restore
from footfall.settings import Settings

EXPECTED = (CannotKeep, OSError)
LOCKS_ITSELF = True


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Bring it back and say what came."""
    try:
        _restore(settings, given)
    except KeyboardInterrupt:
        print("footfall: stopped; give the command again", file=sys.stderr)
        return INTERRUPTED
    return 0


def _restore(settings: Settings, given: dict[str, Any]) -> None:
    folder = Path(given["folder"])
    with keeping.alone(settings), progress() as shown:
        task = shown.add_task("restoring", total=None)
        found, aside = restore(
            folder,
            settings.data,
            compose.parts(settings),
            compose.SCHEMA,
            given["replace"],
            lambda count: shown.advance(task, count),
        )
    holds = found.holds
    print(
        f"restored {holds['events']:,} events, {holds['visits']:,} visits"
        f" and {holds['waiting']:,} waiting hits as of {found.made} ({readable(found.size)})"
    )
    if aside:
        print(f"what was there lies in {settings.data / aside}; delete it when you need it no more")
    print(f"start it with 'footfall serve --data {settings.data}'")
