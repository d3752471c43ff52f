"""What owners have done over HTTP by a key of their site: erasing, renaming, merging, removing."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from litestar.testing import TestClient

from footfall.control.port import Command
from footfall.imports.command import Imports, TakeBack
from footfall.query.access import Access
from footfall.query.answer import Answers
from footfall.query.http import application
from footfall.query.original import Original
from footfall.registry.key import mint
from footfall.registry.port import Scope
from tests.patience import wait_until
from tests.query.test_erasure import FILTERS, NOW, House

OWN = "/api/sites/berlin"
CALLS: list[tuple[str, str, Any]] = [
    ("DELETE", OWN, None),
    ("PATCH", OWN, {"id": "spree"}),
    ("POST", f"{OWN}/erase", {"filters": [["is", "event:page", ["/a"]]], "dry_run": False}),
    ("POST", f"{OWN}/merge", {"into": "kathmandu", "into_key": "kathmandu"}),
    ("GET", f"{OWN}/imports", None),
    ("DELETE", f"{OWN}/imports/1", None),
]
IDS = [f"{method} {path}" for method, path, _ in CALLS]


class Api:
    """The API over a store with two sites, and keys of every scope."""

    def __init__(self, able: bool = True) -> None:
        self.house = House("berlin", "kathmandu")
        house = self.house
        self.keys = {}
        for site in ("berlin", "kathmandu"):
            for scope in Scope:
                self.keys[site, scope], key = mint(site, (scope,), NOW)
                house.registry.put_key(key)
        self.commands: dict[str, Command] = {
            "erase": house.erase,
            "remove_site": house.remove,
            "rename_site": house.move.rename,
            "merge_sites": house.move.merge,
            "imports": Imports(house.facts),
            "take_back": TakeBack(house.facts),
        }
        answers = Answers(house.facts, lambda: house.now, house.rollups)
        access = Access(house.registry, lambda: house.now)
        original = Original(house.facts)
        given = self.commands if able else None
        asking = application(access, answers, original, commands=given)
        self._asked = self._answered = 0
        self.client = TestClient(self._counted(asking))

    def _counted(self, application: Any) -> Any:
        async def counted(scope: Any, receive: Any, send: Any) -> None:
            self._asked += scope["type"] == "http"
            await application(scope, receive, send)
            self._answered += scope["type"] == "http"

        return counted

    def waiting(self) -> int:
        """Return how many requests are not answered yet."""
        return self._asked - self._answered

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = "",
        site: str = "berlin",
    ) -> Any:
        """Ask, with the key of a site that may erase unless told otherwise."""
        key = self.keys[site, Scope.SITES_ERASE] if key == "" else key
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return self.client.request(method, path, json=body, headers=headers)

    def state(self) -> tuple[Any, ...]:
        """All that a call could change."""
        return (
            self.house.registry.sites(),
            self.house.registry.all_keys(),
            self.house.facts.rows("SELECT site, count(*) FROM events GROUP BY site ORDER BY site"),
        )


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr("footfall.query.removal.HEARD_SECONDS", 0)
    found = Api()
    with found.client:
        yield found
    found.house.facts.close()


@pytest.mark.parametrize("filters", FILTERS[:3], ids=str)
def test_erasing_is_what_the_command_does(api: Api, filters: list[Any]) -> None:
    body = {"filters": filters, "date_range": ["2026-06-10", "2026-06-11"]}
    before = api.state()
    told = api.ask("POST", f"{OWN}/erase", body)
    assert told.status_code == 200
    assert api.state() == before
    assert not told.json()["erased"]
    other = House("berlin", "kathmandu")
    done = other.erase("berlin", body["date_range"], filters, dry=False)
    answer = api.ask("POST", f"{OWN}/erase", body | {"dry_run": False}).json()
    assert answer == told.json() | {"erased": True}
    assert [list(each.values()) for each in answer["days"]] == done["days"]
    assert answer["events"] == sum(events for _, events, _ in done["days"]) > 0
    assert api.house.reports("berlin") == other.reports("berlin")
    other.facts.close()


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=IDS)
@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
def test_nobody_else_may(api: Api, method: str, path: str, body: Any, public: bool) -> None:
    berlin = next(site for site in api.house.registry.sites() if site.id == "berlin")
    api.house.registry.put_site(replace(berlin, public=public), new=False)
    wrong = [None, "ff_nobody", "x y"]
    wrong += [api.keys["berlin", scope] for scope in Scope if scope is not Scope.SITES_ERASE]
    wrong += [api.keys["kathmandu", scope] for scope in Scope if scope is not Scope.SITES_ERASE]
    before = api.state()
    other = api.ask(method, path, body, key=api.keys["kathmandu", Scope.SITES_ERASE])
    assert other.status_code == 404, "as of a site that does not exist"
    for key in wrong:
        answer = api.ask(method, path, body, key=key)
        assert answer.status_code == 401, key
        assert "sites:erase" in answer.json()["error"]
    assert api.state() == before


@pytest.mark.parametrize("scope", [None, Scope.STATS_READ, Scope.EVENTS_WRITE, Scope.SITES_WRITE])
def test_merging_takes_a_key_of_each(api: Api, scope: Scope | None) -> None:
    wrong = api.keys["kathmandu", scope] if scope else api.keys["berlin", Scope.SITES_ERASE]
    before = api.state()
    answer = api.ask("POST", f"{OWN}/merge", {"into": "kathmandu", "into_key": wrong})
    assert (answer.status_code, api.state()) == (401 if scope else 404, before)


def test_two_sites_become_one(api: Api) -> None:
    of_both = [api.house.reports(site)[0][0]["metrics"][2] for site in ("berlin", "kathmandu")]
    key = api.keys["kathmandu", Scope.SITES_ERASE]
    answer = api.ask("POST", f"{OWN}/merge", {"into": "kathmandu", "into_key": key})
    assert (answer.status_code, answer.json()["site"]) == (200, "kathmandu")
    assert api.house.reports("kathmandu")[0][0]["metrics"][2] == sum(of_both)
    assert api.ask("GET", f"{OWN}/imports").status_code == 401, "its keys are gone"
    again = api.ask("DELETE", OWN, site="kathmandu")
    assert again.status_code == 404, "the name of a site that ended removes nothing"
    assert "another name of site 'kathmandu'" in again.json()["error"]


def test_a_site_is_renamed_with_its_keys(api: Api) -> None:
    before = api.house.reports("berlin")
    answer = api.ask("PATCH", OWN, {"id": "spree"})
    assert (answer.status_code, answer.json()["site"]) == (200, "spree")
    assert api.house.reports("spree") == before
    assert api.ask("GET", "/api/sites/spree/imports").json() == {"imports": []}


def test_a_site_is_removed(api: Api) -> None:
    others = api.house.reports("kathmandu")
    (count,) = api.house.facts.rows("SELECT count(*) FROM events WHERE site = 'berlin'")[0]
    answer = api.ask("DELETE", OWN)
    assert (answer.status_code, answer.json()) == (200, {"site": "berlin", "events": count})
    assert api.house.reports("kathmandu") == others
    assert api.ask("DELETE", OWN).status_code == 401, "its keys are gone too"


def test_an_id_whose_facts_are_left_is_not_taken_over(api: Api) -> None:
    """What was counted of a site that was removed without it is for no other site's owner."""
    api.house.registry.remove_site("kathmandu")
    before = api.state()
    answer = api.ask("PATCH", OWN, {"id": "kathmandu"})
    assert (answer.status_code, api.state()) == (409, before)
    assert "is still kept; take another id" in answer.json()["error"]


def test_days_whose_facts_are_gone(api: Api) -> None:
    api.house.tend(retention=30)
    told = api.ask("POST", f"{OWN}/erase", {"date_range": "all"}).json()
    assert (told["events"], len(told["gone"])) == (0, 5)
    refused = api.ask("POST", f"{OWN}/erase", {"date_range": "all", "dry_run": False})
    assert refused.status_code == 409
    assert "with_sums" in refused.json()["error"]
    asked = {"date_range": "all", "dry_run": False, "with_sums": True}
    assert api.ask("POST", f"{OWN}/erase", asked).json()["erased"]
    assert api.house.reports("berlin")[0][0]["metrics"][:4] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/erase", {}, 400, "filters or date_range is needed"),
        ("POST", "/erase", {"filters": []}, 400, "filters or date_range is needed"),
        ("POST", "/erase", [], 400, "the body must be a JSON object"),
        ("POST", "/erase", {"filters": "x"}, 400, "filters: "),
        ("POST", "/erase", {"filters": [["is", "event:shoe", ["x"]]]}, 400, "event:shoe"),
        ("POST", "/erase", {"filters": [["is", "event:page", []]]}, 400, "filters"),
        ("POST", "/erase", {"filters": [["matches", "event:page", ["["]]]}, 400, "no regular"),
        ("POST", "/erase", {"filters": [["has_done", ["matches_not", "event:name", ["*"]]]]}, 400, "no regular"),
        ("POST", "/erase", {"filters": [["is_not", "event:goal", ["Sael"]]], "dry_run": False}, 400, "name the goal 'Sael'"),
        ("POST", "/erase", {"date_range": "fortnight"}, 400, "date_range must be one of"),
        ("POST", "/erase", {"date_range": None}, 400, "date_range must be one of"),
        ("POST", "/erase", {"date_range": ["2026-02-30", "2026-03-01"]}, 400, "date_range must be"),
        ("POST", "/erase", {"date_range": ["2026-03-02", "2026-03-01"]}, 400, "date_range must not"),
        ("POST", "/erase", {"date_range": "all", "dry_run": "no"}, 400, "dry_run: "),
        ("POST", "/erase", {"date_range": "all", "dry_run": None}, 400, "dry_run: "),
        ("POST", "/erase", {"date_range": "all", "dryrun": False}, 400, "dryrun"),
        ("PATCH", "", {}, 400, "id"),
        ("PATCH", "", {"id": 5}, 400, "id: "),
        ("PATCH", "", {"id": ""}, 400, "id cannot be taken: "),
        ("PATCH", "", {"id": "a b"}, 400, "id cannot be taken: site id 'a b'"),
        ("PATCH", "", {"id": "x", "public": True}, 400, "public"),
        ("PATCH", "", {"id": "berlin"}, 409, "is called so already"),
        ("PATCH", "", {"id": "kathmandu"}, 409, "there is a site 'kathmandu'"),
        ("PATCH", "", {"id": "coast.example"}, 409, "already belongs to site"),
        ("POST", "/merge", {"into": "kathmandu"}, 400, "into_key"),
        ("POST", "/merge", {"into": "nobody", "into_key": "x"}, 401, "sites:erase"),
        ("DELETE", "/imports/7", None, 404, "site 'berlin' has no import 7"),
        ("DELETE", "/imports/99999999999999999999", None, 404, "has no import"),
        ("DELETE", "/imports/x", None, 404, ""),
    ],
)
def test_what_cannot_be_changes_nothing(api: Api, method: str, path: str, body: Any, status: int, says: str) -> None:
    before = api.state()
    answer = api.ask(method, OWN + path, body)
    assert answer.status_code == status, answer.text
    assert says in answer.json()["error"]
    assert api.state() == before


def test_who_asks_the_same_again_waits_for_what_runs(api: Api) -> None:
    """As after the 503 of a gateway, whose patience ends before the work does."""
    held, entered = threading.Event(), threading.Event()
    calls: list[dict[str, Any]] = []

    def slow(**arguments: Any) -> Any:
        calls.append(arguments)
        entered.set()
        assert held.wait(60)
        return api.house.erase(**arguments)

    api.commands["erase"] = slow
    body = {"filters": [["is", "event:page", ["/a"]]], "dry_run": False}
    with ThreadPoolExecutor(5) as askers:
        first = askers.submit(api.ask, "POST", f"{OWN}/erase", body)
        assert entered.wait(60)
        again = [askers.submit(api.ask, "POST", f"{OWN}/erase", body) for _ in range(3)]
        foreign = api.keys["kathmandu", Scope.SITES_ERASE]
        other = askers.submit(api.ask, "POST", f"{OWN}/erase", body, foreign)
        assert other.result(60).status_code == 404, "another key is another call"
        wait_until(lambda: api.waiting() == 4)
        held.set()
        answers = [each.result(60) for each in (first, *again)]
    assert [each.status_code for each in answers] == [200] * 4
    assert len(calls) == 1
    assert {each.text for each in answers} == {answers[0].text}
    assert answers[0].json()["events"] > 0
    assert api.ask("POST", f"{OWN}/erase", body).json()["events"] == 0, "once over, it is done anew"
    assert len(calls) == 2


def test_a_site_is_not_merged_into_itself(api: Api) -> None:
    key = api.keys["berlin", Scope.SITES_ERASE]
    answer = api.ask("POST", f"{OWN}/merge", {"into": "berlin", "into_key": key})
    assert (answer.status_code, answer.json()["error"]) == (400, "into must be another site")


@pytest.mark.parametrize("name", ["old-berlin", "berlin.example", "shop.berlin.example"])
def test_a_site_is_named_by_its_id_alone(api: Api, name: str) -> None:
    before = api.state()
    for method, path, body in CALLS:
        answer = api.ask(method, path.replace("berlin", name), body)
        assert answer.status_code == 404
        assert "give its id" in answer.json()["error"]
    assert api.state() == before


def test_a_server_that_does_not_erase_says_so() -> None:
    api = Api(able=False)
    with api.client:
        for method, path, body in CALLS:
            if path.endswith("merge"):
                body = body | {"into_key": api.keys["kathmandu", Scope.SITES_ERASE]}
            answer = api.ask(method, path, body)
            assert answer.status_code == 501, path
            assert "does not erase" in answer.json()["error"]
    api.house.facts.close()
