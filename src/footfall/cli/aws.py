"""`footfall aws`: make, size, look at and remove Footfall in an AWS account."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from footfall.aws import leavings, status, template, website
from footfall.aws.account import CannotDeploy, account, part, told
from footfall.aws.bucket import Bucket, code_bucket
from footfall.aws.package import CannotPackage, package
from footfall.aws.shipped import TEMPLATE, shipped
from footfall.aws.stack import Change, Plan, Stack
from footfall.cli import aws_data
from footfall.cli.aws_data import registered, registry_of
from footfall.cli.aws_progress import progress
from footfall.cli.cost import cost
from footfall.control.port import Refusal
from footfall.registry.port import RegistryBroken
from footfall.settings import Settings
from footfall.store.port import StoreBroken

EXPECTED = (CannotDeploy, CannotPackage, Refusal, RegistryBroken, StoreBroken, OSError)
LOCKS_ITSELF = True
"""It touches no data folder."""

SIGNS = {"Add": "+", "Modify": "~", "Remove": "-"}
FLAGS = {
    "FrontDoor": "front_door",
    "MonthlyBudget": "budget",
    "BudgetEmail": "budget_email",
    "AlarmTopic": "alarm_topic",
}
"""Parameters of the template, and the flags that set them."""

INTERRUPTED = 130
SHARDS = "Shards"


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
        left = "CloudFormation goes on with what it has begun, which 'footfall aws status' shows"
        if given["action"] in aws_data.ACTIONS:
            left = "do it again to go on"
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
    text = _text(given)
    wished = _wished(given, stack.parameters())
    bucket = code_bucket(stack.account, stack.name)
    with TemporaryDirectory() as scratch:
        zipped = Path(given["package"]) if given["package"] else _packaged(Path(scratch))
        key = f"functions/{sha256(zipped.read_bytes()).hexdigest()}.zip"
        if not given["dry_run"]:
            with progress("uploading the functions' code"):
                bucket.made().put(key, zipped)
    wished |= {"CodeBucket": bucket.name, "CodeKey": key}
    first, *later = _by_steps(stack, wished)
    text = template.deployable(text, template.defaults(text) | stack.parameters() | wished)
    store = None if given["dry_run"] else partial(_stored, bucket)
    with stack.planned(text, first, store) as plan:
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
    if not given["dry_run"]:
        for step in later:
            _step(stack, step)
    return 0


def _by_steps(stack: Stack, wished: Mapping[str, str]) -> list[dict[str, str]]:
    """What is wished for, in as many steps as the stream needs to get there."""
    now = stack.parameters().get(SHARDS)
    if now is None or SHARDS not in wished:
        return [dict(wished)]
    steps = template.steps(int(now), int(wished[SHARDS]))
    return [{**wished, SHARDS: str(each)} for each in steps]


def _step(stack: Stack, values: Mapping[str, str]) -> None:
    with stack.planned(None, values) as plan:
        shards = "1 shard" if values[SHARDS] == "1" else f"{values[SHARDS]} shards"
        print(f"on to {shards}")
        if plan.changes:
            _carry_out(plan)


def _status(stack: Stack, _: dict[str, Any]) -> int:
    stack.must_be_there()
    found = list(status.figures(stack))
    width = max(len(each.name) for each in found)
    for each in found:
        mark = "  <- look here" if each.bad else ""
        print(f"{each.name:{width}}  {each.text}{mark}")
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
    with progress("removing the stack", len(resources)) as shown:
        stack.remove(shown)
    code_bucket(stack.account, stack.name).remove()
    left = [each for name, each in resources.items() if name in stays and each[1]]
    if given["delete_data"]:
        left = [each for each in left if not leavings.delete(stack.account, *each)]
    print(f"removed {stack.name}")
    for kind, identifier in left:
        print(f"kept {kind} {identifier}")
    return 0


ACTIONS: Mapping[str, Callable[[Stack, dict[str, Any]], int]] = {
    **aws_data.ACTIONS,
    "deploy": _deploy,
    "scale": _scale,
    "status": _status,
    "destroy": _destroy,
}


def _text(given: dict[str, Any]) -> str:
    return Path(given["template"]).read_text("utf-8") if given["template"] else shipped(TEMPLATE)


def _wished(given: dict[str, Any], now: Mapping[str, str] | None = None) -> dict[str, str]:
    """The parameters that flags set, where the stack's are such `now`."""
    hits = given["hits_per_second"]
    now = now or {}
    wished = template.sizes(hits) if hits else {}
    wished |= _places(given["reserve"], hits, {**now, **dict(given["parameters"])})
    for arn in given["web_acls"]:
        wished |= template.web_acl(arn)
    for name, flag in FLAGS.items():
        if given[flag] is not None:
            wished[name] = str(given[flag])
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
    with progress("making the functions' code"):
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
    what = "making the stack" if plan.new else "changing the stack"
    with progress(what, len(plan.changes)) as shown:
        plan.carry_out(shown)


def _fill(stack: Stack) -> None:
    """Fill the buckets of pages, register the example website, and say where all is."""
    outputs = stack.outputs()
    missing = sorted(website.OUTPUTS - set(outputs))
    if missing:
        raise CannotDeploy(
            f"the template has no output {missing[0]}, which the pages are made with"
        )
    with progress("uploading pages"):
        dashboard = Bucket(stack.account, outputs["BucketNameDashboard"])
        dashboard.show(website.dashboard(outputs), website.TRACKERS)
        example = Bucket(stack.account, outputs["BucketNameWebsite"])
        example.show(website.example(outputs), website.TRACKERS)
    site = website.example_site(outputs)
    if all(each.id != site.id for each in registered(stack)):
        registry_of(stack).put_site(site, new=True)
    print(f"Dashboard: {outputs['DashboardURL']}?site={outputs['WebsiteID']}")
    print(f"Website: {outputs['WebsiteURL']}")


def _ask(stack: Stack, *, delete_data: bool) -> None:
    what = "and all that was counted, for good" if delete_data else "but not what was counted"
    if not sys.stdin.isatty():
        raise CannotDeploy("there is nobody to ask: give --yes")
    question = f"Remove the stack {stack.name} in {stack.account.region}, {what}?"
    if input(f"{question} Type its name: ").strip() != stack.name:
        raise CannotDeploy("nothing was removed")
