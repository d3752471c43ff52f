"""What every registry refuses, in the same words."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from footfall.domain.site import Site, clash, problems
from footfall.registry.port import Key, Refused, Scope


def check_site(site: Site, sites: Sequence[Site], *, new: bool, was: Site | None) -> None:
    """Raise `Refused` unless a site may be put among those there are, as `port.Registry.put_site` says."""
    found = problems(site)
    if found:
        raise Refused("; ".join(found))
    exists = any(other.id == site.id for other in sites)
    if new and exists:
        raise Refused(f"site {site.id!r} exists already; change it with 'footfall site edit {site.id}'")
    if not new and not exists:
        raise no_site(site.id)
    if was is not None and was not in sites:
        raise Refused(f"site {site.id!r} was changed by someone else just now; look at it and try again")
    taken = clash(site, sites)
    if taken:
        raise Refused(taken)


def no_site(site_id: str) -> Refused:
    """There is no such site."""
    return Refused(f"there is no site {site_id!r}; 'footfall site list' shows all")


def no_key(key_id: str) -> Refused:
    """There is no such key."""
    return Refused(f"there is no key {key_id!r}; 'footfall key list' shows all")


def moved_key(key: Key, site: str, scopes: Collection[Scope]) -> Key | None:
    """Return a key as it is once its site is part of another; None when nothing of it is left."""
    left = tuple(scope for scope in key.scopes if scope in scopes)
    return replace(key, site=site, scopes=left) if left else None
