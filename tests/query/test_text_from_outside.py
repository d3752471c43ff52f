"""Whatever text comes from outside is a value, never a part of SQL; and no statement reads other files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from footfall.domain.goal import Goal
from footfall.query.answer import Answers
from footfall.store.duckdb import CORES, DuckdbFacts
from footfall.store.port import StoreBroken
from tests.query.asking import Told
from tests.traffic import SITE, Act, at

NOON = at("2026-06-10 12:00")
SECRET = "(SELECT count(*) FROM events) > 0"
KEYS = [
    "", " ", "'", '"', "/", "~", ":", "\\", "\0", "$p0", "--", ";",
    f":VARCHAR, 'x') = 'x' OR ({SECRET}) OR coalesce('a' /*" + 300 * "p" + "*/",
    f"x', 'y') = 'y' OR {SECRET} --", "a'; DROP TABLE events; --", "k" * 301,
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ascii(key[:20]))
def test_a_goal_s_property_is_a_value(key: str) -> None:
    """As it might stand in a registry of long ago; a new one is checked before it is kept."""
    told = Told([Act(NOON, kind="custom", name="Z"), Act(NOON, page="/a")])
    site = replace(SITE["berlin"], goals=(Goal("Z", event="Z", props=((key, "nope"),)),))
    answers = Answers(told.facts, lambda: NOON)
    expected: list[tuple[dict[str, Any], list[int]]] = [
        ({"filters": [["is", "event:goal", ["Z"]]]}, [0]),
        ({"filters": [["is_not", "event:goal", ["Z"]]]}, [2]),
        ({"dimensions": ["event:goal"]}, []),
    ]
    for query, events in expected:
        found = answers.query(site, {"metrics": ["events"], "date_range": "day", **query})["results"]
        assert [row["metrics"][0] for row in found] == events
    told.facts.close()


def test_no_statement_reaches_files_outside_the_exchange(tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    (tmp_path / "salts.db").write_text("secret")
    facts = DuckdbFacts(str(tmp_path / "facts.duckdb"), "64MB", CORES, exchange)
    for sql in (
        f"SELECT content FROM read_text('{tmp_path}/salts.db')",
        f"SELECT content FROM read_text('{exchange}/../salts.db')",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        f"ATTACH '{tmp_path}/other.duckdb'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(StoreBroken):
            facts.rows(sql)
    facts.rows(f"COPY (SELECT 1 AS one) TO '{exchange}/part.parquet'")
    assert facts.rows(f"SELECT one FROM '{exchange}/part.parquet'") == [(1,)]
    facts.close()
