"""The template as it is deployed, and the sizes that follow from how much comes in."""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from math import ceil
from typing import Any

import yaml

from footfall.aws.account import CannotDeploy

DEPLOYMENT = "AWS::ApiGateway::Deployment"
WITH_DEPLOYMENT = {
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Model",
}
"""What of an API reaches its callers only with a new deployment."""

HITS_PER_SHARD = 500
"""Half of what a shard takes, so that a busy minute does not throttle."""

WINDOW_SECONDS = 10
SLOW_HITS = 100
"""Hits a second and shard up to which the smaller functions do."""

MOST_BATCH = 10_000

WEB_ACL = re.compile(r"arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:(?P<scope>regional|global)/webacl/.+")

COMPACTED_MEGABYTES, MONTH_MEGABYTES, MOST_DISK = 12, 32, 10_240
"""Disk by hits a second at busy times, four times the mean, and the most that Lambda gives.

Compaction has the files of a week at hand, a report reads those of 30 days.
"""


class _Loader(yaml.SafeLoader):
    """Knows the short forms of functions."""


def _short(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short)


def _without_times(resolvers: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]


# A version such as 2010-09-09 is a text.
_Loader.yaml_implicit_resolvers = {
    first: _without_times(resolvers)
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parsed(text: str) -> dict[str, Any]:
    """A template's parts, functions in their long form. Raises `CannotDeploy`."""
    try:
        found: Any = yaml.load(text, _Loader)
    except yaml.YAMLError as exc:
        raise CannotDeploy(f"the template is not YAML: {' '.join(str(exc).split())}") from exc
    if not isinstance(found, dict) or not isinstance(found.get("Resources"), dict):
        raise CannotDeploy("the template has no resources")
    return found


def deployable(text: str, values: Mapping[str, str]) -> str:
    """Return the template with its deployments named after what they deploy.

    API Gateway deploys a new one only.
    """
    resources = parsed(text)["Resources"]
    parts = {name: each for name, each in resources.items() if each["Type"] in WITH_DEPLOYMENT}
    deployed = json.dumps(parts, sort_keys=True)
    used = {
        name: value
        for name, value in sorted(values.items())
        if f'"{name}"' in deployed or f"${{{name}}}" in deployed
    }
    digest = sha256((deployed + json.dumps(used)).encode()).hexdigest()[:10]
    for name in [name for name, each in resources.items() if each["Type"] == DEPLOYMENT]:
        text = re.sub(rf"\b{name}\b", f"{name}{digest}", text)
    return text


def sizes(hits_per_second: int) -> dict[str, str]:
    """Return the parameters for so many hits a second at busy times."""
    shards = max(1, ceil(hits_per_second / HITS_PER_SHARD))
    each = ceil(hits_per_second / shards)
    # Twice what comes in a window, so that what piled up is soon gone.
    batch = min(MOST_BATCH, max(100, each * WINDOW_SECONDS * 2))
    compact_disk = min(MOST_DISK, max(2_048, hits_per_second * COMPACTED_MEGABYTES))
    query_disk = min(MOST_DISK, max(1_024, hits_per_second * MONTH_MEGABYTES))
    return {
        "Shards": str(shards),
        "BatchSize": str(batch),
        "BatchWindowSeconds": str(WINDOW_SECONDS),
        "ProcessMemory": "512" if each <= SLOW_HITS else "1024",
        "CompactMemory": "2048" if hits_per_second <= SLOW_HITS else "3008",
        "CompactDiskMegabytes": str(compact_disk),
        "QueryDiskMegabytes": str(query_disk),
        "ThrottleRate": str(max(1_000, hits_per_second * 2)),
        "ThrottleBurst": str(max(2_000, hits_per_second * 4)),
    }


LEAST_PLACES = {
    "CollectConcurrency": 40,
    "ProcessConcurrency": 10,
    "CompactConcurrency": 10,
    "QueryConcurrency": 40,
}
"""Functions that may always run at once: 100 in all, and Lambda keeps 100 for all others."""

HITS_PER_PLACE = 10
"""A second, where one takes a tenth of a second with what a new sandbox needs."""


def places(hits_per_second: int) -> dict[str, str]:
    """The parameters that keep places for counting, and no more than theirs for reports."""
    shards = max(1, ceil(hits_per_second / HITS_PER_SHARD))
    needed = {
        "CollectConcurrency": ceil(hits_per_second / HITS_PER_PLACE),
        "ProcessConcurrency": shards * 2,
    }
    return {name: str(max(least, needed.get(name, 0))) for name, least in LEAST_PLACES.items()}


NO_PLACES = dict.fromkeys(LEAST_PLACES, "0")


def web_acl(arn: str) -> dict[str, str]:
    """The parameter that takes a web ACL, by its scope. Raises `CannotDeploy`."""
    found = WEB_ACL.fullmatch(arn)
    if found is None:
        raise CannotDeploy(
            f"{arn!r} is no ARN of a web ACL,"
            " such as arn:aws:wafv2:us-east-1:111122223333:global/webacl/NAME/ID"
        )
    parameter = "ApiWebAcl" if found["scope"] == "regional" else "DistributionWebAcl"
    return {parameter: arn}


def steps(shards: int, wanted: int) -> list[int]:
    """Return the shard counts on the way: Kinesis at most doubles or halves a stream at once."""
    found = [min(max(wanted, ceil(shards / 2)), shards * 2)]
    while found[-1] != wanted:
        found.append(min(max(wanted, ceil(found[-1] / 2)), found[-1] * 2))
    return found


def defaults(text: str) -> dict[str, str]:
    """Return the values that parameters have unless they are given."""
    found = {}
    for name, each in parsed(text).get("Parameters", {}).items():
        if "Default" in each:
            value = each["Default"]
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def with_defaults(text: str, values: Mapping[str, str]) -> str:
    """The template with these values for parameters that are not given. Raises `CannotDeploy`."""
    places = _defaults_in(text)
    for name in values:
        if name not in places:
            raise CannotDeploy(
                f"the template has no default of a parameter {name!r};"
                f" it has those of {', '.join(sorted(places))}"
            )
    for name, (start, end) in sorted(places.items(), key=lambda each: -each[1][0]):
        if name in values:
            text = text[:start] + json.dumps(values[name]) + text[end:]
    return text


def _defaults_in(text: str) -> dict[str, tuple[int, int]]:
    """Return where the values stand that parameters have unless they are given."""
    parsed(text)  # which says what is wrong with it
    root: Any = yaml.compose(text, _Loader)
    found = {}
    for parameters in (each for key, each in root.value if key.value == "Parameters"):
        for name, facts in parameters.value:
            for key, value in facts.value:
                if key.value == "Default":
                    found[name.value] = (value.start_mark.index, value.end_mark.index)
    return found


def undescribed(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template that makes the same, without what tells people of its parameters and outputs."""
    left = {name: part for name, part in template.items() if name != "Description"}
    metadata = dict(left.pop("Metadata", {}))
    metadata.pop("AWS::CloudFormation::Interface", None)
    if metadata:
        left["Metadata"] = metadata
    for part in {"Parameters", "Outputs"} & left.keys():
        left[part] = {name: _undescribed(facts) for name, facts in left[part].items()}
    return left


def _undescribed(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "Description"}


def kept(template: Mapping[str, Any]) -> dict[str, str]:
    """The resources, and their types, that stay when the stack goes."""
    return {
        name: each["Type"]
        for name, each in template["Resources"].items()
        if each.get("DeletionPolicy", "Delete") != "Delete"
    }
