"""What `footfall aws` does with what a stack has counted."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from footfall import compose
from footfall.aws import adopt, backup, erasure, redrive
from footfall.aws.account import CannotDeploy
from footfall.aws.stack import Stack
from footfall.cli import erase
from footfall.cli.aws_progress import progress
from footfall.cli.removal import confirm, confirm_merger, tell_merged, tell_renamed
from footfall.domain.site import Site
from footfall.keeping.patient import readable
from footfall.registry.port import Registry


def _redrive(stack: Stack, _: dict[str, Any]) -> int:
    """Count what was given up; say how much was too young or too old, and is left."""
    found = redrive.redriven(stack, progress)
    print(
        f"counted {found.counted:,} of the hits that were given up;"
        f" {found.known:,} had been counted before"
    )
    if found.young:
        print(
            "batches given up within the last 20 minutes,"
            f" which may still be counted by themselves: {found.young:,}; do this again later"
        )
    if found.old:
        print(
            "batches too old to be counted without a risk of counting twice:"
            f" {found.old:,}; they stay where they are"
        )
    return 0


def _adopt(stack: Stack, given: dict[str, Any]) -> int:
    """Take in what a table of Serverless Analytics holds of a website."""
    stack.must_be_there()
    wanted = given["site_id"] or given["website"]
    site = next((each for each in registered(stack) if each.id == wanted), None)
    if site is None:
        add = f"footfall site add DOMAIN --id {wanted}"
        registry = stack.outputs()["RegistryAddress"]
        raise CannotDeploy(f"there is no site {wanted}: add it with '{add} --registry {registry}'")
    with progress("reading the table") as shown:
        found = adopt.adopt(
            stack, given["table"], given["website"], site, lambda items: shown(f"{items:,}", 0)
        )
    _tell_days("took in", found.days)
    _tell_days("left alone, as something was counted on these days before,", found.known)
    for reason, items in sorted(found.left_out.items()):
        print(f"left out {items:,} items: {reason}")
    return 0


def _tell_days(what: str, days: Mapping[date, int]) -> None:
    if days:
        views = f"{sum(days.values()):,} page views of {len(days):,} days"
        print(f"{what} {views} from {min(days)} to {max(days)}")


def _backup(stack: Stack, given: dict[str, Any]) -> int:
    """Copy everything but the secrets of days into a folder."""
    found = _copied(stack, given, "saving", backup.save)
    _tell_backup("saved", found)
    print(f"in {given['folder']}: {readable(found.size)}; the secrets of days are left out")
    return 0


def _restore(stack: Stack, given: dict[str, Any]) -> int:
    """Bring back what a folder holds."""
    found = _copied(stack, given, "bringing back", backup.restore)
    _tell_backup(f"brought back, as of {found.made},", found)
    return 0


def _copied(
    stack: Stack,
    given: dict[str, Any],
    what: str,
    copy: Callable[[Stack, Registry, Path, backup.Shown], backup.Backup],
) -> backup.Backup:
    stack.must_be_there()
    folder = Path(given["folder"])
    with progress(what) as shown:
        return copy(stack, registry_of(stack), folder, lambda step: shown(step, 0))


def _tell_backup(done: str, found: backup.Backup) -> None:
    print(
        f"{done} {found.days:,} days in files, {found.segments:,} segments that wait for theirs,"
        f" {len(found.sites):,} sites and {len(found.keys):,} keys"
    )


def _erase(stack: Stack, given: dict[str, Any]) -> int:
    """Say what would be erased, or erase it."""
    asked = erase.asked(given, "aws remove-site {}")
    stack.must_be_there()
    with progress("looking") as shown:
        told = erasure.erase(stack, registry_of(stack), asked, lambda step: shown(step, 0))
    erase.tell(told, given)
    return 0


def _remove_site(stack: Stack, given: dict[str, Any]) -> int:
    """Remove a site with all that was counted of it."""
    stack.must_be_there()
    site = given["site_id"]
    confirm(f"Erase site {site} and all that was counted of it, for good?", given["yes"])
    with progress("removing") as shown:
        gone = erasure.remove(stack, registry_of(stack), site, lambda step: shown(step, 0))
    files, segments = f"{gone.versions:,} versions of files", f"{gone.segments:,} segments"
    print(f"removed {site}, with {gone.days:,} days in {files} and {segments}")
    return 0


def _rename_site(stack: Stack, given: dict[str, Any]) -> int:
    """Give a site another id."""
    stack.must_be_there()
    site, name = given["site_id"], given["new_id"]
    with progress("renaming") as shown:
        moved = erasure.rename(stack, registry_of(stack), site, name, lambda step: shown(step, 0))
    tell_renamed(site, name, moved["events"])
    return 0


def _merge_sites(stack: Stack, given: dict[str, Any]) -> int:
    """Make a site part of another."""
    stack.must_be_there()
    confirm_merger(given)
    site, into = given["site_id"], given["into_id"]
    with progress("merging") as shown:
        moved = erasure.merge(stack, registry_of(stack), site, into, lambda step: shown(step, 0))
    tell_merged(site, into, moved["events"])
    return 0


ACTIONS: Mapping[str, Callable[[Stack, dict[str, Any]], int]] = {
    "erase": _erase,
    "remove-site": _remove_site,
    "rename-site": _rename_site,
    "merge-sites": _merge_sites,
    "backup": _backup,
    "restore": _restore,
    "redrive": _redrive,
    "adopt": _adopt,
}
"""What this machine does by itself."""


def registered(stack: Stack) -> Sequence[Site]:
    """Return the sites of a stack."""
    return registry_of(stack).sites()


def registry_of(stack: Stack) -> Registry:
    """Return the registry of a stack."""
    return compose.open_table(stack.account.client("dynamodb"), stack.resource("Table"))
