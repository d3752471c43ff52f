"""What is too large or no hit at the door without code."""

import json
from random import Random
from typing import Any

import pytest

from footfall.aws.velocity import Request
from footfall.compose import sources
from footfall.domain.event import Position
from footfall.processor.batch import batch_of
from footfall.stream.codec import Unreadable
from footfall.stream.port import Record
from tests.aws.events import BROWSER, wrapped
from tests.aws.test_rest_door import NINE, TRACK, Home, decoded, home

__all__ = ["home"]


@pytest.mark.parametrize(
    ("body", "over"),
    [
        ("x" * 65_536, ""),
        ("x" * 65_537, "body"),
        ("x" * 65_538, "body"),
        ("\u65e5" * 21_845, ""),
        ("\u65e5" * 21_845 + "x", ""),
        ("\u65e5" * 21_846, "body"),
        ("\U0001f600" * 16_384, ""),
        ("\U0001f600" * 16_384 + "x", "body"),
        ("\x00" * 65_536, ""),
        ("x" * 9_000_000, "body"),
    ],
    ids=lambda each: f"{len(each)}" if isinstance(each, str) else "",
)
@pytest.mark.parametrize("kind", TRACK["RequestTemplates"])
def test_a_body_over_64_kb_is_left_out(home: Home, body: str, over: str, kind: str) -> None:
    found = json.loads(wrapped(Request({"User-Agent": BROWSER}, body=body), kind=kind)[1])
    assert (found["over"], decoded(found["body"])) == (over, "" if over else body)
    reason = "at most 65,536 bytes" if over else "JSON"
    with pytest.raises(Unreadable, match=reason):
        home.read(body)


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("TrackPost", {"query": {"x": "y" * 120_000}}),
        ("PixelGet", {"query": {"x" * 120_000: "y"}}),
        (
            "PixelGet",
            {"query": {f"name{number}": "value" for number in range(900)} | {"x": "y" * 100_000}},
        ),
        ("TrackPost", {"headers": {"User-Agent": "y" * 120_000}}),
        ("PixelGet", {"headers": {"Referer": "y" * 120_000}}),
        ("TrackPost", {"headers": {"X-Forwarded-For": "y" * 500_000}, "body": "x" * 65_000}),
    ],
)
def test_a_request_of_endless_parts_is_left_out(home: Home, method: str, more: Any) -> None:
    record = wrapped(Request(**more, time_ms=NINE // 1000), method)[1]
    found = json.loads(record)
    assert (found["over"], found["headers"], found["query"], found["body"]) == (
        "request",
        {},
        [],
        "",
    )
    assert len(record) < 1_000
    with pytest.raises(Unreadable, match="at most 10,240 bytes of query and headers"):
        home.door.read(record)


def test_as_much_as_api_gateway_lets_through_is_read(home: Home) -> None:
    """A whole body, and 10,240 bytes of a query of the shortest names."""
    query = {f"{number:x}": "" for number in range(3_000)}
    found = json.loads(wrapped(Request({"User-Agent": BROWSER}, query, "x" * 65_536))[1])
    assert found["over"] == ""


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "\x00",
        '{"url": 5}',
        '{"url": "nothing"}',
        "[" * 60_000,
        '"' + "x" * 70_000 + '"',
    ],
)
def test_what_is_no_hit_is_set_aside_without_its_sender(home: Home, body: str) -> None:
    headers = {
        "Authorization": "Bearer x",
        "X-Forwarded-For": "203.0.113.9",
        "User-Agent": "Secret/1",
    }
    with pytest.raises(Unreadable) as caught:
        home.read(body, headers, address="198.51.100.77")
    kept = json.loads(caught.value.kept)
    assert decoded(kept["body"]) == body[: len(decoded(kept["body"]))]
    assert len(decoded(kept["body"])) == (min(len(body), 1_122) if len(body) <= 65_536 else 0)
    assert set(kept) == {"door", "at", "id", "query", "body"}


@pytest.mark.parametrize("seed", range(5))
def test_what_is_kept_stays_json_however_much_it_was(home: Home, seed: int) -> None:
    dice = Random(seed)
    query = {
        "n" * dice.randrange(1, 400) + str(each): "v" * dice.randrange(3_000) for each in range(9)
    }
    request = Request(query=query, body="b" * dice.randrange(60_000), time_ms=NINE // 1000)
    for method in ("TrackPost", "PixelGet"):
        with pytest.raises(Unreadable) as caught:
            home.door.read(wrapped(request, method)[1])
        kept = json.loads(caught.value.kept)
        assert len(caught.value.kept) <= 1_800
        for text in (kept["body"], *(each for pair in kept["query"] for each in pair)):
            decoded(text)


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"{}",
        b'{"v": 1}',
        b'{"v":2,"door":"track","at":1,"id":"","ip":"","headers":{},"query":[],"body":""}',
        b"{" * 90_000,
    ],
)
def test_an_envelope_that_is_none_is_set_aside(home: Home, data: bytes) -> None:
    with pytest.raises(Unreadable):
        home.door.read(data)


def test_one_that_is_bad_holds_up_none(home: Home) -> None:
    good = [
        wrapped(
            Request(
                {"User-Agent": BROWSER},
                body='{"url": "https://example.com/"}',
                time_ms=NINE // 1000,
                extended_id=f"{number}=",
            )
        )[1]
        for number in range(2)
    ]
    records = [
        Record(Position("s", number + 1), data)
        for number, data in enumerate([good[0], b"{nothing", b"\xff\xfe", good[1]])
    ]
    batch = batch_of(records, {}, sources(), NINE, home.door.read)
    assert (len(batch.events), [each.position.sequence for each in batch.bad], batch.marks) == (
        2,
        [2, 3],
        {"s": 4},
    )
