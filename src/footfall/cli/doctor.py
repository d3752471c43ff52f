"""`footfall doctor`: what is wrong, and what to do."""

import logging
from typing import Any

from rich.console import Console

from footfall.compose import keeping
from footfall.keeping.doctor import examine
from footfall.keeping.patient import several
from footfall.settings import Settings

EXPECTED: tuple[type[Exception], ...] = (OSError,)
LOCKS_ITSELF = True
WHAT, HOW = 9, 6


def run(settings: Settings, _: dict[str, Any]) -> int:
    """Say all findings; 1 when something is wrong."""
    logging.disable()  # what reads damaged files says so, and the doctor says it in its own words
    try:
        return _told(settings)
    finally:
        logging.disable(logging.NOTSET)


def _told(settings: Settings) -> int:
    console = Console(highlight=False, soft_wrap=True)
    wrong = 0
    for finding in examine(keeping.patient(settings)):
        sign, colour = "ok", "green"
        if finding.wrong:
            wrong += 1
            sign, colour = "wrong", "red"
        console.print(f"{sign:<{HOW}}", style=colour, end="")
        console.print(f"{finding.what:<{WHAT}} {finding.said}", markup=False)
        if finding.todo:
            console.print(f"{'':<{HOW + WHAT}} -> {finding.todo}", markup=False)
    if wrong:
        console.print(f"{several(wrong, 'thing')} to see to")
        return 1
    console.print("all is well")
    return 0
