"""`footfall site`: add, edit, list and remove sites."""

from dataclasses import fields, replace
from typing import Any

import can_ada

from footfall.compose import now, open_registry, script
from footfall.domain.site import Exclusions, Site, Zone, problems, with_zone
from footfall.registry.port import Refused, Registry, RegistryBroken
from footfall.settings import Settings

EXPECTED = (Refused, RegistryBroken)


def run(settings: Settings, given: dict[str, Any]) -> None:
    """Do what `action` says."""
    registry = open_registry(settings)
    try:
        ACTIONS[given["action"]](registry, given | {"script": settings.script})
    finally:
        registry.close()


def _add(registry: Registry, given: dict[str, Any]) -> None:
    domain = _domain(given["domain"])
    site = Site(given["site_id"] or domain, domains=tuple(dict.fromkeys([domain, *map(_domain, given["domains"])])))
    if given["timezone"]:
        site = replace(site, zones=(Zone(given["timezone"]),))
    registry.put_site(_changed(site, given), new=True)
    print(site.id)


def _edit(registry: Registry, given: dict[str, Any]) -> None:
    site = was = _found(registry, given["site_id"])
    gone_domains, gone_aliases = {_domain(name) for name in given["gone_domains"]}, set(given["gone_aliases"])
    domains = [name for name in (*site.domains, *map(_domain, given["domains"])) if name not in gone_domains]
    site = replace(site, domains=tuple(dict.fromkeys(domains)), aliases=tuple(name for name in site.aliases if name not in gone_aliases))
    if given["timezone"]:
        _check_zone(site, given["timezone"])
        site = replace(site, zones=with_zone(site, given["timezone"], now()))
    if given["clear_exclusions"]:
        site = replace(site, exclusions=Exclusions())
    registry.put_site(_changed(site, given), new=False, was=was)
    print(site.id)


def _list(registry: Registry, _: dict[str, Any]) -> None:
    for site in registry.sites():
        aliases = f"  aliases: {', '.join(site.aliases)}" if site.aliases else ""
        print(f"{site.id}  {', '.join(site.domains)}  {site.zone_at(now())}  {'public' if site.public else 'private'}{aliases}")


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
    exclusions = {field.name: _added(getattr(site.exclusions, field.name), given[field.name], field.name) for field in fields(Exclusions)}
    return replace(site, aliases=tuple(dict.fromkeys([*site.aliases, *given["aliases"]])), exclusions=Exclusions(**exclusions))


def _added(before: tuple[str, ...], more: list[str], kind: str) -> tuple[str, ...]:
    if kind == "countries":
        more = [each.upper() for each in more]
    if kind == "hostnames":
        more = [_host(each) for each in more]
    return tuple(dict.fromkeys([*before, *more]))


def _domain(text: str) -> str:
    """A host name as sites are known by it: without `www.`"""
    return _host(text).removeprefix("www.")


def _host(text: str) -> str:
    """A host name as it appears in URLs: in lower case, in ASCII. Python's own codec for this is that of 2003."""
    name = text.strip().lower().rstrip(".")
    try:
        return name if name.isascii() else str(can_ada.parse(f"https://{name}/").hostname)
    except (ValueError, TypeError):
        return name


def _found(registry: Registry, site_id: str) -> Site:
    for site in registry.sites():
        if site.id == site_id:
            return site
    raise Refused(f"there is no site {site_id!r}; 'footfall site list' shows all")


def _check_zone(site: Site, name: str) -> None:
    found = problems(replace(site, zones=(Zone(name),)))
    if found:
        raise Refused("; ".join(found))
