"""What the ports of the registry promise, on every adapter."""

from dataclasses import replace

import pytest

from footfall.domain.event import DAY_US, HOUR_US
from footfall.domain.site import Exclusions, Site, Zone
from footfall.registry.key import Keyring, digest, mint
from footfall.registry.port import Refused, RegistryBroken, Scope

SITE = Site(
    "site",
    domains=("example.com", "example.org"),
    aliases=("UA-1", "ü"),
    zones=(Zone("UTC"), Zone("Asia/Kathmandu", 1_700_000_000_000_000)),
    public=True,
    honours_dnt=True,
    honours_gpc=False,
    exclusions=Exclusions(("192.0.2.0/24",), ("DE",), ("staging.example.com",), ("/admin/*",)),
)
OTHER = Site("other", domains=("other.example",))
NOW = 20_000 * DAY_US
READ = (Scope.STATS_READ,)


def key(site="site", scopes=READ, now=NOW):
    return mint(site, scopes, now)[1]


def test_sites_come_back_whole_and_by_id(registry):
    assert list(registry.sites()) == []
    registry.put_site(SITE, new=True)
    registry.put_site(OTHER, new=True)
    assert list(registry.sites()) == [OTHER, SITE]


def test_a_site_is_replaced(registry):
    registry.put_site(SITE, new=True)
    changed = replace(SITE, domains=("example.net",), aliases=())
    registry.put_site(changed, new=False)
    assert list(registry.sites()) == [changed]


@pytest.mark.parametrize(
    ("site", "new", "says"),
    [
        pytest.param(SITE, True, "exists already", id="new with a taken id"),
        pytest.param(Site("third", domains=("third.example",)), False, "there is no site 'third'", id="old with an unknown id"),
        pytest.param(Site("third", domains=("example.org",)), True, "'example.org' already belongs to site 'site'", id="taken domain"),
        pytest.param(Site("third", domains=("third.example",), aliases=("UA-1",)), True, "'UA-1' already belongs to site 'site'", id="taken alias"),
        pytest.param(Site("UA-1", domains=("third.example",)), True, "'UA-1' already belongs to site 'site'", id="id is another's alias"),
        pytest.param(replace(OTHER, aliases=("ü",)), False, "'ü' already belongs to site 'site'", id="change to a taken alias"),
        pytest.param(Site("third", domains=()), True, "at least one domain", id="no domain"),
        pytest.param(Site("a b", domains=("x y",)), True, "site id 'a b'", id="faults"),
        pytest.param(replace(SITE, zones=(Zone("Nowhere"),)), False, "'Nowhere' is not a time zone", id="zone"),
    ],
)
def test_a_refused_site_changes_nothing(registry, site, new, says):
    registry.put_site(SITE, new=True)
    registry.put_site(OTHER, new=True)
    with pytest.raises(Refused, match=says):
        registry.put_site(site, new=new)
    assert list(registry.sites()) == [OTHER, SITE]


def test_a_name_is_free_again_when_its_site_is_gone(registry):
    registry.put_site(SITE, new=True)
    registry.remove_site("site")
    third = Site("third", domains=("example.com",), aliases=("UA-1", "site"))
    registry.put_site(third, new=True)
    assert list(registry.sites()) == [third]


def test_removing_a_site_takes_its_keys(registry):
    registry.put_site(SITE, new=True)
    registry.put_site(OTHER, new=True)
    mine, others = key(), key("other")
    registry.put_key(mine)
    registry.put_key(others)
    registry.remove_site("site")
    assert list(registry.sites()) == [OTHER]
    assert list(registry.all_keys()) == [others]


def test_a_site_takes_the_place_of_another_with_its_keys(registry):
    registry.put_site(SITE, new=True)
    registry.put_site(OTHER, new=True)
    both, others = key(scopes=tuple(Scope)), key("other")
    registry.put_key(both)
    registry.put_key(others)
    renamed = replace(SITE, id="new", aliases=(*SITE.aliases, "site"), first_id="site")
    registry.move_site("site", renamed, tuple(Scope))
    assert list(registry.sites()) == [renamed, OTHER]
    assert {each.id: each for each in registry.all_keys()} == {
        both.id: replace(both, site="new"),
        others.id: others,
    }


def test_a_site_becomes_part_of_another_and_its_keys_lose_what_is_not_for_them(registry):
    registry.put_site(SITE, new=True)
    registry.put_site(OTHER, new=True)
    reads, both = key(), key(scopes=tuple(Scope))
    registry.put_key(reads)
    registry.put_key(both)
    merged = replace(OTHER, domains=(*OTHER.domains, *SITE.domains), aliases=("site", *SITE.aliases))
    registry.move_site("site", merged, {Scope.EVENTS_WRITE})
    assert list(registry.sites()) == [merged]
    assert list(registry.all_keys()) == [
        replace(both, site="other", scopes=(Scope.EVENTS_WRITE,)),
    ]


@pytest.mark.parametrize(
    ("site_id", "into", "says"),
    [
        ("nobody", replace(SITE, id="new"), "there is no site 'nobody'"),
        ("site", replace(SITE, id="new", aliases=("other",)), "'other' already belongs to site 'other'"),
        ("site", replace(SITE, id="a b"), "site id 'a b'"),
        ("site", replace(SITE, id="other.example"), "'other.example' already belongs to site 'other'"),
    ],
)
def test_a_refused_move_changes_nothing(registry, site_id, into, says):
    registry.put_site(SITE, new=True)
    registry.put_site(OTHER, new=True)
    mine = key()
    registry.put_key(mine)
    with pytest.raises(Refused, match=says):
        registry.move_site(site_id, into, tuple(Scope))
    assert list(registry.sites()) == [OTHER, SITE]
    assert list(registry.all_keys()) == [mine]


def test_the_first_id_of_a_site_is_its_own_for_ever(registry):
    registry.put_site(SITE, new=True)
    registry.move_site("site", replace(SITE, id="new", first_id="site"), tuple(Scope))
    with pytest.raises(Refused, match="'site' already belongs to site 'new'"):
        registry.put_site(Site("site", domains=("third.example",)), new=True)


def test_removing_what_is_not_there_is_refused(registry):
    with pytest.raises(Refused, match="there is no site 'site'"):
        registry.remove_site("site")
    with pytest.raises(Refused, match="there is no key 'ff_x'"):
        registry.remove_key("ff_x")


def test_keys_come_back_whole_and_oldest_first(registry):
    registry.put_site(SITE, new=True)
    keys = [key(now=NOW + 2, scopes=(Scope.EVENTS_WRITE, Scope.STATS_READ)), key(now=NOW), key(now=NOW + 1, scopes=(Scope.EVENTS_WRITE,))]
    for each in keys:
        registry.put_key(each)
    assert list(registry.all_keys()) == [keys[1], keys[2], keys[0]]
    registry.remove_key(keys[2].id)
    assert list(registry.all_keys()) == [keys[1], keys[0]]


def test_a_key_of_an_unknown_site_is_refused(registry):
    with pytest.raises(Refused, match="there is no site 'site'"):
        registry.put_key(key())
    assert list(registry.all_keys()) == []


def test_every_change_changes_the_version(registry):
    mine = key()
    changes = [
        lambda: registry.put_site(SITE, new=True),
        lambda: registry.put_site(replace(SITE, public=False), new=False),
        lambda: registry.put_key(mine),
        lambda: registry.remove_key(mine.id),
        lambda: registry.put_key(mine),
        lambda: registry.remove_site("site"),
    ]
    versions = [registry.version()]
    for change in changes:
        change()
        versions.append(registry.version())
        assert registry.version() == versions[-1]
    assert len(set(versions)) == len(versions)


def test_what_is_closed_is_broken(registry, salts):
    registry.close()
    salts.close()
    for call in (registry.sites, registry.all_keys, registry.version, salts.all, lambda: salts.make(1, NOW), lambda: salts.destroy(NOW), lambda: registry.remove_site("x")):
        with pytest.raises(RegistryBroken):
            call()


def test_a_salt_is_made_once(salts):
    assert list(salts.all()) == []
    first = salts.make(20_000, NOW)
    assert (first.day, first.made, len(first.secret)) == (20_000, NOW, 16)
    assert salts.make(20_000, NOW + HOUR_US) == first
    second = salts.make(19_999, NOW + HOUR_US)
    assert second.secret != first.secret
    assert list(salts.all()) == [second, first]


def test_salts_are_destroyed_when_their_time_is_over_and_not_before(salts):
    due = {day: salts.make(day, day * DAY_US).destroyed_at for day in (20_000, 20_001)}
    assert list(salts.destroy(due[20_000] - 1)) == []
    assert list(salts.destroy(due[20_000])) == [20_000]
    assert [salt.day for salt in salts.all()] == [20_001]
    assert list(salts.destroy(due[20_000])) == []
    assert list(salts.destroy(due[20_001])) == [20_001]
    assert list(salts.all()) == []


def test_a_salt_made_late_lives_48_hours_from_being_made(salts):
    salts.make(19_000, NOW)
    assert list(salts.destroy(NOW + 48 * HOUR_US - 1)) == []
    assert list(salts.destroy(NOW + 48 * HOUR_US)) == [19_000]


def test_a_salt_made_again_is_another(salts):
    first = salts.make(19_000, NOW)
    salts.destroy(first.destroyed_at)
    again = salts.make(19_000, first.destroyed_at)
    assert again.secret != first.secret
    assert again.made == first.destroyed_at


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("Bearer {}", True),
        ("bearer  {} ", True),
        ("BEARER {}", True),
        ("{}", False),
        ("Basic {}", False),
        ("Bearer", False),
        ("Bearer {}x", False),
        ("", False),
        (None, False),
        ("Bearer \udcff", False),
    ],
)
def test_a_keyring_knows_a_key_by_its_secret_alone(header, known):
    secret, made = mint("site", READ, NOW)
    assert secret.startswith(made.id)
    assert secret not in repr(made)
    assert made.digest == digest(secret)
    assert Keyring([key(), made]).key(header and header.format(secret)) == (made if known else None)
