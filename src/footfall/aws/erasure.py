"""Erasing some of what a stack has counted; removing, renaming and merging its sites."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import sleep
from typing import Any

from footfall.aws.account import CannotDeploy, part
from footfall.aws.stack import Stack
from footfall.control.port import Refusal
from footfall.query.erasure import Erase, known
from footfall.query.removal import MoveSite
from footfall.registry.port import Registry
from footfall.store.port import StoreBroken

LEASE_SECONDS = 900.0
"""As long as the function that makes files may take: who is killed keeps it waiting so long."""

LOOK_SECONDS = 2.0

HEARD_SECONDS = 2.0
"""Functions that begin later know that a site is gone."""

Shown = Callable[[str], None]


def remove(stack: Stack, registry: Registry, site: str, shown: Shown) -> Any:
    """Remove a site, its keys and all that was counted of it; raises `CannotDeploy`, `Refusal`.

    Done again, it deletes what was left.
    """
    facts, _ = _opened(stack)
    is_known = any(each.id == site for each in registry.sites())
    if is_known:
        registry.remove_site(site)
        sleep(HEARD_SECONDS)
    with _alone(facts, site, shown):
        shown("deleting")
        removed = facts.remove_all(site)
    if not is_known and not any(removed):
        known(registry, site)
    return removed


def erase(
    stack: Stack,
    registry: Registry,
    asked: Mapping[str, Any],
    shown: Shown,
) -> Mapping[str, Any]:
    """Do what `query.erasure.Erase` is asked for; raises `CannotDeploy`, `Refusal`."""
    facts, rollups = _opened(stack)
    command = Erase(facts, rollups, registry, part("footfall.compose").now)
    if asked["dry"]:
        return command(**asked)
    with _alone(facts, asked["site"], shown):
        shown("erasing")
        return command(**asked)


def rename(stack: Stack, registry: Registry, site: str, into: str, shown: Shown) -> Any:
    """Give a site another id; raises `CannotDeploy`, `Refusal`. Done again, it goes on."""
    facts, rollups = _opened(stack)
    command = MoveSite(facts, rollups, registry)
    with _alone(facts, site, shown), _alone(facts, into, shown):
        shown("renaming")
        return command.rename(site, into, fresh=True)


def merge(stack: Stack, registry: Registry, site: str, into: str, shown: Shown) -> Any:
    """Make a site part of another; raises `CannotDeploy`, `Refusal`. Done again, it goes on."""
    facts, rollups = _opened(stack)
    command = MoveSite(facts, rollups, registry)
    if site == into:
        raise Refusal("name two sites")
    with _alone(facts, site, shown), _alone(facts, into, shown):
        shown("merging")
        return command.merge(site, into)


def _opened(stack: Stack) -> tuple[Any, Any]:
    open_erasing = part("footfall.compose.functions").erasing_in
    clients = (stack.account.client(name) for name in ("dynamodb", "s3"))
    names = (stack.resource(name) for name in ("Table", "ArchiveBucket"))
    found: tuple[Any, Any] = open_erasing(*clients, *names)
    return found


@contextmanager
def _alone(facts: Any, site: str, shown: Shown) -> Iterator[None]:
    """Have nobody make files of a site meanwhile, and say what to do where the store fails."""
    shown("waiting for who makes files of it")
    waited = 0.0
    try:
        while True:
            with facts.alone(site, LEASE_SECONDS) as ours:
                if ours:
                    yield
                    return
            if waited > LEASE_SECONDS:
                raise CannotDeploy(f"others keep working on site {site!r}: do it again later")
            sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS
    except StoreBroken as exc:
        raise CannotDeploy(f"not all was erased ({exc}): do it again, and it goes on") from exc
