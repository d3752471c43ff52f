"""Texts are found as people write them, whatever the spelling they came in."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from unicodedata import normalize

import pytest

from footfall.domain.event import Event, Hit, Position
from footfall.domain.page import readable
from footfall.domain.site import Site, date_day
from footfall.query.answer import Answers
from footfall.store.port import Batch
from tests.oracle import DAY, MINUTE
from tests.store.relations import empty
from tests.traffic import at

NOON = at("2026-06-10 12:00", "UTC")
SHOP = Site("shop", ("shop.example",))
CAFE = ("/caf%C3%A9", "/caf%c3%a9", "/café", "/cafe%CC%81", "/ca%66%C3%A9")
OTHER = ("/cafe", "/a%20b", "/a%2Fb", "/100%25", "/%E6%9D%B1%E4%BA%AC", "/%C3%84rger", "/x.y", "/caf%E9")


@pytest.fixture(scope="module")
def answers() -> Answers:
    """Of each page one view by a visitor of its own, who came from an address of the same path."""
    facts = empty()
    events = []
    for number, path in enumerate((*CAFE, *OTHER)):
        page = readable(path)
        hit = Hit(
            site="shop",
            id=number + 1,
            kind="pageview",
            received=NOON,
            time=NOON + number * MINUTE,
            day=date_day(date(2026, 6, 10)),
            utc_offset=0,
            visitor=number + 1,
            prev=None,
            scheme="https",
            hostname="xn--mnchen-3ya.example" if number % 2 else "shop.example",
            port=None,
            page=page,
            title="Cafe\u0301" if number == 0 else "Café",
            referrer=f"xn--strae-oqa.example{page}",
        )
        events.append(Event(hit, "xn--strae-oqa.example", "Referral", Position("s", number + 1)))
    facts.apply(Batch(events, (), {"s": len(events)}))
    return Answers(facts, lambda: NOON + DAY)


def seen(answers: Answers, *one: Any) -> int:
    query = {"metrics": ["pageviews"], "date_range": "all", "filters": [list(one)]}
    return int(answers.query(SHOP, query)["results"][0]["metrics"][0])


PAGES = ("event:page", "visit:entry_page", "visit:exit_page")
ALL = len(CAFE) + len(OTHER)
ANY_CASE = {"case_sensitive": False}
WRITTEN: Sequence[tuple[str, str, int, dict[str, bool] | None]] = (
    ("contains", "café", 5, None),
    ("contains", "caf%C3%A9", 5, None),
    ("contains", "caf%c3%a9", 5, None),
    ("contains", "cafe\u0301", 5, None),
    ("contains", "CAFÉ", 0, None),
    ("contains", "CAFÉ", 5, ANY_CASE),
    ("contains", "CAF%C3%89", 5, ANY_CASE),
    ("contains", "é", 5, None),
    ("contains", "caf", 7, None),
    ("contains", "a b", 1, None),
    ("contains", "a%20b", 1, None),
    ("contains", "%2f", 1, None),
    ("contains", "%2F", 1, None),
    ("contains", "100%", 1, None),
    ("contains", "100%25", 1, None),
    ("contains", "東", 1, None),
    ("contains", "%E6%9D%B1", 1, None),
    ("contains", "ärg", 0, None),
    ("contains", "ärg", 1, ANY_CASE),
    ("contains", "%c3%a4rg", 1, ANY_CASE),
    ("contains", "caf%e9", 1, None),
    ("is", "/café", 5, None),
    ("is", "/caf%C3%A9", 5, None),
    ("is", "/caf%c3%a9", 5, None),
    ("is", "/c%61f%c3%a9", 5, None),
    ("is", "/cafe\u0301", 5, None),
    ("is", "/CAFÉ", 5, ANY_CASE),
    ("is", "/a b", 1, None),
    ("is", "/cafe", 1, None),
    ("is", "/ärger", 1, ANY_CASE),
    ("is", "/Ärger", 1, None),
    ("is", "/a/b", 0, None),
    ("is", "(not set)", 0, None),
    ("matches", "^/café$", 5, None),
    ("matches", "^/caf%C3%A9$", 5, None),
    ("matches", "^/caf%c3%a9?$", 5, None),
    ("matches", "^/cafe\u0301$", 5, None),
    ("matches", "^/CAFÉ$", 5, ANY_CASE),
    ("matches", "ÄR", 1, ANY_CASE),
    ("matches", "%2f", 1, None),
    ("matches", r"^/caf.$", 6, None),
    ("matches", "x%2Ey", 1, None),
    ("matches", "c%2Ef", 0, None),
    ("matches", r"[東京]{2}", 1, None),
    ("matches", r"\p{Han}+", 1, None),
)


@pytest.mark.parametrize("dimension", PAGES)
@pytest.mark.parametrize(("operator", "text", "expected", "case"), WRITTEN)
def test_pages(
    answers: Answers,
    dimension: str,
    operator: str,
    text: str,
    expected: int,
    case: dict[str, bool] | None,
) -> None:
    options = [case] if case else []
    assert seen(answers, operator, dimension, [text], *options) == expected
    assert seen(answers, f"{operator}_not", dimension, [text], *options) == ALL - expected
    assert seen(answers, "not", [operator, dimension, [text], *options]) == ALL - expected
    assert seen(answers, "has_done", [operator, dimension, [text], *options]) == expected


@pytest.mark.parametrize(
    ("operator", "dimension", "text", "expected"),
    [
        ("is", "visit:referrer", "straße.example/café", 5),
        ("is", "visit:referrer", "xn--strae-oqa.example/caf%c3%a9", 5),
        ("is", "visit:referrer", "STRAßE.example/café", 5),
        ("contains", "visit:referrer", "/café", 5),
        ("contains", "visit:referrer", "straße.example", ALL),
        ("matches", "visit:referrer", "/caf%c3%a9$", 5),
        ("is", "visit:referrer", "Direct / None", 0),
        ("is", "visit:source", "straße.example", ALL),
        ("contains", "visit:source", "straße", ALL),
        ("is", "event:hostname", "münchen.example", ALL // 2),
        ("is", "event:hostname", "mu\u0308nchen.example", ALL // 2),
        ("is", "event:hostname", "MÜNCHEN.example", ALL // 2),
        ("is", "event:title", "Café", ALL),
        ("is", "event:title", "Cafe\u0301", ALL),
        ("contains", "event:title", "é", ALL),
        ("contains_not", "event:title", "é", 0),
    ],
)
def test_other_texts(answers: Answers, operator: str, dimension: str, text: str, expected: int) -> None:
    assert seen(answers, operator, dimension, [text]) == expected


def test_equal_pages_are_one_row(answers: Answers) -> None:
    query = {"metrics": ["pageviews", "visitors"], "date_range": "all", "dimensions": ["event:page"]}
    rows = {row["dimensions"][0]: row["metrics"] for row in answers.query(SHOP, query)["results"]}
    assert rows.pop(normalize("NFC", "/café")) == [5, 5]
    assert len(rows) == len(OTHER)


def test_the_question_is_told_as_it_was_written(answers: Answers) -> None:
    filters = [["contains", "event:page", ["caf%c3%a9"]]]
    told = answers.query(SHOP, {"metrics": ["pageviews"], "date_range": "all", "filters": filters})
    assert told["query"]["filters"] == filters
