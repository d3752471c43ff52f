"""Reports as files for programs."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from footfall.exports.formula import LEADING
from footfall.exports.report import MONEY, WHOLE, columns, content
from footfall.query.answer import Answers
from footfall.query.catalogue import catalogue
from footfall.query.command import Report
from footfall.query.metrics import revenue
from tests.exports.conftest import HOSTILE
from tests.imports.places import Place

METRICS = ["visitors", "visits", "bounce_rate", "visit_duration", "total_revenue"]


def asked(place: Place, **query: Any) -> dict[str, Any]:
    found = Report(Answers(place.facts, lambda: place.now), place.registry)(
        "berlin", {"metrics": METRICS, "date_range": "7d", **query}
    )
    return dict(json.loads(json.dumps(found)))


def from_csv(answer: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(answer, "csv").decode(), newline="")))


def from_parquet(
    answer: dict[str, Any], folder: Path
) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
    path = folder / "report.parquet"
    path.write_bytes(content(answer, "parquet"))
    with duckdb.connect() as connection:
        found = connection.execute("FROM read_parquet($path)", {"path": str(path)})
        return [(column[0], str(column[1])) for column in found.description or ()], found.fetchall()


COMPARED = {"include": {"comparisons": {"mode": "previous_period"}}}
QUERIES: dict[str, dict[str, Any]] = {
    "figures": {},
    "pages": {"dimensions": ["event:page"]},
    "days": {"dimensions": ["time:day", "visit:country"]},
    "compared": {
        "dimensions": ["time:day"],
        "date_range": ["2026-06-12", "2026-06-13"],
        **COMPARED,
    },
    "nothing": {"dimensions": ["event:page"], "date_range": ["2020-01-01", "2020-01-02"]},
}


@pytest.mark.parametrize("query", QUERIES)
def test_every_form_holds_the_same(query: str, place: Place, tmp_path: Path) -> None:
    answer = asked(place, **QUERIES[query])
    names = columns(answer)
    objects = [json.loads(line) for line in content(answer, "ndjson").splitlines()]
    described, stored = from_parquet(answer, tmp_path)
    texts = from_csv(answer)
    assert json.loads(content(answer, "json")) == answer
    assert [name for name, _ in described] == list(names)
    assert len(texts) == len(objects) == len(stored) == len(answer["results"])
    for text, told, row, result in zip(texts, objects, stored, answer["results"], strict=True):
        assert [told[name] for name in (*answer["query"]["dimensions"], *METRICS)] == [
            *result["dimensions"],
            *result["metrics"],
        ]
        for value, cell in zip(row, text.values(), strict=True):
            if isinstance(value, float):
                assert float(cell) == value
            else:
                assert cell == ("" if value is None else str(value))
        for name, value in told.items():
            expected = money(value) if name.split("_before")[0] in MONEY else value
            assert row[list(names).index(name)] == expected, name


def money(value: Any) -> str | None:
    if value is None:
        return None
    amounts = value if isinstance(value, list) else [value]
    return "; ".join(f"{each['currency']} {each['value']:.2f}" for each in amounts)


def test_a_comparison_has_columns_of_its_own(place: Place) -> None:
    rows = from_csv(asked(place, **QUERIES["compared"]))
    assert [(row["time:day"], row["time:day_before"]) for row in rows] == [
        ("2026-06-12", "2026-06-10"),
        ("2026-06-13", "2026-06-11"),
    ]
    assert all(
        float(row["visitors_change"]) for row in rows if row["visitors"] != row["visitors_before"]
    )
    assert any(
        row["total_revenue"].startswith("EUR ") and "; USD " in row["total_revenue"] for row in rows
    )


def test_no_cell_is_a_formula(hostile: Place) -> None:
    by = ["event:page", "event:title", "visit:utm_campaign"]
    rows = from_csv(
        asked(hostile, dimensions=by, date_range="30d", metrics=["visitors", "total_revenue"])
    )
    assert len(rows) == len(HOSTILE)
    assert not [cell for row in rows for cell in row.values() if cell[:1] and cell[0] in LEADING]
    assert {row["total_revenue"] for row in rows} == {"USD -12.50"}


def test_columns_are_of_the_metrics_types() -> None:
    assert set(WHOLE) == {name for name, metric in catalogue().items() if metric.count}
    assert set(MONEY) == {metric.name for metric in revenue.METRICS}
