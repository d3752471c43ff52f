"""`footfall query`: any report, for a person or a program."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from footfall import compose
from footfall.cli.output import STDOUT, check, check_bom, written
from footfall.cli.table import figures, headline, nothing, table
from footfall.control.client import Owner
from footfall.control.port import Refusal
from footfall.exports.report import content
from footfall.registry.port import RegistryBroken
from footfall.settings import BadSettings, Settings
from footfall.store.port import StoreBroken

EXPECTED = (Refusal, RegistryBroken, StoreBroken, OSError)
METRICS = ["visitors", "pageviews"]
PERIOD = "30d"
ROWS = 20
"""Of a table, unless told."""

INTERRUPTED = 130
MODES = ("previous_period", "year_over_year")
ENDINGS = {
    ".csv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}
FLAGS = {
    "metrics": "--metric",
    "dimensions": "--by",
    "date_range": "--period",
    "filters": "--filter",
    "order_by": "--order",
    "pagination.limit": "--limit",
    "pagination.offset": "--offset",
    "include.comparisons": "--compare",
    "include.comparisons.mode": "--compare",
    "include.comparisons.date_range": "--compare",
}
"""Where a field of a query comes from."""

BESIDE = {
    "--metric": "metrics",
    "--by": "dimensions",
    "--period": "period",
    "--filter": "conditions",
    "--order": "orders",
    "--limit": "limit",
    "--offset": "offset",
    "--compare": "compare",
}


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Ask, and print or write the answer."""
    try:
        _run(settings, given)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _run(settings: Settings, given: Mapping[str, Any]) -> None:
    output = given["output"]
    form = given["form"] or ENDINGS.get(Path(output).suffix.lower(), "table")
    check_bom(given, form)
    if output != STDOUT:
        check(output, force=given["force"])
    query = _body(given) if given["body"] is not None else _query(given, form)
    site = _site(settings, given["site_id"] or query.get("site_id"))
    console = Console() if output == STDOUT and sys.stdout.isatty() else None
    if form == "parquet" and console:
        raise BadSettings("Parquet is nothing to look at: give --output FILE")
    with compose.owner(settings) as owner:
        answer = _asked(owner, site, query, given)
        if form == "table":
            course: Mapping[str, Sequence[Any]] = {}
            if console and not answer["query"]["dimensions"]:
                course = _course(owner, site, query, given)
            text = _for_people(site, answer, course, console)
        else:
            text = content(answer, form, bom=given["bom"])
    _put(text, output, given["force"])
    _remarks(answer)


def _query(given: Mapping[str, Any], form: str) -> dict[str, Any]:
    """Make a body of the flags."""
    metrics = [name.strip() for each in given["metrics"] for name in each.split(",")] or METRICS
    by = given["dimensions"]
    of_time = len(by) == 1 and by[0].split(":")[0] == "time"
    rows = ROWS if form == "table" and not of_time else None
    include: dict[str, Any] = {"total_rows": True}
    if of_time:
        include["time_labels"] = True
    if given["compare"]:
        include["comparisons"] = _comparisons(given["compare"])
    query = {
        "metrics": metrics,
        "dimensions": by,
        "date_range": _period(given["period"] or PERIOD),
        "include": include,
        "pagination": _pages(given, rows),
    }
    if given["orders"]:
        query["order_by"] = [_order(each) for each in given["orders"]]
    return query


def _pages(given: Mapping[str, Any], rows: int | None) -> dict[str, int]:
    limit = _number(given, "limit", rows)
    offset = _number(given, "offset", None)
    pages = {"limit": limit, "offset": offset}
    return {name: number for name, number in pages.items() if number is not None}


def _comparisons(compare: str) -> dict[str, Any]:
    if compare in MODES:
        return {"mode": compare}
    return {"mode": "custom", "date_range": compare.split(",")}


def _period(text: str) -> str | list[str]:
    return [each.strip() for each in text.split(",")] if "," in text else text


def _order(text: str) -> list[str]:
    name, _, direction = text.rpartition(":")
    if direction in ("asc", "desc"):
        return [name, direction]
    return [text, "asc" if ":" in text or text == "time" else "desc"]


def _number(given: Mapping[str, Any], name: str, default: int | None) -> int | None:
    text = given[name]
    if text is None:
        return default
    if not text.isdecimal():
        raise BadSettings(f"--{name} must be a whole number, not {text!r}")
    return int(text)


def _body(given: Mapping[str, Any]) -> dict[str, Any]:
    beside = [flag for flag, name in BESIDE.items() if given[name]]
    if beside:
        raise BadSettings(f"--json takes the place of {', '.join(beside)}: say it in the body")
    text = sys.stdin.read() if given["body"] == STDOUT else given["body"]
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise BadSettings(f"--json cannot be read: {exc}") from None
    if not isinstance(body, dict):
        raise BadSettings("--json must be an object such as docs/reading.md describes")
    return body


def _site(settings: Settings, named: Any) -> str:
    """The site named, or the only one."""
    if named is not None:
        return str(named)
    registry = compose.open_registry(settings)
    try:
        sites = [site.id for site in registry.sites()]
    finally:
        registry.close()
    if len(sites) == 1:
        return sites[0]
    if not sites:
        raise BadSettings("there is no site yet; 'footfall site add' adds one")
    more = " ..." if sites[10:] else ""
    raise BadSettings(f"--site is needed: there are {', '.join(sites[:10])}{more}")


def _asked(owner: Owner, site: str, query: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """The answer; what is wrong with a field is said of the flag that it came from."""
    try:
        return owner("report", site=site, query=query, conditions=given["conditions"])
    except Refusal as exc:
        field, _, sentence = str(exc).partition(" ")
        if given["body"] is None and field in FLAGS:
            raise BadSettings(f"{FLAGS[field]} {sentence}") from None
        raise


def _course(
    owner: Owner, site: str, query: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """Return the values of each metric over the period's time."""
    kept = ("metrics", "date_range", "filters")
    asked = {name: value for name, value in query.items() if name in kept}
    asked |= {"dimensions": ["time"], "include": {"time_labels": True}}
    answer = _asked(owner, site, asked, given)
    found = {row["dimensions"][0]: row["metrics"] for row in answer["results"]}
    metrics = answer["query"]["metrics"]
    nothing = [None] * len(metrics)
    rows = [found.get(label, nothing) for label in answer["meta"]["time_labels"]]
    columns = map(list, zip(*rows, strict=True)) if rows else [[] for _ in metrics]
    return dict(zip(metrics, columns, strict=True))


def _for_people(
    site: str,
    answer: Mapping[str, Any],
    course: Mapping[str, Sequence[Any]],
    console: Console | None,
) -> bytes:
    empty = nothing(site, answer)
    if empty:
        return f"{empty}\n".encode()
    lines = [Text(headline(site, answer), "dim"), Text()]
    if answer["query"]["dimensions"]:
        lines += table(answer, console)
    else:
        lines += figures(answer, course, console)
    if console is None:
        return "".join(f"{line.plain}\n" for line in lines).encode("utf-8", "replace")
    with console.capture() as captured:
        for line in lines:
            console.print(line, no_wrap=True, overflow="ignore", crop=False, highlight=False)
    return captured.get().encode("utf-8", "replace")


def _put(text: bytes, output: str, force: bool) -> None:
    if output != STDOUT:
        with written(output, Path(os.path.abspath(output)).parent, force=force) as path:
            Path(path).write_bytes(text)
        return
    try:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has enough


def _remarks(answer: Mapping[str, Any]) -> None:
    """What is not there, on standard error."""
    offset = answer["query"]["pagination"]["offset"]
    last = offset + len(answer["results"])
    total = answer["meta"].get("total_rows") or 0
    if offset < last < total:
        print(
            f"footfall: rows {offset + 1:,} to {last:,} of {total:,};"
            " --limit and --offset show others",
            file=sys.stderr,
        )
    if lacking := answer["meta"].get("at_least"):
        print(
            f"footfall: {len(lacking):,} rows are lower bounds, since on some days others led;"
            " --format json names them (docs/numbers.md, Very many values)",
            file=sys.stderr,
        )
    if left_out := answer["meta"].get("left_out"):
        days = f"{left_out['days']:,} days from {left_out['first']} to {left_out['last']}"
        print(f"footfall: {days} are left out: {left_out['reason']}", file=sys.stderr)
