"""The list of changes: whether it tells of a version, and when that was released."""

import re
from datetime import date

from release import Refused

HEADING = re.compile(r"^## (\S+)(?: \((.*)\))?$", re.MULTILINE)


def released_on(text: str, version: str) -> date:
    """The day that the newest entry names, which must be the version's; raises `Refused`."""
    newest = HEADING.search(text)
    if newest is None or newest[1] != version:
        raise Refused(
            f"the newest entry of CHANGELOG.md must be of {version}:"
            f" begin it with '## {version} (YYYY-MM-DD)'"
        )
    try:
        return date.fromisoformat(newest[2] or "")
    except ValueError:
        raise Refused(
            f"CHANGELOG.md gives no date for {version} but '{newest[2] or ''}':"
            f" write '## {version} (YYYY-MM-DD)' on the day of the release"
        ) from None
