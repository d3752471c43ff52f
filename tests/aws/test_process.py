"""What the function that counts tells of itself.

The alarm on counts that do not add up goes by it.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from footfall.domain.event import Position, Tally
from footfall.functions.process import Process
from footfall.store.duckdb import DuckdbFacts
from footfall.stream.codec import decode, encode
from footfall.stream.port import Record
from tests.traffic import SOURCES, Act, at, made

NINE = at("2026-06-10 09:00")
ACTS = [Act(NINE + number) for number in range(5)]
HITS = [each.record.data for each in made(ACTS)]
BAD = [b"nonsense", b"", b"h"]
DROPS = [encode(Tally("berlin", 20_614, "bot", 3, 7)), encode(Tally("berlin", 20_614, "bot", 2, 8))]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (HITS, (5, 5, 0, 0)),
        (BAD, (3, 0, 0, 3)),
        ([*HITS, *BAD, *DROPS], (10, 5, 5, 3)),
        ([], (0, 0, 0, 0)),
    ],
)
def test_every_record_is_told_as_applied_once(
    data: list[bytes], told: tuple[int, int, int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    """A record each, whatever it holds; what comes again is not told again."""
    records = [Record(Position("shard", number + 1), each) for number, each in enumerate(data)]
    facts = DuckdbFacts(":memory:", "256MB")
    process = Process(facts, SOURCES, lambda: NINE, lambda _: records, lambda: None, decode)
    for again in (False, True):
        process({})
        line: Mapping[str, Any] = json.loads(capsys.readouterr().out)
        assert tuple(line[name] for name in ("Applied", "Hits", "Drops", "BadRecords")) == (
            (0, 0, 0, 0) if again else told
        )
        assert {each["Name"] for each in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]} >= {
            "Applied"
        }
    facts.close()
