"""What becomes of a template before it is deployed, and the sizes for what comes in."""

import json

import pytest

from footfall.__main__ import main
from footfall.aws import template
from footfall.aws.shipped import TEMPLATE, shipped
from footfall.aws.stack import MOST_BODY

WHOLE = shipped(TEMPLATE)
DEFAULTS = template.defaults(WHOLE)


def deployment(text: str) -> str:
    """The name that the deployment of the API for hits has."""
    (found,) = [
        name for name in template.parsed(text)["Resources"] if name.startswith("TrackingDeployment")
    ]
    return str(found)


def test_functions_have_their_long_form() -> None:
    text = (
        "A: !Ref B\nC: !GetAtt D.E.F\nG: !Sub '${H}'\nI: !If [J, !Ref K, !Ref 'AWS::NoValue']\nL:"
        " !Condition M\nN: 2010-09-09\nResources: {}\n"
    )
    assert template.parsed(text) == {
        "A": {"Ref": "B"},
        "C": {"Fn::GetAtt": ["D", "E.F"]},
        "G": {"Fn::Sub": "${H}"},
        "I": {"Fn::If": ["J", {"Ref": "K"}, {"Ref": "AWS::NoValue"}]},
        "L": {"Condition": "M"},
        "N": "2010-09-09",
        "Resources": {},
    }


def test_a_deployment_is_named_after_what_it_deploys() -> None:
    made = template.deployable(WHOLE, DEFAULTS)
    assert template.parsed(made)["Resources"]["TrackingStage"]["Properties"]["DeploymentId"] == {
        "Ref": deployment(made)
    }
    assert deployment(made) == deployment(
        template.deployable(WHOLE.replace("Runtime: python3.13", "Runtime: python3.14"), DEFAULTS)
    )
    assert deployment(made) == deployment(template.deployable(WHOLE, {**DEFAULTS, "Shards": "7"}))
    assert deployment(made) != deployment(
        template.deployable(WHOLE.replace("PathPart: ranking", "PathPart: rank"), DEFAULTS)
    )


def test_a_parameter_that_the_api_uses_makes_a_new_deployment() -> None:
    assert deployment(template.deployable(WHOLE, DEFAULTS)) != deployment(
        template.deployable(WHOLE, {**DEFAULTS, "ResourceName": "hit"})
    )


def test_what_a_template_keeps() -> None:
    assert template.kept(template.parsed(WHOLE)) == {
        "Table": "AWS::DynamoDB::Table",
        "ArchiveBucket": "AWS::S3::Bucket",
    }


@pytest.mark.parametrize(
    ("hits", "shards", "batch"),
    [
        (1, 1, 100),
        (100, 1, 2_000),
        (500, 1, 10_000),
        (501, 2, 5_020),
        (2_000, 4, 10_000),
        (100_000, 200, 10_000),
    ],
)
def test_sizes(hits: int, shards: int, batch: int) -> None:
    found = template.sizes(hits)
    assert (int(found["Shards"]), int(found["BatchSize"])) == (shards, batch)
    limits = template.parsed(WHOLE)["Parameters"]
    for name, value in found.items():
        assert limits[name]["MinValue"] <= int(value) <= limits[name].get("MaxValue", int(value))


@pytest.mark.parametrize(
    ("hits", "collect", "process"),
    [(0, 40, 10), (400, 40, 10), (2_000, 200, 10), (20_000, 2_000, 80)],
)
def test_places(hits: int, collect: int, process: int) -> None:
    found = template.places(hits)
    assert (int(found["CollectConcurrency"]), int(found["ProcessConcurrency"])) == (
        collect,
        process,
    )
    assert int(found["ProcessConcurrency"]) > int(template.sizes(hits or 1)["Shards"])
    assert set(found) == {name for name in DEFAULTS if name.endswith("Concurrency")}


def test_the_least_places_are_what_an_account_of_200_can_reserve() -> None:
    """Lambda keeps 100 for functions that reserve none."""
    assert sum(map(int, template.places(0).values())) == 100


def test_what_is_only_looked_at_fits_into_a_call() -> None:
    """And makes the same."""
    whole = template.parsed(template.deployable(WHOLE, DEFAULTS))
    bare = template.undescribed(whole)
    assert len(json.dumps(bare, separators=(",", ":"))) <= MOST_BODY
    assert (bare["Resources"], bare["Conditions"]) == (whole["Resources"], whole["Conditions"])
    assert set(bare["Parameters"]) == set(whole["Parameters"])
    assert {name: each.get("Default") for name, each in bare["Parameters"].items()} == {
        name: each.get("Default") for name, each in whole["Parameters"].items()
    }


REGIONAL = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/x/y"
GLOBAL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/x/y"


@pytest.mark.parametrize(
    ("flags", "values"),
    [
        ("", {"CollectConcurrency": "0", "QueryConcurrency": "0", "MonthlyBudget": "0"}),
        ("--reserve", {"CollectConcurrency": "40", "QueryConcurrency": "40"}),
        ("--reserve --hits-per-second 2000", {"CollectConcurrency": "200", "Shards": "4"}),
        ("--hits-per-second 2000", {"CollectConcurrency": "0"}),
        ("--no-reserve", {"CollectConcurrency": "0", "ProcessConcurrency": "0"}),
        (
            "--reserve --parameter QueryConcurrency=5",
            {"QueryConcurrency": "5", "CompactConcurrency": "10"},
        ),
        (
            "--reserve --parameter StreamMode=ON_DEMAND",
            {"ProcessConcurrency": "0", "CollectConcurrency": "40"},
        ),
        (
            "--reserve --parameter Shards=10",
            {"ProcessConcurrency": "18", "CollectConcurrency": "450"},
        ),
        (f"--web-acl {REGIONAL}", {"ApiWebAcl": REGIONAL, "DistributionWebAcl": ""}),
        (
            f"--web-acl {GLOBAL} --web-acl {REGIONAL}",
            {"ApiWebAcl": REGIONAL, "DistributionWebAcl": GLOBAL},
        ),
        (
            "--budget 50 --budget-email a@b.example",
            {"MonthlyBudget": "50", "BudgetEmail": "a@b.example"},
        ),
        ("--budget 0", {"MonthlyBudget": "0"}),
        (
            "--alarm-topic arn:aws:sns:eu-central-1:111122223333:x",
            {"AlarmTopic": "arn:aws:sns:eu-central-1:111122223333:x"},
        ),
    ],
)
def test_flags_are_parameters(
    flags: str, values: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["aws", "template", *flags.split()]) == 0
    made = template.defaults(capsys.readouterr().out)
    assert {name: made[name] for name in values} == values


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--web-acl footfall", "'footfall' is no ARN of a web ACL"),
        ("--web-acl arn:aws:sns:eu-central-1:111122223333:x", "is no ARN of a web ACL"),
        ("--budget -1", "must be a whole number"),
        ("--budget 12.50", "must be a whole number"),
        ("--budget many", "must be a whole number"),
    ],
)
def test_flags_that_are_wrong(flags: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["aws", "template", *flags.split()])
    except SystemExit as exc:
        status = int(exc.code or 0)
    assert status != 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("now", "wanted", "steps"),
    [
        (1, 1, [1]),
        (1, 3, [2, 3]),
        (1, 8, [2, 4, 8]),
        (8, 1, [4, 2, 1]),
        (5, 2, [3, 2]),
        (4, 5, [5]),
    ],
)
def test_a_stream_at_most_doubles_or_halves_at_once(
    now: int, wanted: int, steps: list[int]
) -> None:
    assert template.steps(now, wanted) == steps
