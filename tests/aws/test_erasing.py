"""Erasing by command from what a stack has counted, and removing a site of it with all."""

from datetime import date
from typing import Any

import pytest

from footfall.aws import erasure
from footfall.query import removal
from footfall.registry.dynamodb import DynamodbRegistry
from footfall.registry.port import Key, Scope
from footfall.store.aws.answers import DynamodbAnswers
from footfall.store.aws.dynamodb import DynamodbFacts
from footfall.store.aws.rollups import DynamodbRollups
from footfall.store.aws.table import Table
from tests.aws.sky import Say, Sky, say, sky
from tests.aws.test_adopt import facts_of
from tests.store.relations import agree, everything, filled
from tests.traffic import SITE, Act, apply, at, made

__all__ = ["say", "sky"]
pytestmark = pytest.mark.slow
NINE = at("2026-06-10 09:00")
DAY = date(2026, 6, 10)
KEY = Key("abcdef", "0" * 64, "berlin", (Scope.STATS_READ,), 1)
ACTS = made(
    [
        Act(NINE, page="/a"),
        Act(NINE + 60_000_000, page="/b"),
        Act(NINE, page="/a", site="kathmandu"),
    ],
    prefix="some",
    one_shard=True,
)
LATE = made([Act(NINE + 120_000_000, page="/a", who="bob")], prefix="late", one_shard=True)


def registry_of(sky: Sky) -> DynamodbRegistry:
    return DynamodbRegistry(sky.client("dynamodb"), sky.resource("Table"))


def rollups_of(sky: Sky) -> DynamodbRollups:
    return DynamodbRollups(sky.client("dynamodb"), sky.resource("Table"), lambda: DAY)


def counting(sky: Sky) -> DynamodbFacts:
    """A stack that has counted something, some of it in files."""
    registry = registry_of(sky)
    for site in ("berlin", "kathmandu"):
        registry.put_site(SITE[site], new=True)
        rollups_of(sky).put(site, b"q", {DAY: (1, b"sums")})
    registry.put_key(KEY)
    facts = facts_of(sky)
    apply(facts, ACTS)
    facts.compact("berlin")
    apply(facts, LATE)
    answers = DynamodbAnswers(Table(sky.client("dynamodb"), sky.resource("Table")))
    answers.put("asked", NINE // 1_000_000, b"told")
    return facts


def ids(sky: Sky) -> set[str]:
    return {site.id for site in registry_of(sky).sites()}


def test_the_commands_erase(sky: Sky, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "HEARD_SECONDS", 0)
    say("deploy")
    before = everything(counting(sky))
    page = ("erase", "--site", "berlin", "--filter", "event:page==/a")
    would = ["2026-06-10          2 events of         2 visits"]
    dry = "would erase 2 events of 1 days; give --yes to do it"
    assert say(*page) == (0, [*would, dry], "")
    assert everything(facts_of(sky)) == before
    assert say(*page, "--yes") == (0, [*would, "erased 2 events of 1 days"], "")
    home = filled([*ACTS, *LATE])
    chosen = "SELECT id, time FROM events WHERE site = 'berlin' AND page = '/a'"
    home.erase("berlin", chosen, {})
    assert everything(facts_of(sky)) == everything(home)
    assert not rollups_of(sky).versions("berlin", b"q", DAY, DAY)
    assert rollups_of(sky).versions("kathmandu", b"q", DAY, DAY)
    home.close()
    said = say("remove-site", "berlin", "--yes")
    assert said[0] == 0 and said[1][0].startswith("removed berlin, with 1 days in "), said
    agree(facts_of(sky), [each for each in ACTS if each.seen.site == "kathmandu"])
    assert ("berlin" in ids(sky), registry_of(sky).all_keys()) == (False, [])
    assert left_of(sky) == []
    again = say("remove-site", "berlin", "--yes")
    assert again == (1, [], "footfall: there is no site 'berlin'; 'footfall site list' shows all\n")
    apply(facts_of(sky), made([Act(NINE)], prefix="x", one_shard=True))
    assert say("remove-site", "berlin", "--yes")[0] == 0, "what came late goes too"


def left_of(sky: Sky) -> list[Any]:
    """What the table and the bucket hold of berlin, or of anybody's answers."""
    pages = sky.client("dynamodb").get_paginator("scan").paginate(TableName=sky.resource("Table"))
    places = [(item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"]]
    told = [place for place in places if place[0].startswith("A#") or "berlin" in str(place)]
    bucket = sky.resource("ArchiveBucket")
    found = sky.client("s3").list_object_versions(Bucket=bucket, Prefix="berlin/")
    files = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
    return [place for place in told if place[0] != "V#berlin"] + files


def test_what_cannot_be_changes_nothing(sky: Sky, say: Say) -> None:
    say("deploy")
    facts = counting(sky)
    before = everything(facts), ids(sky)
    for asked, told in (
        (("erase", "--site", "berlin", "--yes"), "'footfall aws remove-site berlin' erases all"),
        (("erase", "--site", "nobody", "--period", "all", "--yes"), "there is no site 'nobody'"),
        (("erase", "--site", "berlin", "--period", "soon", "--yes"), "--period must be one of"),
        (("erase", "--site", "berlin", "--filter", "page", "--yes"), "cannot be read"),
        (("remove-site", "nobody", "--yes"), "there is no site 'nobody'"),
        (("remove-site", "berlin"), "give --yes"),
    ):
        status, lines, errors = say(*asked)
        assert status and lines == [] and told in errors, (asked, errors)
    assert (everything(facts_of(sky)), ids(sky)) == before


def test_the_commands_rename_and_merge(sky: Sky, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "HEARD_SECONDS", 0)
    say("deploy")
    counting(sky)
    told = "renamed berlin to shop, with 3 events; pages may go on naming berlin"
    assert say("rename-site", "berlin", "shop") == (0, [told], "")
    assert ids(sky) - {"example"} == {"shop", "kathmandu"}
    home = filled([*ACTS, *LATE])
    home.move("berlin", "shop")
    assert everything(facts_of(sky)) == everything(home)
    assert [key.site for key in registry_of(sky).all_keys()] == ["shop"]
    again = say("rename-site", "berlin", "shop")
    assert again[0] == 0 and "with 0 events" in again[1][0], "done again it changes nothing"
    known = say("rename-site", "shop", "kathmandu")
    assert known[0] == 1 and "there is a site 'kathmandu'" in known[2]
    unsure = say("merge-sites", "shop", "kathmandu")
    assert unsure == (1, [], "footfall: nothing was done; give --yes to do it\n")
    merged = "merged shop into kathmandu, with 3 events; pages may go on naming shop"
    assert say("merge-sites", "shop", "kathmandu", "--yes") == (0, [merged], "")
    home.move("shop", "kathmandu")
    assert everything(facts_of(sky)) == everything(home)
    assert left_of(sky) == []
    home.close()
