"""What only DynamoDB can show: many writers, more than one answer holds, and a network that fails."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import cycle

import pytest

from footfall.domain.event import DAY_US
from footfall.domain.site import Site
from footfall.registry.dynamodb import MOST_BYTES, MOST_KEYS, DynamodbRegistry, DynamodbSalts
from footfall.registry.key import mint
from footfall.registry.port import Key, Refused, RegistryBroken, Scope
from tests.aws import fault
from tests.aws.emulators import Aws, clients
from tests.aws.fault import Fault, Network

pytestmark = pytest.mark.slow

NOW = 20_000 * DAY_US
SITE = Site("site", domains=("example.com",))
TWICE_ALL = [fault.throttle, fault.fail, fault.cut, fault.lose, fault.tear]
WRITERS = 8


def key(site: str = "site", now: int = NOW) -> Key:
    return mint(site, (Scope.STATS_READ,), now)[1]


class Far:
    """A table, as seen from near and over a network that fails."""

    def __init__(self, aws: Aws, network: Network) -> None:
        self.network = network
        table = aws.table()
        remote = clients(network.url).dynamodb
        self.registry, self.salts = DynamodbRegistry(remote, table), DynamodbSalts(remote, table)
        self.near_registry, self.near_salts = DynamodbRegistry(aws.dynamodb, table), DynamodbSalts(aws.dynamodb, table)
        self.close = remote.close


@pytest.fixture
def far(aws: Aws) -> Iterator[Callable[..., Far]]:
    """Makes such tables; given how the fault of each call is chosen, or else to plan it."""
    with ExitStack() as stack:

        def make(choose: Callable[[str], Fault] | None = None) -> Far:
            made = Far(aws, stack.enter_context(fault.network(aws.url, choose)))
            stack.callback(made.close)
            return made

        yield make


def outcomes(act: Callable[[int], object]) -> list[object]:
    """What comes of so many at once: what they return or raise."""

    def tried(number: int) -> object:
        try:
            return act(number)
        except (Refused, RegistryBroken) as exc:
            return exc

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(tried, range(WRITERS)))


def test_of_writers_who_want_one_name_one_gets_it(aws: Aws) -> None:
    registry = DynamodbRegistry(aws.dynamodb, aws.table())
    sites = [Site(f"site-{number}", domains=(f"{number}.example", "wanted.example")) for number in range(WRITERS)]
    found = outcomes(lambda number: registry.put_site(sites[number], new=True))
    assert [each is None or "'wanted.example' already belongs" in str(each) for each in found] == [True] * WRITERS
    assert found.count(None) == 1
    assert list(registry.sites()) == [sites[found.index(None)]]


def test_of_writers_who_change_one_site_one_does(aws: Aws) -> None:
    registry = DynamodbRegistry(aws.dynamodb, aws.table())
    registry.put_site(SITE, new=True)
    wanted = [replace(SITE, aliases=(f"alias-{number}",)) for number in range(WRITERS)]
    found = outcomes(lambda number: registry.put_site(wanted[number], new=False, was=SITE))
    assert [each is None or "changed by someone else" in str(each) for each in found] == [True] * WRITERS
    assert list(registry.sites()) == [wanted[found.index(None)]]
    assert found.count(None) == 1


def test_writers_of_different_things_all_succeed(aws: Aws) -> None:
    registry = DynamodbRegistry(aws.dynamodb, aws.table())
    registry.put_site(SITE, new=True)
    keys = [key(now=NOW + number) for number in range(WRITERS)]
    assert outcomes(lambda number: registry.put_key(keys[number])) == [None] * WRITERS
    assert list(registry.all_keys()) == keys


def test_no_key_outlives_a_site_that_goes_meanwhile(aws: Aws) -> None:
    registry = DynamodbRegistry(aws.dynamodb, aws.table())
    registry.put_site(SITE, new=True)
    outcomes(lambda number: registry.put_key(key(now=NOW + number)) if number % 4 else registry.remove_site("site"))
    assert (list(registry.sites()), list(registry.all_keys())) == ([], [])


def test_makers_agree_on_one_secret(aws: Aws) -> None:
    salts = DynamodbSalts(aws.dynamodb, aws.table())
    for day in range(5):
        assert outcomes(lambda _, day=day: salts.make(day, NOW)) == [salts.all()[day]] * WRITERS  # type: ignore[misc]


def test_a_salt_made_anew_is_not_destroyed_as_the_old_one(aws: Aws) -> None:
    salts = DynamodbSalts(aws.dynamodb, aws.table())
    old = salts.make(19_000, NOW)
    assert salts.destroy(old.destroyed_at) == [19_000]
    new = salts.make(19_000, old.destroyed_at)
    assert salts._destroy(old) is False
    assert list(salts.all()) == [new]


def test_more_sites_than_one_answer_holds(aws: Aws) -> None:
    registry = DynamodbRegistry(aws.dynamodb, aws.table())
    wanted = [Site(f"site-{number:02}", domains=(f"{number}.example",), aliases=tuple(f"{number}-{each}{'x' * 180}" for each in range(1_000))) for number in range(12)]
    for site in wanted:
        registry.put_site(site, new=True)
    assert list(registry.sites()) == wanted
    with pytest.raises(Refused, match=r"'11\.example' already belongs"):
        registry.put_site(Site("other", domains=("11.example",)), new=True)


def test_a_site_with_more_keys_than_one_transaction_takes_goes_with_all_of_them(aws: Aws) -> None:
    registry = DynamodbRegistry(aws.dynamodb, aws.table())
    registry.put_site(SITE, new=True)
    registry.put_site(Site("other", domains=("other.example",)), new=True)
    stays = key("other")
    for each in [stays, *(key(now=NOW + number) for number in range(MOST_KEYS + 1))]:
        registry.put_key(each)
    registry.remove_site("site")
    assert [site.id for site in registry.sites()] == ["other"]
    assert list(registry.all_keys()) == [stays]


def test_a_site_that_no_item_holds_is_refused(aws: Aws) -> None:
    registry = DynamodbRegistry(aws.dynamodb, aws.table())
    with pytest.raises(Refused, match=f"too large.*{MOST_BYTES:,}"):
        registry.put_site(replace(SITE, aliases=tuple(f"{number}{'x' * 190}" for number in range(2_000))), new=True)
    assert list(registry.sites()) == []


def test_a_table_that_is_not_there_is_broken(aws: Aws) -> None:
    registry, salts = DynamodbRegistry(aws.dynamodb, "none"), DynamodbSalts(aws.dynamodb, "none")
    for call in (registry.version, registry.sites, lambda: registry.put_site(SITE, new=True), salts.all, lambda: salts.make(1, NOW), lambda: salts.destroy(NOW)):
        with pytest.raises(RegistryBroken, match="ResourceNotFound"):
            call()


@pytest.mark.parametrize("what", TWICE_ALL, ids=lambda what: what.__name__)
def test_a_call_that_fails_once_does_no_harm(far: Callable[..., Far], what: Fault) -> None:
    found = far()
    faults = found.network.faults
    faults |= {"TransactWriteItems": [what], "PutItem": [what], "Query": [what]}
    found.registry.put_site(SITE, new=True)
    salt = found.salts.make(20_000, NOW)
    assert list(found.near_registry.sites()) == [SITE]
    assert list(found.near_salts.all()) == [salt]
    faults |= {"TransactWriteItems": [what], "DeleteItem": [what]}
    found.registry.remove_site("site")
    assert found.salts.destroy(salt.destroyed_at) == [20_000]
    assert (list(found.near_registry.sites()), list(found.near_salts.all())) == ([], [])
    assert found.network.seen[what.__name__] == 5
    assert not any(faults.values())


@pytest.mark.parametrize("what", TWICE_ALL, ids=lambda what: what.__name__)
def test_a_call_that_always_fails_is_broken(far: Callable[..., Far], what: Fault) -> None:
    found = far(lambda action: what if action in ("TransactWriteItems", "PutItem") else fault.none)
    errors = outcomes(lambda number: found.registry.put_site(SITE, new=True) if number == 0 else found.salts.make(number, NOW))
    assert [type(each) for each in errors] == [RegistryBroken] * WRITERS
    assert len(found.near_registry.sites()) == (what in (fault.lose, fault.tear))  # it is not known whether it was done, and none says it was not


def test_amid_all_faults_nothing_that_was_said_to_be_done_is_undone(far: Callable[..., Far]) -> None:
    turns = cycle(random.Random(7).sample(kinds := [fault.none] * 6 + TWICE_ALL, len(kinds)))
    found = far(lambda _: next(turns))
    sites = [Site(f"site-{number}", domains=(f"{number}.example",)) for number in range(WRITERS)]

    def act(number: int) -> object:
        salt = found.salts.make(20_000 + number % 2, NOW)
        found.registry.put_site(sites[number], new=True)
        return salt

    results = outcomes(act)
    assert not [each for each in results if isinstance(each, Refused)]
    done = [number for number, each in enumerate(results) if not isinstance(each, RegistryBroken)]
    assert len(done) >= 2
    secrets = {salt.day: salt for salt in found.near_salts.all()}
    assert len(found.near_salts.all()) == len(secrets)
    for number in done:
        assert results[number] == secrets[20_000 + number % 2]
        assert sites[number] in found.near_registry.sites()
    assert min(found.network.seen[what.__name__] for what in TWICE_ALL) >= 1
