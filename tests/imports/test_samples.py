"""Logs of many servers tell of the same four requests, recognised by themselves and by name."""

from pathlib import Path
from typing import Any

import pytest

from footfall.imports.columns import Columns
from footfall.imports.format import NAMES, Format, named
from footfall.imports.guess import LISTED, SAMPLE_LINES, fitted, guessed
from footfall.imports.request import Wanted
from tests.imports.making import OWN, PLAIN, lookups, made

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.log"))
FIRST, SECOND = 1_781_090_553, 1_781_090_554
NO_AGENT = ("common", "vhost-common", "haproxy")
NO_REFERRER = (*NO_AGENT, "alb", "elb")
NO_METHOD = ("bunny",)


def lines_of(path: Path) -> list[str]:
    return [line.rstrip("\r\n") for line in path.read_text().splitlines(keepends=True)]


def name_of(path: Path) -> str:
    """The format of a sample: its file's name, or what that begins with."""
    stem = path.stem
    if stem.startswith("prefix-"):
        return "caddy" if stem.endswith("caddy") else "combined"
    return max((name for name in NAMES if stem.startswith(name)), key=len)


def found(lines: list[str], format_: Format, wanted: Wanted = PLAIN) -> list[tuple[Any, ...]]:
    result = made(lines, format_, OWN, wanted)
    comments = sum(1 for line in lines if line.startswith("#"))
    left = {"empty_or_a_comment": comments} if comments else {}
    posted = {} if name_of_format(format_) in NO_METHOD else {"method": 1}
    assert result.left == {**left, **posted, "asset": 1}
    assert len({event["visitor"] for event in result.events}) == 2
    return [(int(event["time"].timestamp()), event["page"], event["referrer"], event["browser"], event["utm_source"]) for event in result.events]


def name_of_format(format_: Format) -> str:
    return format_.name


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_read(path: Path) -> None:
    lines, name = lines_of(path), name_of(path)
    agent = path.stem not in NO_AGENT
    referrer = None if path.stem in NO_REFERRER else "ref.example/x"
    right = [
        (FIRST, "/a", referrer, "Firefox" if agent else None, "letter"),
        (SECOND, "/café", None, "Safari" if agent else None, None),
    ]
    columns = Columns(OWN, PLAIN, lookups())
    asked = fitted(named(name), lines[:SAMPLE_LINES], lines, columns, "it")
    assert found(lines, asked) == right
    if name not in (*LISTED, "cloudfront"):
        told = guessed(lines[:SAMPLE_LINES], columns, "it")
        assert told.name == name
        assert found(lines, told) == right
    columns.close()


def test_every_format_has_a_sample() -> None:
    assert {name_of(path) for path in SAMPLES} == set(NAMES)
