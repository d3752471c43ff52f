"""Facts as files: all of them, as they are, and harmless."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from footfall.control.port import Refusal
from footfall.exports.columns import COLUMNS, TEXTS
from footfall.exports.facts import Export
from footfall.exports.formula import LEADING, harmless
from footfall.store.facts import EVENTS, VISITS
from footfall.store.port import StoreBroken
from tests.exports.conftest import HOSTILE, NOON
from tests.imports.places import Place
from tests.oracle import DAY, HOUR
from tests.traffic import SALTS, SITE, Act, apply, made

DOCUMENTED = Path(__file__).parents[2] / "docs" / "exporting.md"


def exported(
    place: Place, form: str, tmp_path: Path, what: str = "events", site: str = "berlin", **days: Any
) -> bytes:
    Export(place.facts, place.registry, place.exchange)(site, what, form, "file", **days)
    return (place.exchange / "file").replace(tmp_path / "file").read_bytes()


def from_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def from_ndjson(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.parametrize("what", COLUMNS)
def test_every_form_holds_the_same(what: str, place: Place, tmp_path: Path) -> None:
    texts, objects = (
        from_csv(exported(place, "csv", tmp_path, what)),
        from_ndjson(exported(place, "ndjson", tmp_path, what)),
    )
    exported(place, "parquet", tmp_path, what)
    with duckdb.connect() as connection:
        stored = connection.execute(
            "FROM read_parquet($path)", {"path": str(tmp_path / "file")}
        ).fetchall()
        names = [column[0] for column in connection.description or ()]
    assert names == list(COLUMNS[what]) == list(texts[0]) == list(objects[0])
    assert (
        len(stored)
        == len(texts)
        == len(objects)
        == place.facts.rows(f"SELECT count(*) FROM {what} WHERE site = 'berlin'")[0][0]
    )
    for row, text, told in zip(
        *(
            sorted(rows, key=itemgetter(key))
            for rows, key in ((stored, 0), (texts, names[0]), (objects, names[0]))
        ),
        strict=True,
    ):
        for name, value in zip(names, row, strict=True):
            assert text[name] == as_text(value), name
            if isinstance(value, date) and not isinstance(value, datetime):
                value = value.isoformat()
            assert plain(name, told[name]) == plain(name, value), name


def as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return moment(value)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def plain(name: str, value: Any) -> Any:
    """A value as NDJSON has it: properties as objects, times as texts."""
    if name == "props" and isinstance(value, str):
        return json.loads(value)
    return moment(value) if isinstance(value, datetime) else value


def moment(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"


def test_what_is_told_is_what_is_stored(place: Place, tmp_path: Path) -> None:
    kept = place.facts.rows(
        "SELECT id, visitor, visit, epoch_us(time), page,"
        " amount FROM events WHERE site = 'berlin' ORDER BY day, time"
    )
    rows = from_csv(exported(place, "csv", tmp_path))
    told = [
        (
            int(row["id"], 16),
            int(row["visitor"], 16),
            int(row["visit"], 16) if row["visit"] else None,
            row["time"],
            row["page"],
        )
        for row in rows
    ]
    assert sorted(told, key=str) == sorted(
        [
            (*ids, moment(datetime(1970, 1, 1) + timedelta(microseconds=time)), page)
            for *ids, time, page, _ in kept
        ],
        key=str,
    )
    visits = from_csv(exported(place, "csv", tmp_path, "visits"))
    bounced, seconds = (
        place.facts.rows(f"SELECT {sql} FROM visits WHERE site = 'berlin'")[0][0]
        for sql in (
            "count(*) FILTER (pageviews = 1 AND interactions = 0)",
            "sum(epoch_us(last) - epoch_us(start))",
        )
    )
    assert sum(row["bounce"] == "true" for row in visits) == bounced
    assert round(sum(float(row["duration"]) for row in visits) * 1e6) == seconds


def test_only_the_days_asked_for(place: Place, tmp_path: Path) -> None:
    for days in (
        {"first": "2026-06-11"},
        {"last": "2026-06-11"},
        {"first": "2026-06-11", "last": "2026-06-12"},
        {"first": "2030-01-01"},
    ):
        rows = from_csv(exported(place, "csv", tmp_path, **days))
        wanted = place.facts.rows(
            "SELECT count(*) FROM events WHERE site = 'berlin' AND day BETWEEN ? AND ?",
            [days.get("first", "1970-01-01"), days.get("last", "2200-01-01")],
        )
        assert len(rows) == wanted[0][0]


@pytest.mark.parametrize("what", COLUMNS)
def test_no_cell_of_text_is_a_formula(what: str, hostile: Place, tmp_path: Path) -> None:
    rows = from_csv(exported(hostile, "csv", tmp_path, what))
    assert rows
    numbers = set(COLUMNS[what]) - TEXTS[what]
    for row in rows:
        assert not [
            (name, cell)
            for name, cell in row.items()
            if name not in numbers and cell[:1] and cell[0] in LEADING
        ]
        assert None not in row.values() and None not in row, "a cell that broke its row"
    if what == "events":
        assert {row["page"] for row in rows} == {harmless(text) for text in HOSTILE}
        assert (
            {row["title"] for row in rows}
            == {row["source"] for row in rows}
            == {row["page"] for row in rows}
        )
        assert {row["amount"] for row in rows} == {"-12.5"}, "a number stays a number"
        assert {row["visit"][:1] in "0123456789abcdef" for row in rows} == {True}


def test_other_forms_hold_texts_as_they_are(hostile: Place, tmp_path: Path) -> None:
    rows = from_ndjson(exported(hostile, "ndjson", tmp_path))
    assert {row["page"] for row in rows} == set(HOSTILE)
    assert {next(iter(row["props"].items())) for row in rows} == {(text, text) for text in HOSTILE}


def test_properties_that_are_no_json_are_told_as_text(tmp_path: Path) -> None:
    place = Place(NOON + DAY, SITE["berlin"])
    apply(place.facts, made([Act(NOON)]))
    place.facts._connection.execute("UPDATE events SET props = '{no json'")
    assert from_ndjson(exported(place, "ndjson", tmp_path))[0]["props"] == "{no json"
    place.close()


@pytest.mark.parametrize("what", COLUMNS)
def test_every_column_is_explained(what: str) -> None:
    text = (
        DOCUMENTED.read_text("utf-8").partition(f"### {what.capitalize()}\n")[2].partition("\n#")[0]
    )
    explained = re.findall(r"^\| `(\w+)` \| \S.+ \|$", text, re.MULTILINE)
    assert explained == list(COLUMNS[what])


def test_all_that_is_stored_is_exported() -> None:
    """But for what links two days, what is bookkeeping, and the site that was asked for."""
    assert set(EVENTS) - set(COLUMNS["events"]) == {"site", "prev", "frozen", "import"}
    assert set(VISITS) - set(COLUMNS["visits"]) == {"site"}


def test_days_that_are_gone_are_told() -> None:
    place = Place(NOON + 60 * DAY, replace(SITE["berlin"], retention_days=30))
    apply(place.facts, made([Act(NOON), Act(NOON + 40 * DAY + HOUR)], SALTS))
    place.facts.settle(frozenset(), place.now // DAY, place.now)
    place.tend()
    told = Export(place.facts, place.registry, place.exchange)("berlin", "events", "csv", "file")
    assert told == {"rows": 1, "left_out": 1}
    place.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"site": "nobody"}, "there is no site 'nobody'"),
        ({"first": "soon"}, "--from must be a date such as 2026-01-31, not 'soon'"),
        ({"last": "2026-02-30"}, "--to must be a date"),
        ({"first": "2026-02-02", "last": "2026-02-01"}, "--from must not lie after --to"),
        ({"what": "keys"}, "there are events and visits, as csv, ndjson, parquet"),
        ({"form": "xlsx"}, "there are events and visits, as csv, ndjson, parquet"),
    ],
)
def test_what_is_wrong_is_said(arguments: dict[str, str], says: str, place: Place) -> None:
    asked: dict[str, Any] = {"site": "berlin", "what": "events", "form": "csv", "file": "wrong"}
    asked |= arguments
    with pytest.raises(Refusal, match=says):
        Export(place.facts, place.registry, place.exchange)(**asked)
    assert not (place.exchange / "wrong").exists()


def test_a_folder_that_is_not_there_is_a_broken_store(place: Place) -> None:
    with pytest.raises(StoreBroken, match="No such file"):
        Export(place.facts, place.registry, place.exchange / "nowhere")(
            "berlin", "events", "csv", "file"
        )


def test_nothing_is_written_outside_the_folder(place: Place) -> None:
    Export(place.facts, place.registry, place.exchange)(
        "berlin", "events", "csv", "../../../outside.csv"
    )
    (place.exchange / "outside.csv").unlink()
