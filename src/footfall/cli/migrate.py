"""`footfall migrate`: files of an older version brought to this one's schema."""

import shutil
from typing import Any

from footfall import compose
from footfall.compose import keeping
from footfall.keeping.patient import readable
from footfall.keeping.port import FACTS, CannotKeep
from footfall.registry.port import RegistryBroken
from footfall.settings import Settings
from footfall.store.port import StoreBroken

EXPECTED = (CannotKeep, RegistryBroken, StoreBroken, OSError)
LOCKS_ITSELF = True


def run(settings: Settings, _: dict[str, Any]) -> None:
    """Bring them there, and say from where."""
    path = compose.parts(settings).get(FACTS)
    # A process that ended while making it leaves it empty.
    if path is None or not path.exists() or not path.stat().st_size:
        raise CannotKeep(f"there are no facts in {settings.data}: name the data folder with --data")
    with keeping.alone(settings):
        found, known = keeping.schema(settings), compose.SCHEMA
        if found == known:
            print(f"the facts are of schema {known} already; nothing was changed")
            return
        if found < known:
            _need_room(path.stat().st_size, shutil.disk_usage(path.parent).free)
        compose.open_facts(settings, alone=True).close()  # which refuses one that is newer
        compose.open_registry(settings).close()
        compose.open_rollups(settings).close()
    print(f"the facts went from schema {found} to {known}")


def _need_room(need: int, free: int) -> None:
    if free < need:
        raise CannotKeep(
            f"migrating may need as much room as the facts have, {readable(need)},"
            f" and {readable(free)} are free: make room first"
        )
