"""`footfall export`: facts as files, a site as one archive."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from footfall import compose
from footfall.cli.output import FOLDER, STDOUT, check, check_bom, tidied, written
from footfall.control.port import Refusal
from footfall.exports.archive import zipped
from footfall.registry.port import RegistryBroken
from footfall.settings import BadSettings, Settings
from footfall.store.archive import FILES
from footfall.store.port import StoreBroken

EXPECTED = (Refusal, RegistryBroken, StoreBroken, OSError)
FORMS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet"}
"""What a file is, by how its name ends."""

PACKED = (".gz", ".zst", ".xz", ".bz2", ".zip", ".xlsx")
OF_FACTS = {
    "--what": "what",
    "--format": "form",
    "--from": "first",
    "--to": "last",
    "--bom": "bom",
}
"""Flags that an archive does without."""

INTERRUPTED = 130


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Write what is asked for, or nothing."""
    _sensible(given)
    # What is half written goes either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if given["archive"]:
            _archive(settings, given)
        else:
            _facts(settings, given)
    except KeyboardInterrupt:
        print("footfall: stopped; nothing was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has enough
    return 0


def _sensible(given: dict[str, Any]) -> None:
    if bool(given["archive"]) == bool(given["output"]):
        raise BadSettings(
            "export needs either --output FILE (- for standard output) or --archive FILE"
        )
    for_facts = [flag for flag, name in OF_FACTS.items() if given[name]]
    if given["archive"] and for_facts:
        raise BadSettings(
            f"an archive holds the whole site: {', '.join(for_facts)} goes with --output only"
        )
    suffix = Path(given["output"] or "").suffix.lower()
    if suffix in PACKED and not given["form"]:
        raise BadSettings(
            f"a file is not written as {suffix}:"
            " give a name that ends in .csv, .ndjson or .parquet,"
            " or --output - and a program that packs it"
        )
    if given["archive"] == STDOUT:
        raise BadSettings("an archive needs the name of a file: --archive site.zip")


def _facts(settings: Settings, given: dict[str, Any]) -> None:
    form = given["form"] or FORMS.get(Path(given["output"]).suffix.lower(), "csv")
    if form == "parquet" and given["output"] == STDOUT and sys.stdout.isatty():
        raise BadSettings("Parquet is nothing to look at: give --output FILE")
    check_bom(given, form)
    asked = {
        "site": given["site_id"],
        "what": given["what"] or "events",
        "form": form,
        "first": given["first"],
        "last": given["last"],
        "bom": given["bom"],
    }
    with (
        written(given["output"], tidied(compose.exchange(settings)), force=given["force"]) as path,
        compose.owner(settings) as owner,
        _progress([path]),
    ):
        found = owner("export", **asked, file=Path(path).name)
    _say(f"{found['rows']:,} {asked['what']}", given["output"])
    if found["left_out"]:
        print(
            f"footfall: the facts of {found['left_out']:,} days are gone,"
            " as the site's retention says, and are not in it",
            file=sys.stderr,
        )


def _archive(settings: Settings, given: dict[str, Any]) -> None:
    output = given["archive"]
    check(output, force=given["force"])
    exchange = tidied(compose.exchange(settings))
    folder = Path(os.path.abspath(output)).parent
    with (
        tempfile.TemporaryDirectory(prefix=FOLDER, dir=exchange) as parts,  # with mode 0700
        written(output, folder, force=given["force"]) as path,
        compose.owner(settings) as owner,
        _progress([*(os.path.join(parts, each) for each in FILES), path]),
    ):
        told = owner("archive", site=given["site_id"], folder=Path(parts).name)
        now = datetime.fromtimestamp(compose.now() // 1_000_000, UTC).isoformat()
        made = zipped(path, Path(parts), told, now)
    rows = {file: part.rows for file, part in made.parts.items()}
    events = f"{rows['events.parquet']:,} events of {rows['visits.parquet']:,} visits"
    _say(f"site {made.site.id}: {events} on {rows['days.parquet']:,} days", output)


def _say(what: str, output: str) -> None:
    where = "standard output" if output == STDOUT else output
    print(f"wrote {what} to {where}", file=sys.stderr)


class _Written(ProgressColumn):
    """How much there is by now, of files that another process writes."""

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__()
        self._paths = paths

    def render(self, task: Task) -> Text:
        return Text(decimal(sum(map(_size, self._paths))))


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


@contextmanager
def _progress(paths: Sequence[str]) -> Iterator[None]:
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        _Written(paths),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as progress:
        progress.add_task("exporting", total=None)
        yield
