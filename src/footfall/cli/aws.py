"""`footfall aws`: make, size, look at and remove Footfall in an AWS account."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from footfall import compose
from footfall.aws import adopt, backup, erasure, leavings, redrive, status, template, website
from footfall.aws.account import CannotDeploy, account, part, told
from footfall.aws.bucket import Bucket, code_bucket
from footfall.aws.package import CannotPackage, package
from footfall.aws.shipped import TEMPLATE, shipped
from footfall.aws.stack import Change, Plan, Shown, Stack
from footfall.cli import erase
from footfall.cli.cost import cost
from footfall.cli.removal import confirm
from footfall.control.port import Refusal
from footfall.domain.site import Site
from footfall.keeping.patient import readable
from footfall.registry.port import Registry, RegistryBroken
from footfall.settings import Settings
from footfall.store.port import StoreBroken

EXPECTED = (CannotDeploy, CannotPackage, Refusal, RegistryBroken, StoreBroken, OSError)
LOCKS_ITSELF = True
"""It touches no data folder."""

SIGNS = {"Add": "+", "Modify": "~", "Remove": "-"}
INTERRUPTED = 130
SHARDS = "Shards"
CARRIED = {"redrive", "adopt", "backup", "restore", "erase", "remove-site"}
"""What this machine does by itself."""


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Do what `action` says."""
    try:
        if given["action"] == "template":
            return _template(given)
        if given["action"] == "cost":
            return cost(given)
        if given["action"] == "front":
            return _front(given)
        where = account(given["region"], given["profile"], given["endpoint_url"])
        with told():
            return ACTIONS[given["action"]](Stack(where, given["stack"]), given)
    except KeyboardInterrupt:
        left = "do it again to go on" if given["action"] in CARRIED else "CloudFormation goes on with what it has begun, which 'footfall aws status' shows"
        print(f"footfall: stopped; {left}", file=sys.stderr)
        return INTERRUPTED


def _template(given: dict[str, Any]) -> int:
    text = template.with_defaults(_text(given), _wished(given))
    print(template.deployable(text, template.defaults(text)), end="")
    return 0


def _front(given: dict[str, Any]) -> int:
    front = part("footfall.aws.front")
    with told():
        front.serve(shipped(TEMPLATE), given["endpoint_url"], given["host"], given["port"])
    return 0


def _deploy(stack: Stack, given: dict[str, Any]) -> int:
    text, wished = _text(given), _wished(given, stack.parameters())
    bucket = code_bucket(stack.account, stack.name)
    with TemporaryDirectory() as scratch:
        zipped = Path(given["package"]) if given["package"] else _packaged(Path(scratch))
        key = f"functions/{sha256(zipped.read_bytes()).hexdigest()}.zip"
        if not given["dry_run"]:
            with _shown("uploading the functions' code"):
                bucket.made().put(key, zipped)
    wished |= {"CodeBucket": bucket.name, "CodeKey": key}
    first, *later = _by_steps(stack, wished)
    text = template.deployable(text, template.defaults(text) | stack.parameters() | wished)
    with stack.planned(text, first, None if given["dry_run"] else lambda body: _stored(bucket, body)) as plan:
        _tell(plan)
        if given["dry_run"]:
            return 0
        if plan.changes:
            _carry_out(plan)
    for step in later:
        _step(stack, step)
    _fill(stack)
    return 0


def _scale(stack: Stack, given: dict[str, Any]) -> int:
    hits = given["hits_per_second"]
    places = _places(None, hits, stack.parameters())
    first, *later = _by_steps(stack, template.sizes(hits) | places)
    with stack.planned(None, first) as plan:
        _tell(plan)
        if plan.changes and not given["dry_run"]:
            _carry_out(plan)
    for step in () if given["dry_run"] else later:
        _step(stack, step)
    return 0


def _by_steps(stack: Stack, wished: Mapping[str, str]) -> list[dict[str, str]]:
    """What is wished for, in as many steps as the stream needs to get there."""
    now = stack.parameters().get(SHARDS)
    if now is None or SHARDS not in wished:
        return [dict(wished)]
    return [{**wished, SHARDS: str(each)} for each in template.steps(int(now), int(wished[SHARDS]))]


def _step(stack: Stack, values: Mapping[str, str]) -> None:
    with stack.planned(None, values) as plan:
        print(f"on to {values[SHARDS]} shard{'s' * (values[SHARDS] != '1')}")
        if plan.changes:
            _carry_out(plan)


def _status(stack: Stack, _: dict[str, Any]) -> int:
    stack.must_be_there()
    found = list(status.figures(stack))
    width = max(len(each.name) for each in found)
    for each in found:
        print(f"{each.name:{width}}  {each.text}{'  <- look here' if each.bad else ''}")
    outputs = stack.outputs()
    for name in ("DashboardURL", "WebsiteURL"):
        print(f"{name.removesuffix('URL').lower():{width}}  {outputs.get(name, '')}")
    return 1 if any(each.bad for each in found) else 0


def _destroy(stack: Stack, given: dict[str, Any]) -> int:
    """Remove the stack, and the code, which is made again any time."""
    stack.must_be_there()
    if not given["yes"]:
        _ask(stack, delete_data=given["delete_data"])
    resources, stays = stack.resources(), template.kept(stack.template())
    for name, (kind, identifier) in resources.items():
        if kind == "AWS::S3::Bucket" and name not in stays and identifier:
            Bucket(stack.account, identifier).emptied()
    with _shown("removing the stack", len(resources)) as shown:
        stack.remove(shown)
    code_bucket(stack.account, stack.name).remove()
    left = [(kind, identifier) for name, (kind, identifier) in resources.items() if name in stays and identifier]
    if given["delete_data"]:
        left = [(kind, identifier) for kind, identifier in left if not leavings.delete(stack.account, kind, identifier)]
    print(f"removed {stack.name}")
    for kind, identifier in left:
        print(f"kept {kind} {identifier}")
    return 0


def _redrive(stack: Stack, _: dict[str, Any]) -> int:
    """Count what was given up; what is too young or too old is left and told."""
    found = redrive.redriven(stack, _shown)
    print(f"counted {found.counted:,} of the hits that were given up; {found.known:,} had been counted before")
    if found.young:
        print(f"batches given up within the last 20 minutes, which may still be counted by themselves: {found.young:,}; do this again later")
    if found.old:
        print(f"batches too old to be counted without a risk of counting twice: {found.old:,}; they stay where they are")
    return 0


def _adopt(stack: Stack, given: dict[str, Any]) -> int:
    """Take in what a table of Serverless Analytics holds of a website."""
    stack.must_be_there()
    wanted = given["site_id"] or given["website"]
    site = next((each for each in _registered(stack) if each.id == wanted), None)
    if site is None:
        raise CannotDeploy(f"there is no site {wanted}: add it with 'footfall site add DOMAIN --id {wanted} --registry {stack.outputs()['RegistryAddress']}'")
    with _shown("reading the table") as shown:
        found = adopt.adopt(stack, given["table"], given["website"], site, lambda items: shown(f"{items:,}", 0))
    for said, days in (("took in", found.days), ("left alone, as something was counted on these days before,", found.known)):
        if days:
            print(f"{said} {sum(days.values()):,} page views of {len(days):,} days from {min(days)} to {max(days)}")
    for reason, items in sorted(found.left_out.items()):
        print(f"left out {items:,} items: {reason}")
    return 0


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


def _copied(stack: Stack, given: dict[str, Any], what: str, copy: Callable[[Stack, Registry, Path, backup.Shown], backup.Backup]) -> backup.Backup:
    stack.must_be_there()
    with _shown(what) as shown:
        return copy(stack, _registry(stack), Path(given["folder"]), lambda step: shown(step, 0))


def _tell_backup(done: str, found: backup.Backup) -> None:
    print(f"{done} {found.days:,} days in files, {found.segments:,} segments that wait for theirs, {len(found.sites):,} sites and {len(found.keys):,} keys")


def _erase(stack: Stack, given: dict[str, Any]) -> int:
    """Say what would be erased, or erase it."""
    asked = erase.asked(given, "aws remove-site {}")
    stack.must_be_there()
    with _shown("looking") as shown:
        told = erasure.erase(stack, _registry(stack), asked, lambda step: shown(step, 0))
    erase.tell(told, given)
    return 0


def _remove_site(stack: Stack, given: dict[str, Any]) -> int:
    """Remove a site with all that was counted of it."""
    stack.must_be_there()
    site = given["site_id"]
    confirm(f"Erase site {site} and all that was counted of it, for good?", given["yes"])
    with _shown("removing") as shown:
        gone = erasure.remove(stack, _registry(stack), site, lambda step: shown(step, 0))
    files, segments = f"{gone.versions:,} versions of files", f"{gone.segments:,} segments"
    print(f"removed {site}, with {gone.days:,} days in {files} and {segments}")
    return 0


ACTIONS = {
    "erase": _erase,
    "remove-site": _remove_site,
    "backup": _backup,
    "restore": _restore,
    "redrive": _redrive,
    "adopt": _adopt,
    "deploy": _deploy,
    "scale": _scale,
    "status": _status,
    "destroy": _destroy,
}


def _text(given: dict[str, Any]) -> str:
    return Path(given["template"]).read_text("utf-8") if given["template"] else shipped(TEMPLATE)


def _wished(given: dict[str, Any], now: Mapping[str, str] | None = None) -> dict[str, str]:
    """The parameters that flags set, where the stack's are such `now`."""
    hits, now = given["hits_per_second"], now or {}
    wished = template.sizes(hits) if hits else {}
    wished |= _places(given["reserve"], hits, {**now, **dict(given["parameters"])})
    for arn in given["web_acls"]:
        wished |= template.web_acl(arn)
    named = {"FrontDoor": "front_door", "MonthlyBudget": "budget", "BudgetEmail": "budget_email"}
    named["AlarmTopic"] = "alarm_topic"
    wished |= {name: str(given[flag]) for name, flag in named.items() if given[flag] is not None}
    return {**wished, **dict(given["parameters"])}


def _places(reserve: bool | None, hits: int | None, now: Mapping[str, str]) -> dict[str, str]:
    """The parameters that reserve places or none, or nothing where they stay as they are."""
    if reserve is False:
        return template.NO_PLACES
    if not reserve and not (hits and _keeps_places(now)):
        return {}
    more_shards = int(now.get(SHARDS, "1")) - 1
    places = template.places(hits or more_shards * template.HITS_PER_SHARD)
    if now.get("StreamMode") == "ON_DEMAND":
        places["ProcessConcurrency"] = "0"  # such a stream has as many shards as it likes
    return places


def _keeps_places(parameters: Mapping[str, str]) -> bool:
    return any(parameters.get(name, "0") != "0" for name in template.NO_PLACES)


def _packaged(folder: Path) -> Path:
    with _shown("making the functions' code"):
        return package(folder / "functions.zip").path


def _stored(bucket: Bucket, body: str) -> str:
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "template.yaml"
        path.write_text(body, "utf-8")
        key = f"templates/{sha256(body.encode()).hexdigest()}.yaml"
        bucket.put(key, path)
    return bucket.url(key)


def _tell(plan: Plan) -> None:
    for change in plan.changes:
        print(_line(change))
    if not plan.changes:
        print("nothing to change in the stack")


def _line(change: Change) -> str:
    anew = {"True": ", made anew", "Conditional": ", perhaps made anew"}.get(change.replacement, "")
    return f"{SIGNS.get(change.action, '?')} {change.name} ({change.type}{anew})"


def _carry_out(plan: Plan) -> None:
    with _shown("making the stack" if plan.new else "changing the stack", len(plan.changes)) as shown:
        plan.carry_out(shown)


def _fill(stack: Stack) -> None:
    """Put pages into their buckets and the example website into the registry, and say where all is."""
    outputs = stack.outputs()
    missing = sorted(website.OUTPUTS - set(outputs))
    if missing:
        raise CannotDeploy(f"the template has no output {missing[0]}, which the pages are made with")
    with _shown("uploading pages"):
        Bucket(stack.account, outputs["BucketNameDashboard"]).show(website.dashboard(outputs), website.TRACKERS)
        Bucket(stack.account, outputs["BucketNameWebsite"]).show(website.example(outputs), website.TRACKERS)
    site = website.example_site(outputs)
    if all(each.id != site.id for each in _registered(stack)):
        _registry(stack).put_site(site, new=True)
    print(f"Dashboard: {outputs['DashboardURL']}?site={outputs['WebsiteID']}\nWebsite: {outputs['WebsiteURL']}")


def _registered(stack: Stack) -> Sequence[Site]:
    return _registry(stack).sites()


def _registry(stack: Stack) -> Registry:
    return compose.open_table(stack.account.client("dynamodb"), stack.resource("Table"))


def _ask(stack: Stack, *, delete_data: bool) -> None:
    what = "and all that was counted, for good" if delete_data else "but not what was counted"
    if not sys.stdin.isatty():
        raise CannotDeploy("there is nobody to ask: give --yes")
    if input(f"Remove the stack {stack.name} in {stack.account.region}, {what}? Type its name: ").strip() != stack.name:
        raise CannotDeploy("nothing was removed")


@contextmanager
def _shown(what: str, total: int | None = None) -> Iterator[Shown]:
    """Progress, on a terminal only."""
    columns: Sequence[Any] = (SpinnerColumn(), TextColumn("{task.description}"), *((BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[step]}")) if total else ()))
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task(what, total=total, step="")
        yield lambda step, done: progress.update(task, completed=min(done, total or 0), step=step)
