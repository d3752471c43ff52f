"""A site that was taken out and in again answers as it did, and goes on as it would have."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from footfall.domain.dimension import DIMENSIONS
from footfall.domain.site import date_day
from footfall.query.catalogue import catalogue
from footfall.query.standard import REPORTS
from tests.imports.places import Place
from tests.oracle import DAY, HOUR, MINUTE
from tests.query.asking import FIRST, ZONES
from tests.traffic import MOVED, SALTS, SITE, Act, apply, at, crowd, made

Asked = dict[str, Any]
DAYS = 5
KEPT = 30
DE: list[Any] = [["is", "visit:country", ["DE"]]]
SOLD: list[Any] = [["has_done", ["is", "event:goal", ["Sale"]]]]


def first_of(site: str) -> date:
    return date.fromisoformat(FIRST[site])


def midnight(site: str, day: int) -> int:
    zone = "America/Los_Angeles" if site == "moved" and at(f"{first_of(site) + timedelta(day)} 00:00") > MOVED else ZONES[site]
    return at(f"{first_of(site) + timedelta(day)} 00:00", zone)


def over_midnight(site: str) -> list[Act]:
    """Visits under way at each midnight."""
    return [Act(midnight(site, day) + minutes * MINUTE, who, site=site, page=page) for day in range(1, DAYS) for who in ("ann", "dan") for minutes, page in ((-20, "/"), (5, "/a"))]


def lived(site: str) -> Place:
    """A site of some days: the first are trimmed, the next settled, the last two go on; another site beside it."""
    place = Place(midnight(site, DAYS) + 2 * HOUR, SITE[site], SITE["berlin2"])
    acts = [*crowd(sum(site.encode()), first_of(site), DAYS, 60, site), *over_midnight(site), Act(midnight(site, 1) + 9 * HOUR, site="berlin2")]
    apply(place.facts, made(acts, one_shard=True))
    first = date_day(first_of(site))
    place.facts.settle(frozenset(SALTS) - set(range(first, first + 3)), first + DAYS, place.now - 3 * DAY)
    place.tend()
    place.ask(site, metrics=["visitors", "visits"], date_range="all", filters=DE)
    then, place.now = place.now, place.now + (KEPT + 3 - 3) * DAY
    place.keep(site, KEPT)
    place.tend()
    place.keep(site, 36_500)
    place.now = then
    trimmed = place.facts.rows("SELECT count(*) FILTER (trimmed), count(*) FILTER (settled AND NOT trimmed), count(*) FILTER (NOT settled) FROM days WHERE site = ?", [site])
    assert all(trimmed[0]), trimmed
    assert place.facts.rows("SELECT count(*) > 0 FROM events WHERE site = ? AND frozen", [site]) == [(True,)]
    assert place.facts.rows("SELECT count(*) > 0 FROM events WHERE site = ? AND prev IS NOT NULL", [site]) == [(True,)]
    return place


def questions(site: str) -> Sequence[Asked]:
    """Every metric by every dimension; the standard reports; filters, periods and comparisons."""
    metrics = [name for name in catalogue() if "conversion" not in name]
    last = first_of(site) + timedelta(DAYS - 1)
    days = [[str(first_of(site) + timedelta(day))] * 2 for day in range(DAYS)]
    instants = [f"{last - timedelta(1)}T03:20:00+02:00", f"{last}T20:00:00+02:00"]
    every = [{"dimensions": [name], "date_range": days[3] if name == "time:minute" else "all"} for name in (*DIMENSIONS, "event:props:plan")]
    spans: list[Any] = [*days, "7d", "day", "24h", "12mo", instants]
    some: list[tuple[list[str], list[Any]]] = [([], []), (["time"], []), (["visit:exit_page", "event:page"], []), (["visit:source"], DE), (["event:page"], SOLD)]
    asked = [*every, *({"dimensions": by, "filters": filters, "date_range": span} for (by, filters), span in product(some, spans))]
    goals = [{"metrics": [*catalogue()], "dimensions": ["event:goal", "visit:country"], "date_range": "all"}]
    standard = [{"metrics": list(names), "dimensions": list(by), "date_range": "all"} for by, names in REPORTS]
    compared = [{"dimensions": ["event:page"], "date_range": [str(last), str(last)], "include": {"comparisons": {"mode": "previous_period"}, "total_rows": True}}]
    return [{"metrics": metrics, **each} for each in (*asked, *goals, *standard, *compared)]


def young(site: str) -> Place:
    """Less of a site: a few visits, and nothing that settled."""
    place = Place(midnight(site, DAYS) + 2 * HOUR, SITE[site])
    apply(place.facts, made([*crowd(sum(site.encode()), first_of(site), DAYS, 60, site), *over_midnight(site)], one_shard=True))
    return place


ALL = 1000
THOROUGH = [pytest.param(6, id="fast"), pytest.param(ALL, id="torture", marks=pytest.mark.torture)]


def some_questions(site: str, most: int) -> Sequence[Asked]:
    """So many, others for each site."""
    return random.Random(site).sample(questions(site), min(most, len(questions(site))))


def same(site: str, one: Place, other: Place, asked: Sequence[Asked], called: str | None = None) -> None:
    for query in asked:
        assert other.ask(called or site, **query) == one.ask(site, **query), query


@pytest.mark.parametrize("most", THOROUGH)
@pytest.mark.parametrize("site", FIRST)
def test_a_site_that_was_carried_answers_and_goes_on_as_before(site: str, most: int, tmp_path: Path) -> None:
    was = lived(site)
    path = was.take_out(site, tmp_path / "site.zip")
    now = Place(was.now)
    told = now.take_in(path)
    assert (told["new"], told["adopted"]) == (True, True)
    assert now.site(site) == was.site(site)
    assert now.holds(site)[:4] == was.holds(site)[:4]
    assert [each[0] for each in now.facts.rows("SELECT DISTINCT site FROM days")] == [site]
    assert was.ask(site, metrics=["visits"], date_range="all", filters=SOLD)["meta"]["left_out"]["days"] > 0
    assert was.ask(site, metrics=["visits"], date_range="all", filters=DE)["meta"] == {}
    same(site, was, now, some_questions(site, most))
    further(site, was, now)
    but_versions = "day, settled, trimmed"
    assert now.holds(site, but_versions)[:4] == was.holds(site, but_versions)[:4]
    same(site, was, now, some_questions(site, most // 3))
    was.close()
    now.close()


def further(site: str, *places: Place) -> None:
    """Hits of days that have not settled: visits go on, also over midnight; copies come again, some of earlier times."""
    dice = random.Random(site)
    acts = [*crowd(sum(site.encode()), first_of(site), DAYS, 60, site), *over_midnight(site)]
    late = [act for act in acts if midnight(site, DAYS - 2) < act.at < midnight(site, DAYS) and act.late < HOUR]
    went_on = [replace(act, at=act.at + 7 * MINUTE, id=None, page="/further", kind="pageview", engaged=0, late=0) for act in dice.sample(late, 12)]
    copies = [replace(act, late=act.late + 3 * HOUR) for act in dice.sample(late, 12)]
    earlier = [replace(act, at=act.at - 50 * MINUTE, late=act.late + 5 * HOUR, page="/earlier") for act in dice.sample(late, 8)]
    records = made([*went_on, *copies, *earlier, Act(midnight(site, DAYS - 1) + MINUTE, "bob", site=site, page="/linked")], prefix="later", one_shard=True)
    for place in places:
        before = count(place, site)
        apply(place.facts, records)
        assert count(place, site) > before
        assert count(place, site, "page = '/earlier'")


def count(place: Place, site: str, which: str = "true") -> int:
    return int(place.facts.rows(f"SELECT count(*) FROM events WHERE site = ? AND {which}", [site])[0][0])


def test_the_same_facts_may_be_here_twice_and_never_meet(tmp_path: Path) -> None:
    place = young("coast")
    before = young("coast")
    place.take_in(place_with_domain(place, "copy", place.take_out("coast", tmp_path / "site.zip")), "copy")
    same("coast", before, place, some_questions("coast", 4), "copy")
    copied = place.holds("copy")
    further("coast", before, place)
    place.facts.settle(frozenset(), place.now // DAY + 9, place.now)
    before.facts.settle(frozenset(), before.now // DAY + 9, before.now)
    assert place.holds("coast")[:2] == before.holds("coast")[:2]
    assert [len(rows) for rows in place.holds("copy")[:3]] == [len(rows) for rows in copied[:3]]
    before.close()
    place.close()


def place_with_domain(place: Place, site: str, path: Path) -> Path:
    place.registry.put_site(replace(SITE["coast"], id=site, domains=(f"{site}.example",), aliases=()), new=True)
    return path


def test_an_archive_taken_in_twice_adds_nothing(tmp_path: Path) -> None:
    was = young("coast")
    path = was.take_out("coast", tmp_path / "site.zip")
    now = Place(was.now)
    now.take_in(path)
    held = now.holds("coast")
    assert held[4][0][3] == len(held[0])
    site = now.site("coast")
    now.registry.put_site(replace(site, goals=()), new=False, was=site)
    assert now.take_in(path)["adopted"] is False
    assert now.holds("coast") == held
    assert now.site("coast").goals == ()
    now.registry.remove_site("coast")
    assert now.take_in(path)["new"] is True
    assert now.site("coast") == was.site("coast")
    was.close()
    now.close()


def test_a_site_that_is_there_keeps_who_it_is(tmp_path: Path) -> None:
    was = young("moved")
    path = was.take_out("moved", tmp_path / "site.zip")
    own = replace(SITE["coast"], id="moved", domains=("elsewhere.example",), public=True, goals=())
    now = Place(was.now, own)
    assert now.take_in(path)["new"] is False
    assert now.site("moved") == replace(own, goals=SITE["moved"].goals, zones=SITE["moved"].zones)
    same("moved", was, now, some_questions("moved", 4))
    was.close()
    now.close()


def test_sums_of_another_life_are_not_believed(tmp_path: Path) -> None:
    """The facts were lost and come from an archive, while the roll-ups of the days since are still there."""
    was = young("coast")
    path = was.take_out("coast", tmp_path / "site.zip")
    now = Place(was.now)
    now.rollups.close()
    now.rollups = was.rollups
    day = first_of("coast") + timedelta(3)
    expected = was.ask("coast", metrics=["pageviews"], date_range=[str(day), str(day)])
    apply(was.facts, made([Act(midnight("coast", 3) + HOUR, site="coast", page="/since")], prefix="t"))
    assert was.ask("coast", metrics=["pageviews"], date_range=[str(day), str(day)]) != expected
    now.take_in(path)
    apply(now.facts, made([Act(midnight("coast", 3) + HOUR, site="coast", page="/other", kind="custom")], prefix="o"))
    assert now.ask("coast", metrics=["pageviews"], date_range=[str(day), str(day)]) == expected
    was.close()
    now.close()
