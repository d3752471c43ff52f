"""A report's answer as a file for programs: CSV, NDJSON, Parquet, or the JSON of the API."""

import codecs
import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from footfall.exports.formula import harmless

WHOLE = ("visitors", "visits", "pageviews", "events")
MONEY = ("total_revenue", "average_revenue")
Answer = Mapping[str, Any]


def columns(answer: Answer) -> dict[str, str]:
    """Return the names of a report's columns and their types in SQL.

    Dimensions come first, then metrics, then what they are compared with.
    """
    asked = answer["query"]
    types = {name: _kind(name) for name in asked["metrics"]}
    found = dict.fromkeys(asked["dimensions"], "VARCHAR") | types
    if "comparison_date_range" in asked:
        found |= {f"{name}_before": "VARCHAR" for name in times(answer)}
        found |= {f"{name}_before": kind for name, kind in types.items()}
        found |= {f"{name}_change": "DOUBLE" for name in types}
    return found


def _kind(metric: str) -> str:
    if metric in MONEY:
        return "VARCHAR"
    return "BIGINT" if metric in WHOLE else "DOUBLE"


def times(answer: Answer) -> list[str]:
    """The dimensions of time: their values differ in a compared period."""
    return [name for name in answer["query"]["dimensions"] if name.split(":")[0] == "time"]


def rows(answer: Answer) -> Iterator[list[Any]]:
    """The values of these columns, amounts as the API has them."""
    place = {name: index for index, name in enumerate(answer["query"]["dimensions"])}
    for row in answer["results"]:
        found = [*row["dimensions"], *row["metrics"]]
        if before := row.get("comparison"):
            found += [before["dimensions"][place[name]] for name in times(answer)]
            found += [*before["metrics"], *before["change"]]
        elif "comparison" in row:  # not known where days have more values than are kept
            found += [None] * (len(columns(answer)) - len(found))
        yield found


def amount(value: Any) -> str | None:
    """Money as a text, such as `EUR 12.50`; several currencies with semicolons between."""
    if value is None:
        return None
    amounts = value if isinstance(value, list) else [value]
    return "; ".join(f"{each['currency']} {each['value']:.2f}" for each in amounts)


def content(answer: Answer, form: str, *, bom: bool = False) -> bytes:
    """Return the whole file, with a byte order mark first if wanted."""
    mark = codecs.BOM_UTF8 if bom else b""
    return mark + FORMS[form](answer)


def _csv(answer: Answer) -> bytes:
    file = io.StringIO()
    # With CR LF after each row: with another end of lines Python leaves a CR in a cell bare.
    writer = csv.writer(file)
    names = columns(answer)
    kinds = list(names.values())
    writer.writerow(map(harmless, names))
    for row in rows(answer):
        cells = _plain(row, kinds)
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    return file.getvalue().encode("utf-8", "replace")


def _ndjson(answer: Answer) -> bytes:
    names = list(columns(answer))
    named = (dict(zip(names, row, strict=True)) for row in rows(answer))
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in named)
    return "".join(lines).encode("utf-8", "replace")


def _json(answer: Answer) -> bytes:
    return (json.dumps(answer, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def _parquet(answer: Answer) -> bytes:
    import duckdb  # takes its time, and no other form needs it

    names = columns(answer)
    table = [_plain(row, list(names.values())) for row in rows(answer)]
    defined = ", ".join(f"{_quoted(name)} {kind}" for name, kind in names.items())
    values = ", ".join("?" * len(names))
    config: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(config=config) as connection,
    ):
        connection.execute("SET enable_progress_bar = false")
        path = str(Path(folder) / "report.parquet")
        connection.execute(f"CREATE TABLE report ({defined})")
        if table:
            connection.executemany(f"INSERT INTO report VALUES ({values})", table)
        connection.execute("COPY report TO $path (FORMAT parquet)", {"path": path})
        return Path(path).read_bytes()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


FORMS: Mapping[str, Callable[[Answer], bytes]] = {
    "csv": _csv,
    "ndjson": _ndjson,
    "json": _json,
    "parquet": _parquet,
}


def _plain(row: Sequence[Any], kinds: Sequence[str]) -> list[Any]:
    """With amounts as texts."""
    return [
        amount(value) if kind == "VARCHAR" and not isinstance(value, str) else value
        for value, kind in zip(row, kinds, strict=True)
    ]
