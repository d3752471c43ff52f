"""Places whose facts are exported."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from footfall.domain.event import Kind
from footfall.processor.batch import batch_of
from footfall.store.port import Batch
from tests.imports.places import Place
from tests.oracle import DAY, MINUTE
from tests.traffic import SITE, SOURCES, Act, apply, at, crowd, made

FIRST = date(2026, 6, 10)
NOON = at("2026-06-10 12:00")
HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil","x")',
    '","=1',
    "'=1",
    '"',
    "a,b",
    "a\nb",
    "\n=1",
    "a\r\nb",
    "ü – 日本",
    "",
    " =1",
    '="a\nb"',
    "-",
    "=",
)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    found = Place(NOON + 5 * DAY, SITE["berlin"], SITE["coast"])
    apply(
        found.facts,
        made([*crowd(4, FIRST, 4, 60), *crowd(5, FIRST, 2, 10, "coast")], one_shard=True),
    )
    yield found
    found.close()


FREE = (
    "page",
    "title",
    "name",
    "referrer",
    "tag",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "city",
    "browser",
    "language",
    "hostname",
)
"""Columns of texts that a sender chooses."""


@pytest.fixture(scope="module")
def hostile() -> Iterator[Place]:
    """A place to which the world sent what it thinks a spreadsheet might run.

    In every text that it may choose.
    """
    found = Place(NOON + 5 * DAY, SITE["berlin"])
    acts = []
    for number in range(len(HOSTILE)):
        kind: Kind = "custom" if number % 2 else "pageview"
        acts.append(Act(NOON + number * MINUTE, kind=kind))
    batch = batch_of([each.record for each in made(acts)], {}, SOURCES, 0)
    events = []
    for event, text in zip(batch.events, HOSTILE, strict=True):
        free: dict[str, Any] = dict.fromkeys(FREE, text)
        hit = event.hit._replace(
            **free, props=json.dumps({text: text}), currency="USD", amount=-12.5
        )
        events.append(event._replace(hit=hit, source=text))
    found.facts.apply(Batch(events))
    yield found
    found.close()
