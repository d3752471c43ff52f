"""The command by which the owner of the facts gives copies of what it owns."""

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from footfall.control.port import Refusal
from footfall.keeping import sqlite
from footfall.keeping.duplicate import duplicate
from footfall.keeping.port import FACTS, ROLLUPS
from footfall.store.port import OwnFacts


@dataclass(frozen=True, slots=True)
class Copies:
    """The command `copies`: facts and roll-ups of one moment, in a new folder within `folder`.

    Roll-ups are copied while no batch is applied, since they name versions of days: of a later
    moment than the facts they would be taken for those of other hits after a restore.
    """

    facts: OwnFacts
    rollups: Path | None

    def __call__(self, folder: str) -> dict[str, Any]:
        """Return the name of the new folder, and how long batches waited.

        Each call makes its own: what an engine that died was making is not taken for whole.
        """
        if not Path(folder).is_dir():
            raise Refusal(
                f"the engine sees no folder {folder}, and its data folder has no room for a copy"
            )
        made = Path(folder) / uuid4().hex
        made.mkdir(mode=0o700)
        with self.facts.still() as files:
            if not files:
                raise Refusal("facts that are kept in memory cannot be saved")
            started = monotonic()
            ends = [file.removeprefix(files[0]) for file in files]
            targets = [str(made / f"{FACTS}{end}") for end in ends]
            duplicate(list(zip(files, targets, strict=True)))
            if self.rollups is not None and self.rollups.exists():
                with sqlite.looking(self.rollups) as rollups:
                    sqlite.copy(rollups, made / ROLLUPS)
            return {"name": made.name, "waited": monotonic() - started}
