"""`make release`: all files of a release, in `dist`.

The tree must be committed and CHANGELOG.md must tell of the version with its date. Source archive
and wheel are built twice, and must be the same to the byte.
"""

import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from release import Refused
from release.bill import bill
from release.build import build
from release.changelog import released_on

SOURCE = Path.cwd()
DIST = SOURCE / "dist"


def main() -> int:
    """Make them and print their names, or say in one sentence why not."""
    try:
        for path in release(_version()):
            print(path.relative_to(SOURCE))
    except Refused as exc:
        print(f"release: {exc}", file=sys.stderr)
        return 1
    return 0


def release(version: str) -> list[Path]:
    """The files, or `Refused`; then there is nothing in `dist`."""
    shutil.rmtree(DIST, ignore_errors=True)
    day = released_on((SOURCE / "CHANGELOG.md").read_text("utf-8"), version)
    status = ["git", "status", "--porcelain"]
    done = subprocess.run(status, cwd=SOURCE, capture_output=True, text=True, check=True)
    changed = done.stdout.split("\n")
    if changed != [""]:
        raise Refused(
            "what is released must be committed first, and this is not:"
            f" {', '.join(line[3:] for line in changed if line)}"
        )
    DIST.mkdir()
    try:
        files = build(SOURCE, DIST, day)
        requirements = DIST / f"footfall-{version}-requirements.txt"
        materials = DIST / f"footfall-{version}.cdx.json"
        shutil.copy(SOURCE / "requirements.txt", requirements)
        materials.write_text(bill(SOURCE, version, day))
    except Refused:
        shutil.rmtree(DIST)
        raise
    files += [requirements, materials]
    sums = DIST / "SHA256SUMS"
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    sums.write_text("".join(lines))
    return [*files, sums]


def _version() -> str:
    text = (SOURCE / "src" / "footfall" / "__init__.py").read_text()
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    assert found
    return found[1]


if __name__ == "__main__":
    sys.exit(main())
