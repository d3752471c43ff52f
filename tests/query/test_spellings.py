"""Pages are found under every spelling, those too that were stored before there was one."""

from dataclasses import replace

import pytest

from footfall.domain.goal import Goal
from footfall.query.answer import Answers
from footfall.query.original import Original
from tests.oracle import DAY, HOUR
from tests.query.asking import Told
from tests.traffic import SITE, Act, at

NOON = at("2026-06-10 12:00")
URL = "https://berlin.example/caf%C3%A9"


@pytest.fixture(scope="module")
def told() -> Told:
    acts = [Act(NOON + number * HOUR, who, page="/café") for number, who in enumerate(("ann", "bob", "cyd"))]
    found = Told([*acts, Act(NOON - HOUR, "dan", page="/cafe")])
    found.facts._connection.execute("UPDATE events SET page = '/caf%C3%A9' WHERE time = epoch_ms(?)", [NOON // 1000])
    return found


@pytest.mark.parametrize("pattern", ["/café", "/caf%C3%A9", "/caf%c3%a9", "*afé", "/caf%c3%a9*"])
def test_a_goal_is_reached_under_every_spelling(told: Told, pattern: str) -> None:
    site = replace(SITE["berlin"], goals=(Goal("Coffee", page=pattern),))
    query = {"site_id": "berlin", "metrics": ["pageviews"], "date_range": "all", "filters": [["is", "event:goal", ["Coffee"]]]}
    answer = Answers(told.facts, lambda: NOON + DAY).query(site, query)
    assert answer["results"] == [{"dimensions": [], "metrics": [3]}]


def test_the_first_api_gives_urls(told: Told) -> None:
    with Original(told.facts).ranking(SITE["berlin"], "DATE:2026-06-10") as views:
        assert {row["url"]: row["value"] for row in views.answer()} == {URL: 3, "https://berlin.example/cafe": 1}


@pytest.mark.parametrize("url", [URL, "https://berlin.example/café", "https://berlin.example/caf%c3%a9"])
def test_the_first_api_takes_every_spelling(told: Told, url: str) -> None:
    with Original(told.facts).series(SITE["berlin"], "MONTH:2026-06", url) as views:
        assert views.answer() == [{"date": "DATE:2026-06-10", "url": URL, "value": 3}]
