"""`footfall site`: add, edit, list and remove sites."""

from dataclasses import fields, replace
from typing import Any

from footfall.cli import removal
from footfall.compose import now, open_registry, script
from footfall.control.port import Refusal
from footfall.domain.host import BELOW
from footfall.domain.site import Exclusions, Site, Zone, problems, with_zone
from footfall.registry.host import domain_name, host_name
from footfall.registry.port import Refused, Registry, RegistryBroken
from footfall.settings import Settings
from footfall.store.port import StoreBroken

EXPECTED = (Refused, RegistryBroken, Refusal, StoreBroken, OSError)
WITH_FACTS = ("rename", "merge")


def run(settings: Settings, given: dict[str, Any]) -> None:
    """Do what `action` says."""
    if given["action"] in WITH_FACTS or given.get("with_facts"):
        removal.run(settings, given)
        return
    registry = open_registry(settings)
    try:
        ACTIONS[given["action"]](registry, given | {"script": settings.script})
    finally:
        registry.close()


def _add(registry: Registry, given: dict[str, Any]) -> None:
    domain = domain_name(given["domain"])
    if domain.startswith(BELOW) and not given["site_id"]:
        raise Refused(f"name the site by --id, since {domain!r} is no name of one host")
    domains = dict.fromkeys([domain, *map(domain_name, given["domains"])])
    site = Site(given["site_id"] or domain, domains=tuple(domains))
    if given["timezone"]:
        site = replace(site, zones=(Zone(given["timezone"]),))
    registry.put_site(_changed(site, given), new=True)
    print(site.id)


def _edit(registry: Registry, given: dict[str, Any]) -> None:
    site = was = _found(registry, given["site_id"])
    gone_domains = {domain_name(name) for name in given["gone_domains"]}
    domains = dict.fromkeys([*site.domains, *map(domain_name, given["domains"])])
    site = replace(
        site,
        domains=tuple(name for name in domains if name not in gone_domains),
        aliases=tuple(name for name in site.aliases if name not in given["gone_aliases"]),
    )
    if given["timezone"]:
        _check_zone(site, given["timezone"])
        site = replace(site, zones=with_zone(site, given["timezone"], now()))
    heeded = set(map(domain_name, given["heeded_referrers"]))
    kept = [name for name in site.ignored_referrers if name not in heeded]
    site = replace(site, ignored_referrers=tuple(kept))
    if given["clear_exclusions"]:
        site = replace(site, exclusions=Exclusions())
    registry.put_site(_changed(site, given), new=False, was=was)
    print(site.id)


def _list(registry: Registry, _: dict[str, Any]) -> None:
    for site in registry.sites():
        public = "public" if site.public else "private"
        parts = [site.id, ", ".join(site.domains), site.zone_at(now()), public, *_choices(site)]
        print("  ".join(parts))


def _choices(site: Site) -> list[str]:
    """Return what was chosen for a site that most sites leave as it is."""
    found = []
    if site.aliases:
        found.append(f"aliases: {', '.join(site.aliases)}")
    if site.only_hosts:
        found.append("only its hosts")
    if site.merge_slashes:
        found.append("slashes merged")
    if site.revenue_needs_key:
        found.append("revenue needs a key")
    if site.ignored_referrers:
        found.append(f"ignored referrers: {', '.join(site.ignored_referrers)}")
    return found


def _snippet(registry: Registry, given: dict[str, Any]) -> None:
    site = _found(registry, given["site_id"])
    address = given["address"]
    if not address.startswith(("https://", "http://")):
        raise Refused(f"--address must begin with https:// or http://, not {address!r}")
    print(script().snippet(site.id, address, given["script"], given["pinned"]))


def _remove(registry: Registry, given: dict[str, Any]) -> None:
    registry.remove_site(given["site_id"])
    print(f"removed {given['site_id']}")


ACTIONS = {"add": _add, "edit": _edit, "list": _list, "snippet": _snippet, "remove": _remove}


def _changed(site: Site, given: dict[str, Any]) -> Site:
    """The site with what add and edit have in common."""
    if given["public"] is not None:
        site = replace(site, public=given["public"])
    if given["dnt"] is not None:
        site = replace(site, honours_dnt=given["dnt"])
    if given["gpc"] is not None:
        site = replace(site, honours_gpc=given["gpc"])
    if given["retention_days"] is not None:
        site = replace(site, retention_days=given["retention_days"] or None)
    if given["only_hosts"] is not None:
        site = replace(site, only_hosts=given["only_hosts"])
    if given["merge_slashes"] is not None:
        site = replace(site, merge_slashes=given["merge_slashes"])
    if given["revenue_needs_key"] is not None:
        site = replace(site, revenue_needs_key=given["revenue_needs_key"])
    ignored = [*site.ignored_referrers, *map(domain_name, given["ignored_referrers"])]
    site = replace(site, ignored_referrers=tuple(dict.fromkeys(ignored)))
    exclusions = {
        field.name: _added(getattr(site.exclusions, field.name), given[field.name], field.name)
        for field in fields(Exclusions)
    }
    return replace(
        site,
        aliases=tuple(dict.fromkeys([*site.aliases, *given["aliases"]])),
        exclusions=Exclusions(**exclusions),
    )


def _added(before: tuple[str, ...], more: list[str], kind: str) -> tuple[str, ...]:
    if kind == "countries":
        more = [each.upper() for each in more]
    if kind in ("hostnames", "referrers"):
        more = [host_name(each) for each in more]
    return tuple(dict.fromkeys([*before, *more]))


def _found(registry: Registry, site_id: str) -> Site:
    for site in registry.sites():
        if site.id == site_id:
            return site
    raise Refused(f"there is no site {site_id!r}; 'footfall site list' shows all")


def _check_zone(site: Site, name: str) -> None:
    found = problems(replace(site, zones=(Zone(name),)))
    if found:
        raise Refused("; ".join(found))
