"""Erasing, removing, renaming and merging, as the owner of the data folder does: reports are as if."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from footfall.control.port import InvalidArgument, Refusal
from footfall.domain.goal import Goal
from footfall.query.answer import Answers
from footfall.query.erasure import Erase
from footfall.query.removal import MoveSite, RemoveSite
from footfall.query.upkeep import Upkeep
from footfall.registry.key import mint
from footfall.registry.port import Scope
from footfall.registry.sqlite import SqliteRegistry
from footfall.store.sqlite import SqliteRollups
from tests.oracle import DAY
from tests.query.asking import Told, days, visits_of
from tests.query.reckoning import Question, report
from tests.store.relations import versions
from tests.traffic import SITE, SITES, Act, apply, at, crowd, made

FIRST = date(2026, 6, 9)
NOW = at("2026-06-12 15:00")
LATER = NOW + 60 * DAY
METRICS = ["visitors", "visits", "pageviews", "events", "bounce_rate", "visit_duration"]
REPORTS: tuple[list[str], ...] = ([], ["event:page"], ["visit:source"], ["time:day"], ["event:goal"])


class House:
    """A store with its roll-ups and sites."""

    def __init__(self, *sites: str) -> None:
        acts = [act for number, site in enumerate(sites) for act in crowd(number, FIRST, 4, 50, site)]
        self.told = Told(acts)
        self.facts = self.told.facts
        self.now = LATER
        self.rollups = SqliteRollups(":memory:", lambda: date(2026, 8, 10))
        self.registry = SqliteRegistry(":memory:")
        for site in SITES:
            self.registry.put_site(site, new=True)
        self.erase = Erase(self.facts, self.rollups, self.registry, lambda: self.now)
        self.remove = RemoveSite(self.facts, self.rollups, self.registry, lambda: None)
        self.move = MoveSite(self.facts, self.rollups, self.registry)

    def tend(self, retention: int | None = None) -> None:
        sites = [replace(site, retention_days=retention) for site in self.registry.sites()]
        self.facts.settle(frozenset(), self.now // DAY, self.now)
        Upkeep(self.facts, self.rollups, lambda: sites, lambda: self.now).tend(threading.Event())

    def reports(self, site: str, rollups: bool = True) -> list[Any]:
        found = next(each for each in self.registry.sites() if each.id == site)
        answers = Answers(self.facts, lambda: self.now, self.rollups if rollups else None)
        query = {"metrics": METRICS, "date_range": "all"}
        return [answers.query(found, {**query, "dimensions": each})["results"] for each in REPORTS]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr("footfall.query.removal.HEARD_SECONDS", 0)
    found = House("berlin", "kathmandu")
    yield found
    found.facts.close()


def kept(house: House, site: str) -> int:
    """How many roll-ups there are of a site."""
    every = [date(2026, 6, day) for day in range(1, 31)]
    return sum(1 for _ in house.rollups.every(site, every))


FILTERS = (
    [["is", "event:page", ["/a"]]],
    [["is", "visit:country", ["DE"]], ["is_not", "visit:source", ["Google"]]],
    [["is", "event:name", ["sale"]]],
    [["has_done", ["is", "event:goal", ["Sale"]]]],
    [["is", "visit:exit_page", ["/", "/c/d"]]],
    [["or", [["contains", "event:page", ["c"]], ["is", "visit:screen", ["Mobile"]]]]],
)


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("period", ["all", ["2026-06-10", "2026-06-11"]], ids=str)
def test_reports_are_as_if_it_had_never_come(house: House, filters: list[Any], period: Any) -> None:
    house.tend()
    before, marked = house.reports("berlin"), versions(house.facts)
    dry = house.erase("berlin", period, filters)
    assert not dry["erased"]
    assert (house.reports("berlin"), versions(house.facts)) == (before, marked)
    done = house.erase("berlin", period, filters, dry=False)
    assert done == dry | {"erased": True}
    events = house.facts.rows("SELECT id, time FROM events WHERE site = 'berlin'")
    other = House("berlin", "kathmandu")
    left = {number for number, _ in events}
    stay = [each for each in other.told.seen if each.site != "berlin" or each.id in left]
    visits = visits_of(stay)["berlin"]
    for dimensions, results in zip(REPORTS, house.reports("berlin"), strict=True):
        inside = days("1970-01-01", "2199-12-31")
        expected = report(Question(visits, inside, dimensions, [], SITE["berlin"].goals), METRICS)
        found = {tuple(row["dimensions"]): dict(zip(METRICS, row["metrics"], strict=True)) for row in results}
        assert found == expected
    assert house.reports("berlin", rollups=False) == house.reports("berlin")
    other.facts.close()


def test_sums_of_days_that_changed_are_dropped_at_once(house: House) -> None:
    house.tend()
    before = kept(house, "berlin")
    house.erase("berlin", ["2026-06-10", "2026-06-10"], dry=False)
    wanted = [date(2026, 6, 10)]
    assert not list(house.rollups.every("berlin", wanted))
    assert 0 < kept(house, "berlin") < before
    house.tend()
    assert house.reports("berlin", rollups=False) == house.reports("berlin")


def test_what_is_left_of_days_whose_facts_are_gone(house: House) -> None:
    house.tend(retention=30)
    before = house.reports("berlin")
    assert house.facts.rows("SELECT count(*) FROM events") == [(0,)]
    dry = house.erase("berlin", "all", FILTERS[0])
    assert (dry["days"], len(dry["gone"])) == ([], 5)
    with pytest.raises(Refusal, match="the facts of 5 of these days are gone, 2026-06-09 to 2026-06-13"):
        house.erase("berlin", "all", FILTERS[0], dry=False)
    assert house.reports("berlin") == before
    one = ["2026-06-10", "2026-06-10"]
    assert house.erase("berlin", one, with_sums=True, dry=False)["gone"] == ["2026-06-10"]
    shown = [row["dimensions"] for row in house.reports("berlin")[3]]
    assert shown == [["2026-06-09"], ["2026-06-11"], ["2026-06-12"], ["2026-06-13"]]
    house.erase("berlin", "all", with_sums=True, dry=False)
    assert kept(house, "berlin") == 0
    assert house.reports("berlin")[0][0]["metrics"][:4] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"site": "nobody", "period": "all"}, "there is no site 'nobody'"),
        ({"site": "berlin", "period": "fortnight"}, "--period must be one of"),
        ({"site": "berlin", "period": "all", "filters": [["is", "event:shoe", ["x"]]]}, "no dimension"),
        ({"site": "berlin", "period": "all", "conditions": ["event:page"]}, "cannot be read at"),
    ],
)
def test_what_cannot_be_is_refused(house: House, asked: dict[str, Any], says: str) -> None:
    before = house.reports("berlin")
    with pytest.raises(Refusal, match=says):
        house.erase(**asked, dry=False)
    assert house.reports("berlin") == before


UNKNOWN_GOALS = (
    ["is_not", "event:goal", ["Sael"]],
    ["is_not", "event:goal", ["Sale", "sale"]],
    ["is", "event:goal", ["Sale "]],
    ["is_not", "event:goal", [""]],
    ["contains_not", "event:goal", ["Front", "Back"]],
    ["matches_not", "event:goal", ["^Sale of$"]],
    ["not", ["is", "event:goal", ["Sael"]]],
    ["has_not_done", ["is", "event:goal", ["Sael"]]],
    ["or", [["is", "event:page", ["/a"]], ["not", ["has_done", ["contains", "event:goal", ["Sael"]]]]]],
)


@pytest.mark.parametrize("unknown", UNKNOWN_GOALS, ids=str)
def test_a_goal_that_is_none_chooses_nothing(house: House, unknown: list[Any]) -> None:
    before = house.reports("berlin")
    says = "name the goal '.*', which site 'berlin' does not have; it has Front, "
    for dry in (True, False):
        with pytest.raises(InvalidArgument, match=says):
            house.erase("berlin", "all", [unknown], dry=dry)
    assert house.reports("berlin") == before


def test_where_there_are_no_goals_none_is_lacked(house: House) -> None:
    berlin = next(each for each in house.registry.sites() if each.id == "berlin")
    house.registry.put_site(replace(berlin, goals=()), new=False)
    with pytest.raises(InvalidArgument, match="name the goal '', but site 'berlin' has no goals"):
        house.erase("berlin", "all", [["contains_not", "event:goal", [""]]], dry=False)
    with pytest.raises(InvalidArgument, match="has no goals"):
        house.erase("berlin", "all", conditions=["event:goal!=Sale"], dry=False)


@pytest.mark.parametrize(
    "known",
    [
        ["is_not", "event:goal", ["Sale"]],
        ["is_not", "event:goal", ["sALE"], {"case_sensitive": False}],
        ["is", "event:goal", ["Größe", "Gro\u0308ße"]],
        ["contains_not", "event:goal", ["of a", "Front"]],
        ["matches", "event:goal", ["^sale", "d$"], {"case_sensitive": False}],
    ],
    ids=str,
)
def test_a_goal_that_is_one_may_be_lacked(house: House, known: list[Any]) -> None:
    berlin = next(each for each in house.registry.sites() if each.id == "berlin")
    goals = (*berlin.goals, Goal("Größe", page="/größe"))
    house.registry.put_site(replace(berlin, goals=goals), new=False)
    assert not house.erase("berlin", "all", [known])["erased"]


def test_conditions_are_those_of_the_command_line(house: House) -> None:
    by_filter = house.erase("berlin", "all", [["is", "event:page", ["/a"]]])
    assert house.erase("berlin", "all", conditions=["event:page==/a"]) == by_filter


def test_a_site_goes_with_all_its_facts(house: House) -> None:
    house.tend()
    others = house.reports("kathmandu")
    house.registry.put_key(mint("berlin", (Scope.STATS_READ,), 0)[1])
    assert house.remove("berlin")["events"] > 0
    assert all(site.id != "berlin" for site in house.registry.sites())
    assert not house.registry.all_keys()
    assert (kept(house, "berlin"), house.reports("kathmandu")) == (0, others)
    with pytest.raises(Refusal, match="there is no site 'berlin'"):
        house.remove("berlin")
    apply(house.facts, made([Act(NOW)], prefix="x"))
    assert house.remove("berlin")["events"] == 1
    house.registry.put_site(SITE["berlin"], new=True)
    assert house.reports("berlin")[0][0]["metrics"][:4] == [0, 0, 0, 0]


@pytest.mark.parametrize("retention", [None, 30], ids=["with facts", "with sums alone"])
def test_a_site_is_renamed(house: House, retention: int | None) -> None:
    house.tend(retention)
    before = house.reports("berlin")
    house.registry.put_key(mint("berlin", (Scope.STATS_READ, Scope.EVENTS_WRITE), 0)[1])
    assert house.move.rename("berlin", "spree")["site"] == "spree"
    site = next(each for each in house.registry.sites() if each.id == "spree")
    assert (site.aliases, site.first_id, site.goals) == (("old-berlin", "berlin"), "berlin", SITE["berlin"].goals)
    assert [(key.site, key.scopes) for key in house.registry.all_keys()] == [("spree", (Scope.STATS_READ, Scope.EVENTS_WRITE))]
    assert house.reports("spree") == before
    house.tend(retention)
    assert house.reports("spree") == before
    assert kept(house, "berlin") == 0
    house.move.rename("spree", "havel")
    site = next(each for each in house.registry.sites() if each.id == "havel")
    assert (site.root, set(site.aliases)) == ("berlin", {"old-berlin", "berlin", "spree"})
    house.move.rename("havel", "berlin")
    assert house.reports("berlin") == before


def test_a_rename_given_again_takes_along_what_was_left(house: House) -> None:
    house.move.rename("berlin", "spree")
    before = house.reports("spree")
    apply(house.facts, made([Act(NOW, "dan")], prefix="x"))
    assert house.move.rename("berlin", "spree")["events"] == 1
    assert house.reports("spree") != before
    assert house.facts.rows("SELECT count(*) FROM events WHERE site = 'berlin'") == [(0,)]


@pytest.mark.parametrize(
    ("site", "into", "says"),
    [
        ("nobody", "spree", "there is no site 'nobody'"),
        ("berlin", "kathmandu", "there is a site 'kathmandu'; 'footfall site merge berlin kathmandu'"),
        ("berlin", "berlin", "is called so already"),
        ("berlin", "a b", "site id 'a b'"),
        ("berlin", "coast.example", "already belongs to site 'coast'"),
    ],
)
def test_a_name_that_cannot_be(house: House, site: str, into: str, says: str) -> None:
    before = house.registry.sites(), house.reports("berlin")
    with pytest.raises(Refusal, match=says):
        house.move.rename(site, into)
    assert (house.registry.sites(), house.reports("berlin")) == before


def test_two_sites_become_one(house: House) -> None:
    house.tend()
    of_both = [house.reports(site)[0][0]["metrics"][:4] for site in ("berlin", "kathmandu")]
    keys = [mint("berlin", scopes, number)[1] for number, scopes in enumerate(((Scope.STATS_READ,), tuple(Scope)))]
    for key in keys:
        house.registry.put_key(key)
    house.move.merge("berlin", "kathmandu")
    assert house.reports("kathmandu")[0][0]["metrics"][:4] == [sum(pair) for pair in zip(*of_both, strict=True)]
    site = next(each for each in house.registry.sites() if each.id == "kathmandu")
    assert site.domains == ("kathmandu.example", "berlin.example", "shop.berlin.example")
    assert site.aliases == ("old-berlin", "berlin")
    assert [(key.id, key.site, key.scopes) for key in house.registry.all_keys()] == [(keys[1].id, "kathmandu", (Scope.EVENTS_WRITE,))]
    house.tend()
    assert house.reports("kathmandu", rollups=False) == house.reports("kathmandu")


def test_days_whose_facts_are_gone_are_not_mixed(house: House) -> None:
    """Sites of one zone, since days are then the same."""
    apply(house.facts, made([Act(NOW - DAY, site="berlin2")], prefix="b"))
    house.tend(retention=30)
    sites = house.registry.sites()
    with pytest.raises(Refusal, match="of 1 days from 2026-06-11 to 2026-06-11"):
        house.move.merge("berlin2", "berlin")
    assert house.registry.sites() == sites
    before = house.reports("berlin")[0][0]["metrics"][0]
    house.erase("berlin2", "all", with_sums=True, dry=False)
    house.move.merge("berlin2", "berlin")
    assert house.reports("berlin")[0][0]["metrics"][0] == before
