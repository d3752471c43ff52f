"""What becomes of a template before it is deployed, and the sizes for what comes in."""

import pytest

from footfall.aws import template
from footfall.aws.shipped import TEMPLATE, shipped

WHOLE = shipped(TEMPLATE)
DEFAULTS = template.defaults(WHOLE)


def deployment(text: str) -> str:
    """The name that the deployment of the API for hits has."""
    (found,) = [name for name in template.parsed(text)["Resources"] if name.startswith("TrackingDeployment")]
    return str(found)


def test_functions_have_their_long_form() -> None:
    text = "A: !Ref B\nC: !GetAtt D.E.F\nG: !Sub '${H}'\nI: !If [J, !Ref K, !Ref 'AWS::NoValue']\nL: !Condition M\nN: 2010-09-09\nResources: {}\n"
    assert template.parsed(text) == {
        "A": {"Ref": "B"}, "C": {"Fn::GetAtt": ["D", "E.F"]}, "G": {"Fn::Sub": "${H}"}, "I": {"Fn::If": ["J", {"Ref": "K"}, {"Ref": "AWS::NoValue"}]},
        "L": {"Condition": "M"}, "N": "2010-09-09", "Resources": {},
    }  # fmt: skip


def test_a_deployment_is_named_after_what_it_deploys() -> None:
    made = template.deployable(WHOLE, DEFAULTS)
    assert template.parsed(made)["Resources"]["TrackingStage"]["Properties"]["DeploymentId"] == {"Ref": deployment(made)}
    assert deployment(made) == deployment(template.deployable(WHOLE.replace("Runtime: python3.13", "Runtime: python3.14"), DEFAULTS))
    assert deployment(made) == deployment(template.deployable(WHOLE, {**DEFAULTS, "Shards": "7"}))
    assert deployment(made) != deployment(template.deployable(WHOLE.replace("PathPart: ranking", "PathPart: rank"), DEFAULTS))


def test_a_parameter_that_the_api_uses_makes_a_new_deployment() -> None:
    assert deployment(template.deployable(WHOLE, DEFAULTS)) != deployment(template.deployable(WHOLE, {**DEFAULTS, "ResourceName": "hit"}))


def test_what_a_template_keeps() -> None:
    assert template.kept(template.parsed(WHOLE)) == {"Table": "AWS::DynamoDB::Table", "ArchiveBucket": "AWS::S3::Bucket"}


@pytest.mark.parametrize(("hits", "shards", "batch"), [(1, 1, 100), (100, 1, 2_000), (500, 1, 10_000), (501, 2, 5_020), (2_000, 4, 10_000), (100_000, 200, 10_000)])
def test_sizes(hits: int, shards: int, batch: int) -> None:
    found = template.sizes(hits)
    assert (int(found["Shards"]), int(found["BatchSize"])) == (shards, batch)
    limits = template.parsed(WHOLE)["Parameters"]
    for name, value in found.items():
        assert limits[name]["MinValue"] <= int(value) <= limits[name].get("MaxValue", int(value))


@pytest.mark.parametrize(("now", "wanted", "steps"), [(1, 1, [1]), (1, 3, [2, 3]), (1, 8, [2, 4, 8]), (8, 1, [4, 2, 1]), (5, 2, [3, 2]), (4, 5, [5])])
def test_a_stream_at_most_doubles_or_halves_at_once(now: int, wanted: int, steps: list[int]) -> None:
    assert template.steps(now, wanted) == steps
