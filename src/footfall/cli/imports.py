"""`footfall import`: page views from the access logs of web servers."""

import csv
import errno
import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from glob import glob, has_magic
from pathlib import Path
from time import monotonic, sleep
from typing import Any, BinaryIO, NoReturn

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from footfall import compose
from footfall.cli import archive
from footfall.cli.trial import nothing_counted, table, told
from footfall.compose import importing
from footfall.control.port import Refusal
from footfall.domain.site import Site
from footfall.imports.access_log import Importer, Plan
from footfall.imports.archive import NotAnArchive, is_archive
from footfall.imports.columns import Reject
from footfall.imports.format import Format, NoFormat, named
from footfall.imports.reading import PIECE_BYTES, PIECES, Log, NoLog
from footfall.imports.request import Wanted
from footfall.registry.port import Refused, RegistryBroken
from footfall.settings import Settings
from footfall.store.port import StoreBroken

EXPECTED = (Refusal, Refused, RegistryBroken, StoreBroken, NoFormat, NotAnArchive, OSError)
SHOWN_REJECTS = 10
FOLLOW_SECONDS = 1.0
QUIET_POLLS = 5
INTERRUPTED = 130
STDIN = "-"
SHOWN_LINES = 20
MOST_SOURCE = 200
FULL = (errno.ENOSPC, errno.EDQUOT)
DISK_FULL = "the disk is full; make room and give the same command again: what is imported stays"
STOPPED = "stopped; what is imported stays, and the same command goes on from there"


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Import all files; 1 when some could not be read, or none of many lines counted."""
    if len(given["files"]) == 1 and is_archive(given["files"][0]):
        _refuse_for_archives(given)
        return archive.take_in(settings, Path(given["files"][0]), given["site_id"])
    site = _site(settings, given["site_id"])
    files = [each for name in given["files"] for each in _files(name)]
    _check(given, files)
    started = monotonic()
    with ExitStack() as stack:
        importer = _importer(stack, settings, site, given, files)
        size = importing.budget(settings).piece
        stopped = False
        try:
            if given["dry_run"]:
                _show_first(importer, files[0], size)
            unread = _import(importer, files, size, follow=given["follow"])
        except KeyboardInterrupt:
            print(f"footfall: {STOPPED}", file=sys.stderr)
            stopped = True
        except StoreBroken:
            if importer.tally.lines:
                print(told(importer.tally, site.id, monotonic() - started))
            raise
    if stopped:
        return INTERRUPTED
    print(told(importer.tally, site.id, monotonic() - started, dry=given["dry_run"]))
    reason = nothing_counted(importer.tally)
    if reason and not unread:
        print(f"footfall: {reason}", file=sys.stderr)
    return 1 if unread or reason else 0


def _refuse_for_archives(given: dict[str, Any]) -> None:
    for flag in ("dry_run", "again", "follow"):
        if given[flag]:
            raise Refused(f"--{flag.replace('_', '-')} is for logs, and {given['files'][0]} is an archive")


def _check(given: dict[str, Any], files: list[str]) -> None:
    """Raise `Refused` where flags cannot go together."""
    if given["follow"] and (len(files) != 1 or files[0] == STDIN):
        raise Refused("--follow takes one file")
    if given["follow"] and given["dry_run"]:
        raise Refused("--dry-run looks at a file once: leave --follow out")
    if given["again"] and STDIN in files:
        raise Refused("--again takes files: what came by standard input is taken back by 'footfall imports remove'")


def _importer(
    stack: ExitStack,
    settings: Settings,
    site: Site,
    given: dict[str, Any],
    files: list[str],
) -> Importer:
    """Return an importer with all that it needs, which `stack` closes; of a dry run one that changes nothing."""
    dry, exchange, salts = given["dry_run"], compose.exchange(settings), None
    if not dry:
        stack.enter_context(_alone(exchange))
        salts = compose.open_salts(settings)
        stack.callback(salts.close)
    rejects = stack.enter_context(_rejects(given["rejects"], quiet=dry))
    wanted = Wanted(
        hostname=given["hostname"] or site.domains[0].removeprefix("*."),
        scheme=given["scheme"],
        keep_bots=given["keep_bots"],
        keep_assets=given["keep_assets"],
    )
    makers = importing.makers(settings, site, wanted, salts)
    for each in makers:
        stack.callback(each.close)
    plan = Plan(
        site=site.id,
        source=_source(given["files"]),
        format=_format(given["format"]),
        again=given["again"],
        events_at_once=importing.budget(settings).events,
    )
    importer = Importer(
        plan=plan,
        makers=makers,
        owner=stack.enter_context(compose.owner(importing.shared(settings))),
        exchange=None if dry else exchange,
        now=compose.now,
        rejected=rejects,
        progress=lambda *_: None,
    )
    importer.progress = _shown(stack, importer, files)
    return stack.enter_context(importer)


def _format(name: str | None) -> Format | None:
    """Return the format that is asked for; warn of variables that nobody knows."""
    found = named(name) if name else None
    if found and found.unknown:
        print(f"footfall: passing over what is not known: {', '.join(found.unknown)}", file=sys.stderr)
    return found


def _source(names: list[str]) -> str:
    """Return what an import is called: what its user gave."""
    whole = " ".join(names)
    return whole if len(whole) <= MOST_SOURCE else f"{whole[:MOST_SOURCE]}…"


def _import(importer: Importer, files: list[str], size: int, *, follow: bool) -> int:
    """Import all files in turn; how many of them could not be read to their end."""
    unread = 0
    for name in files:
        try:
            if follow:
                _follow(importer, name, size)
            with _opened(name) as stream:
                importer.take(_log(importer, name, stream, size))
        except (NoLog, NoFormat, OSError) as exc:
            if isinstance(exc, OSError) and exc.errno in FULL:
                raise StoreBroken(DISK_FULL) from exc
            print(f"footfall: {exc}" if name in str(exc) else f"footfall: {name}: {exc}", file=sys.stderr)
            unread += 1
    importer.finish()
    for each in importer.problems:
        print(f"footfall: {each}", file=sys.stderr)
    return unread + len(importer.problems)


def _log(importer: Importer, name: str, stream: Any, size: int) -> Log:
    """Return a log, at the first line that was not imported before."""
    log = Log(name, stream, os.fstat(stream.fileno()).st_size or PIECES * PIECE_BYTES, size)
    importer.begin(log)
    return log


def _show_first(importer: Importer, name: str, size: int) -> None:
    """Print the first lines of the first file as they would be read."""
    if name == STDIN:
        return
    with suppress(NoLog, NoFormat), _opened(name) as stream:
        print(table(importer.first_lines(Log(name, stream, most=size), SHOWN_LINES)), end="")


def _follow(importer: Importer, name: str, size: int) -> NoReturn:
    """Import a file as it grows, and the next of its name, until stopped.

    One that another has taken the place of is read on until nothing came for some seconds: a server
    may go on writing to it until it is told.
    """
    while True:
        with _opened(name) as stream:
            log = _log(importer, name, stream, size)
            quiet = 0
            while quiet < QUIET_POLLS:
                before = log.upto
                importer.take(log, growing=True)
                importer.owner.release()  # an engine may start meanwhile
                sleep(FOLLOW_SECONDS)
                if _truncated(stream):
                    break
                quiet = quiet + 1 if _rotated(name, stream) and log.upto == before else 0
            importer.take(log)


def _rotated(name: str, stream: BinaryIO) -> bool:
    """Whether another file has the name now."""
    here = os.fstat(stream.fileno())
    try:
        there = os.stat(name)
    except OSError:
        return False  # moved away, and the new one is not there yet
    return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino)


def _truncated(stream: BinaryIO) -> bool:
    return os.fstat(stream.fileno()).st_size < stream.tell()


def _files(name: str) -> Iterator[str]:
    """The files that a name stands for, in order; raises `Refused`."""
    if name == STDIN:
        yield name
    elif os.path.isdir(name):
        found = sorted(str(path) for path in Path(name).rglob("*") if path.is_file() and not path.name.startswith("."))
        if not found:
            raise Refused(f"there is no file in {name}")
        yield from found
    elif os.path.isfile(name) or os.path.exists(name):
        yield name
    elif has_magic(name) and (found := sorted(each for each in glob(name, recursive=True) if os.path.isfile(each))):
        yield from found
    else:
        raise Refused(f"there is no file {name}")


@contextmanager
def _opened(name: str) -> Iterator[Any]:
    if name == STDIN:
        yield sys.stdin.buffer
    else:
        with open(name, "rb") as stream:
            yield stream


@contextmanager
def _alone(exchange: Path) -> Iterator[None]:
    """The only import into a data folder; what a killed one left is removed."""
    exchange.mkdir(parents=True, exist_ok=True)
    with open(exchange / "import.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused("another import is running on this data folder; wait until it has ended") from None
        for left in exchange.glob("import-*.parquet"):
            left.unlink()
        yield


@contextmanager
def _rejects(path: str | None, *, quiet: bool) -> Iterator[Callable[[str, Reject], None]]:
    """Shows some faulty lines by number and reason unless `quiet`, and writes all to a file if wanted."""
    shown = 0

    def show(name: str, reject: Reject) -> None:
        nonlocal shown
        shown += not quiet
        if 0 < shown <= SHOWN_REJECTS:
            print(f"footfall: {name}, line {reject.name}: {reject.reason.words}", file=sys.stderr)
        elif shown == SHOWN_REJECTS + 1 and not path:
            print("footfall: more lines were rejected; --rejects OUT writes down all of them", file=sys.stderr)

    if not path:
        yield show
        return
    with open(path, "w", newline="", encoding="utf-8", errors="backslashreplace") as out:
        writer = csv.writer(out)
        writer.writerow(("file", "line", "reason"))

        def write(name: str, reject: Reject) -> None:
            show(name, reject)
            writer.writerow((name, reject.name, reject.reason.words))

        yield write


def _shown(stack: ExitStack, importer: Importer, files: list[str]) -> Callable[[str, int], None]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    console = Console(stderr=True)
    progress = stack.enter_context(Progress(*columns, console=console, disable=not sys.stderr.isatty()))
    total = sum(os.path.getsize(each) for each in files if each != STDIN)
    task = progress.add_task("importing", total=total or None, rate="")
    started = monotonic()
    done: dict[str, int] = {}

    def show(name: str, read: int) -> None:
        done[name] = read
        rate = importer.tally.lines / (monotonic() - started)
        progress.update(task, completed=sum(done.values()), rate=f"{rate:,.0f} lines/s")

    return show


def _site(settings: Settings, site_id: str | None) -> Site:
    if site_id is None:
        raise Refused("--site is needed: say which site the pages are of")
    registry = compose.open_registry(settings)
    try:
        for site in registry.sites():
            if site.id == site_id:
                return site
    finally:
        registry.close()
    raise Refused(f"there is no site {site_id!r}; 'footfall site list' shows all")
