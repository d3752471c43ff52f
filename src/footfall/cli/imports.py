"""`footfall import`: page views from the access logs of web servers."""

import csv
import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from glob import glob, has_magic
from pathlib import Path
from time import monotonic, sleep
from typing import Any, BinaryIO, NoReturn

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from footfall import compose
from footfall.cli import archive
from footfall.compose import importing
from footfall.control.port import Refusal
from footfall.domain.site import Site
from footfall.imports.access_log import Importer, Tally
from footfall.imports.archive import NotAnArchive, is_archive
from footfall.imports.columns import Reject
from footfall.imports.format import NoFormat, named
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


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Import all files; 1 when some could not be read."""
    if len(given["files"]) == 1 and is_archive(given["files"][0]):
        return archive.take_in(settings, Path(given["files"][0]), given["site_id"])
    site = _site(settings, given["site_id"])
    files = [each for name in given["files"] for each in _files(name)]
    if given["follow"] and (len(files) != 1 or files[0] == "-"):
        raise Refused("--follow takes one file")
    format_ = named(given["format"]) if given["format"] else None
    wanted = Wanted(given["hostname"] or site.domains[0].removeprefix("*."), given["scheme"], given["keep_bots"], given["keep_assets"])
    tally, started = Tally(), monotonic()
    with ExitStack() as stack:
        stack.enter_context(_alone(compose.exchange(settings)))
        rejects = stack.enter_context(_rejects(given["rejects"]))
        salts = compose.open_salts(settings)
        stack.callback(salts.close)
        makers = importing.makers(settings, site, wanted, salts)
        for each in makers:
            stack.callback(each.close)
        owner = stack.enter_context(compose.owner(settings))
        progress = stack.enter_context(_progress())
        task = progress.add_task("importing", total=sum(os.path.getsize(each) for each in files if each != "-") or None, rate="")
        importer = Importer(site.id, makers, owner, compose.exchange(settings), compose.now, format_, rejects, _shown(progress, task, tally, started))
        try:
            unread = _import(importer, files, tally, follow=given["follow"])
        except KeyboardInterrupt:
            print("footfall: stopped; what is imported stays, and the same command goes on from there", file=sys.stderr)
            return INTERRUPTED
    print(_told(tally, site.id, monotonic() - started))
    return 1 if unread else 0


def _import(importer: Importer, files: list[str], tally: Tally, *, follow: bool) -> int:
    """All files in turn; how many of them could not be read to their end."""
    unread = 0
    for name in files:
        try:
            if follow:
                _follow(importer, name, tally)
            with _opened(name) as stream:
                importer.take(_log(importer, name, stream, tally), tally)
        except (NoLog, NoFormat, OSError) as exc:
            print(f"footfall: {exc}" if name in str(exc) else f"footfall: {name}: {exc}", file=sys.stderr)
            unread += 1
    return unread


def _log(importer: Importer, name: str, stream: Any, tally: Tally) -> Log:
    """A log, from where it was imported to before."""
    log = Log(name, stream, os.fstat(stream.fileno()).st_size or PIECES * PIECE_BYTES)
    if stream.seekable():
        tally.before += log.skip(importer.known())
    return log


def _follow(importer: Importer, name: str, tally: Tally) -> NoReturn:
    """Import a file as it grows, and the next of its name, until stopped.

    One that another has taken the place of is read on until nothing came for some seconds: a server
    may go on writing to it until it is told.
    """
    while True:
        with _opened(name) as stream:
            log = _log(importer, name, stream, tally)
            quiet = 0
            while quiet < QUIET_POLLS:
                before = log.upto
                importer.take(log, tally, growing=True)
                importer.owner.release()  # an engine may start meanwhile
                sleep(FOLLOW_SECONDS)
                if _truncated(stream):
                    break
                quiet = quiet + 1 if _rotated(name, stream) and log.upto == before else 0
            importer.take(log, tally)


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
    if name == "-":
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
    if name == "-":
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
def _rejects(path: str | None) -> Iterator[Callable[[str, Reject], None]]:
    """Shows some faulty lines by number and reason, and writes all to a file if wanted."""
    shown = 0

    def show(name: str, reject: Reject) -> None:
        nonlocal shown
        shown += 1
        if shown <= SHOWN_REJECTS:
            print(f"footfall: {name}, line {reject.line}: {reject.reason.words}", file=sys.stderr)
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
            writer.writerow((name, reject.line, reject.reason.words))

        yield write


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())


def _shown(progress: Progress, task: TaskID, tally: Tally, started: float) -> Callable[[Log], None]:
    done: dict[str, int] = {}

    def show(log: Log) -> None:
        done[log.name] = log.read
        progress.update(task, completed=sum(done.values()), rate=f"{tally.lines / (monotonic() - started):,.0f} lines/s")

    return show


def _told(tally: Tally, site: str, seconds: float) -> str:
    left = [f"{lines:,} {reason.words}" for reason, lines in tally.left.most_common()]
    before = f"; {tally.before:,} lines had been imported before" if tally.before else ""
    rate = tally.lines / seconds if seconds else 0
    return f"imported {tally.events:,} page views of {tally.lines:,} lines into {site} in {seconds:.1f} s ({rate:,.0f} lines/s){before}\nleft out: {', '.join(left) or 'nothing'}"


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
